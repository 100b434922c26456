"""Cloud Scheduler, as far as we have it: one POST, time and again, with a service account's token."""

import threading
from collections.abc import Callable
from typing import Final, Self

import requests

TIMEOUT: Final = 180.0
"""Seconds until it gives an attempt up: Cloud Scheduler's default."""
EVERY: Final = 60.0
_STOPPING: Final = 1.0
_HEADERS: Final = {"User-Agent": "Google-Cloud-Scheduler", "X-CloudScheduler": "true"}

Token = Callable[[], str]
"""Gives a fresh token, or nothing."""


def bearing(token: str) -> dict[str, str]:
    """Give the header that carries a token, and none without one (RFC 6750, 2.1)."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def post(url: str, headers: dict[str, str], body: bytes = b"") -> int | None:
    """Give the status of the answer, None if there is none."""
    with requests.Session() as session:
        session.trust_env = False  # it is this machine, never behind a proxy
        try:
            answer = session.post(url, data=body, headers=headers, timeout=TIMEOUT)
        except requests.RequestException:
            return None
        return answer.status_code


class Repeated:
    """
    Does its work every so many seconds while it is started; None: never.

    Work that takes longer delays the next, as Cloud Scheduler does it.
    """

    def __init__(self, work: Callable[[], object], *, every: float | None) -> None:
        self._work = work
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def __enter__(self) -> Self:
        """Begin with the first interval."""
        if self._every is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Begin nothing any more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_STOPPING)

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            self._work()


class Scheduler(Repeated):
    """Calls `url`, with a token of its service account; as a context manager time and again."""

    def __init__(self, url: str, token: Token, *, every: float | None = EVERY) -> None:
        super().__init__(self.call, every=every)
        self._url = url
        self._token = token

    def call(self) -> int | None:
        """Call now, and give the status of the answer; None if there is none."""
        return post(self._url, {**_HEADERS, **bearing(self._token())})
