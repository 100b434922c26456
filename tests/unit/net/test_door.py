"""The one way out: one send, to listed hosts, and an answer that is bounded in size and in time."""

import gzip
import io
import tracemalloc
from collections.abc import Callable

import pytest
import requests
import urllib3

from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import ProviderAnswerRefusedError
from multi_user_oauth.net.door import CONNECT, LARGEST, STREAMED, WHOLE, Door, Outgoing
from multi_user_oauth.net.hosts import Hosts
from tests.support.addresses import DISGUISED, INSIDE
from tests.unit.providers.wire import Wire, answer, zipped

HOSTS = Hosts(("graph.microsoft.com",))
URL = "https://graph.microsoft.com/v1.0/me/messages"
MiB = 1024 * 1024


class Clock:
    """Seconds, as they are told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Endless(io.RawIOBase):
    """A body of a gigabyte that nobody keeps; it counts what was taken of it."""

    def __init__(self, *, drips: Clock | None = None) -> None:
        self.taken = 0
        self._drips = drips

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Give as much as is asked for; or, dripping, a byte a second."""
        if self.taken >= 1024 * MiB:
            return b""
        if self._drips is not None:
            self._drips.now += 1.0
            size = 1
        self.taken += size
        return bytes(size)

    def read1(self, size: int = -1) -> bytes:
        """Give what one receive brings."""
        return self.read(size)


def as_urllib3(body: io.RawIOBase) -> urllib3.HTTPResponse:
    """Return the body as it comes over a real connection."""
    return urllib3.HTTPResponse(body=body, preload_content=False)


def as_file(body: io.RawIOBase) -> io.RawIOBase:
    """Return the body as an adapter in process gives it."""
    return body


def get(url: str = URL, *, seconds: float = WHOLE) -> Outgoing:
    """Return a request with somebody's token."""
    return Outgoing(
        method="GET", url=url, headers={"Authorization": "Bearer sarahs"}, seconds=seconds
    )


def door(*answers: requests.Response | Exception, clock: Clock | None = None) -> tuple[Door, Wire]:
    """Return a door and what is behind it."""
    wire = Wire(*answers)
    return Door(wire, monotonic=clock or Clock()), wire


@pytest.mark.parametrize("host", [*INSIDE, *DISGUISED])
def test_nothing_is_sent_to_another_host(host: str) -> None:
    """N71, N73: Refused before anything is sent, without the address in the error."""
    way_out, wire = door()
    for send in (way_out.whole, lambda *given: way_out.opened(*given, most=LARGEST)):
        with pytest.raises(ProviderAnswerRefusedError) as refused:
            send(get(f"https://{host}/secret-part?$skiptoken=x"), HOSTS)
        assert "secret-part" not in str(refused.value)
    assert wire.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_no_more(status: int) -> None:
    """N72: Whoever asked may look at it; nobody goes there by itself."""
    led = answer(status=status, headers={"Location": "https://evil.example/"})
    way_out, wire = door(led)
    assert way_out.whole(get(), HOSTS).status == status
    assert [request.url for request in wire.requests] == [URL]


@pytest.mark.parametrize("shaped", [as_urllib3, as_file])
def test_a_gigabyte_is_cut_off(shaped: Callable[[io.RawIOBase], object]) -> None:
    """N73: After 8 MiB and a chunk, read whole or passed on, and no more than that is in memory."""

    def passed_on(way_out: Door) -> int:
        return sum(map(len, way_out.opened(get(), HOSTS, most=LARGEST).chunks()))

    def kept(way_out: Door) -> int:
        return len(way_out.whole(get(), HOSTS).body)

    for take, most_memory in ((passed_on, MiB), (kept, 3 * LARGEST)):
        body = Endless()
        way_out, _ = door(answer(raw=shaped(body)))
        tracemalloc.start()
        try:
            with pytest.raises(ProviderUnavailableError):
                take(way_out)
            assert tracemalloc.get_traced_memory()[1] < most_memory
        finally:
            tracemalloc.stop()
        assert body.taken <= LARGEST + 128 * 1024


def test_nothing_is_unpacked() -> None:
    """N73: A coding that was not asked for is refused before a byte of it is read."""
    bombs = [zipped(bytes(64 * MiB)), zipped(bytes(64 * MiB))]
    way_out, wire = door(*bombs)
    with pytest.raises(ProviderAnswerRefusedError):
        way_out.opened(get(), HOSTS, most=LARGEST)
    with pytest.raises(ProviderAnswerRefusedError):
        way_out.whole(get(), HOSTS)
    assert [bomb.raw.tell() for bomb in bombs] == [0, 0]
    assert wire.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate", "identity, gzip", "zstd", ""])
def test_every_coding_but_none_is_refused(coding: str) -> None:
    """N73: However it is written. What says that it is in none is read."""
    packed = answer(gzip.compress(b"{}"), headers={"Content-Encoding": coding})
    with pytest.raises(ProviderAnswerRefusedError):
        door(packed)[0].whole(get(), HOSTS)
    plain = answer({"id": "1"}, headers={"Content-Encoding": "Identity"})
    assert door(plain)[0].whole(get(), HOSTS).json() == {"id": "1"}


@pytest.mark.parametrize("shaped", [as_urllib3, as_file])
@pytest.mark.parametrize("seconds", [WHOLE, STREAMED])
def test_a_byte_a_second_is_cut_off(
    shaped: Callable[[io.RawIOBase], object], seconds: float
) -> None:
    """N73: After the seconds that the whole answer may take, not after each byte's own."""
    clock = Clock()
    body = Endless(drips=clock)
    way_out, wire = door(answer(raw=shaped(body)), clock=clock)
    with pytest.raises(ProviderUnavailableError):
        list(way_out.opened(get(seconds=seconds), HOSTS, most=LARGEST).chunks())
    assert body.taken == seconds
    assert wire.timeouts == [(CONNECT, seconds)]


class Broken(io.RawIOBase):
    """A body that breaks off with a library's error, which holds what was asked."""

    def read(self, size: int = -1) -> bytes:
        """Break."""
        raise urllib3.exceptions.ProtocolError("Bearer sarahs")


def test_a_librarys_error_is_forgotten() -> None:
    """It holds the request, and so the token: not even the new error's context is it."""
    lost = requests.ConnectionError("Bearer sarahs", request=requests.Request())
    for ask in (
        lambda: door(lost)[0].whole(get(), HOSTS),
        lambda: door(lost)[0].opened(get(), HOSTS, most=1),
        lambda: list(door(answer(raw=Broken()))[0].opened(get(), HOSTS, most=1).chunks()),
    ):
        with pytest.raises(ProviderUnavailableError) as named:
            ask()
        assert (named.value.__context__, named.value.__cause__) == (None, None)
        assert "sarahs" not in str(named.value)


def test_one_answers_cookies_are_not_the_next_requests() -> None:
    """The door is everybody's; it keeps nothing of one call."""
    way_out, wire = door(answer({}, headers={"Set-Cookie": "who=sarah"}), answer({}))
    way_out.whole(get(), HOSTS)
    way_out.whole(Outgoing(method="GET", url=URL), HOSTS)
    assert "Cookie" not in wire.requests[1].headers
    assert "Authorization" not in wire.requests[1].headers


def test_what_is_sent_is_not_shown() -> None:
    """Addresses can be secrets, and headers are."""
    shown = repr(Outgoing(method="PUT", url=f"{URL}?tempauth=x", headers={"a": "b"}, body=b"body"))
    assert shown == f"Outgoing(method='PUT', seconds={WHOLE})"
