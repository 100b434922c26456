"""The implementations of the store ports that the contract suites run against.

A backend names one database; it can be sent to another process, and opened any number of times.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from multi_user_oauth.ports import Clock, Meter
from multi_user_oauth.ports.backup import ActivityWalk, PuttingBack
from multi_user_oauth.stores.firestore import FirestoreMainStore
from multi_user_oauth.stores.firestore_activity import FirestoreActivityStore
from multi_user_oauth.stores.firestore_backup import FirestoreActivityWalk, FirestorePuttingBack
from multi_user_oauth.stores.meter import NoMeter
from multi_user_oauth.stores.sqlite_backup import SqliteActivityWalk, SqlitePuttingBack
from tests.contract.stores.lines import ServerClock, connect
from tests.support.stores import ActivityStore, MainStore, activity_store, main_store


class Backend(Protocol):
    """Opens both databases, each time as another process would."""

    def main(self, clock: Clock, meter: Meter | None = None) -> MainStore:
        """Open the main database."""

    def activity(self, clock: Clock, meter: Meter | None = None) -> ActivityStore:
        """Open the activity database."""

    def putting_back(self, clock: Clock, meter: Meter) -> PuttingBack:
        """Open the main database for a restore."""

    def activity_walk(self, clock: Clock, meter: Meter) -> ActivityWalk:
        """Open the activity database for a backup."""


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

    def putting_back(self, clock: Clock, meter: Meter) -> PuttingBack:
        """Open the main database for a restore."""
        return SqlitePuttingBack(self.directory / "main.sqlite3", now=clock, meter=meter)

    def activity_walk(self, clock: Clock, meter: Meter) -> ActivityWalk:
        """Open the activity database for a backup."""
        del clock
        return SqliteActivityWalk(self.directory / "activity.sqlite3", meter=meter)


@dataclass(frozen=True)
class FirestoreBackend:
    """Two databases of one project on the emulator, whose server goes by the test's clock."""

    address: str
    project: str

    def main(self, clock: Clock, meter: Meter | None = None) -> MainStore:
        """Open the main database."""
        client = connect(self.address, self.project, "main", ServerClock(clock))
        return FirestoreMainStore(client, meter=meter or NoMeter())

    def activity(self, clock: Clock, meter: Meter | None = None) -> ActivityStore:
        """Open the activity database."""
        client = connect(self.address, self.project, "activity", ServerClock(clock))
        return FirestoreActivityStore(client, now=clock, meter=meter or NoMeter())

    def putting_back(self, clock: Clock, meter: Meter) -> PuttingBack:
        """Open the main database for a restore."""
        client = connect(self.address, self.project, "main", ServerClock(clock))
        return FirestorePuttingBack(client, meter=meter)

    def activity_walk(self, clock: Clock, meter: Meter) -> ActivityWalk:
        """Open the activity database for a backup."""
        client = connect(self.address, self.project, "activity", ServerClock(clock))
        return FirestoreActivityWalk(client, meter=meter)
