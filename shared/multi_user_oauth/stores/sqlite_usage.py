"""Who used a connection and when last: a row for each agent and connection, in SQLite."""

from datetime import datetime
from typing import Final

from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.ports import LastUse, Meter
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_key_versions import READ, WRITE
from multi_user_oauth.stores.sqlite_rows import text

USAGE_TABLE: Final = """
CREATE TABLE usage (
    connection TEXT NOT NULL, agent TEXT NOT NULL, action TEXT NOT NULL, purpose TEXT NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (connection, agent)
)
"""


class SqliteUsage:
    """A `Usage`."""

    _database: Database
    _meter: Meter

    def note_use(self, key: ConnectionKey, use: LastUse) -> None:
        """Write the agent's last use over the one before; those of other agents stay."""
        with self._database.writing() as database:
            database.execute(
                "INSERT INTO usage (connection, agent, action, purpose, at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET"
                " action = excluded.action, purpose = excluded.purpose, at = excluded.at",
                (key.document_id, use.agent, use.action, use.purpose, text(use.at)),
            )
        self._meter.count(WRITE)

    def uses(self, key: ConnectionKey) -> tuple[LastUse, ...]:
        """Return the last use by each agent, the latest first; none where nobody used it."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT agent, action, purpose, at FROM usage WHERE connection = ?"
                " ORDER BY at DESC, agent",
                (key.document_id,),
            ).fetchall()
        self._meter.count(READ)  # as the one document that it is elsewhere
        return tuple(
            LastUse(agent=agent, action=action, purpose=purpose, at=datetime.fromisoformat(at))
            for agent, action, purpose, at in found
        )
