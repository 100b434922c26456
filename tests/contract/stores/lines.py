"""Lines to the Firestore emulator: Google's own client, and what tests put between it and the server."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import DocumentTransform

from multi_user_oauth.ports import Clock

_SERVER_TIME: Final = DocumentTransform.FieldTransform.ServerValue.REQUEST_TIME


class Line(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]  # reason: grpc has no types
    """
    All that goes between one client and its server, as the messages of `google.firestore.v1`.

    A message may be changed on its way, or an error raised instead.
    """

    def sent(self, method: str, request: Any, timeout: float | None) -> None:  # noqa: ANN401  # reason: any request
        """See a request before it leaves."""

    def received(self, method: str, answer: Any) -> None:  # noqa: ANN401  # reason: any answer
        """See an answer, or each part of one, before the client does."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:  # noqa: ANN401  # reason: as grpc has it
        """See a request and its answer."""
        method = details.method.rpartition("/")[2]
        self.sent(method, type(request).pb(request), details.timeout)
        call = continuation(details, request)
        answer = call.result()
        self.received(method, type(answer).pb(answer))
        return call

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:  # noqa: ANN401  # reason: as grpc has it
        """See a request and each part of its answer."""
        method = details.method.rpartition("/")[2]
        self.sent(method, type(request).pb(request), details.timeout)
        return self._parts(method, continuation(details, request))

    def _parts(self, method: str, parts: Any) -> Iterator[Any]:  # noqa: ANN401  # reason: any parts
        for part in parts:
            self.received(method, type(part).pb(part))
            yield part


class ServerClock(Line):
    """Lets the server go by another clock: times that it writes, and those that it says it read at."""

    def __init__(self, now: Clock) -> None:
        self._now = now

    def sent(self, method: str, request: Any, timeout: float | None) -> None:  # noqa: ANN401  # reason: any request
        """Write the clock's time where the server would write its own."""
        for write in request.writes if method == "Commit" else ():
            for transform in list(write.update_transforms):
                if transform.set_to_server_value == _SERVER_TIME:
                    path = transform.field_path
                    write.update.fields[path].timestamp_value.FromDatetime(self._now())
                    if write.HasField("update_mask"):
                        write.update_mask.field_paths.append(path)
                    write.update_transforms.remove(transform)

    def received(self, method: str, answer: Any) -> None:  # noqa: ANN401  # reason: any answer
        """Say that it was read at the clock's time."""
        if method in {"BatchGetDocuments", "RunQuery"}:
            answer.read_time.FromDatetime(self._now())


def connect(address: str, project: str, database: str, *lines: Line) -> Client:
    """Return a client of this database, through these lines."""
    nobody = AnonymousCredentials()
    client = Client(project=project, database=database, credentials=nobody)
    channel = grpc.intercept_channel(_channel(address), *lines)
    client._firestore_api_internal = FirestoreClient(  # noqa: SLF001  # reason: the client has no other door for a channel
        transport=FirestoreGrpcTransport(channel=channel)
    )
    return client


@cache
def _channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(
        address
    )  # for this whole process: a new one takes longer than a test
