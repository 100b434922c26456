"""
A made-up next release: this tree's library, changed just as docs/upgrading.md says.

Run as a program of its own, `python -m tests.upgrade.next_release`, it does with a database what each
line of standard input tells, and says in one of standard output how it then reads each connection, or
why it does not.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import multi_user_oauth
from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.model import AuditHead, Batch, ConnectionKey
from multi_user_oauth.stores import document
from tests.contract.stores.backends import Backend, FirestoreBackend, SqliteBackend
from tests.contract.stores.samples import change, connection, put, refreshed
from tests.support.clock import ManualClock
from tests.support.stores import MainStore

WRITTEN: Final = "SCHEMA: Final = 1\n"
READ: Final = "READER: Final = Reader(newest=SCHEMA, upgrades={})\n"
STEP: Final = """
def _second(document: Document) -> Document:
    return document | {"reason": document["reason"] or "made up"}


READER: Final = Reader(newest=2, upgrades={1: {"Connection": _second}})
"""
PEOPLE: Final = ("anna", "bert")


def make(folder: Path, *, writes: int) -> Path:
    """
    Copy the library into a folder, and let it read schema 2 and write this one; return the folder.

    Schema 1 had a reason only where there was something to say; schema 2 always has one.
    """
    package = Path(multi_user_oauth.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__", "sandbox", "cli", "http", "mcp")
    shutil.copytree(package, folder / package.name, ignore=ignored)
    changed = folder / package.name / "stores/document.py"
    text = changed.read_text("utf-8")
    for old, new in ((WRITTEN, WRITTEN.replace("1", str(writes))), (READ, STEP)):
        assert text.count(old) == 1, f"document.py has not: {old}"
        text = text.replace(old, new)
    changed.write_text(text, "utf-8")
    return folder


def key(name: str) -> ConnectionKey:
    """Return somebody's key."""
    return ConnectionKey("google_workspace", f"{name}@example.org")


def write(store: MainStore, name: str) -> None:
    """Write a connection as this program does: a new one, or one that is there anew."""
    before = store.read(key(name))
    if before is None:
        put(store, connection(key(name)))
        return
    store.commit(Batch(changes=(change(before, refreshed(before)),)))


def claim(store: MainStore, name: str) -> None:
    """Write fields of a connection and leave the others: a lease, which is dropped again."""
    before = store.read(key(name))
    assert before is not None
    store.release(store.claim(before, "lease"), None)


def read(store: MainStore, name: str) -> str:
    """Return the reason that somebody's connection gives, or the code of why it is not read."""
    try:
        found = store.read(key(name))
    except MultiUserOAuthError as refused:
        return f"refused: {refused.code}"
    assert found is None or found.connection.audit != AuditHead(0, "")
    return "nothing" if found is None else str(found.connection.reason)


def backend(place: dict[str, str]) -> Backend:
    """Return the databases that are named."""
    if "directory" in place:
        return SqliteBackend(Path(place["directory"]))
    return FirestoreBackend(place["address"], place["project"])


def main(told: dict[str, Any]) -> dict[str, object]:
    """Do it and return what was found."""
    store = backend(told["place"]).main(ManualClock())
    for name in told["write"]:
        write(store, name)
    for name in told["claim"]:
        claim(store, name)
    return {"schema": document.SCHEMA, "read": [read(store, name) for name in PEOPLE]}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(main(json.loads(line))) + "\n")
        sys.stdout.flush()
