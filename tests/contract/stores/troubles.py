"""Records of troubles that nobody can read, written behind the store's back."""

from typing import Any

from multi_user_oauth.stores.sqlite_rows import packed, unpacked
from tests.contract.stores.backends import Backend, FirestoreBackend, SqliteBackend
from tests.contract.stores.lines import connect
from tests.contract.stores.sql import sql


def alter(backend: Backend, collection: str, name: str, **fields: Any) -> None:  # noqa: ANN401  # reason: any damage
    """Write these fields into the document, and leave the others."""
    if isinstance(backend, FirestoreBackend):
        client = connect(backend.address, backend.project, "activity")
        client.collection(collection).document(name).update(fields)
        return
    document = look(backend, collection, name) | fields
    sql(_path(backend), f"UPDATE {collection} SET body = ? WHERE id = ?", packed(document), name)  # noqa: S608  # reason: our own tables


def look(backend: Backend, collection: str, name: str) -> dict[str, Any]:
    """Return the document as it lies there."""
    if isinstance(backend, FirestoreBackend):
        client = connect(backend.address, backend.project, "activity")
        return client.collection(collection).document(name).get().to_dict() or {}
    ((body,),) = sql(_path(backend), f"SELECT body FROM {collection} WHERE id = ?", name)  # noqa: S608  # reason: the same
    assert isinstance(body, bytes)
    return unpacked(name, body)


def _path(backend: Backend) -> Any:  # noqa: ANN401  # reason: a path, of the one kind that has one
    assert isinstance(backend, SqliteBackend)
    return backend.directory / "activity.sqlite3"
