"""Files in Outlook's messages: read, added at once, uploaded in pieces."""

import base64
from pathlib import Path
from typing import Any

import pytest
import requests

from ..conftest import ManualClock, World, make_sandbox
from .test_graph_mail import FILE, Person, file, message

PIECE = 2 * 1024 * 1024


@pytest.fixture
def sarah(world: World) -> Person:
    """Give Sarah, who may do everything with her mail."""
    return Person(world, "sarah")


@pytest.fixture
def john(world: World) -> Person:
    """Give John, who may do everything with his mail."""
    return Person(world, "john")


def test_attachments_are_listed_and_read(sarah: Person) -> None:
    """With their bytes unless `$select` leaves them out; one by one, and raw."""
    name = sarah.call("POST", "/messages", json=message()).json()["id"]
    place = f"/messages/{name}/attachments"
    added = sarah.call("POST", place, json=file(b"menu", contentType="text/csv"))
    assert added.status_code == 201
    (whole,) = sarah.get(place)["value"]
    assert (whole["@odata.type"], whole["id"]) == (FILE, added.json()["id"])
    assert base64.b64decode(whole["contentBytes"]) == b"menu"
    (short,) = sarah.get(f"{place}?$select=name,size,contentType")["value"]
    assert (short["name"], short["size"], short["contentType"]) == ("menu.txt", 4, "text/csv")
    assert "contentBytes" not in short
    one = sarah.get(f"{place}/{whole['id']}?$select=name")
    assert one == {"@odata.type": FILE, "@odata.mediaContentType": "text/csv"} | {
        "id": whole["id"],
        "name": "menu.txt",
    }
    raw = sarah.call("GET", f"{place}/{whole['id']}/$value")
    assert (raw.content, raw.headers["Content-Type"]) == (b"menu", "text/csv")
    assert sarah.refusal("GET", f"{place}/x") == (404, "ErrorItemNotFound")
    large = file(b"x" * (3 * 1024 * 1024))
    assert sarah.refusal("POST", place, json=large) == (413, "RequestEntityTooLarge")


def begin(person: Person, size: int) -> tuple[str, dict[str, Any]]:
    """Make a draft and an upload session for it; give the draft's id and the session."""
    name = person.call("POST", "/messages", json=message()).json()["id"]
    item = {"attachmentType": "file", "name": "Übersicht.pdf", "size": size}
    path = f"/messages/{name}/attachments/createUploadSession"
    answer = person.call("POST", path, json={"AttachmentItem": item})
    assert answer.status_code == 201
    return name, answer.json()


def put(person: Person, url: str, content: bytes, span: str, **headers: str) -> requests.Response:
    """Send one piece to a pre-authenticated address."""
    sent = {"Content-Range": f"bytes {span}", "Content-Type": "application/octet-stream"}
    return person.world.session.put(url, data=content, headers=sent | headers, timeout=10)


def test_a_large_file_comes_in_pieces(sarah: Person, john: Person) -> None:
    """200 with the next byte, at last 201 with the attachment's place; John gets the same bytes."""
    content = bytes(range(256)) * (5 * 4096)
    size = len(content)
    name, session = begin(sarah, size)
    url = session["uploadUrl"]
    assert url.startswith("https://outlook.office.com/api/v2.0/Users('")
    assert session["nextExpectedRanges"] == ["0-"]
    answer = requests.Response()
    for start in range(0, size, PIECE):
        end = min(start + PIECE, size)
        answer = put(sarah, url, content[start:end], f"{start}-{end - 1}/{size}")
        if end < size:
            assert (answer.status_code, answer.json()["nextExpectedRanges"]) == (200, [str(end)])
            again = put(sarah, url, content[start:end], f"{start}-{end - 1}/{size}")
            assert again.status_code == 416
    assert (answer.status_code, answer.content) == (201, b"")
    (attached,) = sarah.get(f"/messages/{name}/attachments?$select=name,size")["value"]
    assert answer.headers["Location"].endswith(f"/Attachments('{attached['id']}')")
    assert (attached["name"], attached["size"]) == ("Übersicht.pdf", size)
    assert put(sarah, url, b"x", "0-0/1").status_code == 404
    assert sarah.call("POST", f"/messages/{name}/send").status_code == 202
    mail = john.get("/messages?$top=1")["value"][0]["id"]
    (got,) = john.get(f"/messages/{mail}/attachments")["value"]
    assert base64.b64decode(got["contentBytes"]) == content


def test_an_upload_keeps_to_its_address(sarah: Person) -> None:
    """No bearer, no other secret, no wrong range, not after its time; and it can be cancelled."""
    size = 4_000_000
    _, session = begin(sarah, size)
    url = session["uploadUrl"]
    assert put(sarah, url, b"x", f"0-0/{size}", Authorization="Bearer x").status_code == 400
    assert put(sarah, url[:-1] + "!", b"x", f"0-0/{size}").status_code == 404
    assert put(sarah, url, b"xy", f"0-0/{size}").status_code == 400
    assert put(sarah, url, b"x", "0-0/7").status_code == 400
    assert put(sarah, url, b"x", "everything").status_code == 400
    assert put(sarah, url, b"x", f"1-1/{size}").status_code == 416
    too_much = b"x" * (4 * 1024 * 1024 + 1)
    assert put(sarah, url, too_much, f"0-{len(too_much) - 1}/{size}").status_code == 413
    secret = url.partition("authtoken=")[2]
    kinds = {known["value"]: known["kind"] for known in sarah.world.sandbox.secrets()}
    assert kinds[secret] == "pre_authenticated_url"
    assert sarah.world.session.delete(url, timeout=5).status_code == 204
    assert put(sarah, url, b"x", f"0-0/{size}").status_code == 404
    _, late = begin(sarah, size)
    sarah.world.sandbox.advance(7300)
    assert put(sarah, late["uploadUrl"], b"x", f"0-0/{size}").status_code == 404


def test_a_small_file_gets_no_upload_session(sarah: Person) -> None:
    """Below 3 MB the documented error says so."""
    name = sarah.call("POST", "/messages", json=message()).json()["id"]
    path = f"/messages/{name}/attachments/createUploadSession"
    for size, refusal in (
        (100, (400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")),
        (151 * 1024 * 1024, (413, "ErrorMessageSizeExceeded")),
        ("100", (400, "RequestBodyRead")),
    ):
        item = {"attachmentType": "file", "name": "a", "size": size}
        assert sarah.refusal("POST", path, json={"AttachmentItem": item}) == refusal


def test_only_a_draft_takes_files(sarah: Person) -> None:
    """What was sent, or came, stays as it is."""
    name = sarah.get("/messages?$top=1")["value"][0]["id"]
    refusal = sarah.refusal("POST", f"/messages/{name}/attachments", json=file())
    assert refusal == (400, "ErrorInvalidRequest")


def test_a_draft_that_goes_takes_its_uploads_along(sarah: Person) -> None:
    """After it is deleted, nothing more is taken at the address of its upload."""
    name, session = begin(sarah, 4_000_000)
    assert sarah.call("DELETE", f"/messages/{name}").status_code == 204
    assert put(sarah, session["uploadUrl"], b"x", "0-0/4000000").status_code == 404


def test_drafts_and_uploads_outlive_a_restart(clock: ManualClock, tmp_path: Path) -> None:
    """After a restart an upload goes on where it was, and the draft can be sent."""
    path = tmp_path / "state.json"
    sarah = Person(World.around(make_sandbox(clock, path), clock), "sarah")
    content, size = b"abc" * 1_100_000, 3_300_000
    name, session = begin(sarah, size)
    first = put(sarah, session["uploadUrl"], content[:PIECE], f"0-{PIECE - 1}/{size}")
    assert first.status_code == 200
    sarah.world = World.around(make_sandbox(clock, path, 10_000), clock)
    span = f"{PIECE}-{size - 1}/{size}"
    assert put(sarah, session["uploadUrl"], content[PIECE:], span).status_code == 201
    assert sarah.call("POST", f"/messages/{name}/send").status_code == 202
    third = World.around(make_sandbox(clock, path, 20_000), clock)
    (mail,) = third.sandbox.mailbox()
    assert (mail.id, mail.attachments[0].size) == (name, size)
    page = third.sandbox.app.test_client().get("/mailbox").text
    assert "Übersicht.pdf" in page
    assert "3.3 MB" in page
