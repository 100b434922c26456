"""A body of two parts (RFC 2387, multipart/related): what is said about a file, and its bytes."""

from email.message import Message
from email.parser import BytesHeaderParser

from flask import abort, request

from .drive_callers import invalid


def two_parts() -> tuple[bytes, str, bytes]:
    """Give this request's JSON, the content type of the other part, and its bytes."""
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/related" or not boundary:
        abort(invalid("The body is not multipart/related.", "badRequest"))
    # The first boundary may stand at the very beginning, without a line before it.
    pieces = (b"\r\n" + request.get_data()).split(b"\r\n--" + boundary.encode())
    ends_well = len(pieces) == 4 and pieces[3].startswith(b"--")  # noqa: PLR2004  # reason: preamble, two parts, end
    if not ends_well:
        abort(invalid("The body has not two parts.", "badRequest"))
    (about, metadata), (told, content) = (_part(piece) for piece in pieces[1:3])
    if about.get_content_type() != "application/json":
        abort(invalid("The first part is no JSON.", "badRequest"))
    return metadata, told.get_content_type() if told["Content-Type"] else "", content


def _part(piece: bytes) -> tuple[Message, bytes]:
    head, found, content = piece.partition(b"\r\n\r\n")
    if not found:
        abort(invalid("A part has no end of its header.", "badRequest"))
    return BytesHeaderParser().parsebytes(head.lstrip()), content
