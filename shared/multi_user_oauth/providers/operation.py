"""The session of one token operation: one POST, no redirect, no library's opinion of the answer."""

import json
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from multi_user_oauth.errors import (
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.net.http_answer import HttpAnswer, Json
from multi_user_oauth.providers.error_answer import ErrorAnswer, RefusedError

DISCOVERY: Final = "/.well-known/openid-configuration"
NOT_FOUND: Final = 404
CLIENT_ERROR: Final = 400


class SecondSendError(MultiUserOAuthError):
    """A bug: something tried to send twice within one operation."""


class Sender(Protocol):
    """Sends a request once; raises `ProviderUnavailableError`."""

    def __call__(self, request: requests.PreparedRequest, **options: object) -> HttpAnswer:
        """Return the whole answer; `options` are those of an adapter of `requests`."""


class PassOn(BaseAdapter):
    """Hands a session's requests to the transport."""

    def __init__(self, send: Sender) -> None:
        super().__init__()
        self._send = send

    def send(  # type: ignore[override]  # reason: the options only pass through
        self, request: requests.PreparedRequest, **options: object
    ) -> requests.Response:
        """Send the request as it is."""
        return self._send(request, **options).response(request)

    def close(self) -> None:
        """Close nothing: the connections are the process's, not this session's."""


class OneSend(PassOn):
    """Hands on the first POST only, and answers discovery from the cache."""

    def __init__(self, send: Sender, *, get_json: Callable[[str], Json], json_answer: bool) -> None:
        super().__init__(send)
        self._get_json = get_json
        self._json_answer = json_answer
        self._sent = False
        self.answer: Json | None = None

    def send(  # type: ignore[override]  # reason: the options only pass through
        self, request: requests.PreparedRequest, **options: object
    ) -> requests.Response:
        """Send, or refuse to."""
        if request.method == "POST":
            return self._post(request, options).response(request)
        if urlsplit(request.url or "").path.endswith(DISCOVERY):
            return self._discovery(request)
        return super().send(request, **options)

    def _post(self, request: requests.PreparedRequest, options: dict[str, object]) -> HttpAnswer:
        if self._sent:
            raise SecondSendError("an operation sends once")
        self._sent = True
        answer = self._send(request, **options)
        if answer.status == NOT_FOUND:
            raise ProviderMisconfiguredError("the provider has no such endpoint")
        document = answer.json()
        refused = answer.status >= CLIENT_ERROR
        if document is None and (refused or self._json_answer):
            message = f"the provider's answer with status {answer.status} is not JSON"
            raise ProviderUnavailableError(message)
        if document is not None and (refused or "error" in document):
            raise RefusedError(ErrorAnswer.of(document, status=answer.status))
        self.answer = document or {}
        return answer

    def _discovery(self, request: requests.PreparedRequest) -> requests.Response:
        body = json.dumps(self._get_json(request.url or "")).encode()
        return HttpAnswer(status=200, headers={}, body=body).response(request)


class Operation(requests.Session):
    """A session with its own cookies, over the transport's shared connections."""

    def __init__(self, adapter: OneSend, *, trust_env: bool) -> None:
        super().__init__()
        self.trust_env = trust_env
        self.one_send = adapter
        self.auth = lambda request: request  # or a password in ~/.netrc would go along
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def lend_to(self, session: requests.Session) -> None:
        """Let a library's own session send what this one may."""
        session.trust_env = self.trust_env
        session.mount("https://", self.one_send)

    def answer_to(self, send: Callable[[], object]) -> Json:
        """
        Let a library send its POST and return the provider's answer itself.

        A library that trips over an answer, be it a lifetime in words or a scope less, would lose the
        new refresh token in it; so what it makes of the answer is not asked. Raise what the transport
        raises, `RefusedError` with the provider's error, or `ProviderMisconfiguredError` if the library
        did not send.
        """
        stumbled = ""
        try:
            send()
        except MultiUserOAuthError:
            raise
        except Exception as error:  # noqa: BLE001  # reason: errors of three libraries, whose texts hold states and tokens
            stumbled = type(error).__name__
        if self.one_send.answer is None:
            message = f"the library did not send: {stumbled}"
            raise ProviderMisconfiguredError(message)
        return self.one_send.answer
