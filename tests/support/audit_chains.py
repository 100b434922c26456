"""Any number of honest chains in a database, written past the store for the sake of speed."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from multi_user_oauth.audit import audited
from multi_user_oauth.auditing.anchors import anchors_in
from multi_user_oauth.auditing.followed import Finding
from multi_user_oauth.auditing.part import Part
from multi_user_oauth.auditing.verify import AuditedStore, VerifyAudit
from multi_user_oauth.model import AuditRecord, Change, Connection, ConnectionKey, Snapshot
from multi_user_oauth.stores.document import to_document
from multi_user_oauth.stores.sqlite_anchors import SqliteAnchors
from multi_user_oauth.stores.sqlite_rows import packed
from tests.contract.stores.samples import AT, connection
from tests.support.clock import ManualClock
from tests.support.stores import main_store

FILE: Final = "main.sqlite3"
EVERYTHING: Final = Part()


def person(number: int) -> ConnectionKey:
    """Return somebody's key; they sort as their numbers do."""
    return ConnectionKey("google_workspace", f"person{number:05}@example.org")


def chain(key: ConnectionKey, length: int, *, since: datetime = AT) -> Iterator[Change]:
    """Yield the changes of a connection that has so many records, one an hour."""
    before, new = None, connection(key)
    for number in range(length):
        at = since + timedelta(hours=number)
        made = audited(before, new, action="refreshed", actor="system:refresh", at=at)
        yield made
        before, new = Snapshot(connection=made.after, version=number), made.after


def write_chains(folder: Path, keys: Iterable[ConnectionKey], length: int) -> None:
    """Make a main database in this folder, in which each has so many records."""
    main_store(folder, ManualClock()).all_heads(after=None, limit=1)  # which makes the tables
    fill(folder / FILE, keys, length)


def fill(file: Path, keys: Iterable[ConnectionKey], length: int) -> None:
    """Write so many records of each into a database that has its tables."""
    with closing(sqlite3.connect(file)) as database, database:
        for key in keys:
            for change in chain(key, length):
                write_record(database, change.audit)
            write_connection(database, change.after)


def write_record(database: sqlite3.Connection, record: AuditRecord) -> None:
    """Write a record, over whatever lies there."""
    database.execute(
        "INSERT OR REPLACE INTO audit (id, body, connection, sequence) VALUES (?, ?, ?, ?)",
        (
            record.document_id,
            packed(to_document(record)),
            record.key.document_id,
            record.sequence,
        ),
    )


def write_connection(database: sqlite3.Connection, new: Connection) -> None:
    """Write a connection, over whatever lies there."""
    database.execute(
        "INSERT OR REPLACE INTO connections (id, version, body, identity, connector_type, status)"
        " VALUES (?, 1, ?, ?, ?, ?)",
        (
            new.key.document_id,
            packed(to_document(new)),
            str(new.identity),
            new.key.connector_type,
            new.status.value,
        ),
    )


def anchor_line(record: AuditRecord) -> str:
    """Return the line of the log that told of this record."""
    return _line("audit anchor", record, record.at)


def erasing_line(last: AuditRecord, at: datetime) -> str:
    """Return the line of the log that told of the end of this record's chain."""
    return _line("erasing audit", last, at)


def _line(message: str, record: AuditRecord, at: datetime) -> str:
    line = {
        "time": at.isoformat(),
        "message": message,
        "connection": str(record.key),
        "sequence": record.sequence,
        "anchor": record.hash,
    }
    return json.dumps(line) + "\n"


def verified(
    store: AuditedStore, log: Iterable[str] = (), part: Part = EVERYTHING
) -> tuple[list[Finding], VerifyAudit]:
    """Return what is found, and the use case for what it has counted."""
    with SqliteAnchors() as shelf:
        shelf.put(anchors_in(log, "log"))
        verify = VerifyAudit(store=store, part=part, anchors=shelf)
        return list(verify.findings()), verify


def told(findings: Iterable[Finding]) -> list[tuple[str, int, str]]:
    """Return findings as one line each."""
    return [(each.connection, each.sequence, each.trouble.value) for each in findings]
