"""The two shapes of query that are put to Firestore; firestore_indexes.yaml lists what they need."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from google.cloud.firestore import CollectionReference, FieldFilter, Query

_ID: Final = "__name__"

Place = tuple[datetime, str]
"""Where a document stands among those that are sorted by a time, and then by their ids."""


def by_id(
    collection: CollectionReference, fields: Mapping[str, str], *, after: str | None
) -> Query:
    """
    Return the query for documents with these fields, by their ids, from the one that follows `after`.

    It needs each field's own index, which Firestore makes by itself, and merges where there are several.
    """
    query: Query = collection.order_by(_ID)
    for field, value in fields.items():
        query = query.where(filter=FieldFilter(field, "==", value))
    if not after:
        return query
    # Our ids as they are; anything else, which a caller may have made up, as some id.
    return query.start_after({_ID: quote(after, safe="@:%")})


def by_time(
    collection: CollectionReference,
    field: str,
    by: datetime,
    *,
    after: Place | None,
    fields: Mapping[str, str],
    among: Mapping[str, Sequence[int]],
) -> Query:
    """
    Return the query for documents whose time in `field` is not after `by`, earliest first, from `after`.

    It needs a composite index of `fields`, the fields of `among` and this one, in that order.
    """
    query: Query = collection.where(filter=FieldFilter(field, "<=", by))
    for name, value in fields.items():
        query = query.where(filter=FieldFilter(name, "==", value))
    for name, values in among.items():
        query = query.where(filter=FieldFilter(name, "in", list(values)))
    query = query.order_by(field).order_by(_ID)
    return query if after is None else query.start_after({field: after[0], _ID: after[1]})
