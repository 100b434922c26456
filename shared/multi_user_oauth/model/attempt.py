"""One thing to be sent once: what is remembered of it, so that a repeated call sends nothing twice."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from multi_user_oauth.model.connection_key import ConnectionKey


class Stage(StrEnum):
    """How far an attempt is known to have come."""

    IDLE = "idle"
    """Nothing was done at the provider: whoever comes next may send."""
    SENDING = "sending"
    """The provider may have been asked, and may have done it."""
    SENT = "sent"
    """It was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    What an `Idempotency-Key` stands for: of one caller, for one connection.

    `id` is a digest of these three, `fingerprint` one of what is to be sent. The provider knows it by
    `mark`, drawn at random; `handle` is what was prepared there (a draft's id). Until `held_until` its
    sender is believed to be at work. After `until` the key is forgotten.
    """

    id: str
    key: ConnectionKey
    fingerprint: str
    mark: str
    stage: Stage
    held_until: datetime
    until: datetime
    handle: str = ""
    provider_id: str = ""
