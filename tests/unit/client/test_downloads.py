"""A file's bytes come by ranges, and go on where they broke off."""

import io
import re
from pathlib import Path

import pytest

from multi_user_oauth.client import ApiError, NoAnswerError
from multi_user_oauth.client.downloads import LONGEST_NAME, PIECE, RANGE, safe_name
from multi_user_oauth.client.transport import WAITS

from .fake_api import WHOSE, Answer, Asked, FakeApi, drops, refuses, says

LARGE = bytes(range(256)) * (70 * 1024)  # 17.5 MiB: three ranges
KNOWN = {"id": "f", "name": "report.pdf", "folder": False, "modified_at": "2026-05-01T09:00:00Z"}


class Stored:
    """A file at the provider; `breaks` says after how many bytes the next answers end."""

    def __init__(self, content: bytes, *breaks: int | None) -> None:
        self.content = content
        self.breaks = list(breaks)
        self.api = FakeApi(says({**KNOWN, "size": len(content)}), self.answer)

    def answer(self, asked: Asked) -> Answer:
        """Answer a range."""
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers["Range"])
        assert found is not None
        first, last = int(found[1]), min(int(found[2]), len(self.content) - 1)
        return Answer(
            status=206,
            body=self.content[first : last + 1],
            headers={"Content-Range": f"bytes {first}-{last}/{len(self.content)}"},
            breaks_after=self.breaks.pop(0) if self.breaks else None,
        )

    def ranges(self) -> list[str]:
        """Return which were asked for."""
        return [asked.headers["Range"] for asked in self.api.asked if "Range" in asked.headers]


def test_a_large_file_comes_by_ranges(tmp_path: Path) -> None:
    """Under its own name; progress is told in bytes."""
    stored, told = Stored(LARGE), list[tuple[int, int]]()
    into = stored.api.connectors().download(
        *WHOSE, "f", tmp_path, progress=lambda done, size: told.append((done, size))
    )
    assert into == tmp_path / "report.pdf"
    assert into.read_bytes() == LARGE
    assert list(tmp_path.iterdir()) == [into]
    assert stored.ranges() == [
        f"bytes={first}-{min(first + RANGE, len(LARGE)) - 1}" for first in (0, RANGE, 2 * RANGE)
    ]
    assert (told[0], told[-1]) == ((0, len(LARGE)), (len(LARGE), len(LARGE)))
    assert told == sorted(told)


def test_what_breaks_off_goes_on_at_the_byte_that_was_reached(tmp_path: Path) -> None:
    """No byte comes twice."""
    stored = Stored(LARGE, 2 * PIECE + 1000, 0, PIECE)
    into = stored.api.connectors().download(*WHOSE, "f", tmp_path / "mine.pdf")
    assert into is not None
    assert into.read_bytes() == LARGE
    first = [int(asked.removeprefix("bytes=").partition("-")[0]) for asked in stored.ranges()]
    assert first[:4] == [0, 2 * PIECE, 2 * PIECE, 3 * PIECE]
    assert stored.api.slept == [0.5, 1.0, 0.5]  # it came further, then not, then further


def test_a_download_that_gets_nowhere_ends_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """The part stays beside the file; another state of the file does not go on there."""
    stored = Stored(LARGE, PIECE, *[0] * (len(WAITS) + 1))
    with pytest.raises(NoAnswerError, match=f"byte {PIECE} "):
        stored.api.connectors().download(*WHOSE, "f", tmp_path)
    (part,) = tmp_path.iterdir()
    assert (part.suffix, part.read_bytes()) == (".part", LARGE[:PIECE])
    again = Stored(LARGE)
    into = again.api.connectors().download(*WHOSE, "f", tmp_path)
    assert again.ranges()[0] == f"bytes={PIECE}-{PIECE + RANGE - 1}"
    assert into is not None
    assert into.read_bytes() == LARGE
    assert list(tmp_path.iterdir()) == [into]


def test_a_part_of_another_state_of_the_file_is_no_beginning(tmp_path: Path) -> None:
    """Of the same name and size, changed an hour later: it begins anew."""
    stored = Stored(b"old" * PIECE, PIECE, *[0] * (len(WAITS) + 1))
    with pytest.raises(NoAnswerError):
        stored.api.connectors().download(*WHOSE, "f", tmp_path)
    changed = {**KNOWN, "size": 3 * PIECE, "modified_at": "2026-05-01T10:00:00Z"}
    new = Stored(b"new" * PIECE)
    api = FakeApi(says(changed), new.answer)
    into = api.connectors().download(*WHOSE, "f", tmp_path)
    assert into is not None
    assert into.read_bytes() == b"new" * PIECE


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=206, body=b"abc"),
        Answer(status=206, body=b"abc", headers={"Content-Range": "bytes 1-3/3"}),
        Answer(status=206, body=b"abc", headers={"Content-Range": "bytes 0-2/4"}),
        Answer(status=206, body=b"abcd", headers={"Content-Range": "bytes 0-2/3"}),
        Answer(status=206, body=b"abc", headers={"Content-Range": "bytes 0-9/3"}),
        Answer(status=200, body=b"ab"),
    ],
    ids=["no range", "another range", "another size", "too many", "beyond", "a shorter file"],
)
def test_bytes_that_were_not_announced_are_refused(answer: Answer, tmp_path: Path) -> None:
    """Nothing that is wrong stands under the file's name."""
    api = FakeApi(says({**KNOWN, "size": 3}), lambda _: answer)
    with pytest.raises(ApiError) as raised:
        api.connectors().download(*WHOSE, "f", tmp_path)
    assert raised.value.code in {"broken_transfer", "unreadable_answer"}
    assert not (tmp_path / "report.pdf").exists()


def test_a_file_that_comes_in_one_answer_is_taken() -> None:
    """Whoever ignores a range answers with the whole (RFC 9110, 14.2)."""
    api = FakeApi(says({**KNOWN, "size": 3}), lambda _: Answer(body=b"abc"))
    into = io.BytesIO()
    assert api.connectors().download(*WHOSE, "f", into) is None
    assert into.getvalue() == b"abc"


@pytest.mark.parametrize(("size", "content"), [(0, b""), (None, b"exported")])
def test_what_has_no_ranges_is_asked_for_whole(
    size: int | None, content: bytes, tmp_path: Path
) -> None:
    """An empty file, and a document that only the provider's editor has."""
    api = FakeApi(says({**KNOWN, "size": size}), lambda _: Answer(body=content))
    into = api.connectors().download(*WHOSE, "f", tmp_path)
    assert into is not None
    assert into.read_bytes() == content
    assert "Range" not in api.asked[-1].headers


def test_what_has_no_ranges_begins_anew(tmp_path: Path) -> None:
    """Nobody knows how much of it a part is."""
    known = says({**KNOWN, "size": None})
    refused = FakeApi(known, refuses("forbidden", 403))
    with pytest.raises(ApiError):
        refused.connectors().download(*WHOSE, "f", tmp_path)
    (part,) = tmp_path.iterdir()
    part.write_bytes(b"of a process that was killed")
    api = FakeApi(known, lambda _: Answer(body=b"exported"))
    into = api.connectors().download(*WHOSE, "f", tmp_path)
    assert into is not None
    assert into.read_bytes() == b"exported"


def test_a_refusal_on_the_way_is_told(tmp_path: Path) -> None:
    """After a first try that found nobody."""
    api = FakeApi(says({**KNOWN, "size": 3}), drops, refuses("needs_sign_in", 409))
    with pytest.raises(ApiError, match="needs_sign_in"):
        api.connectors().download(*WHOSE, "f", tmp_path)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Bericht für März.pdf", "Bericht für März.pdf"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\\b:c\x00\n", "a_b_c__"),
        ("..", "download"),
        (".", "download"),
        ("", "download"),
        ("ü" * 300 + ".pdf", "ü" * ((LONGEST_NAME - 4) // 2) + ".pdf"),
        ("x" * 300, "x" * LONGEST_NAME),
        ("." + "y" * 300, "." + "y" * (LONGEST_NAME - 1)),
    ],
)
def test_a_name_stays_in_its_folder(name: str, safe: str) -> None:
    """Whatever the provider says that the file is called."""
    assert safe_name(name) == safe
    assert len(safe_name(name).encode()) <= LONGEST_NAME
