"""One send per token operation, within a deadline, whatever library sits on top.

It works below the libraries, as an adapter of `requests`: MSAL, google-auth and requests-oauthlib use
it unmodified, and none of them ever sees an answer that it would retry, sleep on or remember.
"""

from collections.abc import Callable
from typing import Final

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from multi_user_oauth.errors import ProviderMisconfiguredError, ProviderUnavailableError
from multi_user_oauth.net.http_answer import HttpAnswer, Json, read, retry_after
from multi_user_oauth.providers.documents import Documents
from multi_user_oauth.providers.operation import OneSend, Operation, PassOn

TIMEOUT: Final = 8.0  # seconds for a whole call: the lease of a refresh must outlive it
CONNECT: Final = 4  # this part of it to connect in; the rest is for the answer
POOL: Final = 80  # connections: as many as an instance serves requests at once
OK: Final = 200
REDIRECT: Final = range(300, 400)
TRANSIENT: Final = frozenset({408, 425, 429})
SERVER_ERROR: Final = 500


class Transport:
    """One provider's connections and public documents, shared by the whole process."""

    def __init__(
        self,
        adapter: BaseAdapter | None = None,
        *,
        monotonic: Callable[[], float],
        trust_env: bool,
        timeout: float = TIMEOUT,
    ) -> None:
        self._adapter = adapter or HTTPAdapter(max_retries=0, pool_maxsize=POOL)
        self._monotonic = monotonic
        self._trust_env = trust_env
        self._timeout = timeout
        self._documents = Documents(self._fetch, monotonic=monotonic)

    def operation(self, *, json_answer: bool = True) -> Operation:
        """
        Return a session for one operation: it sends one POST and follows no redirect.

        `json_answer=False` is for an endpoint whose success has no body to read (RFC 7009, 2.2).
        """
        adapter = OneSend(self._send, get_json=self.get_json, json_answer=json_answer)
        return Operation(adapter, trust_env=self._trust_env)

    def get_json(self, url: str) -> Json:
        """
        Return a public document, at most 24 hours old.

        Raise `ProviderUnavailableError`, or `ProviderMisconfiguredError` if there is no such document.
        """
        return self._documents.get(url)

    def refetch(self, url: str) -> Json:
        """Return the document anew, but at most once a minute; the same errors."""
        return self._documents.refetch(url)

    def _fetch(self, url: str) -> Json:
        with requests.Session() as session:
            session.trust_env = self._trust_env
            session.mount("https://", PassOn(self._send))
            response = session.get(url, allow_redirects=False)
        answer = HttpAnswer(
            status=response.status_code, headers=response.headers, body=response.content
        )
        if answer.status != OK:
            message = f"{url} answered {answer.status}"
            raise ProviderMisconfiguredError(message)
        document = answer.json()
        if document is None:
            message = f"{url} did not answer with a JSON object"
            raise ProviderUnavailableError(message)
        return document

    def _send(self, request: requests.PreparedRequest, **options: object) -> HttpAnswer:
        deadline = self._monotonic() + self._timeout
        connect = self._timeout / CONNECT
        options |= {"stream": True, "timeout": (connect, self._timeout - connect)}
        answer = read(
            lambda: self._adapter.send(request, **options),  # type: ignore[arg-type]  # reason: requests' own options, passed on
            left=lambda: deadline - self._monotonic(),
        )
        if answer.status in TRANSIENT or answer.status in REDIRECT or answer.status >= SERVER_ERROR:
            message = f"the provider answered {answer.status}"
            raise ProviderUnavailableError(message, retry_after=retry_after(answer.headers))
        return answer
