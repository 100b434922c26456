"""How a program proves who it is."""

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from multi_user_oauth.client import (
    NoIdentityError,
    Vault,
    environment_identity,
    fixed,
    metadata_identity,
)
from multi_user_oauth.model import Secret

from .fake_api import ORIGIN, TOKEN, WHOSE, FakeApi, jwt, says

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Metadata(http.server.BaseHTTPRequestHandler):
    """A metadata server that hands out one token after the other."""

    tokens: list[str]
    asked: list[str]

    def do_GET(self) -> None:
        """Answer as Google's does."""
        assert self.headers["Metadata-Flavor"] == "Google"
        self.asked.append(self.path)
        self.send_response(200 if self.tokens else 404)
        self.end_headers()
        self.wfile.write((self.tokens.pop(0) if self.tokens else "not found").encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # reason: the base class's name
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a metadata server."""
    Metadata.tokens, Metadata.asked = [], []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as served:
        threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


def test_a_token_is_kept_until_five_minutes_before_its_end(server: str) -> None:
    """For each audience its own."""
    ends = int((NOW + timedelta(hours=1)).timestamp())
    first, second, other = jwt(ends), jwt(ends + 1), jwt(ends + 2)
    Metadata.tokens = [first, other, second]
    clock = [NOW]
    identity = metadata_identity("agent@p.example", base_url=server, now=lambda: clock[0])
    assert [identity(ORIGIN), identity(ORIGIN), identity("https://other")] == [first, first, other]
    clock[0] = NOW + timedelta(minutes=54, seconds=59)
    assert identity(ORIGIN) == first
    clock[0] = NOW + timedelta(minutes=55)
    assert identity(ORIGIN) == second
    asked = urlsplit(Metadata.asked[0])
    assert asked.path.endswith("/service-accounts/agent@p.example/identity")
    assert parse_qs(asked.query) == {"audience": [ORIGIN], "format": ["full"]}


@pytest.mark.parametrize("odd", ["no-jwt", "a.b.c", "a.e30.c", "a.W10.c"])
def test_a_token_that_does_not_say_when_it_ends_is_not_kept(server: str, odd: str) -> None:
    """It may be of use now."""
    Metadata.tokens = [odd, "another"]
    identity = metadata_identity(base_url=server, now=lambda: NOW)
    assert [identity(ORIGIN), identity(ORIGIN)] == [odd, "another"]


def test_without_a_metadata_server_there_is_no_identity(server: str) -> None:
    """Nobody listens, or it knows no such account."""
    with pytest.raises(NoIdentityError, match="gives this account no"):
        metadata_identity(base_url=server)(ORIGIN)
    with pytest.raises(NoIdentityError, match="does not answer"):
        metadata_identity(base_url="http://127.0.0.1:9")(ORIGIN)


def test_no_identity_shows_its_token(server: str) -> None:
    """Wherever it is printed."""
    Metadata.tokens = [jwt(0)]
    identity = metadata_identity(base_url=server)
    identity(ORIGIN)
    assert fixed(TOKEN)(ORIGIN) == fixed(Secret(TOKEN))(ORIGIN) == TOKEN
    assert TOKEN not in repr(fixed(TOKEN))
    assert "signature" not in repr(identity) + repr(vars(identity))


def test_a_program_finds_its_identity_by_itself(server: str) -> None:
    """In the environment: a token that it was given, else the metadata server of where it runs."""
    host = server.removeprefix("http://")
    Metadata.tokens = [jwt(0)]
    given = {"MULTI_USER_OAUTH_TOKEN": f" {TOKEN}\n", "GCE_METADATA_HOST": host}
    assert environment_identity(given)(ORIGIN) == TOKEN
    assert Metadata.asked == []
    assert environment_identity({"GCE_METADATA_HOST": f"{host}/behind/"})(ORIGIN) == jwt(0)
    path = "/behind/computeMetadata/v1/instance/service-accounts/default/identity?"
    assert Metadata.asked[0].startswith(path)


def test_a_program_without_an_identity_is_told_what_helps() -> None:
    """At its first call, with the audience that a token must be made for."""
    identity = environment_identity({"GCE_METADATA_HOST": "127.0.0.1:9"})
    with pytest.raises(NoIdentityError, match="MULTI_USER_OAUTH_TOKEN") as raised:
        list(Vault(ORIGIN, identity).messages("microsoft_teams", "sarah@company.com"))
    assert ORIGIN in str(raised.value)


def test_a_vault_without_an_identity_takes_the_programs_own(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the five lines of the README have it."""
    monkeypatch.delenv("MULTI_USER_OAUTH_TOKEN", raising=False)
    monkeypatch.setenv("GCE_METADATA_HOST", server.removeprefix("http://"))
    Metadata.tokens = [TOKEN]
    api = FakeApi(says({"messages": []}))
    assert list(Vault(ORIGIN, session=api.session).messages(*WHOSE)) == []
    assert api.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
