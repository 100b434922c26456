"""What stands in the records of every release; where a later history adds, say here since when."""

from collections.abc import Iterable
from io import BytesIO
from typing import Final

from multi_user_oauth.model import Connection, ConnectionKey, ConnectionStatus
from multi_user_oauth.sandbox.company import ADMIN, JOHN, MARIA, PAT, SARAH
from multi_user_oauth.stores.file_backup import BackupFile
from tests.support.functions import GOOGLE, MICROSOFT, Visitor, identity
from tests.upgrade.rules import CALENDAR
from tests.upgrade.thaw import Source, Thawed

ACTIVE, WAITS, ENDED = "active", "needs_sign_in", "revoked"

STATUS: Final = {
    (CALENDAR, ADMIN.email): ACTIVE,
    (CALENDAR, MARIA.email): WAITS,
    (GOOGLE, ADMIN.email): ACTIVE,
    (GOOGLE, JOHN.email): ENDED,
    (GOOGLE, MARIA.email): ACTIVE,
    (GOOGLE, PAT.email): ACTIVE,
    (GOOGLE, SARAH.email): ACTIVE,
    (MICROSOFT, ADMIN.email): ACTIVE,
    (MICROSOFT, JOHN.email): ACTIVE,
    (MICROSOFT, MARIA.email): ENDED,
    (MICROSOFT, PAT.email): ENDED,
    (MICROSOFT, PAT.upn): ACTIVE,
    (MICROSOFT, SARAH.email): ACTIVE,
}
QUARANTINED: Final = (GOOGLE, ADMIN.email)
BROKEN: Final = (CALENDAR, ADMIN.email)
"""Its provider did not answer: the breaker of its type is open."""
UNTOLD: Final = (GOOGLE, JOHN.email)
"""It has ended, and its provider is still to be told."""
RESCUED: Final = (MICROSOFT, JOHN.email)
"""Its last refresh was answered, and could not be stored."""
SERVED: Final = [
    key for key, status in STATUS.items() if status == ACTIVE and key not in {QUARANTINED, BROKEN}
]


def connection(records: Thawed, key: tuple[str, str]) -> Connection:
    """Return a connection as the store reads it."""
    found = records.place.store.read(ConnectionKey(*key))
    assert found is not None
    return found.connection


def statuses(connections: Iterable[Connection]) -> dict[tuple[str, str], str]:
    """Return how they stand, by their keys."""
    return {
        (each.key.connector_type, each.key.user_email): ConnectionStatus(each.status).value
        for each in connections
    }


def admin(records: Thawed) -> Visitor:
    """Return somebody who may see everything, signed in now."""
    return records.place.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)


def refreshed(records: Thawed) -> int:
    """Return how many refresh tokens the sandbox was shown."""
    asked = records.place.sandbox.requests()
    return sum(each["grant_type"] == "refresh_token" for each in asked)


def backup(source: Source, name: str) -> BackupFile:
    """Return the backup that the release wrote."""
    return BackupFile(BytesIO((source.folder / f"{name}.gz").read_bytes()), name)
