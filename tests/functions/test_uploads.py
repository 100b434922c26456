"""Large files through the functions, a chunk at a time: in order, resumed, and by nobody else."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.support.connectors import CONNECTORS, agent_for, connected, wide
from tests.support.functions import FORM, GOOGLE, MICROSOFT, Installation, Visitor, code, identity

BOTH = pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
STEP = 1_310_720
CHUNK = 6 * STEP
LETTERS = "".join(f"{number:07x}\n" for number in range(STEP // 4 + 5)).encode()
"""Two steps and a little more, no part of which is like another."""
PROVIDERS = {MICROSOFT: "microsoft", GOOGLE: "google"}
ENDPOINTS = {MICROSOFT: "onedrive_bytes", GOOGLE: "drive"}
GRAPH = "https://graph.microsoft.com/v1.0/me/drive"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """Sarah and John, connected to both; what a test stores has a name of its own."""
    return connected(wide(tmp_path_factory.mktemp("office"), keys), SARAH, JOHN)


class Upload:
    """A file of Sarah's on its way."""

    def __init__(self, visitor: Visitor, connector_type: str, upload_id: str) -> None:
        self.visitor = visitor
        self.path = f"{CONNECTORS}/{connector_type}/files/uploads/{upload_id}"

    def send(
        self,
        where: str,
        content: bytes,
        email: str = SARAH.email,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a chunk."""
        headers = {"Content-Range": where, **(headers or {})}
        query = {"user_email": email}
        return self.visitor.call(
            "connectors", "PUT", self.path, query_string=query, data=content, headers=headers
        )

    def part(self, first: int, last: int) -> TestResponse:
        """Send these bytes of `LETTERS`."""
        return self.send(f"bytes {first}-{last}/{len(LETTERS)}", LETTERS[first : last + 1])

    def status(self, email: str = SARAH.email) -> TestResponse:
        """Ask where to go on."""
        query = {"user_email": email}
        return self.visitor.call("connectors", "GET", self.path, query_string=query)


def start(visitor: Visitor, connector_type: str, name: str, **changes: object) -> TestResponse:
    """Begin to upload `LETTERS`."""
    body = {"user_email": SARAH.email, "name": name, "size": len(LETTERS), **changes}
    path = f"{CONNECTORS}/{connector_type}/files/uploads"
    return visitor.call("connectors", "POST", path, json=body)


def started(visitor: Visitor, connector_type: str, name: str, **changes: object) -> Upload:
    """Return the upload that was begun."""
    answer = start(visitor, connector_type, name, **changes)
    assert answer.status_code == 201, answer.text
    body = answer.json or {}
    assert (body["next_offset"], body["chunk_size"]) == (0, CHUNK)
    return Upload(visitor, connector_type, body["upload_id"])


def offset(answer: TestResponse) -> int:
    """Return where to go on."""
    assert answer.status_code in {200, 202}, answer.text
    found: int = (answer.json or {})["next_offset"]
    return found


def read(visitor: Visitor, connector_type: str, file_id: str) -> bytes:
    """Return a file's bytes."""
    path = f"{CONNECTORS}/{connector_type}/files/{file_id}/content"
    query = {"user_email": SARAH.email}
    content: bytes = visitor.call("connectors", "GET", path, query_string=query).data
    return content


@BOTH
def test_a_file_comes_in_chunks_and_is_whole(office: Installation, connector_type: str) -> None:
    """Every chunk but the last is a multiple of the step; the last answers with the file."""
    agent = office.agent()
    upload = started(agent, connector_type, "chunks.txt", content_type="text/plain")
    assert offset(upload.status()) == 0
    assert offset(upload.part(0, STEP - 1)) == STEP
    assert offset(upload.status()) == STEP
    assert offset(upload.part(STEP, 2 * STEP - 1)) == 2 * STEP
    done = upload.part(2 * STEP, len(LETTERS) - 1)
    assert done.status_code == 201, done.text
    made = done.json or {}
    assert (made["name"], made["size"]) == ("chunks.txt", len(LETTERS))
    assert read(agent, connector_type, made["id"]) == LETTERS
    again = start(agent, connector_type, "chunks.txt")
    assert (again.status_code, code(again)) == (409, "item_exists")
    ended = upload.status()
    if connector_type == GOOGLE:
        assert (ended.status_code, ended.json) == (200, made)
    else:
        assert (ended.status_code, code(ended)) == (404, "item_not_found")


@BOTH
@pytest.mark.parametrize("kind", ["drop", "drop_after", "status"])
def test_an_upload_goes_on_after_a_chunk_that_failed(
    office: Installation, connector_type: str, kind: str
) -> None:
    """Whether the chunk was taken or not: the provider says from where, and the caller goes on."""
    upload = started(office.agent(), connector_type, f"resumed after {kind}.txt")
    assert offset(upload.part(0, STEP - 1)) == STEP
    office.sandbox.add_fault(
        provider=PROVIDERS[connector_type],
        endpoint=ENDPOINTS[connector_type],
        kind=kind,
        status=503 if kind == "status" else None,
    )
    failed = upload.part(STEP, 2 * STEP - 1)
    assert (failed.status_code, code(failed)) == (503, "provider_unavailable")
    there = offset(upload.status())
    assert there == (2 * STEP if kind == "drop_after" else STEP)
    assert upload.part(there, len(LETTERS) - 1).status_code == 201


@BOTH
def test_a_throttled_chunk_is_passed_on_with_its_time(
    office: Installation, connector_type: str
) -> None:
    """A chunk is not held, so that nobody here could send it again."""
    upload = started(office.agent(), connector_type, "throttled.txt")
    office.sandbox.add_fault(
        provider=PROVIDERS[connector_type],
        endpoint=ENDPOINTS[connector_type],
        kind="status",
        status=429,
        retry_after=7,
    )
    refused = upload.part(0, STEP - 1)
    assert (refused.status_code, code(refused)) == (429, "provider_throttled")
    assert refused.headers["Retry-After"] == "7"
    assert offset(upload.status()) == 0


@BOTH
def test_a_chunk_that_is_not_the_next_one_is_refused(
    office: Installation, connector_type: str
) -> None:
    """One too early or one sent twice: the bytes that are there stay as they are."""
    upload = started(office.agent(), connector_type, "out of order.txt")
    for first in (STEP, 0, 0):
        answer = upload.part(first, first + STEP - 1)
        if answer.status_code != 202:
            assert (answer.status_code, code(answer)) == (416, "range_not_satisfiable")
    assert offset(upload.status()) == STEP


@BOTH
@pytest.mark.parametrize(
    ("where", "length", "field"),
    [
        ("", STEP, "Content-Range"),
        ("bytes */*", STEP, "Content-Range"),
        (f"bytes 0-{STEP - 1}/*", STEP, "Content-Range"),
        (f"bytes 0-{STEP - 1}/{len(LETTERS) + 1}", STEP, "Content-Range"),
        (f"bytes 5-4/{len(LETTERS)}", STEP, "Content-Range"),
        (f"bytes 0-{len(LETTERS)}/{len(LETTERS)}", len(LETTERS), "Content-Range"),
        (f"bytes 0-{STEP}/{len(LETTERS)}", STEP + 1, "Content-Range"),
        (f"bytes 0-{STEP - 1}/{len(LETTERS)}", STEP - 1, "Content-Length"),
        (f"bytes 0-{STEP - 1}/{len(LETTERS)}", STEP + 1, "Content-Length"),
    ],
)
def test_a_chunk_is_exactly_what_it_says(
    office: Installation, connector_type: str, where: str, length: int, field: str
) -> None:
    """Else it is refused by the header that is wrong, before a byte of it goes out."""
    upload = started(office.agent(), connector_type, "refused.txt")
    office.sandbox.clear_requests()
    refused = upload.send(where, LETTERS[:length])
    assert (refused.status_code, (refused.json or {}).get("field")) == (400, field)
    assert not office.sandbox.requests()


def test_a_chunk_is_at_most_seven_and_a_half_mebibytes(office: Installation) -> None:
    """Larger ones are refused by what they announce."""
    total = 100 * STEP
    upload = started(office.agent(), MICROSOFT, "too large.txt", size=total)
    refused = upload.send(f"bytes 0-{7 * STEP - 1}/{total}", b"only this")
    assert (refused.status_code, code(refused)) == (413, "body_too_large")


@BOTH
@pytest.mark.parametrize("size", [0, -1, 250 * 1024**3 + 1])
def test_a_size_that_nobody_takes_is_refused(
    office: Installation, connector_type: str, size: int
) -> None:
    """From one byte to 250 GiB."""
    refused = start(office.agent(), connector_type, "size.txt", size=size)
    assert (refused.status_code, (refused.json or {}).get("field")) == (400, "size")


@BOTH
def test_an_upload_id_is_of_use_to_whom_it_was_given(
    office: Installation, connector_type: str
) -> None:
    """It is sealed: nobody else goes on with it, not for anybody else, and it shows no address."""
    agent = office.agent()
    upload = started(agent, connector_type, "mine.txt")
    assert "http" not in upload.path.lower()
    others = [
        (office.person(identity(connector_type, SARAH)), SARAH.email, FORM),
        (office.agent(agent_for("files.write")), SARAH.email, {}),
        (agent, JOHN.email, {}),
    ]
    content, where = LETTERS[:STEP], f"bytes 0-{STEP - 1}/{len(LETTERS)}"
    for visitor, email, headers in others:
        theirs = Upload(visitor, connector_type, "")
        theirs.path = upload.path
        for refused in (theirs.status(email), theirs.send(where, content, email, headers=headers)):
            assert (refused.status_code, code(refused)) == (404, "item_not_found")
    upload.path += "A"
    assert upload.status().status_code == 404


@BOTH
def test_every_chunk_is_a_use_that_is_allowed_and_written_down(
    office: Installation, connector_type: str
) -> None:
    """Although no token goes to the provider with it: who may not write is refused in the midst."""
    upload = started(office.agent(), connector_type, "audited.txt")
    before = len(office.log.getvalue())
    assert offset(upload.part(0, STEP - 1)) == STEP
    assert offset(upload.status()) == STEP
    lines = [json.loads(line) for line in office.log.getvalue()[before:].splitlines()]
    uses = [line for line in lines if line["message"] == "token"]
    assert [(use["action"], use["outcome"]) for use in uses] == [("files.write", "released")] * 2
    reader = Upload(office.agent(agent_for("files.read")), connector_type, "")
    reader.path = upload.path
    assert reader.status().status_code == 403
    assert reader.part(STEP, 2 * STEP - 1).status_code == 403


@BOTH
def test_an_upload_ends_with_its_day(
    tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str], connector_type: str
) -> None:
    """After 24 hours its id names nothing any more."""
    office = wide(tmp_path_factory.mktemp("day"), keys)
    office.connect(connector_type, SARAH)
    agent = office.agent()
    upload = started(agent, connector_type, "late.txt")
    office.clock.advance(timedelta(hours=24, seconds=1).total_seconds())
    upload.visitor = office.agent()
    answer = upload.status()
    assert (answer.status_code, code(answer)) == (404, "item_not_found")


@pytest.mark.parametrize(
    "url",
    [
        "https://attacker.example/upload",
        "http://company-my.sharepoint.com/upload",
        "https://company-my.sharepoint.com:8443/upload",
        "https://company-my.sharepoint.com@attacker.example/upload",
        "https://169.254.169.254/upload",
        "https://sharepoint.com.attacker.example/upload",
        "https://attackersharepoint.com/upload",
        "",
        None,
    ],
)
def test_an_upload_url_elsewhere_is_not_used(office: Installation, url: str | None) -> None:
    """N73: Whatever Graph answers: the bytes go to SharePoint's hosts or nowhere."""
    place = f"{GRAPH}/root:/elsewhere.txt:/createUploadSession"
    office.elsewhere[place] = {"uploadUrl": url}
    refused = start(office.agent(), MICROSOFT, "elsewhere.txt")
    assert (refused.status_code, code(refused)) == (502, "provider_answer_refused")


@pytest.mark.parametrize(
    "link",
    [
        "https://attacker.example/v1.0/me/drive/root/children?$skiptoken=x",
        "https://graph.microsoft.com/v1.0/users/john@company.com/drive/root/children",
        "https://graph.microsoft.com/v1.0/me/drive/root/children/../../../messages",
        "https://graph.microsoft.com/v1.0/me/messages?$skiptoken=x",
        "",
        5,
    ],
)
def test_a_next_link_elsewhere_is_not_followed(office: Installation, link: object) -> None:
    """N73: Nor given out: the answer that has it is refused."""
    office.elsewhere[f"{GRAPH}/root/children"] = {"value": [], "@odata.nextLink": link}
    path = f"{CONNECTORS}/{MICROSOFT}/files"
    query = {"user_email": SARAH.email}
    refused = office.agent().call("connectors", "GET", path, query_string=query)
    del office.elsewhere[f"{GRAPH}/root/children"]
    assert (refused.status_code, code(refused)) == (502, "provider_answer_refused")
