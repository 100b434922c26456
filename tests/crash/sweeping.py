"""Sweeps in processes of their own, some of which die in the middle."""

from collections.abc import Callable
from dataclasses import dataclass, field
from signal import SIGKILL
from typing import Any, Final

from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, works
from tests.crash.deployment import GOOGLE, MICROSOFT, ORIGIN, Deployment, key_of, people
from tests.crash.killing import start
from tests.support.processes import Process

EACH: Final = 3
PLACES: Final = {
    "claimed": ("claimed", 2),
    "answered": ("answered", 2),
    "committed": ("committed", 2),
    "between pages": ("committed", EACH),
}
"""Where a sweeper dies; the second time: the first of a page goes alone, then some at a time."""
LEASED: Final = frozenset({"claimed", "answered"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """People whose tokens are about to end, of two connector types, which are two pages."""

    deployment: Deployment
    persons: dict[Account, str] = field(repr=False)

    def sweep(self, **task: Any) -> Process:  # noqa: ANN401  # reason: as child.py reads it
        """Start a sweeper."""
        identity = self.deployment.sandbox.identity_token(ORIGIN)
        headers = {"Authorization": f"Bearer {identity}"}
        return start(
            self.deployment, do="request", method="POST", path="/refresh/sweep", headers=headers,
            tells=True, **task,
        )  # fmt: skip

    def asked(self) -> list[int]:
        """Return how often the provider was asked for each person."""
        return [self.deployment.asked(account.email) for account in self.persons]

    def generations(self) -> list[int]:
        """Return each connection's generation."""
        return [
            record(self.deployment, key_of(account, kind)).generation
            for account, kind in self.persons.items()
        ]

    def verify(self) -> None:
        """Raise `AssertionError` unless nothing was lost."""
        for account, kind in self.persons.items():
            key = key_of(account, kind)
            assert record(self.deployment, key).status is ConnectionStatus.ACTIVE
            works(self.deployment, key)
            check(self.deployment, key)


def due(deploy: Callable[..., Deployment], name: str) -> Due:
    """Connect people an hour ago."""
    made = people(*(f"{name}-{kind[0]}{n}" for kind in (MICROSOFT, GOOGLE) for n in range(EACH)))
    kinds = [MICROSOFT] * EACH + [GOOGLE] * EACH
    persons = dict(zip(made.values(), kinds, strict=True))
    deployment = deploy(*persons)
    deployment.sign_in_long_ago(*persons.items())
    deployment.set_mode(**{MICROSOFT: "lax", GOOGLE: "static"})
    return Due(deployment=deployment, persons=persons)


def kill_and_take_over(these: Due, place: str) -> None:
    """Kill a sweeper; let others sweep at once, and when its leases are over; check everything."""
    point, nth = PLACES[place]
    dying = these.sweep(place=point, nth=nth)
    assert dying.ended() == -SIGKILL
    dying.stop()
    asked = these.asked()
    assert 0 < sum(asked) < 2 * EACH, "it died in the middle"

    counts = swept(these.sweep())

    leased = counts.get("busy", 0)
    assert leased > 0 or place not in LEASED, counts
    assert set(counts) <= {"refreshed", "busy"}, counts
    these.deployment.end_leases()
    last = swept(these.sweep())
    assert last == ({"refreshed": leased} if leased else {})
    assert these.generations() == [2] * 2 * EACH, "one was lost, or refreshed once too often"
    # Of a pair that was under way both may have been answered and not stored.
    assert sum(these.asked()) - 2 * EACH <= leased, "asked needlessly"
    assert swept(these.sweep()) == {}
    these.verify()


def swept(process: Process) -> dict[str, int]:
    """Return what a sweeper did."""
    status, told = process.hear(), process.hear()
    assert (status, process.ended()) == (200, 0), told
    process.stop()
    assert told["more"] is False
    counts: dict[str, int] = told["counts"]
    return counts
