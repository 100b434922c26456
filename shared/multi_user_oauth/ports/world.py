"""Time, waiting, chance and fault points come in from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.model import Action, ConnectionKey

Clock = Callable[[], datetime]
"""The time now, in UTC, with its zone."""

Sleep = Callable[[float], None]
"""Wait this many seconds."""

Draw = Callable[[int], bytes]
"""So many random bytes, fit for keys."""

Point = Callable[[str], None]
"""A named place where tests inject faults; in production it does nothing."""


def nothing(name: str) -> None:
    """Do nothing: the `Point` of production."""


class Meter(Protocol):
    """Counts what Google Cloud would bill."""

    def count(self, operation: str, number: int = 1) -> None:
        """Count `main.read`, `main.write`, `activity.read`, `activity.write` or `kms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """
    A use of a token, or a refusal: who, as whom, what for. `outcome` is 'released' or a code.

    `action` says whether the token itself was given away or what was done with it.
    """

    actor: str
    key: ConnectionKey
    outcome: str
    purpose: str = ""
    scopes: tuple[str, ...] = ()
    min_ttl: int = 0
    action: Action = Action.TOKEN


UseLog = Callable[[Use], None]
"""Write the line and flush it; if that fails it raises, and no token leaves."""
