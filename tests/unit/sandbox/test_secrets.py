"""The ledger of secrets is complete, the request log and the Python log hold none."""

import logging

import pytest
import requests

from multi_user_oauth.sandbox.browser import StuckError
from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox

from .conftest import GOOGLE, MICROSOFT, ManualClock, World
from .test_google import authorize_url


def walk(world: World) -> list[str]:
    """Sign in and refresh at both providers, and give every secret that was seen outside."""
    microsoft = world.microsoft()
    refreshed = world.refresh_microsoft(microsoft["refresh_token"]).json()
    google = world.google()
    world.api("https://openidconnect.googleapis.com/v1/userinfo", google.token)
    again = world.refresh_google(google.refresh_token).json()
    service = world.sandbox.identity_token("http://localhost:8084")
    names = ("access_token", "refresh_token", "id_token")
    seen = [answer[n] for answer in (microsoft, refreshed, again) for n in names if n in answer]
    own = [google.token, google.refresh_token, google.id_token, service, "a-nonce"]
    return [*seen, *own, *MICROSOFT.client_secrets, *GOOGLE.client_secrets]


def test_the_ledger_holds_every_secret(world: World) -> None:
    """All that was issued or sent is listed, by kind, and outlives a reset."""
    seen = walk(world)
    world.sandbox.reset()
    ledger = {entry["value"]: entry["kind"] for entry in world.admin("GET", "secrets").json()}
    assert set(seen) <= ledger.keys()
    kinds = {"code", "state", "nonce", "code_verifier", "access_token", "refresh_token", "id_token"}
    assert kinds | {"client_secret", "service_account_token"} == set(ledger.values())


def test_neither_request_log_nor_python_log_holds_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the log level, nothing of the sandbox's own writing contains a secret."""
    caplog.set_level(logging.DEBUG)
    walk(world)
    theirs = ("google", "msal", "oauthlib", "requests", "urllib3")
    own = [r.getMessage() for r in caplog.records if not r.name.startswith(theirs)]
    written = str(world.sandbox.requests()) + "\n".join(own)
    for secret in world.sandbox.secrets():
        assert secret["value"] not in written, secret["kind"]


def test_the_request_log_says_who_did_what(world: World) -> None:
    """Provider, endpoint, method, path, grant type, person, status; clearing empties it."""
    token = world.google().refresh_token
    world.sandbox.clear_requests()
    world.refresh_google(token)
    (entry,) = world.sandbox.requests()
    assert entry == {
        "time": world.clock.now().timestamp(),
        "provider": "google",
        "endpoint": "token",
        "method": "POST",
        "path": "/oauth2.googleapis.com/token",
        "grant_type": "refresh_token",
        "account": "sarah@company.com",
        "status": 200,
        "leak": False,
        "claims": None,
    }
    assert world.admin("GET", "requests").json() == [entry]
    world.admin("DELETE", "requests")
    assert world.sandbox.requests() == []


@pytest.mark.parametrize("place", ["query", "path", "name"])
def test_a_secret_in_a_url_is_a_leak(world: World, place: str) -> None:
    """A token in path or query is noted, and not written down; a suspicious name is enough."""
    token = world.google().refresh_token
    world.sandbox.clear_requests()
    base = "https://gmail.googleapis.com/gmail/v1/users"
    url = {
        "query": f"{base}/me/profile?x={token}",
        "path": f"{base}/{token.replace('/', '%2F')}/profile",
        "name": f"{base}/me/profile?access_token=unknown",
    }[place]
    world.session.get(url, timeout=5)
    leaks = [entry for entry in world.sandbox.requests() if entry["leak"]]
    if place == "path":
        # An encoded slash is a slash to WSGI: the path matches nothing, and is logged nowhere.
        assert token not in str(world.sandbox.requests())
    else:
        assert len(leaks) == 1
        assert token not in str(leaks)


def test_a_dropped_request_is_logged_as_one(world: World) -> None:
    """Status 0: there was no answer."""
    world.sandbox.add_fault(provider="google", kind="drop", endpoint="keys")
    with pytest.raises(requests.ConnectionError):
        world.session.get("https://www.googleapis.com/oauth2/v3/certs", timeout=5)
    assert world.sandbox.requests()[-1]["status"] == 0


def test_a_failure_of_our_own_is_logged_without_values(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in the sandbox is 500 as JSON; the log names kind and place, no text."""

    def broken(length: int) -> bytes:
        raise RuntimeError(f"the-secret-text {length}")

    config = SandboxConfig(google=GOOGLE)
    sandbox = Sandbox(config, now=clock.now, sleep=clock.sleep, draw=broken)
    world = World.around(sandbox, clock)
    with pytest.raises(StuckError):
        world.browser.sign_in(authorize_url(), "sarah")
    assert "RuntimeError at " in caplog.text
    assert "the-secret-text" not in caplog.text
