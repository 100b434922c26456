"""OneDrive through Graph: lists, downloads by address, uploads whole and in sessions."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from multi_user_oauth.sandbox.office.onedrive_bytes import STEP
from tests.unit.sandbox.conftest import ManualClock, World, make_sandbox

DRIVE = "https://graph.microsoft.com/v1.0/me/drive"
DOWNLOAD = "@microsoft.graph.downloadUrl"
CONFLICT = "@microsoft.graph.conflictBehavior"
Call = Callable[..., requests.Response]


def caller(world: World, account: str = "sarah", scope: str = "Files.ReadWrite") -> Call:
    """Give a way to call OneDrive as this person, without following redirects."""
    token = world.microsoft(account, scope)["access_token"]

    def call(method: str, path: str = "", **options: Any) -> requests.Response:  # noqa: ANN401  # reason: handed on to requests
        url = path if path.startswith("https:") else f"{DRIVE}/{path}".rstrip("/")
        answer: requests.Response = world.api(url, token, method, allow_redirects=False, **options)
        return answer

    return call


@pytest.fixture
def sarah(world: World) -> Call:
    """Give Sarah's way to her OneDrive."""
    return caller(world)


def begin(call: Call, path: str, **item: object) -> dict[str, Any]:
    """Begin an upload session and give its answer's JSON."""
    answer = call("POST", f"{path}:/createUploadSession", json={"item": item})
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()
    return session


def put(world: World, url: str, content: bytes, first: int, total: int) -> requests.Response:
    """Send a chunk, without a token."""
    headers = {"Content-Range": f"bytes {first}-{first + len(content) - 1}/{total}"}
    return world.session.put(url, data=content, headers=headers, timeout=30)


def plain(world: World, url: str, method: str = "GET", **headers: str) -> requests.Response:
    """Call a pre-authenticated address."""
    return world.session.request(method, url, headers=headers, timeout=30)


def code(answer: requests.Response) -> tuple[int, str]:
    """Give status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


def test_everybody_has_files_of_their_own(world: World, sarah: Call) -> None:
    """Names are other ones for each person, and somebody else's id is not there."""
    john = caller(world, "john")
    mine, theirs = (call("GET", "root/children").json()["value"] for call in (sarah, john))
    assert [item["name"] for item in mine] == ["Documents", "Notes of Sarah.txt", "Pictures"]
    assert {item["id"] for item in mine}.isdisjoint(item["id"] for item in theirs)
    for path in ("", "/children", "/content"):
        refused = john("GET", f"items/{mine[1]['id']}{path}")
        assert code(refused) == (404, "itemNotFound")
    assert john("DELETE", f"items/{mine[1]['id']}").status_code == 404
    assert sarah("GET", f"items/{mine[1]['id']}").json()["name"] == "Notes of Sarah.txt"


def test_a_file_has_the_documented_shape(sarah: Call) -> None:
    """A driveItem: file with its type and address, folder with its count, parents by path."""
    file = sarah("GET", "root:/Documents/Budget Sarah.csv").json()
    folder = sarah("GET", "root:/Documents").json()
    assert file["file"] == {"mimeType": "text/csv"}
    assert file["size"] > 10
    assert file["lastModifiedDateTime"] == "2026-02-10T09:00:00Z"
    assert file["parentReference"]["id"] == folder["id"]
    assert file["parentReference"]["path"].endswith("root:/Documents")
    assert urlsplit(file["webUrl"]).hostname == "company-my.sharepoint.com"
    assert file[DOWNLOAD].startswith("https://company-my.sharepoint.com/personal/")
    assert folder["folder"]["childCount"] == 2
    assert "file" not in folder
    assert "root" in sarah("GET", "root").json()
    drive = sarah("GET").json()
    assert drive["id"] == file["parentReference"]["driveId"]
    assert drive["quota"]["used"] == sarah("GET", "root").json()["size"]


def test_only_what_is_selected_is_answered(sarah: Call) -> None:
    """$select leaves the rest out, the download's address too; an unknown name is refused."""
    (item, *_) = sarah("GET", "root/children?$select=id,name&$orderby=name desc").json()["value"]
    assert item.keys() == {"id", "name"}
    assert item["name"] == "Pictures"
    asked = sarah("GET", f"root:/Notes of Sarah.txt?$select=id,{DOWNLOAD}").json()
    assert asked.keys() == {"@odata.context", "id", DOWNLOAD}
    assert code(sarah("GET", "root/children?$select=colour")) == (400, "BadRequest")


def test_a_list_comes_in_pages(sarah: Call) -> None:
    """@odata.nextLink is a whole URL of Graph's that goes on where the page ended."""
    folder = sarah("POST", "root/children", json={"name": "Ablage 文", "folder": {}}).json()["id"]
    for number in range(5):
        sarah("PUT", f"items/{folder}:/{number}.txt:/content", data=b"x")
    names, path = [], f"items/{folder}/children?$top=2&$select=name"
    for _ in range(3):
        page = sarah("GET", path).json()
        names += [item["name"] for item in page["value"]]
        path = page.get("@odata.nextLink", "")
        assert path == "" or path.startswith(f"{DRIVE}/items/{folder}/children?")
    assert (names, path) == ([f"{number}.txt" for number in range(5)], "")


@pytest.mark.parametrize(
    "query",
    ["$top=0", "$top=1001", "$top=x", "$orderby=colour", "$skiptoken=x", "$skip=1", "top=1"],
)
def test_a_wrong_parameter_is_refused(sarah: Call, query: str) -> None:
    """What Graph does not know here is a mistake, and is to be seen."""
    assert sarah("GET", f"root/children?{query}").status_code == 400


def test_a_skip_token_is_for_one_list_of_one_person(world: World, sarah: Call) -> None:
    """Somebody else, or another list, can do nothing with it."""
    link = sarah("GET", "root/children?$top=1").json()["@odata.nextLink"]
    assert sarah("GET", link).status_code == 200
    assert caller(world, "john")("GET", link).status_code == 400
    assert sarah("GET", link.replace("/root/", "/root:/Documents:/")).status_code == 400


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("notes", ["Notes of Sarah.txt"]),
        ("locker", ["Notes of Sarah.txt"]),
        ("Angebot für", 1),
        ("otes", []),
        ("o'brien", ["o'brien & söhne.txt"]),
    ],
)
def test_search_looks_at_names_and_words(sarah: Call, words: str, found: object) -> None:
    """The beginning of a word in a name or a text; a quote is doubled."""
    sarah("PUT", "root:/o'brien & söhne.txt:/content", data=b"x")
    q = quote(words.replace("'", "''"), safe="")
    names = [item["name"] for item in sarah("GET", f"root/search(q='{q}')").json()["value"]]
    assert (len(names) if isinstance(found, int) else names) == found


def test_a_quote_that_is_not_doubled_is_refused(sarah: Call) -> None:
    """Otherwise a caller could end the text and go on."""
    assert sarah("GET", "root/search(q='o'brien')").status_code == 400


def test_bytes_are_behind_a_redirect(world: World, sarah: Call) -> None:
    """302 to an address that needs no token, and must not get one."""
    redirect = sarah("GET", "root:/Notes of Sarah.txt:/content")
    url = redirect.headers["Location"]
    assert (redirect.status_code, redirect.content) == (302, b"")
    assert urlsplit(url).hostname == "company-my.sharepoint.com"
    whole = plain(world, url)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "text/plain")
    assert b"Sarah Jensen" in whole.content
    assert code(plain(world, url, Authorization="Bearer x")) == (400, "invalidRequest")
    assert sarah("GET", url).status_code == 400
    other = url.replace("sarah_company_com", "john_company_com")
    assert plain(world, other).status_code == 401


def test_bytes_come_by_ranges(world: World, sarah: Call) -> None:
    """206 with where the bytes stand; 416 beyond the end, with the size."""
    url = sarah("GET", "root:/Notes of Sarah.txt:/content").headers["Location"]
    whole = plain(world, url).content
    size = len(whole)
    for asked, span in (("3-9", (3, 9)), (f"{size - 2}-", (size - 2, size - 1)), ("-4", None)):
        first, last = span or (size - 4, size - 1)
        answer = plain(world, url, Range=f"bytes={asked}")
        assert (answer.status_code, answer.content) == (206, whole[first : last + 1])
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    beyond = plain(world, url, Range=f"bytes={size}-")
    assert code(beyond) == (416, "invalidRange")
    assert beyond.headers["Content-Range"] == f"bytes */{size}"


def test_an_address_lasts_some_minutes(world: World, clock: ManualClock, sarah: Call) -> None:
    """Afterwards it is 401, and a new one is given."""
    path = "root:/Notes of Sarah.txt:/content"
    url = sarah("GET", path).headers["Location"]
    assert sarah("GET", path).headers["Location"] == url
    clock.sleep(601)
    assert plain(world, url).status_code == 401
    assert plain(world, sarah("GET", path).headers["Location"]).status_code == 200


def test_a_small_file_comes_in_one_request(sarah: Call) -> None:
    """201 for a new one; then what conflictBehavior says."""
    path = "root:/Documents/Straße 春.txt:/content"
    first = sarah("PUT", path, data=b"one")
    again = sarah("PUT", path, data=b"three")
    renamed = sarah("PUT", f"{path}?{CONFLICT}=rename", data=b"x")
    assert (first.status_code, again.status_code, renamed.status_code) == (201, 200, 201)
    assert first.json()["id"] == again.json()["id"] != renamed.json()["id"]
    assert first.json()["eTag"] != again.json()["eTag"]
    assert (again.json()["size"], renamed.json()["name"]) == (5, "Straße 春 1.txt")
    assert code(sarah("PUT", f"{path}?{CONFLICT}=fail", data=b"y")) == (409, "nameAlreadyExists")
    by_id = sarah("PUT", f"items/{first.json()['id']}/content", data=b"by id")
    assert (by_id.status_code, by_id.json()["name"]) == (200, "Straße 春.txt")
    assert sarah("PUT", "root:/Documents:/content", data=b"x").status_code == 409
    assert sarah("PUT", "root:/nowhere/a.txt:/content", data=b"x").status_code == 404


@pytest.mark.parametrize(
    "name",
    ['a"b', "a*b", "a:b", "a<b", "a>b", "a\\b", "a|b", " a", "a ", "a.", "a/", "x" * 256],
)
def test_a_name_that_onedrive_does_not_take_is_refused(sarah: Call, name: str) -> None:
    """By path and in a new folder's JSON alike; the longest that it takes is 255."""
    assert sarah("PUT", f"root:/{quote(name, safe='')}:/content", data=b"x").status_code == 400
    folder = {"name": name, "folder": {}}
    assert code(sarah("POST", "root/children", json=folder)) == (400, "invalidRequest")
    assert sarah("PUT", f"root:/{'x' * 255}:/content", data=b"x").status_code == 201


@pytest.mark.parametrize("name", [".", "..", "a?b", "a\nb", ""])
def test_a_folder_with_such_a_name_is_refused(sarah: Call, name: str) -> None:
    """A client's library would take these out of a path by itself."""
    assert sarah("POST", "root/children", json={"name": name, "folder": {}}).status_code == 400


def test_folders_are_made_and_deleted(sarah: Call) -> None:
    """201; an equal name is 409; 204 takes everything in it along."""
    made = sarah("POST", "root/children", json={"name": "Neu", "folder": {}})
    again = sarah("POST", "root/children", json={"name": "NEU", "folder": {}})
    inner = sarah("PUT", "root:/Neu/a.txt:/content", data=b"x").json()["id"]
    assert (made.status_code, made.json()["folder"]) == (201, {"childCount": 0})
    assert code(again) == (409, "nameAlreadyExists")
    assert sarah("DELETE", f"items/{made.json()['id']}").status_code == 204
    assert sarah("GET", f"items/{inner}").status_code == 404
    assert sarah("DELETE", f"items/{sarah('GET', 'root').json()['id']}").status_code == 403


def test_a_large_file_comes_in_chunks(world: World, sarah: Call) -> None:
    """202 with what is expected next, at last 201 and the file; afterwards the session is gone."""
    content = bytes(itertools.islice(itertools.cycle(range(251)), 2 * STEP + 77))
    session = begin(sarah, "root:/Documents/groß.bin", **{CONFLICT: "fail"})
    url, total = session["uploadUrl"], len(content)
    assert urlsplit(url).hostname == "company-my.sharepoint.com"
    assert session["nextExpectedRanges"] == ["0-"]
    assert code(sarah("PUT", url, data=b"x")) == (400, "invalidRequest")
    assert plain(world, url.replace("/items/01", "/items/02")).status_code == 404
    first = put(world, url, content[:STEP], 0, total)
    assert (first.status_code, first.json()["nextExpectedRanges"]) == (202, [f"{STEP}-"])
    assert plain(world, url).json()["nextExpectedRanges"] == [f"{STEP}-"]
    assert code(put(world, url, content[:STEP], 0, total)) == (416, "invalidRange")
    assert code(put(world, url, content[2 * STEP :], 2 * STEP, total)) == (416, "invalidRange")
    assert put(world, url, content[STEP : STEP + 5], STEP, total).status_code == 400
    assert put(world, url, content[STEP : 2 * STEP], STEP, total + 1).status_code == 400
    assert put(world, url, content[STEP:], STEP, total).status_code == 201
    assert code(plain(world, url)) == (404, "itemNotFound")
    address = sarah("GET", "root:/Documents/groß.bin:/content").headers["Location"]
    assert plain(world, address).content == content
    across = plain(world, address, Range=f"bytes={STEP - 3}-{STEP + 3}")
    assert across.content == content[STEP - 3 : STEP + 4]


def test_a_chunk_larger_than_a_mail_is_taken(world: World, sarah: Call) -> None:
    """Up to 60 MiB, which is not taken any more."""
    size = 120 * STEP
    url = begin(sarah, "root:/large.bin")["uploadUrl"]
    assert put(world, url, bytes(size), 0, size).status_code == 201
    url = begin(sarah, "root:/larger.bin")["uploadUrl"]
    assert put(world, url, bytes(60 * 1024 * 1024), 0, 61 * 1024 * 1024).status_code == 413


def test_a_session_can_be_given_up(world: World, sarah: Call, clock: ManualClock) -> None:
    """204, then 404; one that nobody uses is gone after a day."""
    url = begin(sarah, "root:/a.bin")["uploadUrl"]
    assert plain(world, url, "DELETE").status_code == 204
    assert plain(world, url).status_code == 404
    late = begin(sarah, "root:/b.bin")["uploadUrl"]
    clock.sleep(86_401)
    assert put(world, late, b"x", 0, 1).status_code == 404


def test_a_session_keeps_to_its_conflict(world: World, sarah: Call) -> None:
    """With fail it is refused at once and at the end, replace answers 200, rename finds another name."""
    path = "root:/Notes of Sarah.txt"
    refused = sarah("POST", f"{path}:/createUploadSession", json={"item": {CONFLICT: "fail"}})
    assert code(refused) == (409, "nameAlreadyExists")
    race = begin(sarah, "root:/race.txt", **{CONFLICT: "fail"})["uploadUrl"]
    sarah("PUT", "root:/race.txt:/content", data=b"first")
    assert put(world, race, b"x", 0, 1).status_code == 409
    replaced = put(world, begin(sarah, path)["uploadUrl"], b"new", 0, 3)
    renamed = put(world, begin(sarah, path, **{CONFLICT: "rename"})["uploadUrl"], b"x", 0, 1)
    assert (replaced.status_code, replaced.json()["size"]) == (200, 3)
    assert (renamed.status_code, renamed.json()["name"]) == (201, "Notes of Sarah 1.txt")


@pytest.mark.parametrize("kind", ["drop", "drop_after", "status"])
def test_a_chunk_that_fails_can_be_sent_again(world: World, sarah: Call, kind: str) -> None:
    """The session says how far it came: a drop before the work leaves it where it was."""
    url = begin(sarah, "root:/a.bin")["uploadUrl"]
    fault = {"provider": "microsoft", "endpoint": "onedrive_bytes", "kind": kind, "status": 503}
    world.sandbox.add_fault(**fault)
    try:
        put(world, url, bytes(STEP), 0, STEP + 1)
    except requests.ConnectionError:
        assert kind != "status"
    (expected,) = plain(world, url).json()["nextExpectedRanges"]
    assert expected == (f"{STEP}-" if kind == "drop_after" else "0-")


@pytest.mark.parametrize(
    ("scope", "reads", "writes"),
    [
        ("User.Read", 403, 403),
        ("Files.Read", 200, 403),
        ("Files.Read.All", 200, 403),
        ("Files.ReadWrite.All", 200, 201),
    ],
)
def test_scopes_are_checked(world: World, scope: str, reads: int, writes: int) -> None:
    """Reading takes any of the four, writing one of two; without a token it is 401."""
    call = caller(world, "maria", scope)
    assert call("GET", "root/children").status_code == reads
    write = call("PUT", "root:/a.txt:/content", data=b"x")
    assert write.status_code == writes
    if writes == 403:
        assert code(write) == (403, "accessDenied")
    assert world.session.get(DRIVE, timeout=5).status_code == 401


def test_files_and_sessions_outlive_a_restart(clock: ManualClock, tmp_path: Path) -> None:
    """A session goes on where it was; the state file holds neither bytes nor its secret."""
    file = tmp_path / "state.json"
    world = World.around(make_sandbox(clock, file), clock)
    call = caller(world)
    call("PUT", "root:/kept.txt:/content", data=b"kept bytes")
    url = begin(call, "root:/half.bin")["uploadUrl"]
    put(world, url, bytes(STEP), 0, STEP + 1)
    assert "kept bytes" not in file.read_text()
    assert url.partition("tempauth=")[2] not in file.read_text()
    later = World.around(make_sandbox(clock, file, first=1000), clock)
    assert put(later, url, b"x", STEP, STEP + 1).status_code == 201
    address = caller(later)("GET", "root:/kept.txt:/content").headers["Location"]
    assert plain(later, address).content == b"kept bytes"
