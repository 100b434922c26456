"""The list of indexes, exemptions and TTL fields against what the stores ask and write."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.firestore_v1.types import StructuredQuery

from multi_user_oauth.stores import firestore_queries
from tests.contract.stores.everything import Recorder, World, open_both, use_everything

LISTED: dict[str, Any] = yaml.safe_load(
    Path(firestore_queries.__file__).with_name("firestore_indexes.yaml").read_text("utf-8")
)
ID = "__name__"
OPERATOR = StructuredQuery.FieldFilter.Operator
ASCENDING = StructuredQuery.Direction.ASCENDING


@pytest.fixture
def world(firestore_emulator: str, firestore_project: str) -> World:
    """Two databases, every use of which was made once."""
    world = open_both(firestore_emulator, firestore_project)
    use_everything(world)
    return world


def lines(world: World) -> dict[str, Recorder]:
    """Return what went over the line, by the database."""
    return {"main": world.main_line, "activity": world.activity_line}


def filters(query: Any) -> list[tuple[str, int]]:  # noqa: ANN401  # reason: a message of google.firestore.v1
    """Return the query's filters, field and operator."""
    where = query.where
    kind = where.WhichOneof("filter_type")
    if kind is None:
        return []
    parts = list(where.composite_filter.filters) if kind == "composite_filter" else [where]
    return [(part.field_filter.field.field_path, part.field_filter.op) for part in parts]


def asked(world: World) -> dict[str, dict[str, list[Any]]]:
    """Return all queries by database and collection."""
    found: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in LISTED}
    for name, line in lines(world).items():
        for query in line.queries:
            (collection,) = (each.collection_id for each in query.from_)
            found[name][collection].append(query)
    return found


def stored(world: World) -> dict[str, dict[str, set[str]]]:
    """Return the fields that were written, by database and collection."""
    found: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in LISTED}
    for name, line in lines(world).items():
        for write in line.written:
            if write.update.name:
                fields = found[name][write.update.name.split("/")[-2]]
                fields |= set(write.update.fields)
                fields |= {each.field_path.partition(".")[0] for each in write.update_transforms}
    return found


def needed(query: Any) -> list[str] | None:  # noqa: ANN401  # reason: as above
    """
    Return the fields of the composite index that the query needs; None if it needs none.

    Firestore answers equalities, in the order of ids, from the fields' own indexes, which it merges. All
    else that is asked here is equalities or `in`, then one field by whose order it is answered.
    """
    ordered = [(each.field.field_path, each.direction) for each in query.order_by]
    assert all(direction == ASCENDING for _, direction in ordered)
    equal = [name for name, kind in filters(query) if kind in (OPERATOR.EQUAL, OPERATOR.IN)]
    ranges = {name for name, _ in filters(query)} - set(equal)
    if [name for name, _ in ordered] == [ID] and not ranges:
        return None
    first, *rest = (name for name, _ in ordered)
    assert rest == [ID]
    assert ranges <= {first}
    return [*equal, first]


def test_every_query_has_its_index(world: World) -> None:
    """A composite one is listed, and none that nothing asks for; single fields that it needs are left."""
    for database, collections in asked(world).items():
        composite = []
        for collection, queries in collections.items():
            exempt = set(LISTED[database]["not_indexed"].get(collection, []))
            for query in queries:
                fields = needed(query)
                if fields is None:
                    assert not {name for name, _ in filters(query)} & exempt, collection
                else:
                    composite.append({"collection": collection, "fields": fields})
        listed = LISTED[database]["composite"]
        assert all(each in listed for each in composite)
        assert all(each in composite for each in listed)


def test_no_field_is_indexed_that_nothing_asks_for(world: World) -> None:
    """Each field that is written stands in a query by itself, or in the list; and none else is there."""
    questions = asked(world)
    for database, collections in stored(world).items():
        listed = LISTED[database]["not_indexed"]
        assert set(listed) == set(collections)
        for collection, fields in collections.items():
            alone = {
                name
                for query in questions[database][collection]
                if needed(query) is None
                for name, _ in filters(query)
            }
            assert sorted(fields - alone) == listed[collection], (database, collection)


def test_what_firestore_deletes_is_written(world: World) -> None:
    """Each field with a TTL is a time of its documents that is indexed by nothing else."""
    for database, line in lines(world).items():
        for ttl in LISTED[database]["ttl"]:
            assert ttl["field"] in LISTED[database]["not_indexed"][ttl["collection"]]
            whole = [
                write.update.fields
                for write in line.written
                if write.update.name.split("/")[-2:-1] == [ttl["collection"]]
                and not write.HasField("update_mask")
            ]
            assert whole
            assert all(fields[ttl["field"]].HasField("timestamp_value") for fields in whole)


def test_every_time_to_delete_is_listed(world: World) -> None:
    """By its name: a field `expire_at` of any collection is one after which Firestore deletes."""
    for database, collections in stored(world).items():
        named = [each for each, fields in collections.items() if "expire_at" in fields]
        listed = [
            ttl["collection"] for ttl in LISTED[database]["ttl"] if ttl["field"] == "expire_at"
        ]
        assert sorted(named) == sorted(listed)
