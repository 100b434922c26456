"""OneDrive by Microsoft Graph: every call as published, and answers that are not what they should be."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from multi_user_oauth.connectors.onedrive import READ, WRITE, OneDrive
from multi_user_oauth.errors import MultiUserOAuthError, ProviderUnavailableError
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
    graph,
    microsoft_stand,
    sandboxed,
)
from tests.unit.sandbox.conftest import World

UPLOAD = Secret("https://company-my.sharepoint.com/personal/x/uploadSession?tempauth=made-up")
DOWNLOAD = "https://company-my.sharepoint.com/personal/x/download.aspx?tempauth=made-up"
STEP = 320 * 1024


class Body(io.BytesIO):
    """A stream that knows its length."""

    def __len__(self) -> int:
        return len(self.getvalue())


class Watched(BaseAdapter):
    """An adapter that remembers what is sent."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self._inner = inner
        self.seen: list[requests.PreparedRequest] = []

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401  # reason: requests' own options
        **options: Any,  # noqa: ANN401  # reason: requests' own options
    ) -> requests.Response:
        """Send it on."""
        self.seen.append(request)
        return self._inner.send(request, *args, **options)

    def close(self) -> None:
        """Close what is behind it."""
        self._inner.close()


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which each test stores files of its own."""
    return sandboxed()


def scripted(*answers: Said | Exception) -> tuple[OneDrive, Scripted]:
    """Return OneDrive where Graph, and whoever else is asked, answers so."""
    adapter = Scripted(*answers)
    return OneDrive(graph(adapter)), adapter


def test_what_is_asked_is_what_graph_publishes(world: World) -> None:
    """Lists, a search, one file, small and large uploads, bytes by ranges, page by page."""
    adapter = described(world)
    files = OneDrive(graph(adapter))
    sarah = microsoft_stand(world, "sarah", (WRITE[0],))
    first = files.files(sarah, FileQuery(limit=2))
    rest = files.files(sarah, FileQuery(limit=2, cursor=first.cursor))
    assert len(first.items) == 2
    assert rest.items
    folder = next(each for each in (*first.items, *rest.items) if each.folder)
    assert folder.size is None
    assert files.files(sarah, FileQuery(folder_id=folder.id)).items
    assert files.files(sarah, FileQuery(search="it's not there")).items == ()
    new = NewFile(name="a b'c%#é.txt", folder_id=folder.id, size=5, content_type="text/plain")
    made = files.upload(sarah, new, b"01234")
    assert files.file(sarah, made.id) == made
    download = files.download(sarah, made.id, ByteRange(first=1, last=2))
    assert (b"".join(download.chunks()), download.total) == (b"12", 5)
    session = files.start_upload(sarah, NewFile(name="large.bin", folder_id=None, size=STEP + 1))
    assert files.send_chunk(session.url, 0, STEP + 1, Body(bytes(STEP))) == STEP
    assert files.next_offset(session.url, STEP + 1) == STEP
    whole = files.send_chunk(session.url, STEP, STEP + 1, Body(b"x"))
    assert isinstance(whole, File)
    assert whole.size == STEP + 1
    assert adapter.checked


def test_a_name_that_is_taken_is_refused_by_onedrive_itself(world: World) -> None:
    """In one call or in a session, in whichever case, and what is there stays."""
    files = OneDrive(graph(world.sandbox.in_process_adapter()))
    sarah = microsoft_stand(world, "sarah", (WRITE[0],))
    made = files.upload(sarah, NewFile(name="Taken.txt", folder_id=None, size=3), b"old")
    for name in ("Taken.txt", "taken.TXT"):
        again = NewFile(name=name, folder_id=None, size=3)
        with pytest.raises(ItemExistsError):
            files.upload(sarah, again, b"new")
        with pytest.raises(ItemExistsError):
            files.start_upload(sarah, again)
    assert b"".join(files.download(sarah, made.id, None).chunks()) == b"old"


def test_no_token_goes_to_a_pre_authenticated_address(world: World) -> None:
    """Neither for bytes that come nor for those that go: the sandbox refuses them as SharePoint may."""
    watched = Watched(world.sandbox.in_process_adapter())
    files = OneDrive(graph(watched))
    sarah = microsoft_stand(world, "sarah", (WRITE[0],))
    session = files.start_upload(sarah, NewFile(name="x", folder_id=None, size=1))
    made = files.send_chunk(session.url, 0, 1, Body(b"x"))
    assert isinstance(made, File)
    assert b"".join(files.download(sarah, made.id, None).chunks()) == b"x"
    elsewhere = [each for each in watched.seen if "sharepoint.com" in (each.url or "")]
    assert len(elsewhere) == 2
    assert not [each for each in elsewhere if "Authorization" in each.headers]


@pytest.mark.parametrize(
    "location",
    [
        "https://attacker.example/x",
        "http://company-my.sharepoint.com/x",
        "https://graph.microsoft.com/v1.0/me/messages",
        "https://user@company-my.sharepoint.com/x",
        "//attacker.example/x",
        "/v1.0/me/messages",
        "",
    ],
)
def test_a_download_that_leads_elsewhere_is_not_followed(location: str) -> None:
    """N72: Only the first request was sent."""
    files, adapter = scripted(Said(status=302, headers={"Location": location}))
    with pytest.raises(ProviderAnswerRefusedError):
        files.download(Stand(*READ), "ID", None)
    assert len(adapter.seen) == 1


def test_a_second_redirect_is_not_followed() -> None:
    """N72: One is documented; neither takes the token along."""
    files, adapter = scripted(Said(status=302, headers={"Location": DOWNLOAD}))
    with pytest.raises(ProviderAnswerRefusedError):
        files.download(Stand(*READ), "ID", None)
    assert adapter.bearers == ["Bearer token-1", ""]


@pytest.mark.parametrize(
    "file_id", ["", ".", "..", "a/b", "a:b", "a\\b", "a%2Fb", "a b", "é", "a" * 513]
)
def test_an_id_that_none_can_be_is_not_asked_for(file_id: str) -> None:
    """Whoever the caller is: it is found nowhere."""
    files, adapter = scripted(Said())
    someone = Stand(*READ, *WRITE)
    new = NewFile(name="x", folder_id=file_id, size=1)
    calls: tuple[Callable[[], object], ...] = (
        lambda: files.file(someone, file_id),
        lambda: files.download(someone, file_id, None),
        lambda: files.files(someone, FileQuery(folder_id=file_id)),
        lambda: files.upload(someone, new, b"x"),
        lambda: files.start_upload(someone, new),
    )
    for call in calls:
        with pytest.raises(ItemNotFoundError):
            call()
    assert not adapter.seen


def test_an_item_is_read_as_far_as_it_makes_sense() -> None:
    """What is missing or of another type is left out; what has no id, or is no object, is no item."""
    odd: list[object] = [
        {"id": "1", "name": "a", "size": 5, "file": {"mimeType": "text/plain"}},
        {"id": "2", "name": 7, "size": "5", "webUrl": "javascript:alert(1)", "file": []},
        {"id": "3", "size": True, "lastModifiedDateTime": "yesterday", "webUrl": 5, "file": None},
        {"id": "4", "size": -1, "lastModifiedDateTime": "2026-01-02T03:04:05Z", "folder": {}},
        {"id": "5", "name": "half \ud800", "remoteItem": {"folder": {}}, "size": 9},
        {"name": "without an id"},
        {"id": None},
        "no object",
    ]
    files, _ = scripted(Said(body={"value": odd}))
    found = files.files(Stand(*READ), FileQuery())
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found.items == (
        File(id="1", name="a", folder=False, size=5, content_type="text/plain"),
        File(id="2", name="", folder=False, size=5),
        File(id="3", name="", folder=False),
        File(id="4", name="", folder=True, modified_at=at),
        File(id="5", name="half ?", folder=True),
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ProviderUnavailableError),
        ({"value": {}}, ProviderUnavailableError),
        ({"value": None}, ProviderUnavailableError),
        (b"<html>", ProviderUnavailableError),
        ({"value": [], "@odata.nextLink": "https://attacker.example/"}, ProviderAnswerRefusedError),
        ({"value": [], "@odata.nextLink": ["x"]}, ProviderAnswerRefusedError),
    ],
)
def test_a_list_that_is_none_is_refused(body: object, error: type[MultiUserOAuthError]) -> None:
    """And says so as what it is."""
    files, _ = scripted(Said(body=body))
    with pytest.raises(error):
        files.files(Stand(*READ), FileQuery())


@pytest.mark.parametrize(
    "cursor",
    [
        "https://attacker.example/v1.0/me/drive/root/children",
        "https://graph.microsoft.com/v1.0/me/drive/items/OTHER/children?$skiptoken=x",
        "https://graph.microsoft.com/v1.0/me/drive/root/children%2F..%2F..%2Fmessages",
        "nonsense",
    ],
)
def test_a_cursor_of_another_list_is_not_called(cursor: str) -> None:
    """N73: It was sealed when it left; it is looked at once more all the same."""
    files, adapter = scripted(Said(body={"value": []}))
    with pytest.raises(ProviderAnswerRefusedError):
        files.files(Stand(*READ), FileQuery(cursor=cursor))
    assert not adapter.seen


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Said(status=401), ItemNotFoundError),
        (Said(status=404), ItemNotFoundError),
        (Said(status=409, body={"error": {"code": "nameAlreadyExists"}}), ItemExistsError),
        (Said(status=416), RangeNotSatisfiableError),
        (Said(status=400, body={"error": {"code": "invalidRequest"}}), ProviderRejectedError),
        (Said(status=500), ProviderUnavailableError),
        (Said(status=302, headers={"Location": UPLOAD.reveal()}), ProviderAnswerRefusedError),
        (Said(status=202, body={}), ProviderUnavailableError),
        (Said(status=202, body={"nextExpectedRanges": []}), ProviderUnavailableError),
        (Said(status=202, body={"nextExpectedRanges": ["x"]}), ProviderUnavailableError),
        (Said(status=202, body=b"{"), ProviderUnavailableError),
        (Said(status=201, body={}), ProviderAnswerRefusedError),
        (requests.ConnectionError(), ProviderUnavailableError),
    ],
)
def test_a_chunk_that_went_wrong_says_how(
    answer: Said | Exception, error: type[MultiUserOAuthError]
) -> None:
    """Each in the words of every route, and sent once."""
    files, adapter = scripted(answer)
    with pytest.raises(error):
        files.send_chunk(UPLOAD, 0, 9, Body(b"x"))
    assert len(adapter.seen) == 1


def test_an_upload_goes_on_with_the_first_gap() -> None:
    """Whatever else is missing."""
    files, _ = scripted(Said(status=202, body={"nextExpectedRanges": ["5-7", "9-"]}))
    assert files.send_chunk(UPLOAD, 0, 9, Body(b"x")) == 5


def test_an_upload_elsewhere_is_not_called() -> None:
    """N73: Were an address of a session ever another host's."""
    files, adapter = scripted(Said())
    elsewhere = Secret("https://attacker.example/upload")
    with pytest.raises(ProviderAnswerRefusedError):
        files.send_chunk(elsewhere, 0, 9, Body(b"x"))
    with pytest.raises(ProviderAnswerRefusedError):
        files.next_offset(elsewhere, 9)
    assert not adapter.seen
