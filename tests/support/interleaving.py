"""Many agents ask for two people's tokens at once, and some are cut off in the middle."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

import requests

from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.support.functions import MICROSOFT, Installation

THREADS: Final = 8
ROUNDS: Final = 10
LOOKS: Final = 8
PEOPLE: Final = (SARAH, JOHN)
ME: Final = "https://graph.microsoft.com/v1.0/me"
EVERY: Final = 20
"""One request in so many, 5 %, is cut off."""


class CutOffError(BaseException):
    """The platform gave a request up: nothing of ours may catch it."""


class Cutting:
    """A `Clock` at which a thread's request dies, once it has looked at it so many times."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._mine = threading.local()

    def arm(self, looks: int | None) -> None:
        """Let this thread's request die at this look; None: let it live."""
        self._mine.left = looks

    def __call__(self) -> datetime:
        """Return the time, or die."""
        left = getattr(self._mine, "left", None)
        if left is not None:
            self._mine.left = left - 1
            if left <= 1:
                self._mine.left = None
                raise CutOffError
        return self._clock()


@dataclass(slots=True)
class Served:
    """
    How it went. `answers`: the person asked for, and the person whose token came.

    Only lists, which threads may append to.
    """

    answers: list[tuple[str, str]] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


class Books:
    """The provider's own word on whose token one is."""

    def __init__(self, installation: Installation) -> None:
        self._session = requests.Session()
        self._session.mount("https://", installation.sandbox.in_process_adapter())
        self._owners: dict[str, str] = {}

    def owner(self, token: str) -> str:
        """Return the e-mail of whose profile the token opens."""
        if token not in self._owners:
            headers = {"Authorization": f"Bearer {token}"}
            answer = self._session.get(ME, headers=headers, timeout=10)
            self._owners[token] = answer.json()["mail"]
        return self._owners[token]


class Asking:
    """One agent after the other asks for a person's token; some are cut off."""

    def __init__(self, installation: Installation, clock: Cutting) -> None:
        self.served = Served()
        self._installation = installation
        self._clock = clock
        self._books = Books(installation)

    def __call__(self, number: int) -> None:
        """Ask once; which person, and whether it is cut off, the number says."""
        account = PEOPLE[number % len(PEOPLE)]
        agent = self._installation.agent()
        # Spread over all that a request does, from its first look at the clock to its last.
        self._clock.arm(1 + number // EVERY % LOOKS if number % EVERY == 0 else None)
        try:
            response = agent.token(MICROSOFT, account.email)
        except CutOffError:
            self.served.cut.append(number)
            return
        finally:
            self._clock.arm(None)
        if response.status_code != HTTPStatus.OK:
            self.served.refused.append(response.status_code)
            return
        token = (response.json or {})["access_token"]
        self.served.answers.append((account.email, self._books.owner(token)))


def interleave(installation: Installation, fetches: int) -> Served:
    """Fetch so many tokens in eight threads of one process; between rounds all of them run out."""
    clock = Cutting(installation.clock)

    def sleep(seconds: float) -> None:
        # The threads wait side by side, so each passes its part of the time; and it lets others work,
        # or the time would be over before they have done anything.
        installation.clock.advance(seconds / THREADS)
        threading.Event().wait(0.002)

    # Before any function is built.
    installation.world = replace(installation.world, now=clock, sleep=sleep)
    for account in PEOPLE:
        installation.connect(MICROSOFT, account)
    installation.endpoint("access_token")
    asking = Asking(installation, clock)
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(asking, range(fetches // ROUNDS)))
        installation.clock.advance(3600)
    return asking.served
