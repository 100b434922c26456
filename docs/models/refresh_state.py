"""What the refresh protocol consists of: the record, what lies beside it, who is at work, the provider.

Values with short lives by the hundred thousand: named tuples, which hash and compare fastest.
"""

from enum import StrEnum
from typing import Final, NamedTuple

NAMES: Final = "ABCD"
"""Of the refreshers, in what is told of them."""


class Token(NamedTuple):
    """A refresh token; `epoch` is that of the connection for which it was given."""

    epoch: int
    number: int


NONE: Final = Token(0, 0)
SIBLINGS: Final = Token(-1, 0)
"""The token of the same person's connection of another type."""


class Status(StrEnum):
    """As on the wire."""

    ACTIVE = "active"
    NEEDS_SIGN_IN = "needs_sign_in"
    REVOKED = "revoked"


class Record(NamedTuple):
    """The connection; `pending`: the epoch that the provider is to be told of; `unaudited`: changes."""

    status: Status = Status.ACTIVE
    epoch: int = 1
    generation: int = 1
    token: Token = Token(1, 1)
    pending: int = 0
    unaudited: int = 0


class Rescue(NamedTuple):
    """An answer that the record did not take; the first of its (epoch, generation) stays."""

    epoch: int
    generation: int
    token: Token


class Revocation(NamedTuple):
    """A disconnected refresh token; `version` moves with every claim."""

    epoch: int
    version: int = 0


class Lease(StrEnum):
    """It stands in the record; here it is noted with its holder. Who writes the record takes it away."""

    NONE = "none"
    LIVE = "live"
    OVER = "over"


class At(StrEnum):
    """Where a worker stands."""

    IDLE = "idle"
    LOOKING = "looking"  # for a rescue, after it took over a lease
    CLAIMED = "claimed"
    SENDING = "sending"  # past its last look at the clock
    KEEPING = "keeping"  # has an answer, or adopts one
    RESCUING = "rescuing"  # could not commit it
    REFUSED = "refused"  # looks for a rescue before it says so
    MARKING = "marking"
    AUDITING = "auditing"  # in mutants only
    DONE = "done"
    DEAD = "dead"


REST: Final = frozenset({At.IDLE, At.DONE, At.DEAD})


class Refresher(NamedTuple):
    """
    One refresh, and the (epoch, generation, token) that it claimed.

    `late`: its lease ran out while it worked; `retries`: the person is to sign in, and it asks again all
    the same; `adopting`: the answer is a rescue.
    """

    at: At = At.IDLE
    lease: Lease = Lease.NONE
    late: bool = False
    retries: bool = False
    epoch: int = 0
    generation: int = 0
    token: Token = NONE
    answer: Token = NONE
    adopting: bool = False


class Finisher(NamedTuple):
    """One attempt to tell the provider, under the revocation's own lease."""

    at: At = At.IDLE
    lease: Lease = Lease.NONE
    late: bool = False
    version: int = 0


class Disconnecting(NamedTuple):
    """A disconnect; `epoch` is that of the connection which it read."""

    at: At = At.IDLE
    epoch: int = 0


NOTHING_PENDING: Final = -1


class SigningIn(NamedTuple):
    """A callback; `seen` (an epoch), `epoch` and `cancels` (a version) are settled before it asks."""

    at: At = At.IDLE
    seen: int = 0
    epoch: int = 0
    cancels: int = NOTHING_PENDING
    token: Token = NONE


class Sibling(StrEnum):
    """The same person's connection of another type, in the same project at the provider."""

    ABSENT = "absent"
    SIGNING_IN = "signing in"
    LIVE = "live"


class State(NamedTuple):
    """Everything; `good` is what the provider takes, `lost` the epoch of which a token may be lost."""

    refreshers: tuple[Refresher, ...]
    finishers: tuple[Finisher, ...]
    faults: int
    good: frozenset[Token]
    sibling: Sibling
    given: int = 1
    record: Record = Record()
    rescues: frozenset[Rescue] = frozenset()
    revocation: Revocation | None = None
    disconnecting: Disconnecting = Disconnecting()
    signing_in: SigningIn = SigningIn()
    lost: int = 0


Step = tuple[str, State]
"""What happened, and how it stands then."""
