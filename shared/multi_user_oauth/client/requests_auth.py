"""People's tokens for `requests`: `session.auth = UserAuth(vault, ...)`."""

from typing import Any

import requests
from requests.auth import AuthBase

from multi_user_oauth.client.holder import UNAUTHORIZED, Holder


class UserAuth(Holder, AuthBase):
    """
    Puts a person's token into each request; what is answered 401 goes once more with another token.

    Requests raise what `Vault.access_token` raises. To another host a redirect brings no token. A body
    that is read from a file or generator is not sent twice: then the 401 is the answer.
    """

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token in, and look at the answer."""
        request.headers["Authorization"] = self._header(str(request.url))
        request.register_hook("response", self._once_more)  # type: ignore[no-untyped-call]  # reason: the stubs'
        return request

    def _once_more(
        self,
        refused: requests.Response,
        **options: Any,  # noqa: ANN401  # reason: requests' own
    ) -> requests.Response:
        sent = refused.request
        if refused.status_code != UNAUTHORIZED or not _repeatable(sent):
            return refused
        challenge = refused.headers.get("WWW-Authenticate", "")
        header = self._header_after(challenge)
        refused.content  # noqa: B018  # reason: it is read, so that its connection serves again
        refused.close()
        again = sent.copy()
        again.headers["Authorization"] = header
        answer = refused.connection.send(again, **options)
        answer.history.append(refused)
        answer.request = again
        return answer


def _repeatable(sent: requests.PreparedRequest) -> bool:
    # On its way to another host a request lost our token, but kept its hooks; `.netrc` may say more.
    ours = sent.headers.get("Authorization", "").startswith("Bearer ")
    return ours and isinstance(sent.body, str | bytes | None)
