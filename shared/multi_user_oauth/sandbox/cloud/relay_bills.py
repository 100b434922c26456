"""What a call through the relay costs: documents read and written, as Firestore bills them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.cloud.firestore_v1 import types

_Message = Any
"""A protobuf message: grpc and protobuf have no types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Documents looked up, be they there or not, and documents written or deleted."""

    reads: int = 0
    writes: int = 0


NOTHING: Final = Bill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """How to tell: from the request alone, or also from all parts of its answer, unparsed."""

    of: Callable[[_Message, Iterable[bytes]], Bill]
    needs_answer: bool = False


def _looked_up(request: _Message, _: Iterable[bytes]) -> Bill:
    # "missing" is an answer too, and has its price.
    return Bill(reads=len(request.documents))


def _found(_: _Message, parts: Iterable[bytes]) -> Bill:
    # "There is a minimum charge of one document read for each query that you perform, even if the
    # query returns no results" (Firestore, pricing).
    parse = types.RunQueryResponse.pb().FromString
    return Bill(reads=max(1, sum(parse(part).HasField("document") for part in parts)))


def _counted(_: _Message, parts: Iterable[bytes]) -> Bill:
    # "one document read for each batch of up to 1000 index entries matched by the query", one at least.
    parse = types.RunAggregationQueryResponse.pb().FromString
    results = [parse(part).result.aggregate_fields for part in parts]
    found = sum(field.integer_value for fields in results for field in fields.values())
    return Bill(reads=max(1, -(-found // 1000)))


def _written(request: _Message, _: Iterable[bytes]) -> Bill:
    return Bill(writes=len(request.writes))


_ONE_READ: Final = Price(of=lambda *_: Bill(reads=1))
_ONE_WRITE: Final = Price(of=lambda *_: Bill(writes=1))

PRICES: Final[Mapping[str, Price]] = {
    "GetDocument": _ONE_READ,
    "BatchGetDocuments": Price(of=_looked_up),
    "RunQuery": Price(of=_found, needs_answer=True),
    "RunAggregationQuery": Price(of=_counted, needs_answer=True),
    "Commit": Price(of=_written),
    "BatchWrite": Price(of=_written),
    "CreateDocument": _ONE_WRITE,
    "UpdateDocument": _ONE_WRITE,
    "DeleteDocument": _ONE_WRITE,
}
"""Of what succeeds. No code of ours calls the rest (lists): they are not counted."""
