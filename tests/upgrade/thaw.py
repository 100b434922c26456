"""A release's frozen records, laid out where the present program finds them as its own."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from multi_user_oauth.stores.document import READER
from multi_user_oauth.stores.sqlite_rows import packed, unpacked
from tests.plugins.no_secret_in_logs import remember_project
from tests.support.clock import ManualClock
from tests.upgrade import frozen
from tests.upgrade.freeze import settings
from tests.upgrade.in_flight import InFlight
from tests.upgrade.places import GoogleCloudHere, Place, google_cloud

VECTORS: Final = Path(__file__).parents[1] / "vectors"
RELEASES: Final = sorted(VECTORS.glob("release-*"))
BACKENDS: Final = ("embedded", "gcp")
NEWER: Final = READER.newest + 1
UNKNOWN: Final = "a_newer_releases_field"
"""What every connection is given that the present program does not know."""


@dataclass(frozen=True)
class Source:
    """The records of one release in one back end; `cloud` and `emulator` are there for `gcp`."""

    release: Path
    backend: str
    emulator: str = ""
    cloud: GoogleCloudHere | None = None

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.release / self.backend

    def in_flight(self) -> InFlight:
        """Return what people and agents held in their hands; a later release may have had more."""
        left = frozen.read_json(self.folder / "in_flight.json")
        return InFlight(**{each.name: left[each.name] for each in fields(InFlight)})


@dataclass(frozen=True)
class Thawed:
    """An installation of the present program over the records, at the time when they were frozen."""

    place: Place
    left: InFlight
    source: Source


@contextmanager
def thawed(source: Source, folder: Path, *, empty: bool = False) -> Iterator[Thawed]:
    """Lay everything out below a new folder; `empty`: all but the databases."""
    left = source.in_flight()
    folder.mkdir()
    frozen.unpack_files(frozen.read_json(source.release / frozen.FILES), folder / "files")
    (folder / "state.json").touch(mode=0o600)
    state = frozen.read_text(source.folder / "state.json.gz")
    (folder / "state.json").write_text(state, "utf-8")
    values = {**settings(folder / "files"), "DATA_DIR": str(folder)}
    with ExitStack() as stack:
        if source.cloud is None:
            _lay_out_files(source, folder, empty=empty)
        else:
            project = remember_project(f"test-{uuid4().hex[:12]}")
            values |= stack.enter_context(google_cloud(source.cloud, source.emulator, project))
            _lay_out_documents(source, project, empty=empty)
        clock = ManualClock(datetime.fromisoformat(left.at))
        place = Place(folder, values, clock=clock, seed=f"thawed {folder}")
        yield Thawed(place, left, source)


def _lay_out_files(source: Source, folder: Path, *, empty: bool) -> None:
    for name in () if empty else frozen.DATABASES:
        statements = frozen.read_text(source.folder / f"{name}.sql.gz")
        frozen.load_sqlite(statements, folder / f"{name}.db")
    if not empty:
        with closing(sqlite3.connect(folder / "main.db")) as database, database:
            for name, body in database.execute("SELECT id, body FROM connections").fetchall():
                more = packed(unpacked(name, body) | {UNKNOWN: name})
                database.execute("UPDATE connections SET body = ? WHERE id = ?", (more, name))


def _lay_out_documents(source: Source, project: str, *, empty: bool) -> None:
    for database in () if empty else frozen.DATABASES:
        documents = frozen.read_json(source.folder / f"{database}.json.gz")
        for name, held in documents.get("connections", {}).items():
            held[UNKNOWN] = {"stringValue": name}
        frozen.load_firestore(documents, source.emulator, project, database)


def stored(thawed: Thawed) -> dict[str, dict[str, Any]]:
    """Return the connections as they lie in the database, past the store."""
    if thawed.source.cloud is None:
        with closing(sqlite3.connect(Path(thawed.place.settings["DATA_DIR"]) / "main.db")) as found:
            rows = found.execute("SELECT id, body FROM connections").fetchall()
        return {name: unpacked(name, body) for name, body in rows}
    project = thawed.place.settings["GOOGLE_CLOUD_PROJECT"]
    documents = frozen.dump_firestore(thawed.source.emulator, project, "main")
    return {
        name: {field: frozen.plain(value) for field, value in held.items()}
        for name, held in documents["connections"].items()
    }


def raise_schemas(thawed: Thawed) -> None:
    """Let a newer program have written every document: it is of the schema after ours."""
    for name in frozen.DATABASES:
        if thawed.source.cloud is None:
            _raise_in_file(Path(thawed.place.settings["DATA_DIR"]) / f"{name}.db")
            continue
        emulator, project = thawed.source.emulator, thawed.place.settings["GOOGLE_CLOUD_PROJECT"]
        documents = frozen.dump_firestore(emulator, project, name)
        for held in (each for named in documents.values() for each in named.values()):
            held["schema"] = {"integerValue": str(NEWER)}
        frozen.load_firestore(documents, emulator, project, name)


def _raise_in_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        for table in frozen.tables(database):
            columns = database.execute(f"PRAGMA table_info({table})").fetchall()
            if "body" in {column[1] for column in columns}:
                found = database.execute(f"SELECT rowid, body FROM {table}").fetchall()  # noqa: S608  # reason: its own names
                for row, body in found:
                    newer = packed(unpacked(table, body) | {"schema": NEWER})
                    database.execute(f"UPDATE {table} SET body = ? WHERE rowid = ?", (newer, row))  # noqa: S608  # reason: the same
