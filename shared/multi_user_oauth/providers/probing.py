"""What a provider says of an application before anybody signs in: for whoever sets one up.

Nothing here reads a token: the authorization request is one that ends without a person (OpenID Connect
Core, 3.1.2.1, `prompt=none`), the code of the token request is made up.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from multi_user_oauth.errors import ProviderMisconfiguredError
from multi_user_oauth.model import Secret
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import HttpAnswer, read
from multi_user_oauth.ports import Draw
from multi_user_oauth.providers.answers import OURS
from multi_user_oauth.providers.calls import transaction_of
from multi_user_oauth.providers.error_answer import ErrorAnswer, RefusedError, word
from multi_user_oauth.providers.live_clients import LiveClients
from multi_user_oauth.providers.operation import CLIENT_ERROR, PassOn

HOSTS: Final = Hosts(("accounts.google.com", "login.microsoftonline.com"))
TIMEOUT: Final = 8.0  # seconds for a whole call
_CONNECT: Final = 3.0
_AADSTS: Final = re.compile(rb"AADSTS([0-9]{4,8})")
_REDIRECT: Final = range(300, 400)


class Probe:
    """Gets a page of a provider's sign-in, by its pinned name; follows no redirect, keeps no cookie."""

    def __init__(
        self,
        adapter: BaseAdapter | None = None,
        *,
        monotonic: Callable[[], float],
        trust_env: bool,
    ) -> None:
        self._adapter = adapter
        self._monotonic = monotonic
        self._trust_env = trust_env

    def get(self, url: str) -> HttpAnswer:
        """
        Return the answer, whatever its status.

        Raise `ProviderUnavailableError`, or `UnlistedAddressError` for another host's address.
        """
        adapter = self._adapter or HTTPAdapter(max_retries=0)
        deadline = self._monotonic() + TIMEOUT

        def send(request: requests.PreparedRequest, **options: object) -> HttpAnswer:
            options |= {"stream": True, "timeout": (_CONNECT, TIMEOUT - _CONNECT)}
            return read(
                lambda: adapter.send(request, **options),  # type: ignore[arg-type]  # reason: requests' own options, passed on
                left=lambda: deadline - self._monotonic(),
            )

        try:
            with requests.Session() as session:
                session.trust_env = self._trust_env
                session.auth = lambda request: request  # or a password in ~/.netrc would go along
                session.mount("https://", PassOn(send))
                found = session.get(HOSTS.require(url), allow_redirects=False)
        finally:
            if adapter is not self._adapter:
                adapter.close()
        return HttpAnswer(status=found.status_code, headers=found.headers, body=found.content)


def silent(authorization_url: str) -> str:
    """Return the same authorization request, but one that shows nobody anything."""
    head, _, query = authorization_url.partition("?")
    asked = [(name, value) for name, value in parse_qsl(query) if name != "prompt"]
    return f"{head}?{urlencode([*asked, ('prompt', 'none')])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationAnswer:
    """
    What became of an authorization request.

    `came_back`: the browser was sent to our redirect URI, which is done only where it is registered
    (RFC 6749, 4.1.2.1). `error` is the provider's word, `number` Microsoft's after AADSTS; where neither
    is there, the provider did not say.
    """

    came_back: bool
    error: str = ""
    number: int = 0

    @property
    def is_redirect_uri_unknown(self) -> bool:
        """Whether the provider says that the redirect URI is not registered."""
        return self.error == "redirect_uri_mismatch" or self.number in _REDIRECT_URI_UNKNOWN


_REDIRECT_URI_UNKNOWN: Final = frozenset({50011, 500113, 90102})
"""Another one is registered, none is, it is no URI ("Microsoft Entra authentication error codes")."""


def authorization_answer(answer: HttpAnswer, redirect_uri: str) -> AuthorizationAnswer:
    """
    Return what an answer of the authorization endpoint says.

    Microsoft shows a page with a number, Google a page with a word or leads to one whose address has
    the word in it, in `authError`.
    """
    location = answer.headers.get("Location", "") if answer.status in _REDIRECT else ""
    query = parse_qs(urlsplit(location).query)
    if location.partition("?")[0] == redirect_uri:
        number = _number(query.get("error_description", [""])[0].encode())
        return AuthorizationAnswer(
            came_back=True, error=word(query.get("error", [""])[0]), number=number
        )
    named = _decoded(query.get("authError", [""])[0])
    # A page that is no refusal has a script, and any word may stand in that.
    words = named or (answer.body if answer.status >= CLIENT_ERROR else b"")
    error = next((each for each in sorted(OURS) if each.encode() in words), "")
    return AuthorizationAnswer(came_back=False, error=error, number=_number(answer.body))


def _number(text: bytes) -> int:
    found = _AADSTS.search(text)
    return int(found[1]) if found else 0


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def credential_answer(clients: LiveClients, redirect_uri: str, draw: Draw) -> ErrorAnswer:
    """
    Return how a made-up code is refused: by `invalid_client` where the credential is.

    The client is authenticated before the code is looked at (RFC 6749, 3.2.1 and 4.1.3), and a refusal
    of the code alone says that the credential was not what was wrong. Raise as
    `LiveClients.first_accepted`.
    """
    code = Secret(_random(draw))
    transaction = transaction_of(
        nonce=_random(draw), code_verifier=_random(draw), scopes=("openid",)
    )
    try:
        clients.first_accepted(lambda client: client.exchange(code, redirect_uri, transaction))
    except RefusedError as refused:
        return refused.answer
    raise ProviderMisconfiguredError("a made-up code was accepted")


def _random(draw: Draw) -> str:
    return base64.urlsafe_b64encode(draw(36)).decode()
