"""Documents that are not read, for they would be misunderstood or lie."""

from typing import Any

import pytest

from multi_user_oauth.errors import StoreUnavailableError, TamperedError
from multi_user_oauth.model import Connection
from multi_user_oauth.stores.document import SCHEMA, Value, from_document, to_document
from tests.contract.stores.samples import AT, FULL, KEY, VALUES


def test_a_newer_schema_is_refused() -> None:
    """N98: not half understood; and said as what can pass, for a newer instance can serve it."""
    document = to_document(FULL) | {"schema": SCHEMA + 1}
    with pytest.raises(StoreUnavailableError, match="schema"):
        from_document(Connection, KEY.document_id, document)


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": None},
        {"schema": "1"},
        {"status": "splendid"},
        {"identity": "google:secret-thing"},
        {"identity": 7},
        {"epoch": "secret-thing"},
        {"audit": None},
        {"connected_at": "secret-thing"},
        {"connected_at": AT.replace(tzinfo=None)},
        {"scopes": "secret-thing"},
        {"user_email": None},
    ],
    ids=str,
)
def test_a_document_of_no_sense_is_refused(damage: dict[str, Any]) -> None:
    """With the document's name and without what was found in it, the cause included."""
    with pytest.raises(StoreUnavailableError, match="google_workspace") as caught:
        from_document(Connection, KEY.document_id, to_document(FULL) | damage)
    assert "secret-thing" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("field", ["schema", "epoch", "user_email", "identity", "audit"])
def test_a_document_without_a_field_that_it_must_have_is_refused(field: str) -> None:
    """Nothing is made up."""
    document = to_document(FULL)
    del document[field]
    with pytest.raises(StoreUnavailableError):
        from_document(Connection, KEY.document_id, document)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_document_under_another_one_s_name_is_refused(value: Value) -> None:
    """Bert's record moved to Anna's place is not served as Anna's."""
    with pytest.raises(TamperedError):
        from_document(type(value), "google_workspace:bert@example.org", to_document(value))
