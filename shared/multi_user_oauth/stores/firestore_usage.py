"""Who used a connection and when last: a document for each connection, in Firestore."""

from typing import Final

from google.cloud.firestore import Client

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.ports import LastUse
from multi_user_oauth.stores.document import SCHEMA, Document, utc
from multi_user_oauth.stores.firestore_database import FirestoreDatabase

USAGE: Final = "usage"

_AGENT: Final = "agent:"
"""Before an agent's name in a field's: Firestore keeps some names, such as `__x__`, to itself."""


class FirestoreUsage:
    """A `Usage`; `last_used_at` is the latest of all agents."""

    _database: FirestoreDatabase

    def note_use(self, key: ConnectionKey, use: LastUse) -> None:
        """Write the agent's last use over the one before; those of other agents stay."""
        entry: Document = {
            "agent": use.agent,
            "action": use.action,
            "purpose": use.purpose,
            "at": utc(use.at),
        }
        field = f"{_AGENT}{use.agent}"
        changes: Document = {Client.field_path("agents", field): entry, "last_used_at": utc(use.at)}
        whole: Document = {
            "schema": SCHEMA,
            "connector_type": key.connector_type,
            "user_email": key.user_email,
            "agents": {field: entry},
            "last_used_at": utc(use.at),
        }
        self._database.put(USAGE, key.document_id, changes, whole)

    def uses(self, key: ConnectionKey) -> tuple[LastUse, ...]:
        """Return the last use by each agent, the latest first; none where nobody used it."""
        found = self._database.get(USAGE, key.document_id)
        try:
            agents = {} if found is None else found.newest(USAGE)["agents"]
            uses = [_use(entry) for entry in agents.values()]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"document {key.document_id!r} can not be read: {type(error).__name__}"
            raise StoreUnavailableError(message) from None
        by_name = sorted(uses, key=lambda use: use.agent)
        return tuple(sorted(by_name, key=lambda use: use.at, reverse=True))


def _use(entry: Document) -> LastUse:
    return LastUse(
        agent=entry["agent"],
        action=entry["action"],
        purpose=entry["purpose"],
        at=utc(entry["at"]),
    )
