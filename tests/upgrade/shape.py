"""The shape of what is kept: places, fields and types, without any value."""

import gzip
import json
import sqlite3
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from multi_user_oauth.keys.box import JweBox
from multi_user_oauth.stores.sqlite_rows import unpacked
from tests.upgrade import frozen
from tests.upgrade.in_flight import InFlight

Shape = dict[str, set[str]]
"""Of each place, such as `gcp main connections`, its fields with their types."""

NAMED_BY_DATA: Final = frozenset({"agents", "ended", "counts"})
"""Fields whose parts are called as agents, days or kinds are."""

TYPES: Final = {
    "booleanValue": "bool", "bytesValue": "bytes", "doubleValue": "float", "integerValue": "int",
    "nullValue": "null", "stringValue": "str", "timestampValue": "datetime",
}  # fmt: skip
HELD: Final = {
    "ticket": "flow_keys",
    "flow": "flow_keys",
    "page": "link_keys",
    "upload": "link_keys",
}
"""What is sealed, and the key file that opens it."""


def shape_of(release: Path, backend: str) -> Shape:
    """Return the shape of all that was frozen of one back end."""
    folder = release / backend
    shape: Shape = {}
    described = _documents(folder) if backend == "gcp" else _tables(folder)
    for place, found in (*described, *_backup(folder), *_sealed(release, folder)):
        shape.setdefault(f"{backend} {place}", set()).update(found)
    return shape


def messages_shape(told: Mapping[str, Any]) -> Shape:
    """Return the shape of what others hear from us."""
    return {
        f"event {each['attributes']['ce-type']}": set(_fields(each)) for each in told["events"]
    } | {"shard message": set(_fields(told["shard"]))}


def _documents(folder: Path) -> Iterator[tuple[str, Iterable[str]]]:
    for database in frozen.DATABASES:
        documents: frozen.Documents = frozen.read_json(folder / f"{database}.json.gz")
        for collection, named in documents.items():
            for held in named.values():
                yield f"{database} {collection}", _typed(held)


def _typed(held: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in held.items():
        ((kind, inner),) = value.items()
        path = f"{before}{name}"
        if kind == "arrayValue":
            yield f"{path}: list"
            for each in inner.get("values", []):
                yield from _typed({"[]": each}, path)
        elif kind == "mapValue":
            yield f"{path}: map"
            for part, each in inner.get("fields", {}).items():
                yield from _typed({"*" if name in NAMED_BY_DATA else part: each}, f"{path}.")
        else:
            yield f"{path}: {TYPES[kind]}"


def _tables(folder: Path) -> Iterator[tuple[str, Iterable[str]]]:
    for name in frozen.DATABASES:
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript(frozen.read_text(folder / f"{name}.sql.gz"))
            for table in frozen.tables(database):
                found = database.execute(f"SELECT * FROM {table}")  # noqa: S608  # reason: its own names
                columns = [column[0] for column in found.description]
                rows = found.fetchall()
                yield f"{name} {table}", columns if rows else ()
                if "body" in columns:
                    for row in rows:
                        body = unpacked(table, row[columns.index("body")])
                        yield f"{name} {table} body", _fields(body)


def _fields(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        of_data = path.removesuffix(".").rpartition(".")[2] in NAMED_BY_DATA
        for name, part in value.items():
            yield from _fields(part, f"{path}{'*' if of_data else name}.")
    elif isinstance(value, list):
        yield f"{path.removesuffix('.')}: list"
        for part in value:
            yield from _fields(part, f"{path.removesuffix('.')}[].")
    else:
        kind = "null" if value is None else type(value).__name__
        yield f"{path.removesuffix('.')}: {kind}"


def _backup(folder: Path) -> Iterator[tuple[str, Iterable[str]]]:
    for line in gzip.decompress((folder / "backup.gz").read_bytes()).splitlines():
        kept = json.loads(line)
        yield f"backup {kept.get('of', 'frame')}", _fields(kept)


def _sealed(release: Path, folder: Path) -> Iterator[tuple[str, Iterable[str]]]:
    left = InFlight(**{
        each.name: frozen.read_json(folder / "in_flight.json")[each.name]
        for each in fields(InFlight)
    })  # fmt: skip
    header, claims, _ = left.session.split(".")
    yield "session cookie", (*_fields(_json(header)), *_fields(_json(claims)))
    (ticket,) = parse_qs(urlsplit(left.authorization_url).query)["ticket"]
    (flow,) = left.flow_cookies.values()
    texts = {"ticket": ticket, "flow": flow, "page": left.page_token, "upload": left.upload_id}
    with TemporaryDirectory() as files:
        frozen.unpack_files(frozen.read_json(release / frozen.FILES), Path(files))
        boxes = {name: JweBox(Path(files, f"secrets/{name}.json")) for name in HELD.values()}
    for purpose, text in texts.items():
        opened = boxes[HELD[purpose]].open(purpose, text)
        yield purpose, (*_fields(_json(text.partition(".")[0])), *_fields(opened))


def _json(part: str) -> Any:  # noqa: ANN401  # reason: JSON
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
