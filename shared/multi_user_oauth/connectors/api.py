"""Calling a provider's API as a person: token trouble, throttling and refusals, in one place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.manners import Manners
from multi_user_oauth.connectors.trouble import Kind, Trouble, error_of
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import OutcomeUnknownError, ProviderAnswerRefusedError
from multi_user_oauth.model import AccessToken
from multi_user_oauth.net.door import Door, Incoming, Outgoing
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import HttpAnswer, Json, NotReachedError
from multi_user_oauth.ports import Draw, Sleep
from multi_user_oauth.ports.connectors import ActingAs

T = TypeVar("T", HttpAnswer, Incoming)

PATIENCE: Final = 8.0  # seconds that a call sleeps in all; what asks for more is passed on
FIRST_WAIT: Final = 1.0
MOST_TRIES: Final = 3
REDIRECT: Final = range(300, 400)
CLIENT_ERROR: Final = 400


class Api:
    """One provider's API for everybody; what is one person's stays in the call."""

    def __init__(self, door: Door, manners: Manners, *, sleep: Sleep, draw: Draw) -> None:
        self._door = door
        self._manners = manners
        self._sleep = sleep
        self._draw = draw

    def json(self, person: ActingAs, call: Call) -> Json:
        """Return the JSON object of the answer; raise as `whole` does."""
        document = self.whole(person, call).json()
        if document is None:
            if call.sends:
                raise OutcomeUnknownError("the answer to what was sent is not JSON")
            raise ProviderUnavailableError("the provider's answer is not JSON")
        return document

    def whole(self, person: ActingAs, call: Call) -> HttpAnswer:
        """
        Return the answer of a call that succeeded.

        Raise `InsufficientScopeError`, `ItemNotFoundError`, `ItemExistsError`,
        `RangeNotSatisfiableError`, `ProviderRejectedError`, `ProviderThrottledError`,
        `ProviderUnavailableError`, `ProviderAnswerRefusedError`; `OutcomeUnknownError` where `call.sends`
        and it may have happened; and what `ActingAs` raises.
        """
        answer = self._tried(person, call, self._whole)
        if answer.status in REDIRECT:
            raise ProviderAnswerRefusedError("a redirect where none is documented")
        return answer

    def opened(
        self, person: ActingAs, call: Call, *, elsewhere: Hosts | None = None, most: int
    ) -> Incoming:
        """
        Return an answer whose body is still to come; raise as `whole` does.

        A redirect is followed once, to the hosts `elsewhere`, and the token does not go along.
        """

        def opened(outgoing: Outgoing) -> Incoming:
            return self._door.opened(outgoing, self._manners.hosts, most=most)

        answer = self._tried(person, call, opened)
        if answer.status not in REDIRECT:
            return answer
        answer.close()
        if elsewhere is None:
            raise ProviderAnswerRefusedError("a redirect where none is documented")
        moved = Call(
            method="GET", url=answer.headers.get("Location", ""), needs=(), headers=call.headers,
            seconds=call.seconds,
        )  # fmt: skip
        return self.open_without_token(moved, elsewhere, most=most)

    def open_without_token(
        self, call: Call, hosts: Hosts, *, most: int, also: int | None = None
    ) -> Incoming:
        """
        Call a pre-authenticated address: no token goes there; raise as `whole` does.

        `also` is a status that leads nowhere else, whatever it means elsewhere.
        """
        answer = self._door.opened(_outgoing(call), hosts, most=most)
        if answer.status in REDIRECT and answer.status != also:
            answer.close()
            raise ProviderAnswerRefusedError("a redirect from where one led to")
        if answer.status >= CLIENT_ERROR:
            raise error_of(self._manners.trouble(answer.whole()), call)
        return answer

    def _whole(self, outgoing: Outgoing) -> HttpAnswer:
        return self._door.whole(outgoing, self._manners.hosts)

    def _tried(self, person: ActingAs, call: Call, send: Callable[[Outgoing], T]) -> T:
        token = person.token(*call.needs)
        renewed, slept, tries = False, 0.0, 0
        while True:
            answer = _once(call, token, send)
            if answer.status < CLIENT_ERROR:
                return answer
            trouble = self._manners.trouble(answer.whole())
            if trouble.kind is Kind.SCOPE and person.has(*call.needs):
                # It has what the call needs: what is not allowed is the thing itself.
                trouble = replace(trouble, kind=Kind.REJECTED)
            if trouble.kind is Kind.TOKEN and not renewed:
                token = person.renewed(*call.needs, claims=trouble.claims)
                renewed = True
                continue
            tries += 1
            wait = self._wait(trouble, tries)
            if trouble.kind is not Kind.THROTTLED or tries >= MOST_TRIES or slept + wait > PATIENCE:
                raise error_of(trouble, call)
            self._sleep(wait)
            slept += wait

    def _wait(self, trouble: Trouble, tries: int) -> float:
        # At least as long as asked for; spread by chance, so that many do not come back in step.
        ours: float = FIRST_WAIT * 2 ** (tries - 1) * (1 + self._draw(1)[0] / 255)
        return max(float(trouble.retry_after), ours)


def _once(call: Call, token: AccessToken, send: Callable[[Outgoing], T]) -> T:
    bearer = {"Authorization": f"Bearer {token.value.reveal()}"}
    outgoing = _outgoing(call)
    try:
        return send(replace(outgoing, headers={**outgoing.headers, **bearer}))
    except NotReachedError:
        raise
    except (ProviderUnavailableError, ProviderAnswerRefusedError):
        if call.sends:
            raise OutcomeUnknownError("no answer to what was sent") from None
        raise


def _outgoing(call: Call) -> Outgoing:
    query = urlencode(call.query, quote_via=quote)
    url = f"{call.url}{'?' if query else ''}{query}"
    return Outgoing(
        method=call.method, url=url, headers=call.headers, body=call.body, seconds=call.seconds
    )
