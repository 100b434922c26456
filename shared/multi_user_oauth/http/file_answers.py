"""What is answered about a person's files, and how their bytes are passed on."""

import re
from typing import Final

from flask import Response

from multi_user_oauth.errors import RequestError
from multi_user_oauth.errors.connector import RangeNotSatisfiableError, RangeRequiredError
from multi_user_oauth.http.byte_range import require_small
from multi_user_oauth.http.file_names import attachment
from multi_user_oauth.http.headers import CODE
from multi_user_oauth.http.problems import problem
from multi_user_oauth.model.files import File
from multi_user_oauth.ports.connectors import Download

UNNAMED: Final = "application/octet-stream"
_EDITORS: Final = "application/vnd.google-apps."
"""Drive would make a folder, or convert the bytes, for whoever stores them as such."""
_CONTENT_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")


def shown(file: File) -> dict[str, object]:
    """Return a file as the API has it; what the provider does not say is left out, but for the size."""
    said = {
        "content_type": file.content_type,
        "modified_at": file.modified_at,
        "web_url": file.web_url,
    }
    known = {name: value for name, value in said.items() if value is not None}
    return {
        "id": file.id,
        "name": file.name,
        "folder": file.folder,
        "size": file.size,
        **known,
    }


def content_type(said: str) -> str:
    """Return the type of a file's bytes as they are stored with it."""
    if said and not _CONTENT_TYPE.fullmatch(said):
        raise RequestError("not a media type", field="content_type")
    if said.startswith(_EDITORS):
        raise RequestError("a type of documents that have no bytes", field="content_type")
    return said or UNNAMED


def streamed(file: File, download: Download, *, partial: bool) -> Response:
    """Return the bytes as they come; the connection is given back however this ends."""
    if not partial:
        try:
            require_small(download.total)
        except RangeRequiredError:
            download.close()
            raise
    response = Response(download.chunks(), status=206 if partial else 200)
    response.call_on_close(download.close)
    headers = response.headers
    headers["Content-Type"] = download.content_type
    headers["Content-Length"] = str(download.last - download.first + 1)
    headers["Accept-Ranges"] = "bytes"
    headers["Content-Disposition"] = attachment(
        file.name, download.content_type, exported=file.size is None
    )
    if partial:
        where = f"bytes {download.first}-{download.last}/{download.total}"
        headers["Content-Range"] = where
    return response


def unsatisfiable(refused: RangeNotSatisfiableError, total: int | None) -> Response:
    """Return the refusal of a range, with the size of the file if it is known (RFC 9110, 15.5.17)."""
    response = problem(refused)
    response.headers[CODE] = refused.code
    if total is not None:
        response.headers["Content-Range"] = f"bytes */{total}"
    return response
