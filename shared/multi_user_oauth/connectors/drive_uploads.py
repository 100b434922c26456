"""Bytes on their way into Google Drive ("Upload file data"): in one request, or in a session."""

import hashlib
import json
import re
from typing import Final

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call, json_call
from multi_user_oauth.connectors.downloads import LARGEST_REFUSAL
from multi_user_oauth.connectors.drive_files import FIELDS, metadata, stored
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import ProviderRejectedError, RangeNotSatisfiableError
from multi_user_oauth.model import Secret
from multi_user_oauth.model.files import File, NewFile
from multi_user_oauth.net.door import STREAMED, required
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import HttpAnswer
from multi_user_oauth.ports.connectors import Stream, UploadSession

UPLOAD: Final = "https://www.googleapis.com/upload/drive/v3/files"
BYTES: Final = Hosts(("www.googleapis.com",))
_RESUME_INCOMPLETE: Final = 308
_RECEIVED: Final = re.compile(r"bytes=0-(\d{1,16})")


def small_upload(new: NewFile, content: bytes, needs: tuple[str, ...]) -> Call:
    """Return the call that stores a file at once (RFC 2387, multipart/related)."""
    boundary = hashlib.sha256(content).hexdigest()  # nobody can put it into what it is made from
    said = json.dumps(metadata(new)).encode()
    body = b"".join(
        (
            b"--%b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n%b\r\n"
            % (boundary.encode(), said),
            b"--%b\r\nContent-Type: %b\r\n\r\n" % (boundary.encode(), new.content_type.encode()),
            content,
            b"\r\n--%b--\r\n" % boundary.encode(),
        )
    )
    return Call(
        method="POST",
        url=UPLOAD,
        needs=needs,
        query=_query("multipart"),
        headers={"Content-Type": f"multipart/related; boundary={boundary}"},
        body=body,
    )


def session_call(new: NewFile, needs: tuple[str, ...]) -> Call:
    """Return the call that begins a session."""
    headers = {
        "X-Upload-Content-Type": new.content_type,
        "X-Upload-Content-Length": str(new.size),
    }
    return json_call(
        "POST", UPLOAD, metadata(new), needs=needs, headers=headers, query=_query("resumable")
    )


def session_of(answer: HttpAnswer) -> UploadSession:
    """Return the session that was begun; raise `ProviderAnswerRefusedError` for one elsewhere."""
    url = required(answer.headers.get("Location", ""), BYTES)
    return UploadSession(url=Secret(url), next_offset=0)


def send_chunk(api: Api, url: Secret, first: int, total: int, content: Stream) -> File | int:
    """Send the bytes from `first` on; return the file once it is whole, else the next offset."""
    where = f"bytes {first}-{first + len(content) - 1}/{total}"
    try:
        return _asked(api, url, where, content)
    except ProviderRejectedError:
        # Google has no code of its own for a chunk that is not the next one.
        if next_offset(api, url, total) == first:
            raise
        raise RangeNotSatisfiableError("not the next chunk", field="Content-Range") from None


def next_offset(api: Api, url: Secret, total: int) -> File | int:
    """Return how far it is, or the file if it was whole already."""
    return _asked(api, url, f"bytes */{total}", b"")


def _asked(api: Api, url: Secret, where: str, content: Stream | bytes) -> File | int:
    call = Call(
        method="PUT",
        url=url.reveal(),
        needs=(),
        headers={"Content-Range": where},
        body=content,
        seconds=STREAMED,
    )
    incoming = api.open_without_token(call, BYTES, most=LARGEST_REFUSAL, also=_RESUME_INCOMPLETE)
    answer = incoming.whole()
    if answer.status == _RESUME_INCOMPLETE:
        received = _RECEIVED.fullmatch(answer.headers.get("Range", ""))
        return int(received[1]) + 1 if received else 0
    document = answer.json()
    if document is None:
        raise ProviderUnavailableError("the provider's answer is not JSON")
    return stored(document)


def _query(kind: str) -> tuple[tuple[str, str], ...]:
    return (("uploadType", kind), ("supportsAllDrives", "true"), ("fields", FIELDS))
