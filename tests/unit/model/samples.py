"""A connection to think about."""

from datetime import UTC, datetime
from typing import Final

from multi_user_oauth.model import (
    AuditHead,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Identity,
)

NOON: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
GOOGLE: Final = Connection(
    key=ConnectionKey("google_workspace", "ada@example.com"),
    status=ConnectionStatus.ACTIVE,
    identity=Identity.google("117"),
    epoch=1,
    generation=1,
    commit_id="commit",
    audit=AuditHead(1, "hash"),
    connected_at=NOON,
)
"""Made at noon, and nothing has happened to it since."""
