"""The rows of the SQLite main database, and each write to one of them; the tables are the schema's.

A row is a document with its id, the columns that queries need and, where it is ever written again, the
version that every write raises. Nothing here begins or ends a transaction.
"""

import sqlite3
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model import AuditRecord, Change, Connection, Rescue, Revocation, Snapshot
from multi_user_oauth.stores.document import Document, from_document, lease_age, to_document, utc


def packed(document: Document) -> bytes:
    """Return the document as one value of a row."""
    return msgspec.msgpack.encode(document)


def unpacked(name: str, body: bytes) -> Document:
    """Return the document of this id; raise `StoreUnavailableError` if the bytes are none."""
    try:
        return msgspec.msgpack.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        message = f"document {name!r} can not be read: {type(error).__name__}"
        raise StoreUnavailableError(message) from None


def text(moment: datetime) -> str:
    """Return the time as a column has it: of one length, so that the texts sort as the times do."""
    return utc(moment).isoformat(timespec="microseconds")


def snapshot(name: str, version: int, body: bytes, *, now: datetime) -> Snapshot:
    """Return the connection of this row; raise as `from_document`."""
    document = unpacked(name, body)
    return Snapshot(
        connection=from_document(Connection, name, document),
        version=version,
        lease_age=lease_age(document, now),
    )


def revocation(name: str, version: int, body: bytes, *, now: datetime) -> Revocation:
    """Return the revocation of this row; raise as `from_document`."""
    document = unpacked(name, body)
    found = from_document(Revocation, name, document)
    return replace(found, version=version, lease_age=lease_age(document, now))


def apply_change(database: sqlite3.Connection, change: Change, now: datetime) -> None:
    """Write the connection and its audit record; raise `ConflictError` if a precondition fails."""
    before, after = change.before, change.after
    fields = to_document(after)
    if before is None or before.connection.lease != after.lease:
        fields["lease_at"] = now if after.lease else None
    if before is None:
        create_connection(database, after.key.document_id, fields)
    else:
        update_connection(database, after.key.document_id, before.version, fields)
    create_audit(database, change.audit)


def update_connection(
    database: sqlite3.Connection, name: str, version: object, fields: Document
) -> int:
    """Write these fields, leave the others; return the new version, `ConflictError` if it moved on."""
    row = database.execute(
        "SELECT body FROM connections WHERE id = ? AND version = ?", (name, version)
    ).fetchone()
    if row is None:
        raise _moved_on(name)
    document = unpacked(name, row[0]) | fields
    return _new_version(
        database.execute(
            "UPDATE connections SET version = version + 1, body = ?, identity = ?,"
            " connector_type = ?, status = ?, shard = ?, refresh_due_at = ?, grant_ends_at = ?"
            " WHERE id = ?"
            " RETURNING version",
            (packed(document), *_columns(document), name),
        )
    )


def update_revocation(
    database: sqlite3.Connection, revocation: Revocation, fields: Document
) -> int:
    """Write these fields, leave the others; return the new version, `ConflictError` if it moved on."""
    name = revocation.document_id
    row = database.execute(
        "SELECT body FROM revocations WHERE id = ? AND version = ?", (name, revocation.version)
    ).fetchone()
    if row is None:
        raise _moved_on(name)
    return _new_version(
        database.execute(
            "UPDATE revocations SET version = version + 1, body = ? WHERE id = ? RETURNING version",
            (packed(unpacked(name, row[0]) | fields), name),
        )
    )


def create_revocation(database: sqlite3.Connection, revocation: Revocation, now: datetime) -> None:
    """Write it; raise `ConflictError` if it is there."""
    name = revocation.document_id
    fields = to_document(revocation) | {"lease_at": now if revocation.lease_id else None}
    written = database.execute(
        "INSERT INTO revocations (id, version, body) VALUES (?, 1, ?) ON CONFLICT DO NOTHING",
        (name, packed(fields)),
    )
    _must_have_written(written, name)


def delete_revocation(database: sqlite3.Connection, revocation: Revocation) -> None:
    """Delete it; raise `ConflictError` at any other version."""
    name = revocation.document_id
    written = database.execute(
        "DELETE FROM revocations WHERE id = ? AND version = ?", (name, revocation.version)
    )
    _must_have_written(written, name)


def delete_connection(database: sqlite3.Connection, snapshot: Snapshot) -> None:
    """Delete it; raise `ConflictError` at any other version."""
    name = snapshot.connection.key.document_id
    written = database.execute(
        "DELETE FROM connections WHERE id = ? AND version = ?", (name, snapshot.version)
    )
    _must_have_written(written, name)


def create_rescue(database: sqlite3.Connection, rescue: Rescue) -> bool:
    """Return True if it was written, False if it was there."""
    written = database.execute(
        "INSERT INTO rescue (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (rescue.document_id, packed(to_document(rescue))),
    )
    return written.rowcount == 1


def create_connection(database: sqlite3.Connection, name: str, fields: Document) -> None:
    """Write it; raise `ConflictError` if it is there."""
    written = database.execute(
        "INSERT INTO connections"
        " (id, version, body, identity, connector_type, status, shard, refresh_due_at,"
        " grant_ends_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (name, packed(fields), *_columns(fields)),
    )
    _must_have_written(written, name)


def create_audit(database: sqlite3.Connection, record: AuditRecord) -> None:
    """Write it; raise `ConflictError` if it is there."""
    name = record.document_id
    written = database.execute(
        "INSERT INTO audit (id, body, connection, sequence) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (name, packed(to_document(record)), record.key.document_id, record.sequence),
    )
    _must_have_written(written, name)


def _columns(document: Document) -> tuple[str | int | None, ...]:
    # An older program's document has neither these nor a shard.
    due, ends = document.get("refresh_due_at"), document.get("refresh_token_expires_at")
    return (
        document["identity"],
        document["connector_type"],
        document["status"],
        document.get("shard"),
        None if due is None else text(due),
        None if ends is None else text(ends),
    )


def _new_version(cursor: sqlite3.Cursor) -> int:
    ((version,),) = cursor.fetchall()
    return int(version)


def _must_have_written(cursor: sqlite3.Cursor, name: str) -> None:
    if cursor.rowcount != 1:
        raise _moved_on(name)


def _moved_on(name: str) -> ConflictError:
    return ConflictError(f"{name} is not as it was read")
