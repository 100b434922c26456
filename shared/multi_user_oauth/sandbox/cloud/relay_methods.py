"""What calls to Firestore the relay knows: which resources each names, and whether it may write."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.cloud.firestore_v1 import types

SERVICE: Final = "google.firestore.v1.Firestore"

_Request = Any
"""A protobuf message: grpc and protobuf have no types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One RPC. `names` gives every resource of a request, an empty one for what it does not know."""

    parse: Callable[[bytes], _Request]
    names: Callable[[_Request], Iterable[str]]
    writes: Callable[[_Request], bool]
    streams: bool = False


def _named(request: _Request) -> Iterable[str]:
    return [request.name]


def _parent(request: _Request) -> Iterable[str]:
    return [request.parent]


def _database(request: _Request) -> Iterable[str]:
    return [request.database]


def _document(request: _Request) -> Iterable[str]:
    return [request.document.name]


def _documents(request: _Request) -> Iterable[str]:
    return [request.database, *request.documents]


def _written(request: _Request) -> Iterator[str]:
    yield request.database
    for write in request.writes:
        match write.WhichOneof("operation"):
            case "update":
                yield write.update.name
            case "delete":
                yield write.delete
            case "transform":
                yield write.transform.document
            case _:
                yield ""


def _never(_: _Request) -> bool:
    return False


def _always(_: _Request) -> bool:
    return True


def _begins_to_write(request: _Request) -> bool:
    # Firestore's default is a transaction that reads and writes: it locks what it reads.
    return not request.options.HasField("read_only")


def _begins_to_write_too(request: _Request) -> bool:
    begun = request.WhichOneof("consistency_selector") == "new_transaction"
    return begun and not request.new_transaction.HasField("read_only")


def _method(
    request: Any,  # noqa: ANN401  # reason: a class of proto-plus
    names: Callable[[_Request], Iterable[str]],
    writes: Callable[[_Request], bool],
    *,
    streams: bool = False,
) -> Method:
    return Method(parse=request.pb().FromString, names=names, writes=writes, streams=streams)


METHODS: Final[Mapping[str, Method]] = {
    "GetDocument": _method(types.GetDocumentRequest, _named, _never),
    "ListDocuments": _method(types.ListDocumentsRequest, _parent, _never),
    "BatchGetDocuments": _method(
        types.BatchGetDocumentsRequest, _documents, _begins_to_write_too, streams=True
    ),
    "RunQuery": _method(types.RunQueryRequest, _parent, _begins_to_write_too, streams=True),
    "RunAggregationQuery": _method(
        types.RunAggregationQueryRequest, _parent, _begins_to_write_too, streams=True
    ),
    "BeginTransaction": _method(types.BeginTransactionRequest, _database, _begins_to_write),
    "Rollback": _method(types.RollbackRequest, _database, _never),
    "Commit": _method(types.CommitRequest, _written, _always),
    "BatchWrite": _method(types.BatchWriteRequest, _written, _always),
    "CreateDocument": _method(types.CreateDocumentRequest, _parent, _always),
    "UpdateDocument": _method(types.UpdateDocumentRequest, _document, _always),
    "DeleteDocument": _method(types.DeleteDocumentRequest, _named, _always),
}
"""All else, the endless streams of Listen and Write among it, is refused."""
