"""Bytes that pass through: exactly those that were asked for, or an error, and never more."""

from collections.abc import Iterator
from typing import Any

import pytest

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.downloads import Held, Passing
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    ProviderAnswerRefusedError,
    RangeNotSatisfiableError,
)
from multi_user_oauth.model.files import ByteRange
from multi_user_oauth.net.door import Incoming
from tests.unit.connectors.acting import Said, Scripted, Stand, graph

TEN = b"0123456789"
CALL = Call(method="GET", url="https://graph.microsoft.com/v1.0/me/x", needs=("X",))


def arrived(said: Said, most: int = 99) -> Incoming:
    """Return this answer, with its body still to come."""
    api: Api = graph(Scripted(said))
    return api.opened(Stand("X"), CALL, most=most)


def passing(said: Said, wanted: ByteRange | None = None) -> Passing:
    """Return it on its way through."""
    return Passing(arrived(said), wanted)


def part(where: str, body: bytes = b"234") -> Said:
    """Return an answer with a range."""
    return Said(status=206, body=body, headers={"Content-Range": where})


def whole(body: bytes = TEN, content_type: str = "") -> Said:
    """Return an answer with all of it."""
    return Said(body=body, headers={"Content-Length": "10", "Content-Type": content_type})


WANTED = ByteRange(first=2, last=4)


@pytest.mark.parametrize(
    ("said", "wanted", "expected"),
    [
        (whole(), None, (TEN, 0, 9, 10)),
        (part("bytes 2-4/10"), WANTED, (b"234", 2, 4, 10)),
        (part("bytes 2-3/10", b"23"), WANTED, (b"23", 2, 3, 10)),
        (part("bytes 2-4/10", b"2345678"), WANTED, (b"234", 2, 4, 10)),
        (whole(), WANTED, (b"234", 2, 4, 10)),
        (whole(), ByteRange(first=8, last=99), (b"89", 8, 9, 10)),
        (Said(body=b"", headers={"Content-Length": "0"}), None, (b"", 0, -1, 0)),
    ],
)
def test_the_bytes_asked_for_come_and_no_others(
    said: Said, wanted: ByteRange | None, expected: tuple[Any, ...]
) -> None:
    """Also where the provider sends the whole file instead, as Graph's documentation allows."""
    download = passing(said, wanted)
    found = b"".join(download.chunks())
    assert (found, download.first, download.last, download.total) == expected


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (Said(body=TEN), None),
        (Said(body=TEN, headers={"Content-Length": "-1"}), None),
        (Said(status=204, body=b""), None),
        (part("bytes 0-9/10"), None),
        (part("bytes 3-4/10"), WANTED),
        (part("bytes 2-5/10"), WANTED),
        (part("bytes 2-4/4"), WANTED),
        (part("bytes 2-4/*"), WANTED),
        (part(""), WANTED),
    ],
)
def test_bytes_of_which_nobody_knows_the_place_are_refused(
    said: Said, wanted: ByteRange | None
) -> None:
    """They would be taken for others."""
    with pytest.raises(ProviderAnswerRefusedError):
        passing(said, wanted)


@pytest.mark.parametrize("said", [whole(b"0123"), part("bytes 2-4/10", b"2")])
def test_an_answer_that_ends_early_is_an_error(said: Said) -> None:
    """What came is passed on, and then it breaks off: nobody takes it for the whole."""
    download = passing(said, WANTED if said.status == 206 else None)
    with pytest.raises(ProviderUnavailableError):
        list(download.chunks())


def test_a_range_behind_the_end_is_said_to_be_one() -> None:
    """Also where the provider did not say so itself."""
    with pytest.raises(RangeNotSatisfiableError):
        passing(whole(), ByteRange(first=10, last=11))
    with pytest.raises(RangeNotSatisfiableError):
        Held(TEN, "text/plain", ByteRange(first=10, last=11))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("image/svg+xml", "image/svg+xml"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("text/html\r\nSet-Cookie: a=b", "application/octet-stream"),
        ('text/html; x="y"', "application/octet-stream"),
    ],
)
def test_a_type_is_passed_on_if_it_is_one(said: str, expected: str) -> None:
    """No header is made of anything else."""
    assert passing(whole(content_type=said)).content_type == expected


def test_what_is_not_read_is_let_go() -> None:
    """By `close`, before the first byte or between two; and by itself where it is refused."""
    closed: list[str] = []

    class Watched(Incoming):
        """Says when it is closed."""

        def __init__(self, said: Said) -> None:
            self.__dict__.update(vars(arrived(said)))

        def chunks(self) -> Iterator[bytes]:
            yield from (TEN[:4], TEN[4:])

        def close(self) -> None:
            closed.append("closed")

    download = Passing(Watched(whole()), None)
    next(download.chunks())
    download.close()
    assert closed == ["closed"]
    with pytest.raises(ProviderAnswerRefusedError):
        Passing(Watched(Said(status=204)), None)
    assert closed == ["closed"] * 2
