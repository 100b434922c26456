"""What a journey through the functions costs, counted at the servers that would bill it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Final, Self

from multi_user_oauth.sandbox.cloud.calls import Call, CallLog

_KMS: Final = frozenset({"Encrypt", "Decrypt", "AsymmetricSign"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """Documents read and written (deletes among them) at Firestore, operations of Cloud KMS."""

    reads: int = 0
    writes: int = 0
    kms: int = 0

    @classmethod
    def of(cls, calls: Iterable[Call], *, caller: str | None = None) -> Self:
        """Add up what the relay and the local cloud logged, of one caller or of all."""
        mine = [call for call in calls if caller in (None, call.caller)]
        return cls(
            reads=sum(call.reads for call in mine),
            writes=sum(call.writes for call in mine),
            kms=sum(call.method in _KMS for call in mine),
        )

    def __add__(self, other: "Billed") -> "Billed":
        """Return both together."""
        return Billed(
            reads=self.reads + other.reads,
            writes=self.writes + other.writes,
            kms=self.kms + other.kms,
        )

    def __le__(self, other: "Billed") -> bool:
        """Return whether nothing of it is more than there."""
        return all(getattr(self, f.name) <= getattr(other, f.name) for f in fields(self))


_SIGN_IN: Final = Billed(reads=3, writes=5, kms=2)
_REFRESH: Final = Billed(reads=1, writes=3)

AT_MOST: Final[Mapping[str, Billed]] = {
    "authorize": Billed(),
    "sign-in": _SIGN_IN,
    "sign-in that supersedes a connection": _SIGN_IN + Billed(writes=3),
    "sign-in that cancels a revocation": _SIGN_IN + Billed(reads=1, writes=1),
    "identity-only sign-in": _SIGN_IN,
    "token read, cold, first in the hour": Billed(reads=1, writes=1, kms=1),
    "token read, cold": Billed(reads=1, kms=1),
    "token read, warm": Billed(reads=1),
    "refresh, warm": _REFRESH,
    "refresh, cold": _REFRESH + Billed(kms=2),
    "refresh, warm, takeover of a dead lease": _REFRESH + Billed(reads=1),
    "revoke": Billed(reads=2, writes=4),
    "finish": Billed(reads=2, writes=2, kms=1),
}
"""
Each journey's price at most. A session costs a read for each identity that it holds, a list one for
each row, one at least.
"""


@dataclass(slots=True)
class Bill:
    """Filled in at the end of the block that it is given to."""

    calls: tuple[Call, ...] = ()

    @property
    def total(self) -> Billed:
        """Everybody's together."""
        return Billed.of(self.calls)

    def of(self, caller: str) -> Billed:
        """One function's part."""
        return Billed.of(self.calls, caller=caller)


@contextmanager
def billed(*servers: CallLog) -> Iterator[Bill]:
    """Give a bill of what these servers are asked within the block; their logs begin anew."""
    bill = Bill()
    for server in servers:
        server.clear()
    yield bill
    bill.calls = tuple(call for server in servers for call in server.as_list())
