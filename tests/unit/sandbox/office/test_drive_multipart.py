"""Google Drive takes a small file in one request, and nothing that is too large or wrong."""

import json
from typing import Any

from tests.unit.sandbox.conftest import World

from .test_drive import UPLOAD, caller, named, reason


def related(metadata: object, content: bytes, kind: str = "text/plain") -> dict[str, Any]:
    """Give body and header of a multipart upload."""
    about = json.dumps(metadata).encode()
    body = (
        b"--edge\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" + about
        + b"\r\n--edge\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + content
        + b"\r\n--edge--\r\n"
    )  # fmt: skip
    return {"data": body, "headers": {"Content-Type": 'multipart/related; boundary="edge"'}}


def test_a_small_file_comes_in_one_request(world: World) -> None:
    """With multipart come name and bytes, with media bytes alone; whatever the bytes are."""
    sarah = caller(world)
    content = b"\r\n--edg\r\r\n\x00\xff\n"
    sent = related({"name": "Straße 春.bin"}, content, "application/x-thing")
    made = sarah("POST", UPLOAD, uploadType="multipart", fields="id,name,mimeType,size", **sent)
    file = made.json()
    assert (file["name"], file["mimeType"]) == ("Straße 春.bin", "application/x-thing")
    assert file["size"] == str(len(content))
    assert sarah("GET", f"/files/{file['id']}", alt="media").content == content
    new = sarah("PATCH", f"{UPLOAD}/{file['id']}", uploadType="media", data=b"new", fields="size")
    assert new.json() == {"size": "3"}
    untitled = sarah("POST", UPLOAD, uploadType="media", data=b"x").json()
    assert (untitled["name"], untitled["mimeType"]) == ("Untitled", "application/octet-stream")


def test_what_is_too_large_or_wrong_is_refused(world: World) -> None:
    """More than 5 MB takes a session; the rest are mistakes."""
    sarah = caller(world)
    large = bytes(5 * 1024 * 1024 + 1)
    refused = sarah("POST", UPLOAD, uploadType="media", data=large)
    assert reason(refused) == (413, "uploadTooLarge")
    assert sarah("POST", UPLOAD, data=b"x").status_code == 400
    assert sarah("POST", UPLOAD, uploadType="multipart", data=b"x").status_code == 400
    one = related({}, b"")["data"].replace(b"\r\n--edge--", b"")
    headers = {"Content-Type": "multipart/related; boundary=edge"}
    broken = sarah("POST", UPLOAD, uploadType="multipart", data=one, headers=headers)
    assert broken.status_code == 400
    bodies: tuple[object, ...] = ({"colour": "red"}, {"name": 1}, [])
    for body in bodies:
        assert reason(sarah("POST", "/files", json=body)) == (400, "parseError")
    assert sarah("POST", "/files", json={"parents": ["nowhere"]}).status_code == 404
    file = named(sarah, "name contains 'Rezept'")
    assert reason(sarah("POST", "/files", json={"parents": [file]})) == (403, "parentNotAFolder")
