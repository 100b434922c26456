"""The implementations of the store ports that the contract suites run against.

A backend names one database; it can be sent to another process, and opened any number of times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from multi_user_oauth.ports import Clock, Meter
from tests.support.stores import ActivityStore, MainStore, activity_store, main_store


class Backend(Protocol):
    """Opens both databases, each time as another process would."""

    def main(self, clock: Clock, meter: Meter | None = None) -> MainStore:
        """Open the main database."""

    def activity(self, clock: Clock, meter: Meter | None = None) -> ActivityStore:
        """Open the activity database."""


@dataclass(frozen=True)
class SqliteBackend:
    """Two files in a directory."""

    directory: Path

    def main(self, clock: Clock, meter: Meter | None = None) -> MainStore:
        """Open the main database."""
        return main_store(self.directory, clock, meter)

    def activity(self, clock: Clock, meter: Meter | None = None) -> ActivityStore:
        """Open the activity database."""
        return activity_store(self.directory, clock, meter)


BACKENDS: Final[dict[str, Callable[[Path], Backend]]] = {"sqlite": SqliteBackend}
