"""This function's own identity: fetched from the metadata server, kept a while, never shown."""

from collections.abc import Callable, Iterator, Mapping
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.refreshers.identity_token import MetadataIdentity
from tests.support.clock import ManualClock


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # reason: the standard library's name
        """Say nothing."""


class Metadata:
    """A metadata server on this machine."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, str]] = []
        self.status = "200 OK"
        self._server: WSGIServer = make_server("127.0.0.1", 0, self, handler_class=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def __call__(
        self, environ: Mapping[str, str], start_response: Callable[..., object]
    ) -> list[bytes]:
        """Answer with a token that says which one it is."""
        self.asked.append(dict(environ))
        start_response(self.status, [("Content-Type", "text/plain")])
        return [f"token-{len(self.asked)}\n".encode()]

    def stop(self) -> None:
        """Close the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    """A running metadata server."""
    server = Metadata()
    yield server
    server.stop()


def test_a_token_is_fetched_as_google_wants_it_and_kept(metadata: Metadata) -> None:
    """For half of its hour, for each audience; the account stands in the path."""
    clock = ManualClock()
    identity = MetadataIdentity(base_url=metadata.url, account="a@p.iam", now=clock)
    assert identity.token("https://one.example").reveal() == "token-1"
    assert identity.token("https://one.example").reveal() == "token-1"
    assert identity.token("https://two.example").reveal() == "token-2"
    clock.advance(1799)
    assert identity.token("https://one.example").reveal() == "token-1"
    clock.advance(1)
    assert identity.token("https://one.example").reveal() == "token-3"
    asked = metadata.asked[0]
    assert asked["PATH_INFO"] == "/computeMetadata/v1/instance/service-accounts/a@p.iam/identity"
    assert asked["QUERY_STRING"] == "audience=https%3A%2F%2Fone.example&format=full"
    assert asked["HTTP_METADATA_FLAVOR"] == "Google"
    assert "token-1" not in f"{identity.token('https://two.example')!r}"


def test_a_refusal_is_not_kept(metadata: Metadata) -> None:
    """The next call asks again."""
    identity = MetadataIdentity(base_url=metadata.url, now=ManualClock())
    metadata.status = "404 Not Found"
    with pytest.raises(KeysUnavailableError):
        identity.token("https://one.example")
    metadata.status = "200 OK"
    assert identity.token("https://one.example").reveal() == "token-2"


def test_nobody_there_is_an_outage(metadata: Metadata) -> None:
    """Which passes, as outages do."""
    metadata.stop()
    identity = MetadataIdentity(base_url=metadata.url, now=ManualClock())
    with pytest.raises(KeysUnavailableError):
        identity.token("https://one.example")
