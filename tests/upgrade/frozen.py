"""Records as files: written once by a release, and laid out again where a later program finds them."""

import gzip
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from tests.support.clock import START

DATABASES: Final = ("main", "activity")
KEY_FILES: Final = ("keys", "secrets")
FILES: Final = "files.json"

Documents = dict[str, dict[str, Any]]
"""By collection and id, the fields as the REST API of Firestore types them."""

_HEADERS: Final = {"Authorization": "Bearer owner", "Content-Type": "application/json"}
_ALL: Final = {"structuredQuery": {"from": [{"allDescendants": True}]}}
_STORES_OWN_TIME: Final = "lease_at"


def write_text(file: Path, text: str) -> None:
    """Write a file of ours; packed if its name ends in `.gz`, the same text as the same bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    file.write_bytes(gzip.compress(data, mtime=0) if file.suffix == ".gz" else data)


def read_text(file: Path) -> str:
    """Return what it holds."""
    data = file.read_bytes()
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode()


def write_json(file: Path, value: object) -> None:
    """Write it so that a later release's differs from it line by line."""
    write_text(file, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(file: Path) -> Any:  # noqa: ANN401  # reason: JSON
    """Return what a file holds."""
    return json.loads(read_text(file))


def pack_files(folder: Path) -> dict[str, str]:
    """Return the key files and the two that operators write, by their names below the folder."""
    found = [file for part in KEY_FILES for file in sorted((folder / part).iterdir())]
    found += [folder / "connector_types.yaml", folder / "policy.yaml"]
    return {str(file.relative_to(folder)): file.read_text("utf-8") for file in found}


def unpack_files(files: Mapping[str, str], folder: Path) -> None:
    """Write them, each for its owner alone."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(text, "utf-8")


def dump_sqlite(file: Path) -> str:
    """Return a database as the statements that make it, its version included."""
    with closing(sqlite3.connect(file)) as database:
        ((version,),) = database.execute("PRAGMA user_version").fetchall()
        lines = [*database.iterdump(), f"PRAGMA user_version = {version};"]
    return "\n".join(lines) + "\n"


def load_sqlite(statements: str, file: Path) -> None:
    """Make the database, as the release had made it."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(statements)
    file.chmod(0o600)


def dump_firestore(address: str, project: str, database: str) -> Documents:
    """
    Return all documents of a database in the emulator.

    When a lease was written is the server's own time, which no test can turn: it is made the one at
    which the records begin, so that every lease has run out.
    """
    documents: Documents = {}
    for found in _ask(address, project, database, "runQuery", _ALL):
        if "document" in found:
            path = found["document"]["name"].partition("/documents/")[2]
            collection, _, name = path.partition("/")
            fields = found["document"]["fields"]
            if "timestampValue" in fields.get(_STORES_OWN_TIME, {}):
                fields[_STORES_OWN_TIME] = {"timestampValue": START.isoformat()}
            documents.setdefault(collection, {})[name] = fields
    return documents


def load_firestore(documents: Documents, address: str, project: str, database: str) -> None:
    """Write them all into a database in the emulator."""
    place = f"projects/{project}/databases/{database}/documents"
    writes = [
        {"update": {"name": f"{place}/{collection}/{name}", "fields": fields}}
        for collection, named in documents.items()
        for name, fields in named.items()
    ]
    _ask(address, project, database, "commit", {"writes": writes})


def plain(value: Mapping[str, Any]) -> Any:  # noqa: ANN401  # reason: whatever a document may hold
    """Return a typed value of the REST API as JSON would have it."""
    ((kind, held),) = value.items()
    if kind == "mapValue":
        return {name: plain(each) for name, each in held.get("fields", {}).items()}
    if kind == "arrayValue":
        return [plain(each) for each in held.get("values", [])]
    return int(held) if kind == "integerValue" else held


def tables(database: sqlite3.Connection) -> Iterator[str]:
    """Yield the names of the tables that are ours."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (name,) in database.execute(f"{query} ORDER BY name").fetchall():
        yield name


def _ask(address: str, project: str, database: str, verb: str, body: object) -> Any:  # noqa: ANN401  # reason: JSON
    url = f"http://{address}/v1/projects/{project}/databases/{database}/documents:{verb}"
    request = Request(url, json.dumps(body).encode(), _HEADERS)  # an emulator of ours
    with urlopen(request, timeout=30) as answer:  # noqa: S310  # reason: the same
        return json.load(answer)
