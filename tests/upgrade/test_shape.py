"""What this tree would keep has the shape of what the last release kept; what is new is known here."""

import ast
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import pytest

import multi_user_oauth.stores
from multi_user_oauth.stores.sqlite_activity import STEPS as ACTIVITY_STEPS
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_schema import STEPS as MAIN_STEPS
from tests.plugins.no_secret_in_logs import remember_project
from tests.upgrade import frozen
from tests.upgrade.freeze import freeze, messages
from tests.upgrade.shape import Shape, messages_shape, shape_of
from tests.upgrade.thaw import BACKENDS, RELEASES

LAST: Final = RELEASES[-1]

SINCE: Final[Shape] = {}
"""
Fields and places that came after the last release, such as `{"gcp main connections": {"note: str"}}`.

An older program ignores them, and does no harm by that; what it writes lacks them, and is read. Empty
this when the next release's records are frozen.
"""

ACTIONS: Final = {
    *("connected", "imported", "superseded", "disconnected", "restored", "released"),
    *("refreshed", "rescued", "healed", "needs_sign_in"),
    *("delegated", "delegation_limited", "delegation_cut"),
}

STORES: Final = Path(multi_user_oauth.stores.__file__).parent
TAKE_A_COLLECTION: Final = {
    *("get", "find", "find_all", "create", "update", "put", "reference", "collection"),
    *("delete", "drop"),
}
HOW: Final = {
    "gcp main": "SCHEMA and READER in stores/document.py",
    "gcp activity": "SCHEMA and READER in stores/document.py",
    "backup": "FORMAT in stores/file_backup.py, or what its document needs",
    "body": "SCHEMA and READER in stores/document.py",
    "embedded main": "a further step in stores/sqlite_schema.py",
    "embedded activity": "a further step in stores/sqlite_activity.py",
    "session cookie": "_TYPE in http/sessions.py",
    "event": "a new type of event, told beside the old one",
    "shard": "an attribute beside the old one",
}
SEALED: Final = "PURPOSE in sign_in/ticket.py or flow.py, PAGE or UPLOAD in http/links.py"


@pytest.fixture(scope="session")
def fresh(firestore_emulator: str) -> Mapping[str, Shape]:
    """What the script freezes of this tree, by back end."""
    name = f"fresh-{uuid4().hex[:8]}"
    # The lost database is a project of its own, and both are looked through for secrets at the end.
    for project in (name, f"{name}-lost"):
        remember_project(project)
    # What people held in their hands is among it: nothing of it stays.
    with TemporaryDirectory() as out:
        freeze(Path(out), firestore_emulator, project=name)
        return {backend: shape_of(Path(out), backend) for backend in BACKENDS}


def raised(place: str) -> str:
    """Return which version to raise when the shape of this place has changed."""
    return next((how for part, how in HOW.items() if part in place), SEALED)


def differences(then: Shape, now: Shape, since: Mapping[str, set[str]]) -> list[str]:
    """Return in sentences what has changed, and what to do about it."""
    told = []
    for place in sorted(then.keys() | now.keys()):
        was, is_now = then.get(place, set()), now.get(place, set())
        told += [
            f"{place}: {field} is gone: older programs need it. Raise {raised(place)}"
            for field in sorted(was - is_now)
        ]
        told += [
            f"{place}: {field} is new: if older programs may ignore it, and it may be missing,"
            f" add it to SINCE; else raise {raised(place)}"
            for field in sorted(is_now - was - since.get(place, set()))
        ]
    return told


@pytest.mark.parametrize("backend", BACKENDS)
def test_records_have_the_shape_of_the_last_release(
    fresh: Mapping[str, Shape], backend: str
) -> None:
    """docs/upgrading.md says what to do where they have not."""
    assert differences(shape_of(LAST, backend), fresh[backend], SINCE) == []


def test_others_hear_what_they_heard() -> None:
    """Whoever listens to our events upgrades when they please."""
    then = messages_shape(frozen.read_json(LAST / "messages.json"))
    assert differences(then, messages_shape(messages()), SINCE) == []


def test_a_change_is_told_with_what_to_do() -> None:
    """A field that went and one that came; not one that is known."""
    then = {"gcp main connections": {"a: int", "b: str"}}
    now = {"gcp main connections": {"b: str", "c: str", "d: str"}, "gcp main new": {"x: int"}}
    told = differences(then, now, {"gcp main connections": {"d: str"}})
    assert [each.partition(" is ")[0] for each in told] == [
        "gcp main connections: a: int",
        "gcp main connections: c: str",
        "gcp main new: x: int",
    ]
    assert all("SCHEMA" in each for each in told)


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_place_has_a_version_to_raise(backend: str) -> None:
    """Rows by their columns, their bodies by a schema; what is sealed by the word that seals it."""
    where = {place: raised(place) for place in shape_of(LAST, backend)}
    by_word = {place.removeprefix(f"{backend} ") for place, how in where.items() if how == SEALED}
    assert by_word == {"ticket", "flow", "page", "upload"}
    bodies = [how for place, how in where.items() if place.endswith(" body")]
    assert all("SCHEMA" in how for how in bodies)
    assert bodies or backend == "gcp"


def test_every_table_has_frozen_rows(tmp_path: Path) -> None:
    """A table that is added is frozen with the next release."""
    for name, steps in (("main", MAIN_STEPS), ("activity", ACTIVITY_STEPS)):
        with Database(tmp_path / name, steps=steps).reading() as database:
            made = {f"embedded {name} {table}" for table in frozen.tables(database)}
        kept = shape_of(LAST, "embedded")
        assert {place for place in made if not kept.get(place)} - SINCE.keys() == set()


def test_every_collection_has_frozen_documents() -> None:
    """Whichever the Firestore stores ask for."""
    kept = {place.split()[2] for place in shape_of(LAST, "gcp") if place.startswith("gcp ")
            and len(place.split()) == 3}  # fmt: skip
    new = {place.split()[-1] for place in SINCE}
    asked = {name for file in STORES.glob("firestore*.py") for name in collections(file)}
    assert len(asked) > 10
    assert asked - kept - new == set()


def collections(file: Path) -> Iterator[str]:
    """Yield the collections that a store's module names as the first argument of a call."""
    module = import_module(f"multi_user_oauth.stores.{file.stem}")
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in TAKE_A_COLLECTION
            and node.args
            and isinstance(node.args[0], ast.Name)
            and node.args[0].id.isupper()
        ):
            found: str = getattr(module, node.args[0].id)
            yield found


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_sort_of_audit_record_is_frozen(backend: str) -> None:
    """A hash is of what a record says: none may be said in another way."""
    lines = frozen.read_text(LAST / backend / "anchors.log.gz")
    assert {action for action in ACTIONS if f'"action": "{action}"' not in lines} == set()
