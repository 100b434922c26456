"""import: an older system's files, over a deployment on this machine and a sandbox."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from multi_user_oauth.cli.import_run import ImportRun
from multi_user_oauth.cli.old_tokens import OldToken, find_files
from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.errors import ConfigurationError, ForbiddenError, UnauthenticatedError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.sandbox.company import COMPANY_TENANT, JOHN, MALLORY, MARIA, SARAH, colleague
from multi_user_oauth.settings import Settings
from tests.support.importing import OldSystem, import_many, old_system
from tests.support.old_tokens import as_answer, old_token, write_old

from .conftest import Run

MICROSOFT, GOOGLE = "microsoft_teams", "google_workspace"


@pytest.fixture
def old(run: Run, env_file: Path) -> Iterator[OldSystem]:
    """An older system's folder, with nothing in it yet."""
    with old_system(run, env_file) as made:
        yield made


def client_id(old: OldSystem, connector_type: str) -> str:
    """Return the application's id."""
    return old.parts.connector_types[connector_type].client_id


def authorized_user(old: OldSystem, value: str) -> dict[str, Any]:
    """What `Credentials.to_json` of google-auth writes."""
    return {
        "token": "ya29.old",
        "refresh_token": value,
        "token_uri": "https://oauth2.googleapis.com/token",
        "client_id": client_id(old, GOOGLE),
        "client_secret": "kept too",
        "scopes": ["https://www.googleapis.com/auth/gmail.send"],
        "universe_domain": "googleapis.com",
        "account": "",
        "expiry": "2026-01-01T00:00:00Z",
    }


def entry(old: OldSystem, value: str, **changes: str) -> dict[str, str]:
    """One refresh token as MSAL writes it."""
    return {
        "credential_type": "RefreshToken",
        "secret": value,
        "home_account_id": f"{SARAH.oid(COMPANY_TENANT)}.{COMPANY_TENANT}",
        "environment": "login.microsoftonline.com",
        "client_id": client_id(old, MICROSOFT),
        "target": "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Send",
    } | changes


def account(home: str, username: str) -> dict[str, str]:
    """One account as MSAL writes it."""
    return {"home_account_id": home, "username": username, "authority_type": "MSSTS"}


def test_every_shape_that_is_known_is_read(old: OldSystem) -> None:
    """A token answer, Google's authorized user, MSAL's cache."""
    sarahs, johns = (old_token(old.state, "microsoft", who) for who in (SARAH, JOHN))
    marias = old_token(old.state, "google", MARIA)
    cache = {"AccessToken": {}, "RefreshToken": {"one": entry(old, sarahs)}}
    write_old(old.folder, MICROSOFT, SARAH.email, cache)
    write_old(old.folder, MICROSOFT, JOHN.email, as_answer(johns))
    write_old(old.folder, GOOGLE, MARIA.email, authorized_user(old, marias))

    told = old.told()

    assert told["taken_in"] == 3
    assert old.connected() == {SARAH.email, JOHN.email, MARIA.email}
    (record,) = old.parts.main.audit(ConnectionKey(MICROSOFT, SARAH.email))
    assert (record.action, record.actor) == ("imported", "system:operator")


def test_of_several_in_msals_cache_the_one_that_fits(old: OldSystem) -> None:
    """By account, by environment, then by application and target."""
    value = old_token(old.state, "microsoft", SARAH)
    mine = entry(old, value)
    home, johns = mine["home_account_id"], f"{JOHN.oid(COMPANY_TENANT)}.{COMPANY_TENANT}"
    cache = {
        "Account": {"a": account(home, "SARAH@company.com"), "b": account(johns, JOHN.email)},
        "RefreshToken": {
            "mine": mine,
            "johns": entry(old, "johns", home_account_id=johns),
            "china": entry(old, "elsewhere", environment="login.partner.microsoftonline.cn"),
            "other": entry(old, "others", client_id="another-application"),
            "less": entry(old, "too-little", target="User.Read"),
        },
    }
    write_old(old.folder, MICROSOFT, SARAH.email, cache)
    assert old.told()["taken_in"] == 1


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", '"token"', "null", "{}", '{"refresh_token": ""}', '{"refresh_token": 7}',
        '{"refresh_token": "a\\nb"}', '{"RefreshToken": {}}', '{"RefreshToken": []}',
        '{"RefreshToken": {"a": {}}}', "[" * 100_000,
        json.dumps({"refresh_token": "a-token", "id_token": "x" * 1_100_000}),
        json.dumps({"refresh_token": "t" * 8_193}),
    ],
    ids=lambda content: content[:24],
)  # fmt: skip
def test_what_holds_no_token_is_malformed(old: OldSystem, content: str) -> None:
    """Nobody is asked."""
    write_old(old.folder, MICROSOFT, SARAH.email, content)
    told = old.told(exit_code=1)
    assert [each["reason"] for each in told["files"]] == ["malformed"]
    assert old.asked() == 0


def test_two_tokens_of_one_person_are_not_chosen_from(old: OldSystem) -> None:
    """Which is meant is not guessed."""
    both = {name: entry(old, f"token-{name}") for name in "ab"}
    write_old(old.folder, MICROSOFT, SARAH.email, {"RefreshToken": both})
    assert old.told(exit_code=1)["files"][0]["reason"] == "malformed"


def test_bytes_that_are_no_text_and_a_name_that_is_no_email(old: OldSystem) -> None:
    """Both are malformed."""
    write_old(old.folder, MICROSOFT, SARAH.email, "").write_bytes(b"\xff\xfe\x00")
    write_old(old.folder, MICROSOFT, "nobody", as_answer("x"))
    reasons = [each["reason"] for each in old.told(exit_code=1)["files"]]
    assert reasons == ["malformed", "malformed"]


def test_another_applications_token_is_dead_before_anybody_is_asked(old: OldSystem) -> None:
    """The file says whose it is."""
    for kind, who in ((GOOGLE, SARAH), (MICROSOFT, JOHN)):
        document = as_answer("a-token") | {"client_id": "another-application"}
        write_old(old.folder, kind, who.email, document)
    told = old.told("--dry-run", exit_code=1)
    assert [each["reason"] for each in told["files"]] == ["dead", "dead"]
    assert old.told(exit_code=1)["failed"] == 2
    assert old.asked() == 0


def test_a_dry_run_reads_and_asks_nobody(old: OldSystem) -> None:
    """What could be taken in is ready."""
    write_old(old.folder, MICROSOFT, SARAH.email, as_answer("a-token"))
    write_old(old.folder, "dropbox", SARAH.email, as_answer("a-token"))
    old.sandbox.stop()
    told = old.told("--dry-run", exit_code=1)
    assert (told["ready"], told["failed"], told["taken_in"]) == (1, 1, 0)
    assert "Nobody was asked. Ready: 1, failed: 1." in old.take_in("--dry-run").stdout
    assert old.everything() == []


def test_it_is_begun_again_for_nothing_and_replaces_where_told(old: OldSystem) -> None:
    """What was taken in is left alone, unasked."""
    value = old_token(old.state, "google", SARAH)
    write_old(old.folder, GOOGLE, SARAH.email, as_answer(value))
    assert old.told()["taken_in"] == 1
    again = old.told()
    assert (again["left_alone"], again["files"][0]["reason"]) == (1, "already_connected")
    assert old.asked() == 1
    assert old.told("--replace")["taken_in"] == 1
    assert old.asked() == 2


def test_people_read_what_failed_why_and_what_to_do(old: OldSystem) -> None:
    """And that the old files should go; no token stands anywhere."""
    values = [old_token(old.state, "microsoft", who) for who in (SARAH, MALLORY)]
    for value, email in zip(values, (SARAH.email, JOHN.email), strict=True):
        write_old(old.folder, MICROSOFT, email, as_answer(value))
    result = old.take_in("--workers", "1")
    text = result.stdout
    assert result.exit_code == 1
    assert f"{MICROSOFT}/{JOHN.email}.json: other_identity" in text
    assert "  other_identity (1): the account is" in text
    assert "Taken in: 1, left alone: 0, failed: 1." in text
    assert "destroy" in text
    log = Settings(read_settings(old.env_file)).data_dir / "log" / "command_line.jsonl"
    for secret in old.sandbox.secrets():
        assert secret["value"] not in result.output + log.read_text()


def test_what_is_down_is_for_later_and_not_asked_for_ever(old: OldSystem) -> None:
    """After twenty in a row the others are not tried; the next run is as good as this one."""
    people = [colleague(f"P{number} Test") for number in range(40)]
    for each in people:
        write_old(old.folder, GOOGLE, each.email, as_answer("a-token"))
    outage: dict[str, Any] = {"kind": "status", "status": 503, "times": 1_000}
    old.sandbox.add_fault(provider="google", endpoint="token", **outage)
    told = old.told(exit_code=4)
    reasons = [each["reason"] for each in told["files"]]
    assert set(reasons) == {"provider_unavailable", "not_tried"}
    assert told["later"] == 40
    assert 20 <= reasons.count("provider_unavailable") < 40
    assert "to be tried again: 40." in old.take_in().stdout


@pytest.mark.parametrize("error", [ForbiddenError, UnauthenticatedError, ConfigurationError])
def test_who_is_not_let_in_hears_it_once(old: OldSystem, error: type[Exception]) -> None:
    """It is the same with every file: nothing is the matter with any of them."""
    for number in range(40):
        write_old(old.folder, GOOGLE, f"p{number}@company.com", as_answer("a-token"))
    asked = []

    def take(each: OldToken) -> None:
        asked.append(each.key)
        raise error("scripted")

    run = ImportRun(connector_types=old.parts.connector_types, take=take, workers=1)
    with pytest.raises(error):
        list(run.run(find_files(old.folder)))
    assert len(asked) == 1


def test_a_folder_without_files_is_a_slip_of_the_hand(old: OldSystem) -> None:
    """Exit code 2, with what was expected."""
    assert old.take_in().exit_code == 2
    old.folder.mkdir()
    write_old(old.folder.parent, ".", "README", "{}")
    result = old.take_in()
    assert result.exit_code == 2
    assert "holds no files CONNECTOR_TYPE/E-MAIL.json" in result.stderr.replace("\n", " ")


def test_hundreds_come_in_and_the_bad_ones_are_listed(run: Run, env_file: Path) -> None:
    """190 good ones, ten bad ones with their reasons; a second run asks for the bad ones alone."""
    people = [colleague(f"P{number} Test") for number in range(200)]
    with old_system(run, env_file, people) as old:
        import_many(old, people)
