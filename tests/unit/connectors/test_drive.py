"""Google Drive: every call as published, and answers that are not what they should be."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from multi_user_oauth.connectors.drive import LARGEST_EXPORT, READ, SEE, WRITE, Drive
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    ItemExistsError,
    ItemNotFoundError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
    RangeNotSatisfiableError,
)
from multi_user_oauth.model import Secret
from multi_user_oauth.model.files import ByteRange, File, FileQuery, NewFile
from tests.unit.connectors.acting import (
    Said,
    Scripted,
    Stand,
    described,
    google,
    google_stand,
    sandboxed,
)
from tests.unit.connectors.test_onedrive import Body
from tests.unit.sandbox.conftest import World

UPLOAD = Secret("https://www.googleapis.com/upload/drive/v3/files?upload_id=made-up")
STEP = 256 * 1024
SHEET = "application/vnd.google-apps.spreadsheet"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_DOWNLOADABLE = Said(
    status=403, body={"error": {"code": 403, "errors": [{"reason": "fileNotDownloadable"}]}}
)


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which each test stores files of its own."""
    return sandboxed()


def scripted(*answers: Said | Exception) -> tuple[Drive, Scripted]:
    """Return Drive where Google answers so."""
    adapter = Scripted(*answers)
    return Drive(google(adapter)), adapter


def test_what_is_asked_is_what_google_publishes(world: World) -> None:
    """Lists, a search, one file, small and large uploads, bytes by ranges, page by page."""
    adapter = described(world)
    files = Drive(google(adapter))
    sarah = google_stand(world, "sarah", (WRITE[-1],))
    first = files.files(sarah, FileQuery(limit=2))
    rest = files.files(sarah, FileQuery(limit=2, cursor=first.cursor))
    assert len(first.items) == 2
    assert rest.items
    folder = next(each for each in (*first.items, *rest.items) if each.folder)
    assert folder.size is None
    assert files.files(sarah, FileQuery(folder_id=folder.id)).items
    assert files.files(sarah, FileQuery(search="it's \\not' there")).items == ()
    new = NewFile(name="a b'c\\é.txt", folder_id=folder.id, size=5, content_type="text/plain")
    made = files.upload(sarah, new, b"01234")
    assert files.file(sarah, made.id) == made
    download = files.download(sarah, made.id, ByteRange(first=1, last=2))
    assert (b"".join(download.chunks()), download.total) == (b"12", 5)
    large = NewFile(name="large.bin", folder_id=None, size=STEP + 1)
    session = files.start_upload(sarah, large)
    assert files.next_offset(session.url, STEP + 1) == 0
    assert files.send_chunk(session.url, 0, STEP + 1, Body(bytes(STEP))) == STEP
    whole = files.send_chunk(session.url, STEP, STEP + 1, Body(b"x"))
    assert files.next_offset(session.url, STEP + 1) == whole
    assert adapter.checked


def test_a_name_that_is_there_is_refused(world: World) -> None:
    """In one call or in a session: Drive itself would keep both."""
    files = Drive(google(world.sandbox.in_process_adapter()))
    sarah = google_stand(world, "sarah", (WRITE[0],))
    taken = NewFile(name="it's taken", folder_id=None, size=1)
    files.upload(sarah, taken, b"x")
    with pytest.raises(ItemExistsError):
        files.upload(sarah, taken, b"x")
    with pytest.raises(ItemExistsError):
        files.start_upload(sarah, taken)


def test_a_small_file_holds_its_own_boundary() -> None:
    """Whatever its bytes are, they come between boundaries that are not in them."""
    files, adapter = scripted(Said(body={"files": []}), Said(body={"id": "1"}))
    content = b"--x\r\n\r\n--x--\r\n" * 9
    files.upload(Stand(*WRITE), NewFile(name='q"', folder_id="F", size=len(content)), content)
    sent = adapter.seen[-1]
    boundary = str(sent.headers["Content-Type"]).partition("boundary=")[2].encode()
    body: Any = sent.body
    start, said, bytes_, end = body.split(b"--" + boundary)
    assert (start, end) == (b"", b"--\r\n")
    assert bytes_.partition(b"\r\n\r\n")[2] == content + b"\r\n"
    told = json.loads(said.partition(b"\r\n\r\n")[2])
    assert told == {"name": 'q"', "mimeType": "application/octet-stream", "parents": ["F"]}


def test_a_name_is_looked_for_as_a_text() -> None:
    """No quote in it ends the text, and so adds no condition."""
    files, adapter = scripted(Said(body={"files": [{"id": "1"}]}))
    with pytest.raises(ItemExistsError):
        files.upload(Stand(*WRITE), NewFile(name="a' or 'b\\", folder_id=None, size=1), b"x")
    (url,) = adapter.urls
    assert (
        "name%20%3D%20%27a%5C%27%20or%20%5C%27b%5C%5C%27%20and%20%27root%27%20in%20parents" in url
    )


@pytest.mark.parametrize(
    "location",
    [
        "https://attacker.example/upload",
        "https://www.googleapis.com.attacker.example/",
        "/upload/drive/v3/files?upload_id=x",
        "",
    ],
)
def test_a_session_elsewhere_is_not_used(location: str) -> None:
    """N73: Whatever `Location` says."""
    files, _ = scripted(Said(body={"files": []}), Said(headers={"Location": location}))
    with pytest.raises(ProviderAnswerRefusedError):
        files.start_upload(Stand(*WRITE), NewFile(name="x", folder_id=None, size=1))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Said(status=308, headers={"Range": "bytes=0-4"})], 5),
        ([Said(status=308)], 0),
        ([Said(status=308, headers={"Range": "nonsense"})], 0),
        ([Said(status=200, body={"id": "1"})], File(id="1", name="", folder=False)),
        ([Said(status=404)], ItemNotFoundError),
        ([Said(status=410)], ItemNotFoundError),
        ([Said(status=503)], ProviderUnavailableError),
        ([Said(status=200, body=b"")], ProviderUnavailableError),
        ([Said(status=200, body={})], ProviderAnswerRefusedError),
        ([Said(status=307, headers={"Location": UPLOAD.reveal()})], ProviderAnswerRefusedError),
        (
            [Said(status=400), Said(status=308, headers={"Range": "bytes=0-9"})],
            RangeNotSatisfiableError,
        ),
        ([Said(status=400), Said(status=308)], ProviderRejectedError),
    ],
)
def test_a_chunk_says_what_became_of_it(answers: list[Said], expected: object) -> None:
    """How far it is, the file, or what went wrong; a chunk is sent once, and with no token."""
    files, adapter = scripted(*answers)

    def send() -> object:
        return files.send_chunk(UPLOAD, 0, 20, Body(b"x"))

    if isinstance(expected, type):
        with pytest.raises(expected):
            send()
    else:
        assert send() == expected
    assert len([each for each in adapter.seen if each.body]) == 1
    assert set(adapter.bearers) == {""}


def test_an_editors_document_has_no_size_and_is_exported() -> None:
    """A table as XLSX; Drive's own size of it is not that of the bytes that are read."""
    told = {"id": "1", "name": "Sheet", "mimeType": SHEET, "size": "1024"}
    files, adapter = scripted(NOT_DOWNLOADABLE, Said(body=told), Said(body=b"0123456789"))
    download = files.download(Stand(*READ), "1", ByteRange(first=2, last=99))
    assert (b"".join(download.chunks()), download.content_type) == (b"23456789", XLSX)
    assert (download.first, download.last, download.total) == (2, 9, 10)
    assert "/files/1/export?mimeType=application%2Fvnd.openxml" in adapter.urls[-1]
    assert scripted(Said(body=told))[0].file(Stand(*SEE), "1").size is None


def test_what_can_not_be_exported_is_the_providers_refusal() -> None:
    """A form has no bytes and no format."""
    form = {"id": "1", "mimeType": "application/vnd.google-apps.form"}
    files, adapter = scripted(NOT_DOWNLOADABLE, Said(body=form))
    with pytest.raises(ProviderRejectedError) as refused:
        files.download(Stand(*READ), "1", None)
    assert refused.value.reason == "fileNotDownloadable"
    assert len(adapter.seen) == 2


def test_an_export_is_bounded() -> None:
    """It is held, so that no answer without an end is."""
    document = Said(body={"id": "1", "mimeType": SHEET})
    files, _ = scripted(NOT_DOWNLOADABLE, document, Said(body=bytes(LARGEST_EXPORT + 1)))
    with pytest.raises(ProviderUnavailableError):
        files.download(Stand(*READ), "1", None)


def test_a_download_that_leads_elsewhere_is_not_followed() -> None:
    """N72: Drive documents no redirect."""
    files, adapter = scripted(Said(status=302, headers={"Location": "https://attacker.example/"}))
    with pytest.raises(ProviderAnswerRefusedError):
        files.download(Stand(*READ), "1", None)
    assert len(adapter.seen) == 1


@pytest.mark.parametrize("file_id", ["", "..", "a/b", "a?alt=media", "a#b"])
def test_an_id_that_none_can_be_is_not_asked_for(file_id: str) -> None:
    """Whoever the caller is: it is found nowhere."""
    files, adapter = scripted(Said())
    calls: tuple[Callable[[], object], ...] = (
        lambda: files.file(Stand(*SEE), file_id),
        lambda: files.download(Stand(*READ), file_id, None),
    )
    for call in calls:
        with pytest.raises(ItemNotFoundError):
            call()
    assert not adapter.seen
