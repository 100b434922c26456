"""A file goes at once or in chunks, and what was dropped goes once more."""

import re
from pathlib import Path

import pytest

from multi_user_oauth.client import ApiError, NoAnswerError
from multi_user_oauth.client.transport import WAITS
from multi_user_oauth.client.uploads import SMALL

from .fake_api import WHOSE, Answer, Asked, Dropped, FakeApi, drops, refuses, says

CHUNK = 1024 * 1024
SIZE = SMALL + CHUNK // 2  # five chunks
BASE = "/api/v1/connectors/microsoft_teams/files"


class Session:
    """An upload at the API; `trouble` befalls the chunks that come next: before, after, or nothing."""

    def __init__(self, *trouble: str) -> None:
        self.trouble = list(trouble)
        self.content = b""
        self.api = FakeApi(self.answer)

    def answer(self, asked: Asked) -> Answer:
        """Answer as the API does."""
        if asked.method == "POST":
            return self._told(201)
        assert asked.path == f"{BASE}/uploads/sealed%2Fid"
        assert asked.query == {"user_email": "sarah@company.com"}
        if asked.method == "GET":
            return self._told(200)
        trouble = self.trouble.pop(0) if self.trouble else ""
        if trouble == "before":
            raise Dropped
        if trouble == "503":
            return refuses("provider_unavailable", 503, 1)(asked)
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", asked.headers["Content-Range"])
        assert found is not None
        assert [int(found[1]), int(found[3])] == [len(self.content), SIZE]
        assert len(asked.body) == int(found[2]) - int(found[1]) + 1 <= CHUNK
        self.content += asked.body
        if trouble == "after":
            raise Dropped
        return self._told(202)

    def _told(self, status: int) -> Answer:
        upload = {"upload_id": "sealed/id", "next_offset": len(self.content), "chunk_size": CHUNK}
        stored = {"id": "f", "name": "big.bin", "size": SIZE, "folder": False}
        whole = len(self.content) == SIZE
        said = says(stored, 200 if status == 200 else 201) if whole else says(upload, status)
        return said(self.api.asked[-1])


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A file that is too large for one call."""
    path = tmp_path / "big.bin"
    path.write_bytes(bytes(range(256)) * (SIZE // 256))
    return path


def test_a_small_file_goes_at_once(tmp_path: Path) -> None:
    """With its type and the name that was given."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"abc")
    api, told = FakeApi(says({"id": "f", "size": 3}, 201)), list[tuple[int, int]]()
    stored = api.connectors().upload(
        *WHOSE, path, name="Notizen für 3.txt", folder_id="d", purpose="test",
        progress=lambda done, size: told.append((done, size)),
    )  # fmt: skip
    (asked,) = api.asked
    assert stored == {"id": "f", "size": 3}
    assert (asked.method, asked.path, asked.body) == ("PUT", BASE, b"abc")
    assert asked.headers["Content-Type"] == "text/plain"
    assert asked.query == {
        "user_email": "sarah@company.com", "name": "Notizen für 3.txt", "folder_id": "d",
        "purpose": "test",
    }  # fmt: skip
    assert told == [(0, 3), (3, 3)]


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    """Of no bytes."""
    (tmp_path / "empty").touch()
    api = FakeApi(says({"id": "f", "size": 0}, 201))
    assert api.connectors().upload(*WHOSE, tmp_path / "empty")["id"] == "f"
    assert api.asked[0].body == b""


def test_a_small_file_is_not_sent_twice(tmp_path: Path) -> None:
    """It may be there: nobody knows."""
    (tmp_path / "a").touch()
    api = FakeApi(drops)
    with pytest.raises(NoAnswerError):
        api.connectors().upload(*WHOSE, tmp_path / "a")
    assert len(api.asked) == 1


def test_a_large_file_goes_in_chunks(big: Path) -> None:
    """Of the size that the API names."""
    session, told = Session(), list[int]()
    stored = session.api.connectors().upload(
        *WHOSE, big, folder_id="d", progress=lambda done, _: told.append(done)
    )
    assert stored["id"] == "f"
    assert session.content == big.read_bytes()
    assert told == [*range(0, SIZE, CHUNK), SIZE]
    assert session.api.asked[0].json == {
        "user_email": "sarah@company.com", "name": "big.bin", "size": SIZE, "folder_id": "d",
        "content_type": "application/octet-stream",
    }  # fmt: skip


@pytest.mark.parametrize(
    "trouble",
    [["before"], ["after"], ["503"], ["", "before", "before", "after"], ["", "", "", "", "after"]],
    ids="-".join,
)
def test_a_chunk_that_was_dropped_goes_once_more(trouble: list[str], big: Path) -> None:
    """From where the API says that it has come; the last one too."""
    session = Session(*trouble)
    assert session.api.connectors().upload(*WHOSE, big)["id"] == "f"
    assert session.content == big.read_bytes()
    waited = [each for each in trouble if each]
    assert [asked.method for asked in session.api.asked].count("GET") == len(waited)


def test_an_upload_that_gets_nowhere_ends(big: Path) -> None:
    """After as many tries as a read has."""
    session = Session(*["before"] * (len(WAITS) + 1))
    with pytest.raises(NoAnswerError):
        session.api.connectors().upload(*WHOSE, big)
    assert session.api.slept == list(WAITS)


def test_a_refused_chunk_is_told(big: Path) -> None:
    """It is not tried again."""
    upload = {"upload_id": "u", "next_offset": 0, "chunk_size": CHUNK}
    api = FakeApi(says(upload, 201), refuses("item_exists", 409))
    with pytest.raises(ApiError, match="item_exists"):
        api.connectors().upload(*WHOSE, big)
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    "upload",
    [{}, {"upload_id": "u", "chunk_size": 0}, {"upload_id": "u", "chunk_size": 10**9},
     {"upload_id": "u", "chunk_size": "1"}],
)  # fmt: skip
def test_chunks_of_no_sense_are_refused(upload: dict[str, object], big: Path) -> None:
    """No memory is filled because somebody says so."""
    with pytest.raises(ApiError, match="unreadable_answer"):
        FakeApi(says(upload, 201)).connectors().upload(*WHOSE, big)


def test_what_was_stored_is_compared(tmp_path: Path) -> None:
    """By its size."""
    (tmp_path / "a").write_bytes(b"abc")
    with pytest.raises(ApiError, match="broken_transfer"):
        FakeApi(says({"id": "f", "size": 2}, 201)).connectors().upload(*WHOSE, tmp_path / "a")
