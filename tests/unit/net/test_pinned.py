"""What is connected to is what was looked at, and it has to prove the name that was asked for."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from multi_user_oauth.net.door import Door, Outgoing
from multi_user_oauth.net.hosts import Hosts, UnlistedAddressError, resolved
from multi_user_oauth.net.http_answer import NotReachedError
from multi_user_oauth.net.pinned import PinnedAdapter
from tests.support.addresses import connections
from tests.unit.net.tls import Served, serving

__all__ = ["connections"]
NAME = "graph.microsoft.com"
HERE = "127.0.0.1"


class Names:
    """A resolver whose answers are written down; it tells how often it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, name: str, port: int) -> list[str]:
        """Give the next answer."""
        self.asked.append((name, port))
        return self._answers.pop(0)


def only_here(addresses: Iterable[str]) -> Sequence[str]:
    """Stand in for `public`: this machine's address is the one that is let in."""
    found = tuple(addresses)
    if not set(found) <= {HERE, "::1"}:
        raise UnlistedAddressError
    return found


def get(adapter: PinnedAdapter, served: Served, **options: Any) -> requests.Response:  # noqa: ANN401  # reason: requests' own
    """Ask the server by name."""
    request = requests.Request("GET", f"https://{NAME}:{served.port}/v1.0/me").prepare()
    given = {"verify": str(served.authority), "timeout": (5, 5), "proxies": {}} | options
    with adapter.send(request, **given) as response:
        assert response.content == b"{}"
    return response


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that other programs are led by."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")


@pytest.mark.usefixtures("environment")
def test_the_address_that_was_looked_at_is_connected_to(tmp_path: Path) -> None:
    """N72: DNS is asked once for a connection; what it would say next changes nothing."""
    names = Names([HERE], ["::1"])
    with serving(tmp_path, NAME) as served:
        adapter = PinnedAdapter(pool_maxsize=1, resolve=names, admit=only_here)
        assert get(adapter, served).status_code == 200
        adapter.close()
    assert names.asked == [(NAME, served.port)]
    assert served.asked == [(f"{NAME}:{served.port}", "/v1.0/me")]


@pytest.mark.parametrize("inside", ["10.0.0.1", "169.254.169.254", "::ffff:a9fe:a9fe"])
def test_a_name_that_turns_private_is_connected_to_no_more(tmp_path: Path, inside: str) -> None:
    """N72: Public at the first connection, private at the next: that one fails, before any socket."""
    names = Names([HERE], [inside], [HERE, inside])
    with serving(tmp_path, NAME) as served:
        adapter = PinnedAdapter(pool_maxsize=1, resolve=names, admit=only_here)
        get(adapter, served)
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                get(adapter, served)
        adapter.close()
    assert len(served.asked) == 1
    assert len(names.asked) == 3


@pytest.mark.parametrize(
    "answer", [["169.254.169.254"], ["20.190.128.1", "10.0.0.1"], [], ["no address"]]
)
def test_nothing_is_connected_to_that_is_not_public(
    connections: list[object], answer: list[str]
) -> None:
    """N71: Nothing left us, so whoever asks may try again."""
    names = Names(answer)
    door = Door(PinnedAdapter(pool_maxsize=1, resolve=names), monotonic=lambda: 0.0)
    outgoing = Outgoing(method="GET", url=f"https://{NAME}/v1.0/me")
    with pytest.raises(NotReachedError):
        door.whole(outgoing, Hosts((NAME,)))
    assert names.asked == [(NAME, 443)]
    assert connections == []


def test_the_certificate_is_held_against_the_name(tmp_path: Path) -> None:
    """N72: Not against the address; and nobody signs it but whom we trust."""
    with serving(tmp_path, "evil.example") as served:
        adapter = PinnedAdapter(pool_maxsize=1, resolve=Names([HERE], [HERE]), admit=only_here)
        with pytest.raises(requests.exceptions.SSLError, match=NAME):
            get(adapter, served)
        with pytest.raises(requests.exceptions.SSLError):
            get(adapter, served, verify=True)
        adapter.close()
    assert served.asked == []


def test_the_next_address_is_tried_where_one_does_not_answer(tmp_path: Path) -> None:
    """In the order of DNS; when none answers, nothing was sent."""
    with serving(tmp_path, NAME) as served:
        names = Names(["::1", HERE])
        adapter = PinnedAdapter(pool_maxsize=1, resolve=names, admit=only_here)
        assert get(adapter, served).status_code == 200
    gone = PinnedAdapter(pool_maxsize=1, resolve=Names([HERE]), admit=only_here)
    with pytest.raises(requests.ConnectionError):
        get(gone, served)
    adapter.close()


def test_a_name_is_looked_up_by_the_machine() -> None:
    """What comes of it is looked at afterwards; an address stays what it is."""
    assert resolved(HERE, 443) == [HERE]


def test_there_is_no_connection_without_tls() -> None:
    """N71: Not even by mistake."""
    adapter = PinnedAdapter(pool_maxsize=1, resolve=Names(), admit=only_here)
    with pytest.raises(KeyError):
        adapter.send(requests.Request("GET", f"http://{NAME}/").prepare(), proxies={})
