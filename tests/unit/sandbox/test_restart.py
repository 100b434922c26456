"""With a state file the sandbox survives a restart; without one it keeps to itself."""

import stat
from pathlib import Path

import msgspec
import pytest

from multi_user_oauth.sandbox.company import JOHN
from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox

from .conftest import MICROSOFT, ManualClock, World, make_sandbox
from .test_google import authorize_url


def restarted(clock: ManualClock, path: Path | None, first: int = 1) -> World:
    """Give a world around a new sandbox over the same file."""
    return World.around(make_sandbox(clock, path, first), clock)


def test_tokens_keys_consents_and_mail_survive(clock: ManualClock, tmp_path: Path) -> None:
    """After a restart everything that was given still works, and keys are the same."""
    path = tmp_path / "state.json"
    before = restarted(clock, path)
    microsoft, google = before.microsoft(), before.google()
    message = {"message": {"toRecipients": [{"emailAddress": {"address": "john@company.com"}}]}}
    url = "https://graph.microsoft.com/v1.0/me/sendMail"
    before.api(url, microsoft["access_token"], "POST", json=message)
    before.sandbox.advance(100)
    after = restarted(clock, path, first=10_000)
    keys = "https://www.googleapis.com/oauth2/v3/certs"
    same = [w.session.get(keys, timeout=5).json() for w in (before, after)]
    assert same[0] == same[1]
    assert after.refresh_microsoft(microsoft["refresh_token"]).status_code == 200
    assert after.refresh_google(google.refresh_token).status_code == 200
    assert after.api("https://graph.microsoft.com/v1.0/me", microsoft["access_token"]).ok
    assert len(after.sandbox.mailbox()) == 1
    # Consent is remembered: there is no consent page, so no refresh token either.
    chooser = after.open(authorize_url())
    assert "code" in after.browser.submit(chooser, chooser.forms[0], ("account", "sarah")).answer


def test_a_rotation_survives(clock: ManualClock, tmp_path: Path) -> None:
    """A token that was rotated before the restart is refused after it."""
    path = tmp_path / "state.json"
    before = restarted(clock, path)
    before.sandbox.set("microsoft", refresh_mode="single")
    token = before.microsoft()["refresh_token"]
    assert before.refresh_microsoft(token).status_code == 200
    assert restarted(clock, path, 10_000).refresh_microsoft(token).status_code == 400


def test_the_file_is_private_and_holds_no_token(clock: ManualClock, tmp_path: Path) -> None:
    """Mode 0600, replaced in one step, tokens as digests only."""
    path = tmp_path / "state.json"
    token = restarted(clock, path).microsoft()["refresh_token"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token not in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_file_nothing_survives(clock: ManualClock) -> None:
    """Two sandboxes without file know nothing of each other's tokens."""
    token = restarted(clock, None).microsoft()["refresh_token"]
    assert restarted(clock, None, 10_000).refresh_microsoft(token).status_code == 400


def test_a_reset_empties_the_file_but_keeps_the_keys(clock: ManualClock, tmp_path: Path) -> None:
    """After a reset no token works, and the product's cached keys still fit."""
    path = tmp_path / "state.json"
    world = restarted(clock, path)
    token = world.microsoft()["refresh_token"]
    keys = "https://www.googleapis.com/oauth2/v3/certs"
    before = world.session.get(keys, timeout=5).json()
    world.sandbox.reset()
    after = restarted(clock, path, 10_000)
    assert after.refresh_microsoft(token).status_code == 400
    assert after.session.get(keys, timeout=5).json() == before


def test_rubbish_in_the_file_stops_the_start(clock: ManualClock, tmp_path: Path) -> None:
    """A file that is not a state is not quietly replaced."""
    path = tmp_path / "state.json"
    path.write_text('{"tokens": 1}')
    with pytest.raises(msgspec.ValidationError):
        make_sandbox(clock, path)


def test_a_person_who_left_the_company_is_refused(clock: ManualClock, tmp_path: Path) -> None:
    """A token of somebody who is no longer there after the restart is dead."""
    path = tmp_path / "state.json"
    token = restarted(clock, path).microsoft()["refresh_token"]
    config = SandboxConfig(microsoft=MICROSOFT, state_file=path, accounts=[JOHN])
    after = World.around(Sandbox(config, now=clock.now, sleep=clock.sleep), clock)
    assert after.refresh_microsoft(token).json()["error_codes"] == [50173]
