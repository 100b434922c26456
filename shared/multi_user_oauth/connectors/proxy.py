"""Passing a call on to a provider's API, with the person's token in it and nobody else's."""

from collections.abc import Iterator, Mapping
from typing import Final

from multi_user_oauth.connectors.proxy_headers import from_provider, to_provider
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    OutcomeUnknownError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
    ProviderThrottledError,
)
from multi_user_oauth.model import AccessToken
from multi_user_oauth.model.proxy_rule import HOSTS
from multi_user_oauth.model.proxy_target import ProxyCall
from multi_user_oauth.net.claims import challenged
from multi_user_oauth.net.door import LARGEST, STREAMED, Door, Incoming, Outgoing
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import NotReachedError, retry_after
from multi_user_oauth.ports.connectors import ActingAs

UNAUTHORIZED: Final = 401
NOT_MODIFIED: Final = 304
THROTTLED: Final = 429
UNAVAILABLE: Final = 503
ANSWERS: Final = range(200, 300)
REFUSALS: Final = range(400, 600)
REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
"""Done twice they do what they do once (RFC 9110, 9.2.2)."""

_HOSTS: Final = Hosts(tuple(HOSTS))


class Proxy:
    """One for the process: whose it is comes with each call."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def passed(self, person: ActingAs, call: ProxyCall) -> "Answer":
        """Send it, once more with another token if the first is refused; raise as the port says."""
        incoming = self._sent(person.token(), call)
        if incoming.status == UNAUTHORIZED:
            incoming.close()
            claims = challenged(incoming.headers.get("WWW-Authenticate", ""))
            incoming = self._sent(person.renewed(claims=claims), call)
        try:
            _require_passable(incoming, call)
        except BaseException:
            incoming.close()
            raise
        return Answer(incoming)

    def _sent(self, token: AccessToken, call: ProxyCall) -> Incoming:
        target = call.target
        outgoing = Outgoing(
            method=target.method,
            url=f"https://{target.host}{target.path}{'?' if call.query else ''}{call.query}",
            headers={
                **to_provider(call.headers),
                "Authorization": f"Bearer {token.value.reveal()}",
            },
            body=call.body,
            seconds=STREAMED,
        )
        try:
            return self._door.opened(outgoing, _HOSTS, most=LARGEST)
        except NotReachedError:
            raise
        except ProviderUnavailableError:
            if target.method in REPEATABLE:
                raise
        raise OutcomeUnknownError("no answer to what was passed on")


class Answer:
    """The provider's own."""

    def __init__(self, incoming: Incoming) -> None:
        self.status = incoming.status
        self.headers: Mapping[str, str] = from_provider(incoming.headers)
        self._incoming = incoming

    def chunks(self) -> Iterator[bytes]:
        """Yield the body; raise `ProviderUnavailableError` beyond 8 MiB, or when it takes too long."""
        return self._incoming.chunks()

    def close(self) -> None:
        """Give the connection back."""
        self._incoming.close()


def _require_passable(incoming: Incoming, call: ProxyCall) -> None:
    status, method = incoming.status, call.target.method
    if status == UNAUTHORIZED:
        raise ProviderRejectedError("a fresh token was refused", reason="token_refused")
    if status == UNAVAILABLE and "Retry-After" not in incoming.headers and method not in REPEATABLE:
        raise OutcomeUnknownError("the provider failed, and may have done it")
    if status in {THROTTLED, UNAVAILABLE}:
        raise ProviderThrottledError("throttled", retry_after=retry_after(incoming.headers))
    # A redirect can hold the right to what it leads to: it is neither followed nor told.
    if status not in ANSWERS and status not in REFUSALS and status != NOT_MODIFIED:
        raise ProviderAnswerRefusedError("a redirect, or no status at all")
    announced = incoming.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > LARGEST:
        raise ProviderAnswerRefusedError("an answer that is too large")
