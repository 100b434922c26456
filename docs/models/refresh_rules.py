"""Which provider the protocol meets, and what is wrong with the protocol, if anything."""

from enum import StrEnum
from typing import Final, NamedTuple


class Mode(StrEnum):
    """What the provider does with a refresh token that was used."""

    STATIC = "static"  # it stays, and no new one comes (Google)
    LAX = "lax"  # a new one comes, the old one stays good (Microsoft)
    SINGLE = "single"  # a new one comes, the old one is refused
    STRICT = "strict"  # as SINGLE, and using an old one ends the whole grant


SPENDING: Final = frozenset({Mode.SINGLE, Mode.STRICT})
"""Where an answer that nobody stores is a refresh token lost: only there may a person be asked again."""

REVOKING: Final = frozenset(Mode) - {Mode.LAX}
"""Where a grant can be ended: all that the person ever granted, as at Google; Microsoft has no call."""


class Mutant(StrEnum):
    """A protocol with one part taken out, or one mistake put in."""

    NO_LEASE = "no_lease"
    NO_CAS = "no_cas"
    ABA_GEN_RESET = "aba_gen_reset"
    DEAD_WITHOUT_REREAD = "dead_without_reread"
    INVALID_CLIENT_DEAD = "invalid_client_dead"
    OUTAGE_DEAD = "outage_dead"
    NULL_RT = "null_rt"
    RESURRECT = "resurrect"
    AUDIT_OUTSIDE_COMMIT = "audit_outside_commit"
    LOCK_WITHOUT_TTL = "lock_without_ttl"
    NO_HEAL = "no_heal"
    NO_RESCUE = "no_rescue"
    NO_ADOPT = "no_adopt"
    LATE_REVOKE = "late_revoke"
    STALE_REVOKE = "stale_revoke"
    BLIND_REVOKE = "blind_revoke"
    UNGUARDED_CALLBACK = "unguarded_callback"
    EPOCH_BY_CLOCK = "epoch_by_clock"
    REVOCATION_OUTSIDE_COMMIT = "revocation_outside_commit"


class Beyond(StrEnum):
    """What may happen outside, and the protocol alone does not withstand."""

    SIBLING_CONNECTS = "sibling_connects"  # the person connects another type meanwhile


class Rules(NamedTuple):
    """What is explored."""

    mode: Mode
    mutant: Mutant | None = None
    beyond: frozenset[Beyond] = frozenset()
