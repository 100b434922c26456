"""Uploads of large files, a chunk at a time, none of which is ever held."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from flask import Request, Response
from werkzeug.exceptions import ClientDisconnected

from multi_user_oauth.errors import BodyTooLargeError, RequestError
from multi_user_oauth.http.acting import Acts, Asked, SaidInQuery, in_query
from multi_user_oauth.http.byte_range import content_range
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.file_answers import content_type, shown
from multi_user_oauth.http.file_names import file_name, item_id
from multi_user_oauth.http.files import BARE
from multi_user_oauth.http.links import Links
from multi_user_oauth.http.paths import CONNECTORS
from multi_user_oauth.http.reading import answer, json_body, learned, query
from multi_user_oauth.model import Action, Secret
from multi_user_oauth.model.files import ByteRange, File, NewFile

LARGEST: Final = 250 * 1024**3
"""What OneDrive takes ("Restrictions and limitations in OneDrive and SharePoint"); Drive takes more."""
STEP: Final = 5 * 256 * 1024
"""Every chunk but the last is a multiple: of OneDrive's 320 KiB and of Drive's 256 KiB."""
CHUNK: Final = 6 * STEP


@learned
class StartUpload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body that starts an upload."""

    user_email: str
    name: str
    size: int
    folder_id: str | msgspec.UnsetType = msgspec.UNSET
    content_type: str = ""
    purpose: str = ""


class UploadRoutes:
    """For persons and agents."""

    def __init__(self, *, acts: Acts, links: Links) -> None:
        self._acts = acts
        self._links = links

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        all_, one = "/files/uploads", "/files/uploads/{upload_id}"
        return (
            Route(methods=("POST",), paths=(CONNECTORS + all_, BARE + all_), handler=self.start),
            Route(methods=("PUT", "GET"), paths=(CONNECTORS + one, BARE + one), handler=self.one),
        )

    def start(self, request: Request, connector_type: str) -> Response:
        """Begin an upload and answer its id: the sealed address at the provider."""

        def work(asked: Asked, said: StartUpload) -> Response:
            new = _new_file(said)
            session = asked.services.files.start_upload(asked.person, new)
            claims = {"url": session.url.reveal(), "total": new.size}
            upload_id, ends_at = self._links.upload_id(asked.caller, asked.key, claims)
            return answer(_upload(upload_id, session.next_offset, ends_at), 201)

        def say(request: Request) -> StartUpload:
            said = json_body(request, StartUpload)
            query(request, ())
            return said

        return self._acts.change(request, connector_type, Action.FILES_WRITE, say, work)

    def one(self, request: Request, connector_type: str, upload_id: str) -> Response:
        """Take a chunk, or tell where to go on."""

        def chunk(asked: Asked, _: SaidInQuery) -> Response:
            url, total, ends_at = self._opened(asked, upload_id)
            part = _part(request, total)
            body = Body(request, len(part))
            sent = asked.services.files.send_chunk(url, part.first, total, body)
            if isinstance(sent, File):
                return answer(shown(sent), 201)
            return answer(_upload(upload_id, sent, ends_at), 202)

        def status(asked: Asked, _: SaidInQuery) -> Response:
            url, total, ends_at = self._opened(asked, upload_id)
            reached = asked.services.files.next_offset(url, total)
            if isinstance(reached, File):
                return answer(shown(reached))
            return answer(_upload(upload_id, reached, ends_at))

        def say(request: Request) -> SaidInQuery:
            return in_query(request, ())

        if request.method == "GET":
            return self._acts.read(request, connector_type, Action.FILES_WRITE, (), status)
        return self._acts.change(request, connector_type, Action.FILES_WRITE, say, chunk)

    def _opened(self, asked: Asked, upload_id: str) -> tuple[Secret, int, datetime]:
        # No token goes to the provider with a chunk, and still nobody sends one who may not, unnoted.
        asked.person.token(*asked.services.files.write_scopes)
        claims, ends_at = self._links.upload(asked.caller, asked.key, upload_id)
        return Secret(str(claims["url"])), int(str(claims["total"])), ends_at


class Body:
    """A request's body on its way through: so many bytes, and no fewer."""

    def __init__(self, request: Request, length: int) -> None:
        self._stream = request.stream
        self._length = length
        self._left = length

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; raise `RequestError` if they do not come."""
        try:
            part = self._stream.read(self._left if size < 0 else min(size, self._left))
        except ClientDisconnected:
            part = b""
        if self._left and not part:
            raise RequestError("the body is shorter than announced")
        self._left -= len(part)
        return part


def _new_file(said: StartUpload) -> NewFile:
    if not 1 <= said.size <= LARGEST:
        raise RequestError(f"size is from 1 to {LARGEST} bytes", field="size")
    return NewFile(
        name=file_name(said.name),
        folder_id=item_id(said.folder_id, "folder_id") if said.folder_id else None,
        size=said.size,
        content_type=content_type(said.content_type),
    )


def _part(request: Request, total: int) -> ByteRange:
    """Return which bytes the body is; raise `RequestError` unless it is exactly these."""
    part, said_total = content_range(request)
    if said_total != total:
        raise RequestError("the file was to be of another size", field="Content-Range")
    if len(part) > CHUNK:
        raise BodyTooLargeError(f"a chunk has at most {CHUNK} bytes")
    if request.content_length != len(part):
        raise RequestError("Content-Length and Content-Range differ", field="Content-Length")
    if len(part) % STEP and part.last + 1 != total:
        message = f"every chunk but the last is a multiple of {STEP} bytes"
        raise RequestError(message, field="Content-Range")
    return part


def _upload(upload_id: str, offset: int, ends_at: datetime) -> Mapping[str, object]:
    return {
        "upload_id": upload_id,
        "next_offset": offset,
        "chunk_size": CHUNK,
        "expires_at": ends_at,
    }
