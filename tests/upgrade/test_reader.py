"""A document of an older schema is read as one of the newest; one of no schema, or a newer, is not."""

from collections.abc import Mapping

import pytest

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import AuditRecord, Connection, Rescue
from multi_user_oauth.stores.document import (
    READER,
    SCHEMA,
    Document,
    from_document,
    to_document,
)
from multi_user_oauth.stores.schema import Reader, Upgrade
from tests.contract.stores.samples import FULL, KEY, record, rescue

NAME = KEY.document_id


def renamed(old: str, new: str) -> Upgrade:
    """Return a step that gives a field another name."""

    def step(document: Document) -> Document:
        return {new if name == old else name: value for name, value in document.items()}

    return step


def third(document: Document) -> Document:
    """Say more of why."""
    return document | {"reason": f"{document['reason']}, told"}


THREE = Reader(
    newest=3,
    upgrades={1: {"Connection": renamed("cause", "reason")}, 2: {"Connection": third}},
)
"""A later program's: schema 2 gave a field its name, schema 3 another content."""


def first(**changes: object) -> Mapping[str, object]:
    """Return a connection of schema 1, as that program would have written it."""
    written = to_document(FULL) | {"schema": 1} | changes
    return {"cause" if name == "reason" else name: value for name, value in written.items()}


def test_what_is_written_is_read() -> None:
    """Else a program would refuse its own documents; and every step to the newest is there."""
    assert READER.newest >= SCHEMA
    assert set(READER.upgrades) == set(range(1, READER.newest))


def test_each_step_is_taken_once() -> None:
    """From the schema that it has to the newest."""
    read = from_document(Connection, NAME, first(), reader=THREE)
    assert read.reason == "reason, told"
    second = to_document(FULL) | {"schema": 2}
    assert from_document(Connection, NAME, second, reader=THREE).reason == "reason, told"
    third = to_document(FULL) | {"schema": 3}
    assert from_document(Connection, NAME, third, reader=THREE).reason == "reason"


def test_what_a_step_does_not_name_is_the_same_in_both() -> None:
    """An audit record's hash is of what it says: it is never written in another way."""
    made = record(FULL)
    written = to_document(made) | {"schema": 1}
    assert from_document(AuditRecord, made.document_id, written, reader=THREE) == made


def test_the_connection_within_a_rescue_is_led_on_too() -> None:
    """It has a schema of its own."""
    made = rescue(FULL)
    written = to_document(made) | {"schema": 1, "connection": first(generation=2)}
    read = from_document(Rescue, made.document_id, written, reader=THREE)
    assert read.connection.reason == "reason, told"


def test_a_step_never_changes_what_the_store_holds() -> None:
    """It is given a copy."""

    def spoiling(document: Document) -> Document:
        document.clear()
        return to_document(FULL)

    written = dict(first())
    spoiled = Reader(newest=2, upgrades={1: {"Connection": spoiling}})
    from_document(Connection, NAME, written, reader=spoiled)
    assert written == first()


@pytest.mark.parametrize("schema", [0, -1, True, False, "1", 1.0, None, [1], 4], ids=repr)
@pytest.mark.parametrize("reader", [READER, THREE], ids=["this", "a later"])
def test_no_schema_and_a_newer_one_are_refused(schema: object, reader: Reader) -> None:
    """N98: 503, for another instance may know better; nothing is guessed, and nothing found is quoted."""
    written = to_document(FULL) | {"schema": schema}
    with pytest.raises(StoreUnavailableError, match="schema"):
        from_document(Connection, NAME, written, reader=reader)
    with pytest.raises(StoreUnavailableError, match="schema"):
        reader.newest_of("people", NAME, {"schema": schema})


def test_a_missing_schema_is_refused() -> None:
    """It is no document of ours."""
    written = to_document(FULL)
    del written["schema"]
    with pytest.raises(StoreUnavailableError, match="has no schema"):
        from_document(Connection, NAME, written)


def test_a_document_that_is_not_of_its_schema_is_refused() -> None:
    """A step that does not find its field: the document can not be read, and that is all that is said."""
    written = to_document(FULL) | {"schema": 2}
    del written["reason"]
    with pytest.raises(StoreUnavailableError, match="KeyError"):
        from_document(Connection, NAME, written, reader=THREE)
    with pytest.raises(StoreUnavailableError, match="KeyError"):
        THREE.newest_of("Connection", NAME, written)
