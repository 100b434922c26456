"""What only the file of client secrets does."""

import os
import traceback
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError
from multi_user_oauth.model import Secret
from tests.contract.client_secrets.places import LocalPlace
from tests.support.clock import ManualClock

MARKER = "s3cr3t-marker"


@pytest.fixture
def place(tmp_path: Path) -> LocalPlace:
    """A file with one secret."""
    place = LocalPlace(tmp_path)
    place.write({"teams": MARKER})
    return place


@pytest.fixture
def clock() -> ManualClock:
    """A clock."""
    return ManualClock()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o601])
def test_a_file_that_is_open_to_others_stops_the_start(
    place: LocalPlace, clock: ManualClock, mode: int
) -> None:
    """The error names the file and the mode that is expected."""
    place.file.chmod(mode)

    with pytest.raises(ConfigurationError, match=r"client_secrets\.yaml: expected .* mode 0600"):
        place.reader(clock)


def test_a_missing_file_stops_the_start(place: LocalPlace, clock: ManualClock) -> None:
    """The error names it."""
    place.lose()

    with pytest.raises(ConfigurationError, match=r"client_secrets\.yaml: can not be read"):
        place.reader(clock)


@pytest.mark.parametrize(
    "value",
    [None, "", 12345678, 1.5, True, [], [MARKER, ""], [MARKER, 7], [[MARKER]], {"newest": MARKER},
     f" {MARKER}", f"{MARKER}\n"],
    ids=str,
)  # fmt: skip
def test_a_value_that_is_no_secret_stops_the_start(
    place: LocalPlace, clock: ManualClock, value: object
) -> None:
    """The error names its key and says what was expected; no value stands in it."""
    place.write({"fine": MARKER, "workspace": value})

    with pytest.raises(ConfigurationError, match="workspace: expected a string") as refusal:
        place.reader(clock)
    assert_unshown(refusal.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just-" + MARKER.encode(),
        b"- " + MARKER.encode(),
        b"7: " + MARKER.encode(),
        b"teams: '" + MARKER.encode(),
        b"teams: " + MARKER.encode() + b"\n\tbad: tab",
        b"teams: !!python/object:os.system " + MARKER.encode(),
        b"teams: 2026-99-99",
        b"teams: \xff\xfe",
        b"? [a]\n: " + MARKER.encode(),
        b"teams: *" + MARKER.encode(),
        b"a: b\x00" + MARKER.encode(),
    ],
)
def test_a_file_that_is_no_list_of_secrets_stops_the_start(
    place: LocalPlace, clock: ManualClock, content: bytes
) -> None:
    """The error names the file, and neither it nor anything behind it quotes the file."""
    place.write(content)

    with pytest.raises(ConfigurationError, match=r"client_secrets\.yaml: ") as refusal:
        place.reader(clock)
    assert_unshown(refusal.value)


def test_a_mistake_is_found_by_its_line(place: LocalPlace, clock: ManualClock) -> None:
    """A person who made it must find it without seeing it."""
    place.write(f"teams: {MARKER}\nworkspace: 'not closed\n".encode())

    with pytest.raises(ConfigurationError, match=r"not YAML at line [23]"):
        place.reader(clock)


def test_a_changed_file_is_read_at_once(place: LocalPlace, clock: ManualClock) -> None:
    """Before any time has passed."""
    secrets = place.reader(clock)
    place.write({"teams": "the next one"})

    assert secrets.get("teams") == (Secret("the next one"),)


def test_an_unchanged_file_is_read_every_300_seconds(place: LocalPlace, clock: ManualClock) -> None:
    """Also a file system whose times tell nothing can not hide a change for longer."""
    secrets = place.reader(clock)
    before = place.file.stat()
    place.file.write_text(f"teams: {MARKER.upper()}\n")
    os.utime(place.file, ns=(before.st_atime_ns, before.st_mtime_ns))

    clock.advance(299)
    assert secrets.get("teams") == (Secret(MARKER),)
    clock.advance(2)
    assert secrets.get("teams") == (Secret(MARKER.upper()),)


def test_a_file_that_was_spoilt_later_is_unavailable(place: LocalPlace, clock: ManualClock) -> None:
    """
    A running function does not answer "configuration" for a file that somebody is editing: it is
    503 with the same words, and well again when the file is.
    """
    secrets = place.reader(clock)
    place.write(b"teams: '" + MARKER.encode())
    with pytest.raises(KeysUnavailableError, match=r"client_secrets\.yaml: not YAML") as refusal:
        secrets.get("teams")
    assert_unshown(refusal.value)

    place.write({"teams": MARKER}, mode=0o644)
    with pytest.raises(KeysUnavailableError, match="mode 0600"):
        secrets.get("teams")

    place.write({"teams": MARKER})
    assert secrets.get("teams") == (Secret(MARKER),)


def assert_unshown(error: Exception) -> None:
    """Neither the error nor anything behind it shows the secret."""
    behind: BaseException | None = error
    while behind is not None:
        assert MARKER not in repr(behind)
        behind = behind.__cause__ or behind.__context__
    assert MARKER not in "".join(traceback.format_exception(error))
