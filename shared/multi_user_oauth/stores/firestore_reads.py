"""Every use of a token, kept for as long as the setting says: a document for each, in Firestore."""

from typing import Final

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import Action, ConnectionKey
from multi_user_oauth.ports import KeptRead, Use
from multi_user_oauth.stores.document import SCHEMA, Document, utc
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_found import Found

READS: Final = "reads"


class FirestoreReads:
    """A `ReadLog`; a TTL policy on `expire_at` cleans it."""

    _database: FirestoreDatabase

    def keep_read(self, read: KeptRead) -> None:
        """Create it; raise `StoreUnavailableError` if it may not be there."""
        use = read.use
        fields: Document = {
            "schema": SCHEMA,
            "connector_type": use.key.connector_type,
            "user_email": use.key.user_email,
            "at": utc(read.at),
            "mark": read.mark,
            "actor": use.actor,
            "outcome": use.outcome,
            "purpose": use.purpose,
            "scopes": list(use.scopes),
            "min_ttl": use.min_ttl,
            "action": use.action.value,
            "expire_at": utc(read.until),
        }
        if not self._database.create(READS, read.document_id, fields):
            message = f"{read.document_id} is taken"
            raise StoreUnavailableError(message)

    def kept_reads(
        self, key: ConnectionKey, *, after: str | None, limit: int
    ) -> tuple[KeptRead, ...]:
        """Return at most `limit` of this connection, the earliest first, whose names follow `after`."""
        found = self._database.find(
            READS,
            limit=limit,
            after=after,
            connector_type=key.connector_type,
            user_email=key.user_email,
        )
        return tuple(_kept(key, each) for each in found)


def _kept(key: ConnectionKey, found: Found) -> KeptRead:
    fields = found.newest(READS)
    try:
        return KeptRead(
            use=Use(
                actor=fields["actor"],
                key=key,
                outcome=fields["outcome"],
                purpose=fields["purpose"],
                scopes=tuple(fields["scopes"]),
                min_ttl=fields["min_ttl"],
                # Before connectors there was nothing else that a token was used for.
                action=Action(fields.get("action", Action.TOKEN)),
            ),
            at=utc(fields["at"]),
            mark=fields["mark"],
            until=utc(fields["expire_at"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"document {found.name!r} can not be read: {type(error).__name__}"
        raise StoreUnavailableError(message) from None
