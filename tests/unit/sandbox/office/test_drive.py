"""Google Drive v3: lists by question and field, bytes by range, uploads of every kind."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from multi_user_oauth.sandbox.office.drive_uploads import STEP
from tests.unit.sandbox.conftest import ManualClock, World, make_sandbox

V3 = "https://www.googleapis.com/drive/v3"
UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
SCOPES = "https://www.googleapis.com/auth/"
EVERYTHING = f"{SCOPES}drive"
DOCUMENT = "application/vnd.google-apps.document"
FOLDER = "application/vnd.google-apps.folder"
Call = Callable[..., requests.Response]


def caller(world: World, account: str = "sarah", *scopes: str) -> Call:
    """Give a way to call Drive as this person."""
    flow = world.flow("openid", f"{SCOPES}userinfo.email", *(scopes or (EVERYTHING,)))
    url, _ = flow.authorization_url(nonce="a-nonce", prompt="consent")
    flow.fetch_token(code=world.browser.sign_in(url, account).answer["code"])
    token = flow.credentials.token

    def call(method: str, path: str, **params: Any) -> requests.Response:  # noqa: ANN401  # reason: handed on to requests
        options = {name: params.pop(name) for name in ("json", "data") if name in params}
        url = path if path.startswith("https:") else f"{V3}{path}"
        sent = {"Authorization": f"Bearer {token}"} | params.pop("headers", {})
        return world.session.request(
            method, url, params=params, headers=sent, timeout=30, allow_redirects=False, **options
        )

    return call


@pytest.fixture
def sarah(world: World) -> Call:
    """Give Sarah's way to her Drive."""
    return caller(world)


def names(call: Call, q: str = "", **params: object) -> list[str]:
    """Give the names of the files that a list answers with."""
    answer = call("GET", "/files", **({"q": q} if q else {}), **params)
    assert answer.status_code == 200, answer.text
    return [file["name"] for file in answer.json()["files"]]


def named(call: Call, q: str) -> str:
    """Give the id of the one file that a question finds."""
    (file,) = call("GET", "/files", q=q).json()["files"]
    return str(file["id"])


def begin(call: Call, file_id: str = "", **metadata: object) -> str:
    """Begin an upload session and give its address."""
    method, url = ("PATCH", f"{UPLOAD}/{file_id}") if file_id else ("POST", UPLOAD)
    answer = call(method, url, uploadType="resumable", json=metadata)
    assert (answer.status_code, answer.content) == (200, b"")
    return answer.headers["Location"]


def put(world: World, url: str, content: bytes, said: str | None = None) -> requests.Response:
    """Send something to a session, without a token."""
    headers = {"Content-Range": f"bytes {said}"} if said else {}
    return world.session.put(url, data=content, headers=headers, timeout=30, allow_redirects=False)


def reason(answer: requests.Response) -> tuple[int, str]:
    """Give status and reason of a refusal."""
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


def test_everybody_has_files_of_their_own(world: World, sarah: Call) -> None:
    """Other names for each person; somebody else's id is not there, whatever is done to it."""
    john = caller(world, "john")
    mine = names(sarah, "mimeType != 'application/vnd.google-apps.folder'")
    assert len(mine) == 4
    assert set(mine).isdisjoint(names(john, f"mimeType != '{FOLDER}'"))
    file = named(sarah, "name contains 'Rezept'")
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/export?mimeType=text/plain"),
        ("GET", "?alt=media"),
    ):
        assert reason(john(method, f"/files/{file}{path}")) == (404, "notFound")
    assert sarah("GET", f"/files/{file}").status_code == 200


def test_a_file_has_the_documented_shape(sarah: Call) -> None:
    """Little unless more is asked for; a size is written as text, a document has none."""
    file = named(sarah, "name contains 'Kalkulation'")
    assert sarah("GET", f"/files/{file}").json().keys() == {"kind", "id", "name", "mimeType"}
    all_of_it = sarah("GET", f"/files/{file}", fields="*").json()
    assert all_of_it["size"].isdigit()
    assert all_of_it["modifiedTime"] == "2026-02-24T09:00:00.000Z"
    assert all_of_it["owners"][0]["emailAddress"] == "sarah@company.com"
    assert len(all_of_it["parents"]) == 1
    document = named(sarah, f"mimeType = '{DOCUMENT}'")
    assert "size" not in sarah("GET", f"/files/{document}", fields="*").json()
    assert sarah("GET", "/files/root", fields="name").json() == {"name": "My Drive"}


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ("files(id,name)", {"files"}),
        ("files/id,kind", {"files", "kind"}),
        ("nextPageToken,files(owners(displayName,me),size)", {"files"}),
        ("*", {"kind", "incompleteSearch", "files"}),
    ],
)
def test_fields_choose_what_is_answered(sarah: Call, fields: str, keys: set[str]) -> None:
    """The simple syntax, nested."""
    answer = sarah("GET", "/files", fields=fields, q="name contains 'Kalkulation'").json()
    assert answer.keys() == keys
    (file,) = answer["files"]
    if "owners" in fields:
        assert file["owners"] == [{"displayName": "Sarah Jensen", "me": True}]
        assert file.keys() == {"owners", "size"}
    if "/id" in fields:
        assert file.keys() == {"id"}


@pytest.mark.parametrize(
    "fields", ["colour", "files(colour)", "files(id", "files)", ",id", "a b", ""]
)
def test_a_field_there_is_not_is_refused(sarah: Call, fields: str) -> None:
    """A misspelt field is a mistake, and is to be seen."""
    assert reason(sarah("GET", "/files", fields=fields)) == (400, "invalidParameter")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("name contains 'meeting'", 1),
        ("name contains 'eeting'", 0),
        ("name = 'Private'", 1),
        ("name = 'private'", 0),
        ("fullText contains 'Printers'", 1),
        ("fullText contains 'cream' and name contains 'Rezept'", 1),
        ("'root' in parents and trashed = false", 3),
        (f"'root' in parents and mimeType = '{FOLDER}'", 2),
        ("trashed = true", 0),
        (r"name = 'O\'Brien \\ Söhne'", 1),
    ],
)
def test_a_question_finds(sarah: Call, q: str, found: int) -> None:
    """Clauses joined by `and`; quotes and backslashes are escaped."""
    sarah(
        "POST",
        "/files",
        json={"name": r"O'Brien \ Söhne", "parents": [named(sarah, "name = 'Private'")]},
    )
    assert len(names(sarah, q)) == found


@pytest.mark.parametrize(
    "q",
    [
        "name = 'O'Brien'",
        "name = 'a' or name = 'b'",
        "not name = 'a'",
        "name = 'a' and",
        "name like 'a'",
        "fullText = 'a'",
        'name = "a"',
        "name = 'a' name = 'b'",
        " ",
        r"name = 'a\n'",
    ],
)
def test_another_question_is_refused(sarah: Call, q: str) -> None:
    """What is not played here is a mistake, and is to be seen."""
    assert reason(sarah("GET", "/files", q=q)) == (400, "invalid")


@pytest.mark.parametrize(
    "params",
    [
        {"pageSize": "0"},
        {"pageSize": "1001"},
        {"pageToken": "x"},
        {"orderBy": "colour"},
        {"top": "1"},
        {"spaces": "appDataFolder"},
        {"corpora": "allDrives"},
        {"access_token": "x"},
    ],
)
def test_a_wrong_parameter_is_refused(sarah: Call, params: dict[str, str]) -> None:
    """Unknown names too."""
    assert sarah("GET", "/files", **params).status_code == 400


def test_a_list_comes_in_pages(world: World, sarah: Call) -> None:
    """The token goes on where the page ended, for this question of this person alone."""
    every = names(sarah, orderBy="folder,name")
    seen: list[str] = []
    token: dict[str, str] = {}
    rounds = 0
    while rounds < 10:
        rounds += 1
        page = sarah(
            "GET", "/files", pageSize=4, orderBy="folder,name", supportsAllDrives=True, **token
        ).json()
        seen += [file["name"] for file in page["files"]]
        if "nextPageToken" not in page:
            break
        token = {"pageToken": page["nextPageToken"]}
    assert (seen, rounds) == (every, 2)
    assert sarah("GET", "/files", orderBy="name", **token).status_code == 400
    john = caller(world, "john")
    assert john("GET", "/files", orderBy="folder,name", **token).status_code == 400


def test_lists_have_an_order(sarah: Call) -> None:
    """The newest first; else what orderBy says; not with fullText."""
    assert names(sarah)[0].startswith("To do")
    ascending, descending = names(sarah, orderBy="name"), names(sarah, orderBy="name desc")
    assert ascending == sorted(ascending, key=str.casefold) == descending[::-1]
    refused = sarah("GET", "/files", q="fullText contains 'x'", orderBy="name")
    assert refused.status_code == 403


def test_bytes_come_by_ranges(sarah: Call) -> None:
    """alt=media: 200, 206 with where the bytes stand, 416 beyond the end."""
    file = named(sarah, "name contains 'Rezept'")
    whole = sarah("GET", f"/files/{file}", alt="media")
    size = len(whole.content)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "text/plain")
    part = sarah("GET", f"/files/{file}", alt="media", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    assert part.headers["Content-Range"] == f"bytes 2-5/{size}"
    beyond = sarah("GET", f"/files/{file}", alt="media", headers={"Range": f"bytes={size}-"})
    assert reason(beyond) == (416, "requestedRangeNotSatisfiable")
    assert beyond.headers["Content-Range"] == f"bytes */{size}"


def test_a_document_is_exported(sarah: Call) -> None:
    """It has no bytes of its own: text or a PDF; anything else is refused."""
    file = named(sarah, f"mimeType = '{DOCUMENT}'")
    refused = sarah("GET", f"/files/{file}", alt="media")
    assert reason(refused) == (403, "fileNotDownloadable")
    text = sarah("GET", f"/files/{file}/export", mimeType="text/plain")
    assert "Meeting of Sarah Jensen" in text.content.decode("utf-8-sig")
    pdf = sarah("GET", f"/files/{file}/export", mimeType="application/pdf")
    assert (pdf.headers["Content-Type"], pdf.content[:8]) == ("application/pdf", b"%PDF-1.4")
    assert b"Meeting of Sarah Jensen" in pdf.content
    assert sarah("GET", f"/files/{file}/export", mimeType="image/png").status_code == 400
    other = named(sarah, "name contains 'Rezept'")
    wrong = sarah("GET", f"/files/{other}/export", mimeType="text/plain")
    assert reason(wrong) == (403, "fileNotExportable")


def test_a_large_file_comes_in_chunks(world: World, sarah: Call) -> None:
    """308 with what is there, at last 200 and the file, again and again if it is asked for."""
    content = bytes(itertools.islice(itertools.cycle(range(251)), 2 * STEP + 77))
    total = len(content)
    url = begin(sarah, name="large.bin", mimeType="application/x-thing")
    assert url.startswith(f"{UPLOAD}?uploadType=resumable&upload_id=")
    nothing = put(world, url, b"", "*/*")
    assert (nothing.status_code, "Range" in nothing.headers) == (308, False)
    first = put(world, url, content[:STEP], f"0-{STEP - 1}/*")
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{STEP - 1}")
    again = put(world, url, content[:STEP], f"0-{STEP - 1}/{total}")
    crooked = put(world, url, content[STEP : STEP + 5], f"{STEP}-{STEP + 4}/{total}")
    longer = put(world, url, content[STEP:], f"{STEP}-{total}/{total + 9}")
    assert {again.status_code, crooked.status_code, longer.status_code} == {400}
    assert put(world, url, b"", f"*/{total}").headers["Range"] == f"bytes=0-{STEP - 1}"
    last = put(world, url, content[STEP:], f"{STEP}-{total - 1}/{total}")
    assert (last.status_code, last.json()["name"]) == (200, "large.bin")
    assert put(world, url, b"", f"*/{total}").json() == last.json()
    assert sarah("GET", f"/files/{last.json()['id']}", alt="media").content == content


def test_a_session_takes_all_at_once(world: World, sarah: Call) -> None:
    """Without Content-Range the body is the file, also an empty one, and a new one for an old."""
    large = put(world, begin(sarah, name="a.bin"), bytes(40 * 1024 * 1024))
    assert large.status_code == 200
    assert put(world, begin(sarah, name="b.bin"), b"").status_code == 200
    file = large.json()["id"]
    assert put(world, begin(sarah, file), b"new").json()["id"] == file
    assert sarah("GET", f"/files/{file}", alt="media").content == b"new"


def test_a_session_ends_after_a_week(world: World, clock: ManualClock, sarah: Call) -> None:
    """404, as for one that never was; and its length is what was said at the beginning."""
    headers = {"X-Upload-Content-Length": "3", "X-Upload-Content-Type": "text/plain"}
    begun = sarah("POST", UPLOAD, uploadType="resumable", fields="mimeType", headers=headers)
    url = begun.headers["Location"]
    assert put(world, url, b"four").status_code == 400
    clock.sleep(8 * 86_400)
    assert put(world, url, b"new").status_code == 404
    assert put(world, f"{UPLOAD}?uploadType=resumable&upload_id=x", b"").status_code == 404


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_chunk_that_fails_can_be_sent_again(world: World, sarah: Call, kind: str) -> None:
    """The session says how far it came: a drop before the work leaves it where it was."""
    url = begin(sarah, name="a.bin")
    world.sandbox.add_fault(provider="google", endpoint="drive", kind=kind)
    with pytest.raises(requests.ConnectionError):
        put(world, url, bytes(STEP), f"0-{STEP - 1}/{STEP + 1}")
    came = put(world, url, b"", "*/*").headers.get("Range")
    assert came == (f"bytes=0-{STEP - 1}" if kind == "drop_after" else None)


def test_files_are_described_moved_and_deleted(sarah: Call) -> None:
    """PATCH changes what is said, addParents where it lies; 204 takes a folder's files along."""
    folder = sarah("POST", "/files", json={"name": "Neu", "mimeType": FOLDER}).json()["id"]
    file = sarah("POST", "/files", json={"name": "a", "appProperties": {"k": "v"}}).json()["id"]
    told = {"name": "b", "description": "d", "trashed": True}
    moved = sarah("PATCH", f"/files/{file}", addParents=folder, json=told, fields="*").json()
    assert (moved["name"], moved["parents"], moved["trashed"]) == ("b", [folder], True)
    assert (moved["description"], moved["appProperties"]) == ("d", {"k": "v"})
    wrong = sarah("PATCH", f"/files/{file}", json={"parents": [folder]})
    assert reason(wrong) == (403, "fieldNotWritable")
    inside = sarah("PATCH", f"/files/{folder}", addParents=folder, json={})
    assert inside.status_code == 403
    assert sarah("DELETE", f"/files/{folder}").status_code == 204
    assert sarah("GET", f"/files/{file}").status_code == 404
    assert sarah("DELETE", "/files/root").status_code == 403


def test_an_id_made_before_is_used_once(world: World, sarah: Call) -> None:
    """An id of generateIds makes a repeated upload harmless: the second one is 409."""
    first, second = sarah("GET", "/files/generateIds", count=2).json()["ids"]
    assert sarah("POST", "/files", json={"id": first, "name": "a"}).json()["id"] == first
    assert reason(sarah("POST", "/files", json={"id": first})) == (409, "fileIdInUse")
    assert sarah("POST", "/files", json={"id": "made-up"}).status_code == 400
    assert caller(world, "john")("POST", "/files", json={"id": second}).status_code == 400
    one, other = begin(sarah, id=second, name="b"), begin(sarah, id=second, name="b")
    assert put(world, one, b"x").json()["id"] == second
    assert reason(put(world, other, b"x")) == (409, "fileIdInUse")


def test_about_takes_fields(sarah: Call) -> None:
    """Who it is, and how much is used; not without saying what is wanted."""
    assert reason(sarah("GET", "/about")) == (400, "required")
    told = sarah("GET", "/about", fields="user(emailAddress),storageQuota").json()
    assert told["user"] == {"emailAddress": "sarah@company.com"}
    assert told["storageQuota"]["usage"].isdigit()


@pytest.mark.parametrize(
    ("scope", "answers"),
    [
        ("drive", (200, 200, 200)),
        ("drive.readonly", (200, 200, 403)),
        ("drive.metadata.readonly", (200, 403, 403)),
        ("gmail.send", (403, 403, 403)),
    ],
)
def test_scopes_are_checked(
    world: World, sarah: Call, scope: str, answers: tuple[int, int, int]
) -> None:
    """As the discovery document lists them for each method; a refusal names them."""
    file = named(sarah, "name contains 'Rezept'")
    call = caller(world, "sarah", f"{SCOPES}{scope}")
    write = call("POST", "/files", json={"name": "a"})
    tried = (call("GET", "/files"), call("GET", f"/files/{file}", alt="media"), write)
    assert tuple(answer.status_code for answer in tried) == answers
    if write.status_code == 403:
        assert reason(write) == (403, "insufficientPermissions")
        assert f"{SCOPES}drive.file" in write.headers["WWW-Authenticate"]
    assert world.session.get(f"{V3}/files", timeout=5).status_code == 401


def test_drive_file_is_about_the_applications_own_files(world: World, sarah: Call) -> None:
    """With this scope alone nothing else is there: not in a list, not by id, not as a folder."""
    call = caller(world, "sarah", f"{SCOPES}drive.file")
    assert names(call) == []
    for q in ("name contains 'Rezept'", "name = 'Private'"):
        assert call("GET", f"/files/{named(sarah, q)}").status_code == 404
    folder = named(sarah, "name = 'Private'")
    assert call("POST", "/files", json={"parents": [folder]}).status_code == 404
    file = put(world, begin(call, name="mine.txt"), b"mine").json()["id"]
    assert names(call) == ["mine.txt"]
    assert call("GET", f"/files/{file}", alt="media").content == b"mine"


def test_files_and_sessions_outlive_a_restart(clock: ManualClock, tmp_path: Path) -> None:
    """A session goes on where it was; the state file does not hold its secret."""
    file = tmp_path / "state.json"
    world = World.around(make_sandbox(clock, file), clock)
    url = begin(caller(world), name="half.bin")
    put(world, url, bytes(STEP), f"0-{STEP - 1}/{STEP + 1}")
    assert url.partition("upload_id=")[2] not in file.read_text()
    later = World.around(make_sandbox(clock, file, first=1000), clock)
    stored = put(later, url, b"x", f"{STEP}-{STEP}/{STEP + 1}").json()["id"]
    content = caller(later)("GET", f"/files/{stored}", alt="media").content
    assert content == bytes(STEP) + b"x"
