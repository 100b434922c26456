"""The two shapes of query that are put to Firestore; firestore_indexes.yaml lists what they need.

Counting asks the same two, and needs the same indexes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from google.cloud.firestore import CollectionReference, FieldFilter, Query

_ID: Final = "__name__"
_OURS: Final = "@:%;"
"""What our ids, and the marks between them, have in them beside what `quote` leaves alone."""
_LAST: Final = "\x7f"
"""It follows every sign of our ids: between some text and the same with it lie all that begin so."""

Place = tuple[datetime, str]
"""Where a document stands among those that are sorted by a time, and then by their ids."""


def behind_type(connector_type: str) -> str:
    """Return what follows the ids of all connections of this type, and no other's."""
    return f"{connector_type};"  # the sign after the colon


def by_id(
    collection: CollectionReference,
    fields: Mapping[str, str],
    *,
    after: str | None,
    begins: str | None = None,
) -> Query:
    """
    Return the query for documents with these fields, by their ids, from the one that follows `after`.

    Where `begins` is given, only those whose ids begin so. It needs each field's own index, which
    Firestore makes by itself, and merges where there are several.
    """
    query: Query = collection.order_by(_ID)
    for field, value in fields.items():
        query = query.where(filter=FieldFilter(field, "==", value))
    # Our ids as they are; anything else, which a caller may have made up, as some id.
    place = quote(after or "", safe=_OURS)
    if begins is not None:
        query = query.start_at({_ID: begins}).end_before({_ID: begins + _LAST})
    return query.start_after({_ID: place}) if place > (begins or "") else query


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

    Each field of `among` has one of these values, of which there are at most 30. It needs a composite
    index of `fields`, the fields of `among` and this one, in that order.
    """
    query: Query = collection.where(filter=FieldFilter(field, "<=", by))
    for name, value in fields.items():
        query = query.where(filter=FieldFilter(name, "==", value))
    for name, values in among.items():
        query = query.where(filter=FieldFilter(name, "in", list(values)))
    query = query.order_by(field).order_by(_ID)
    if after is None:
        return query
    return query.start_after({field: after[0], _ID: quote(after[1], safe=_OURS)})
