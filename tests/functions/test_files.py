"""A person's files through the functions: lists, bytes by ranges, small uploads, of either provider."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.support.connectors import CONNECTORS, agent_for, connected, wide
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code, identity

MIB = 1024 * 1024
BOTH = pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
LETTERS = "".join(f"{number:07x}\n" for number in range(MIB // 8)).encode()
"""A mebibyte, no part of which is like another."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """Sarah and John, connected to both; what a test stores has a name of its own."""
    office = connected(wide(tmp_path_factory.mktemp("office"), keys), SARAH, JOHN)
    get(
        office.agent(), MICROSOFT, "files"
    )  # whatever is fetched once, keys to prove callers, is here
    return office


@pytest.fixture
def agent(office: Installation) -> Visitor:
    """An agent who may do everything."""
    return office.agent()


def get(agent: Visitor, connector_type: str, path: str, **options: Any) -> TestResponse:  # noqa: ANN401  # reason: those of werkzeug's client
    """Read something of Sarah's; `query` is added to whose it is."""
    query = {"user_email": SARAH.email, **options.pop("query", {})}
    path = f"{CONNECTORS}/{connector_type}/{path}"
    return agent.call("connectors", "GET", path, query_string=query, **options)


def put(
    agent: Visitor,
    connector_type: str,
    name: str,
    content: bytes,
    **options: Any,  # noqa: ANN401  # reason: those of werkzeug's client
) -> TestResponse:
    """Store a file of Sarah's."""
    query = {"user_email": SARAH.email, "name": name, **options.pop("query", {})}
    path = f"{CONNECTORS}/{connector_type}/files"
    return agent.call("connectors", "PUT", path, query_string=query, data=content, **options)


def files(response: TestResponse) -> list[dict[str, Any]]:
    """Return what a list holds."""
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = (response.json or {})["files"]
    return found


def stored(response: TestResponse) -> dict[str, Any]:
    """Return the file that was stored."""
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json or {}
    return found


@BOTH
def test_everybody_sees_their_own_files_and_nobody_elses(
    office: Installation, connector_type: str
) -> None:
    """A person reads their own; with their own session, and by no id anybody else's."""
    sarah = office.person(identity(connector_type, SARAH))
    mine = files(get(sarah, connector_type, "files"))
    assert mine
    query = {"user_email": JOHN.email}
    theirs = files(get(office.agent(), connector_type, "files", query=query))
    assert theirs
    assert not {each["id"] for each in mine} & {each["id"] for each in theirs}
    assert get(sarah, connector_type, "files", query=query).status_code == 404
    for each in theirs:
        refused = get(sarah, connector_type, f"files/{quote(each['id'])}")
        assert (refused.status_code, code(refused)) == (404, "item_not_found")


@BOTH
def test_a_folder_is_listed_page_by_page_and_hides_nothing(
    agent: Visitor, connector_type: str
) -> None:
    """Two by two, by tokens that open only this list, until there is no next page."""
    whole = files(get(agent, connector_type, "files"))
    found: list[dict[str, Any]] = []
    tokens: list[str] = []
    while True:
        query = {"limit": "2"} | ({"page_token": tokens[-1]} if tokens else {})
        page = get(agent, connector_type, "files", query=query)
        found += files(page)
        if "next_page_token" not in (page.json or {}):
            break
        tokens.append((page.json or {})["next_page_token"])
        assert len(files(page)) == 2
    assert [each["id"] for each in found] == [each["id"] for each in whole]
    assert len(whole) >= 3
    assert {type(each["size"]) for each in whole if each["folder"]} <= {type(None)}
    folder = next(each for each in whole if each["folder"])
    for other in ({"folder_id": folder["id"]}, {"search": "x"}, {"user_email": JOHN.email}):
        refused = get(agent, connector_type, "files", query=other | {"page_token": tokens[-1]})
        assert (refused.status_code, (refused.json or {})["field"]) == (400, "page_token")
    inside = files(get(agent, connector_type, "files", query={"folder_id": folder["id"]}))
    assert not {each["id"] for each in inside} & {each["id"] for each in whole}


@pytest.mark.parametrize(
    ("connector_type", "words", "name"),
    [(MICROSOFT, "must not forget", "Notes of Sarah.txt"), (GOOGLE, "café meeting", "Sarah: café")],
)
def test_a_search_finds_what_lies_anywhere(
    agent: Visitor, connector_type: str, words: str, name: str
) -> None:
    """By words in the name or in the content."""
    found = files(get(agent, connector_type, "files", query={"search": words}))
    assert [each["name"].startswith(name) for each in found] == [True]
    nasty = files(get(agent, connector_type, "files", query={"search": "o'neil') or ('x\\' / %2F"}))
    assert nasty == []


def test_each_provider_has_a_list_of_its_own(agent: Visitor) -> None:
    """`onedrive/files` and `drive/files` are `files`, and refuse a connector type of the other one."""
    for path, right, wrong in (
        ("onedrive/files", MICROSOFT, GOOGLE),
        ("drive/files", GOOGLE, MICROSOFT),
    ):
        assert get(agent, right, path).json == get(agent, right, "files").json
        refused = get(agent, wrong, path)
        assert (refused.status_code, code(refused)) == (400, "not_supported")


@BOTH
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "00501234"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"search": ""}, "search"),
        ({"search": " "}, "search"),
        ({"search": "a\r\nb"}, "search"),
        ({"search": "a" * 501}, "search"),
        ({"folder_id": ".."}, "folder_id"),
        ({"folder_id": ""}, "folder_id"),
        ({"folder_id": "a" * 513}, "folder_id"),
        ({"folder_id": "a\0b"}, "folder_id"),
        ({"folder_id": "root", "search": "x"}, "folder_id"),
        ({"page_token": "made-up"}, "page_token"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(
    agent: Visitor, connector_type: str, query: dict[str, str], field: str
) -> None:
    """By the field that is wrong."""
    refused = get(agent, connector_type, "files", query=query)
    assert (refused.status_code, (refused.json or {}).get("field")) == (400, field)


@BOTH
@pytest.mark.parametrize("file_id", ["a/b", "x/../../../users", "root:/Secret:", "a%2Fb", "é"])
def test_an_id_is_never_a_path(agent: Visitor, connector_type: str, file_id: str) -> None:
    """However it is written, it names nothing, and the provider is not asked."""
    agent.installation.sandbox.clear_requests()
    for path in (quote(file_id, safe=""), quote(quote(file_id, safe=""), safe="")):
        refused = get(agent, connector_type, f"files/{path}")
        assert refused.status_code == 404
    assert not agent.installation.sandbox.requests()


@BOTH
def test_a_small_file_is_stored_under_a_name_that_is_free(
    agent: Visitor, connector_type: str
) -> None:
    """It comes back byte for byte; the same name again is refused and changes nothing."""
    content = "Grüße,\r\n2 * 3 = 6\0".encode()
    made = stored(put(agent, connector_type, "small.txt", content, content_type="text/plain"))
    assert (made["name"], made["size"], made["folder"]) == ("small.txt", len(content), False)
    again = put(agent, connector_type, "small.txt", b"other")
    assert (again.status_code, code(again)) == (409, "item_exists")
    assert get(agent, connector_type, f"files/{quote(made['id'])}").json == made
    read = get(agent, connector_type, f"files/{quote(made['id'])}/content")
    assert (read.status_code, read.data, read.mimetype) == (200, content, "text/plain")
    assert read.headers["Content-Length"] == str(len(content))
    assert made in files(get(agent, connector_type, "files"))


@BOTH
def test_a_file_goes_into_the_folder_that_is_named(agent: Visitor, connector_type: str) -> None:
    """And a folder that is nobody's, or somebody else's, is not found."""
    query = {"user_email": JOHN.email}
    theirs = next(e for e in files(get(agent, connector_type, "files", query=query)) if e["folder"])
    mine = next(e for e in files(get(agent, connector_type, "files")) if e["folder"])
    made = stored(put(agent, connector_type, "in it.txt", b"x", query={"folder_id": mine["id"]}))
    inside = files(get(agent, connector_type, "files", query={"folder_id": mine["id"]}))
    assert made in inside
    refused = put(agent, connector_type, "in it.txt", b"x", query={"folder_id": theirs["id"]})
    assert (refused.status_code, code(refused)) == (404, "item_not_found")
    bytes_of = get(agent, connector_type, f"files/{quote(mine['id'])}/content")
    assert (bytes_of.status_code, (bytes_of.json or {})["field"]) == (400, "file_id")


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        "naïve 文書 🦔 קובץ.txt",
        "cafe\u0301.txt",
        "a" * 255,
        "semi;colon='quote' & 100% #1 + [x] {y}.txt",
        "..hidden",
    ],
)
def test_a_name_in_any_script_is_kept(agent: Visitor, connector_type: str, name: str) -> None:
    """Composed (NFC), and the download says it again as RFC 8187 has it."""
    made = stored(put(agent, connector_type, name, b"x"))
    composed = name.replace("e\u0301", "é")
    assert made["name"] == composed
    read = get(agent, connector_type, f"files/{quote(made['id'])}/content")
    disposition = read.headers["Content-Disposition"]
    prefix = "attachment; filename*=UTF-8''"
    assert disposition.startswith(prefix)
    assert disposition.isascii()
    assert unquote(disposition.removeprefix(prefix)) == composed


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "a" * 256,
            "a" * 300,
            ".",
            "..",
            "../../x",
            "a/b",
            "a\\b",
            "/etc/passwd",
            "C:x",
            "what?",
        ),
        *(
            "a\0b",
            "a\r\nX-Header: 1",
            "tab\t",
            "line\u2028break",
            "\u202egnp.exe",
            " a",
            "a ",
            "a.",
        ),
        *("\u00a0a", 'say "hi"', "<b>", "a|b", "a*"),
    ],
)
def test_a_name_that_is_none_is_refused(agent: Visitor, connector_type: str, name: str) -> None:
    """Before anything is asked of the provider, for uploads of either kind."""
    agent.installation.sandbox.clear_requests()
    path = f"{CONNECTORS}/{connector_type}/files/uploads"
    body = {"user_email": SARAH.email, "name": name, "size": 1}
    for refused in (
        put(agent, connector_type, name, b"x"),
        agent.call("connectors", "POST", path, json=body),
    ):
        assert (refused.status_code, (refused.json or {}).get("field")) == (400, "name")
    assert not agent.installation.sandbox.requests()


@BOTH
def test_a_small_upload_of_more_than_four_mebibytes_is_refused(
    agent: Visitor, connector_type: str
) -> None:
    """It takes an upload session; exactly four are taken."""
    refused = put(agent, connector_type, "large.txt", LETTERS * 4 + b"x")
    assert (refused.status_code, code(refused)) == (413, "body_too_large")
    assert stored(put(agent, connector_type, "large.txt", LETTERS * 4))["size"] == 4 * MIB


@BOTH
def test_who_may_not_write_is_told_so_whatever_is_sent(
    office: Installation, connector_type: str
) -> None:
    """A body is not looked at for somebody who may not store it; nor is a type that is none kept."""
    reader = office.agent(agent_for("files.read"))
    refused = put(reader, connector_type, "large.txt", LETTERS * 4 + b"x")
    assert (refused.status_code, code(refused)) == (403, "forbidden")
    for kind in ("nonsense", "text/plain/x", "application/vnd.google-apps.folder"):
        refused = put(office.agent(), connector_type, "typed", b"x", content_type=kind)
        assert (refused.status_code, (refused.json or {})["field"]) == (400, "content_type")


@BOTH
def test_bytes_are_read_by_ranges(agent: Visitor, connector_type: str) -> None:
    """One range, from either end (RFC 9110, 14.1.2); what may be ignored is."""
    made = stored(put(agent, connector_type, "ranges.txt", LETTERS))

    def read(asked: str, **headers: str) -> tuple[int, bytes, str | None]:
        headers = {"Range": asked, **headers}
        answer = get(agent, connector_type, f"files/{quote(made['id'])}/content", headers=headers)
        return answer.status_code, answer.data, answer.headers.get("Content-Range")

    assert read("bytes=0-0") == (206, LETTERS[:1], f"bytes 0-0/{MIB}")
    assert read("bytes=10-19") == (206, LETTERS[10:20], f"bytes 10-19/{MIB}")
    assert read(f"bytes={MIB - 3}-") == (206, LETTERS[-3:], f"bytes {MIB - 3}-{MIB - 1}/{MIB}")
    assert read("bytes=-5") == (206, LETTERS[-5:], f"bytes {MIB - 5}-{MIB - 1}/{MIB}")
    assert read(f"bytes=-{2 * MIB}") == (206, LETTERS, f"bytes 0-{MIB - 1}/{MIB}")
    assert read(f"bytes=5-{9 * MIB}") == (206, LETTERS[5:], f"bytes 5-{MIB - 1}/{MIB}")
    for ignored in ("bytes=0-1,3-4", "lines=1-2", "bytes=5-4", "bytes=-", "bytes=a-b"):
        assert read(ignored) == (200, LETTERS, None), ignored
    assert read("bytes=0-1", **{"If-Range": '"1"'}) == (200, LETTERS, None)
    for outside in (f"bytes={MIB}-", f"bytes={MIB}-{MIB + 5}", "bytes=-0"):
        status, _, where = read(outside)
        assert (status, where) == (416, f"bytes */{MIB}"), outside


@BOTH
def test_an_empty_file_is_stored_and_read(agent: Visitor, connector_type: str) -> None:
    """It has no range, and an end without bytes is all of it."""
    made = stored(put(agent, connector_type, "empty", b""))
    path = f"files/{quote(made['id'])}/content"
    for headers in ({}, {"Range": "bytes=-5"}):
        read = get(agent, connector_type, path, headers=headers)
        assert (read.status_code, read.data, made["size"]) == (200, b"", 0)
    assert get(agent, connector_type, path, headers={"Range": "bytes=0-"}).status_code == 416


def test_a_document_of_googles_editors_is_exported(agent: Visitor) -> None:
    """It has no bytes of its own; a range is served from what was exported."""
    found = files(get(agent, GOOGLE, "files", query={"search": "café meeting"}))
    assert (found[0]["size"], found[0]["folder"]) == (None, False)
    path = f"files/{quote(found[0]['id'])}/content"
    whole = get(agent, GOOGLE, path)
    assert (whole.status_code, whole.mimetype) == (200, "application/pdf")
    assert whole.data.startswith(b"%PDF-")
    assert whole.headers["Content-Disposition"].endswith("notes.pdf")
    part = get(agent, GOOGLE, path, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.data) == (206, whole.data[5:10])
    assert part.headers["Content-Range"] == f"bytes 5-9/{len(whole.data)}"
    assert get(agent, GOOGLE, path, headers={"Range": "bytes=-9"}).data == whole.data
    assert get(agent, GOOGLE, path, headers={"Range": "bytes=99999-"}).status_code == 416


@BOTH
def test_a_page_among_the_files_is_never_shown_as_ours(agent: Visitor, connector_type: str) -> None:
    """A script in it has no origin: it is an attachment, and nothing in it may load or run."""
    page = b"<script>document.title = document.cookie</script>"
    made = stored(put(agent, connector_type, "page.html", page, content_type="text/html"))
    read = get(agent, connector_type, f"files/{quote(made['id'])}/content")
    assert read.data == page
    assert read.headers["Content-Disposition"].startswith("attachment;")
    assert read.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert read.headers["X-Content-Type-Options"] == "nosniff"


@BOTH
def test_an_agent_does_with_files_what_it_was_left_and_no_more(
    office: Installation, connector_type: str
) -> None:
    """Who may write mail reads no file; who may read files stores none."""
    for action, reads in (("mail.send", 403), ("files.write", 403), ("files.read", 200)):
        agent = office.agent(agent_for(action))
        for path in ("files", "files/root", "files/root/content"):
            status = get(agent, connector_type, path).status_code
            assert status == (reads if path != "files/root/content" or reads == 403 else 400)
        answer = put(agent, connector_type, f"{action}.txt", b"x")
        assert answer.status_code == (201 if action == "files.write" else 403)


def test_without_the_scope_it_is_said_which_one_is_missing(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """The narrowest that would do, with the page where the person can grant it."""
    few = wide(tmp_path, keys, microsoft=["User.Read", "Files.Read"])
    few.connect(MICROSOFT, SARAH)
    agent = few.agent()
    assert get(agent, MICROSOFT, "files").status_code == 200
    refused = put(agent, MICROSOFT, "x.txt", b"x")
    assert (refused.status_code, code(refused)) == (403, "insufficient_scope")
    assert (refused.json or {})["scope"] == "Files.ReadWrite"
    assert "Files.ReadWrite" in (refused.json or {})["reauthorize_url"]
