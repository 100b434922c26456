"""One Firestore database: each call with its deadline, each of the library's errors as one of ours.

Reads are tried again, writes never: whoever writes reads back what became of a lost answer. Nothing
here opens a transaction: one whose process dies blocks every writer for a minute.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    GoogleAPIError,
    InternalServerError,
    NotFound,
    RetryError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore import (
    Client,
    CollectionReference,
    DocumentReference,
    Query,
    WriteBatch,
)
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse

from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.ports import Meter
from multi_user_oauth.stores import firestore_queries as queries
from multi_user_oauth.stores.document import Document
from multi_user_oauth.stores.firestore_found import Found
from multi_user_oauth.stores.meter import reads_to_count

COMMIT_SECONDS: Final = 5.0
READ_SECONDS: Final = 2.5
"""One try's; tries begin for as long, so that a read has ended after twice that."""

AT_ONCE: Final = 300
"""Documents asked for at once where there may be any number."""

_again: Final = Retry(
    predicate=if_exception_type(ServiceUnavailable, InternalServerError),
    initial=0.05,
    maximum=0.5,
    timeout=READ_SECONDS,
)
_once: Final = Retry(predicate=if_exception_type())
"""A query does not take None; left alone it goes on, without end, from where an answer broke off."""

T = TypeVar("T")


class FirestoreDatabase:
    """`name` is what the meter counts under: a read a document looked up, a write a document written."""

    def __init__(self, client: Client, *, name: str, meter: Meter) -> None:
        self.client = client
        self._name = name
        self._meter = meter

    def collection(self, name: str) -> CollectionReference:
        """Return what queries are put to; nothing is asked."""
        return self.client.collection(name)

    def reference(self, collection: str, name: str) -> DocumentReference:
        """Return where this document lies; nothing is asked."""
        return self.client.collection(collection).document(name)

    def get(self, collection: str, name: str) -> Found | None:
        """Return the document, or None if it is not there; raise `StoreUnavailableError`."""
        database, api = self.client._database_string, self.client._firestore_api  # noqa: SLF001  # reason: neither has a public name
        request = {
            "database": database,
            "documents": [f"{database}/documents/{collection}/{name}"],
        }

        def ask() -> BatchGetDocumentsResponse | None:
            answers = api.batch_get_documents(
                # Of the emulator's metadata one part lets the call past its security rules.
                request,
                retry=None,
                timeout=READ_SECONDS,
                metadata=self.client._rpc_metadata,  # noqa: SLF001  # reason: it has no public name
            )
            return next((each for each in answers if "found" in each or "missing" in each), None)

        answer = self._read(ask)
        if answer is None:
            message = f"{self._name} did not answer"
            raise StoreUnavailableError(message)
        self._meter.count(f"{self._name}.read")
        return Found.of_answer(name, answer) if "found" in answer else None

    def find(
        self,
        collection: str,
        *,
        limit: int | None = None,
        after: str | None = None,
        begins: str | None = None,
        **fields: str,
    ) -> list[Found]:
        """Return the documents with these fields, by their ids, from the one that follows `after`."""
        query = queries.by_id(self.collection(collection), fields, after=after, begins=begins)
        return self.ask(query if limit is None else query.limit(limit))

    def find_all(self, collection: str, **fields: str) -> Iterator[Found]:
        """Yield what `find` finds, asking so often that no answer is long."""
        after = None
        while found := self.find(collection, limit=AT_ONCE, after=after, **fields):
            yield from found
            if len(found) < AT_ONCE:
                return
            after = found[-1].name

    def ask(self, query: Query) -> list[Found]:
        """Return the documents that it finds."""
        found = self._read(lambda: list(query.stream(retry=_once, timeout=READ_SECONDS)))
        self._meter.count(f"{self._name}.read", max(1, len(found)))
        return [Found.of_snapshot(each) for each in found]

    def count(self, query: Query) -> int:
        """Return how many documents it would find, and read none of them."""

        def ask() -> int:
            counting: Any = query.count()  # which the library types as the class
            ((found,),) = counting.get(retry=_once, timeout=READ_SECONDS)
            return int(found.value)

        number = self._read(ask)
        self._meter.count(f"{self._name}.read", reads_to_count(number))
        return number

    def create(self, collection: str, name: str, fields: Document) -> bool:
        """Return True once it is written, False if it was there; raise `StoreUnavailableError`."""
        batch = self.client.batch()
        batch.create(self.reference(collection, name), fields)
        return self._write(batch, unless=AlreadyExists)

    def update(self, collection: str, name: str, fields: Document) -> bool:
        """Return True once these fields are written, False if there is no such document."""
        batch = self.client.batch()
        batch.update(self.reference(collection, name), fields)
        return self._write(batch, unless=NotFound)

    def put(self, collection: str, name: str, changes: Document, whole: Document) -> None:
        """
        Write these fields of a document, or a whole one where there is none.

        One write, and nothing read: whoever else writes at the same time, both writes count.
        """
        if not (
            self.update(collection, name, changes)
            or self.create(collection, name, whole)
            or self.update(collection, name, changes)
        ):
            message = f"{collection}: a document that comes and goes"
            raise StoreUnavailableError(message)

    def commit(self, batch: WriteBatch) -> None:
        """
        Write the batch.

        Raise `ConflictError` if a precondition does not hold, or somebody's transaction holds one of
        the documents: nothing was written. Raise `StoreUnavailableError` for all else: it may have
        been written.
        """
        if not self._write(batch, unless=(Aborted, AlreadyExists, FailedPrecondition, NotFound)):
            message = f"{self._name}: a document is not as it was read"
            raise ConflictError(message)

    def _read(self, call: Callable[[], T]) -> T:
        try:
            return _again(call)()
        except (GoogleAPIError, GoogleAuthError) as error:
            raise self._unavailable(error) from None

    def _write(
        self,
        batch: WriteBatch,
        *,
        unless: type[GoogleAPICallError] | tuple[type[GoogleAPICallError], ...],
    ) -> bool:
        try:
            batch.commit(retry=None, timeout=COMMIT_SECONDS)
        except unless:
            return False
        except (GoogleAPIError, GoogleAuthError) as error:
            raise self._unavailable(error) from None
        self._meter.count(f"{self._name}.write", len(batch))
        return True

    def _unavailable(self, error: Exception) -> StoreUnavailableError:
        # By its name only, and never as the cause: its text may quote what was asked or written.
        cause = error.cause if isinstance(error, RetryError) else error
        return StoreUnavailableError(f"{self._name} did not answer: {type(cause).__name__}")
