"""The real clock, waiting, chance and network; a test brings its own."""

import secrets
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from multi_user_oauth.model import Limits
from multi_user_oauth.ports import Clock, Draw, Meter, Point, Sleep, nothing
from multi_user_oauth.stores.meter import NoMeter

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests.adapters import BaseAdapter


def utc_now() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that comes in from outside. `adapter` takes the place of the network to providers."""

    now: Clock = utc_now
    sleep: Sleep = time.sleep
    draw: Draw = secrets.token_bytes
    monotonic: "Callable[[], float]" = time.monotonic
    point: Point = nothing
    meter: Meter = field(default_factory=NoMeter)
    limits: Limits = field(default_factory=Limits)
    adapter: "BaseAdapter | None" = None
    stream: TextIO = field(default_factory=lambda: sys.stdout)
