"""The Firestore relay: the emulator's answers for whom the catalogue lets in, a refusal for the rest."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied
from google.cloud.firestore import Client, FieldFilter, LastUpdateOption
from google.cloud.firestore_v1 import types

from multi_user_oauth.cli.cloud_demo_rights import database_rights
from multi_user_oauth.sandbox.cloud.calls import Call
from multi_user_oauth.sandbox.cloud.relay import FirestoreRelay, Right
from multi_user_oauth.sandbox.cloud.relay_methods import SERVICE
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from tests.contract.stores.lines import connect

RIGHTS: Final[dict[str, dict[str, Right]]] = {
    "writer": {"main": "write", "activity": "none"},
    "reader": {"main": "read", "activity": "write"},
    "nobody": {},
}
FUNCTIONS: Final = Path(__file__).parents[2] / "functions"
DOCUMENT: Final = {"text": "as it was written", "bytes": b"\0\1\2"}

Connect = Callable[..., Client]


@pytest.fixture(scope="module")
def relay(firestore_emulator: str) -> Iterator[FirestoreRelay]:
    """A relay for the three, and for all functions."""
    rights = RIGHTS | database_rights(load_catalogue(FUNCTIONS))
    with FirestoreRelay(firestore_emulator, rights) as started:
        yield started


@pytest.fixture
def as_caller(relay: FirestoreRelay, firestore_project: str) -> Connect:
    """Google's own client, as a caller reaches a database."""

    def make(caller: str, database: str = "main") -> Client:
        return connect(relay.address(caller), firestore_project, database)

    relay.calls.clear()
    return make


def write(client: Client, name: str = "one") -> None:
    """Write a document."""
    client.document(f"things/{name}").create(DOCUMENT, retry=None, timeout=10)


def read(client: Client, name: str = "one") -> Any:  # noqa: ANN401  # reason: whatever was written
    """Read a document."""
    return client.document(f"things/{name}").get(retry=None, timeout=10).to_dict()


def test_what_is_allowed_goes_through_unchanged(as_caller: Connect) -> None:
    """Writes, reads, queries, counts; what one caller wrote another one reads."""
    writer, reader = as_caller("writer"), as_caller("reader")
    write(writer)
    assert read(reader) == DOCUMENT
    things = reader.collection("things").where(filter=FieldFilter("text", ">", "a"))
    assert [found.id for found in things.stream(timeout=10)] == ["one"]
    (count,) = things.count(alias="all").stream(timeout=10)  # type: ignore[call-arg]  # reason: the library's decorator loses self
    assert [(each.alias, each.value) for each in count] == [("all", 1)]
    assert [found.id for found in reader.collection("things").list_documents()] == ["one"]
    writer.document("things/one").delete(retry=None, timeout=10)
    assert read(reader) is None


def test_what_the_emulator_refuses_is_the_same_error(as_caller: Connect) -> None:
    """Codes travel: adapters tell a lost race from an outage by them."""
    writer = as_caller("writer")
    write(writer)
    with pytest.raises(AlreadyExists):
        write(writer)
    with pytest.raises(NotFound):
        writer.document("things/none").update({"a": 1}, retry=None, timeout=10)
    version = writer.document("things/one").get().update_time
    writer.document("things/one").update({"a": 1}, option=LastUpdateOption(version))
    with pytest.raises(FailedPrecondition):
        writer.document("things/one").update({"a": 2}, option=LastUpdateOption(version))


def test_who_may_read_writes_nothing(as_caller: Connect, relay: FirestoreRelay) -> None:
    """Every way to write is refused, the lock of a transaction too, and nothing is written."""
    write(as_caller("writer"))
    reader = as_caller("reader")
    document = reader.document("things/one")
    batch = reader.bulk_writer()
    refused: list[Callable[[], object]] = [
        lambda: write(reader, "two"),
        lambda: document.set({"text": "other"}, retry=None),
        lambda: document.update({"text": "other"}, retry=None),
        lambda: document.delete(retry=None),
        lambda: reader.transaction()._begin(),  # noqa: SLF001  # reason: without a retry around it
        lambda: batch._client._firestore_api.batch_write(  # noqa: SLF001  # reason: its only door
            request={"database": reader._database_string, "writes": [{"delete": "x"}]}  # noqa: SLF001  # reason: its only door
        ),
    ]
    for attempt in refused:
        with pytest.raises(PermissionDenied):
            attempt()
    assert read(as_caller("writer")) == DOCUMENT
    assert read(as_caller("writer"), "two") is None
    assert {
        call.method for call in relay.calls.as_list() if call.status == "PERMISSION_DENIED"
    } == {"Commit", "BeginTransaction", "BatchWrite"}


def test_who_may_read_may_begin_to_read(as_caller: Connect) -> None:
    """A read-only transaction locks nothing."""
    write(as_caller("writer"))
    reader = as_caller("reader")
    transaction = reader.transaction(read_only=True)
    transaction._begin()  # noqa: SLF001  # reason: without a retry around it
    found = reader.document("things/one").get(transaction=transaction)
    assert found.to_dict() == DOCUMENT
    transaction._rollback()  # noqa: SLF001  # reason: without a retry around it


def test_a_right_is_for_one_database(as_caller: Connect, relay: FirestoreRelay) -> None:
    """Who writes the one may not even look into the other."""
    for attempt in (write, read):
        with pytest.raises(PermissionDenied):
            attempt(as_caller("writer", "activity"))
    write(as_caller("reader", "activity"))
    with pytest.raises(PermissionDenied):
        read(as_caller("reader", "third"))
    with pytest.raises(PermissionDenied):
        read(as_caller("nobody"))
    assert [(call.caller, call.resource, call.status) for call in relay.calls.as_list()][-2:] == [
        ("reader", "", "PERMISSION_DENIED"),
        ("nobody", "", "PERMISSION_DENIED"),
    ]


def test_a_call_is_logged_by_caller_method_and_database(
    as_caller: Connect, relay: FirestoreRelay, firestore_project: str
) -> None:
    """What was in it is not."""
    write(as_caller("writer"))
    read(as_caller("reader"))
    place = f"projects/{firestore_project}/databases/main"
    assert relay.calls.as_list() == [
        Call(caller="writer", method="Commit", resource=place, status="OK", writes=1),
        Call(caller="reader", method="BatchGetDocuments", resource=place, status="OK", reads=1),
    ]


def sent(relay: FirestoreRelay, caller: str, method: str, request: bytes) -> str:
    """Send bytes to a method and return the status of the answer."""
    with grpc.insecure_channel(relay.address(caller)) as channel:
        path = method if method.startswith("/") else f"/{SERVICE}/{method}"
        try:
            channel.unary_unary(path)(request, timeout=10)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def commit(database: str, *names: str) -> bytes:
    """Return a commit to one database that deletes documents wherever they are."""
    place = f"projects/p/databases/{database}"
    writes = [types.Write(delete=f"projects/p/databases/{name}") for name in names]
    request = types.CommitRequest(database=place, writes=writes)
    return bytes(types.CommitRequest.serialize(request))


@pytest.mark.parametrize(
    ("method", "request_", "status"),
    [
        ("Commit", commit("main", "main/documents/a/b"), "OK"),
        ("Commit", commit("main", "main/documents/a/b", "activity/documents/a/b"), ""),
        ("Commit", commit("activity", "main/documents/a/b"), ""),
        ("Commit", commit("main", "main/documents/a/b")[:-3], "INVALID_ARGUMENT"),
        ("Commit", types.CommitRequest.serialize({"database": "main"}), ""),
        (
            "Commit",
            types.CommitRequest.serialize(
                {"database": "projects/p/databases/main", "writes": [{}]}
            ),
            "",
        ),
        ("Listen", b"", ""),
        ("Write", b"", ""),
        ("ListCollectionIds", b"", ""),
        ("ExecutePipeline", b"", ""),
        ("/google.firestore.admin.v1.FirestoreAdmin/ListDatabases", b"", ""),
        ("/other.v1.Firestore/Commit", commit("main", "main/documents/a/b"), ""),
    ],
)
def test_what_is_not_understood_is_refused(
    relay: FirestoreRelay, method: str, request_: bytes, status: str
) -> None:
    """Another database smuggled in, an endless stream, a method that nobody here needs."""
    assert sent(relay, "writer", method, request_) == (status or "PERMISSION_DENIED")


@pytest.mark.parametrize("database", ["main", "activity"])
@pytest.mark.parametrize(
    ("caller", "reads", "writes"),
    [
        ("authorize", "", ""),
        ("web", "", ""),
        ("access_token", "main activity", "activity"),
        ("list_users", "main activity", ""),
        ("revoke", "main activity", "main activity"),
        ("refresh", "main activity", "main activity"),
        ("callback_microsoft", "main activity", "main activity"),
        ("callback_google", "main activity", "main activity"),
    ],
)
def test_each_function_is_held_to_its_rights(
    as_caller: Connect, caller: str, reads: str, writes: str, database: str
) -> None:
    """As functions.yaml has them; written out here, so that a change there is a change here."""
    client = as_caller(caller, database)
    for attempt, allowed in ((read, reads), (write, writes)):
        if database in allowed.split():
            attempt(client)
        else:
            with pytest.raises(PermissionDenied):
                attempt(client)


def test_an_emulator_that_is_gone_is_an_outage() -> None:
    """The caller is told at once that it may try again."""
    with FirestoreRelay("127.0.0.1:9", RIGHTS) as alone:
        status = sent(alone, "writer", "Commit", commit("main", "main/documents/a/b"))
    assert status == "UNAVAILABLE"
