"""doctor: each thing that can be wrong is found, named, and told how to mend."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from multi_user_oauth.cli.demo_sandbox import sandbox_config
from multi_user_oauth.cli.doctor.examination import examine
from multi_user_oauth.cli.doctor.findings import exit_code
from multi_user_oauth.cli.doctor.shown import as_document, print_findings
from multi_user_oauth.cli.files import provision_deployment
from multi_user_oauth.cli.settings_file import write_settings
from multi_user_oauth.model.breaker import Breaker, Trouble
from multi_user_oauth.sandbox.records import ProviderName
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World, utc_now
from tests.support.certificates import key_pair
from tests.support.clock import START

from .conftest import Run
from .doctors import Deployment, Silent, Told
from .processes import free_ports, running, sign_in

ORIGIN = "http://localhost:8084"
CREDENTIAL = "client_credential"
TEAMS, WORKSPACE = "microsoft_teams", "google_workspace"


@pytest.fixture(scope="module")
def sandbox(provisioned: Path) -> Iterator[Sandbox]:
    """A sandbox that knows the applications of every deployment made here."""
    settings = {"PUBLIC_ORIGIN": ORIGIN, **provision_deployment(provisioned)}
    with Sandbox(sandbox_config(settings, None)) as started:
        yield started


@pytest.fixture
def deployed(tmp_path: Path, provisioned: Path, sandbox: Sandbox, run: Run) -> Iterator[Deployment]:
    """A deployment of which nothing is wrong, until the test breaks it."""
    folder = shutil.copytree(provisioned, tmp_path / "deployment")
    made = provision_deployment(folder)
    file = folder / "settings.env"
    settings = {"PUBLIC_ORIGIN": ORIGIN, "SANDBOX_URL": sandbox.base_url, **made}
    write_settings(file, settings, "for a test")
    yield Deployment(file=file, sandbox=sandbox, run=run)
    sandbox.reset()


def examined(deployed: Deployment, world: World) -> Told:
    """What doctor finds in another world."""
    found = examine(deployed.values, world)
    code = exit_code(found)
    print_findings(found)
    document: Any = as_document(found, ok=not code)
    return Told.of(document["findings"], code)


def test_of_a_demo_nothing_is_wrong(tmp_path: Path, run: Run) -> None:
    """As it was started, with people connected at both providers; a person reads it as a script does."""
    port, beside = free_ports()
    started = ("demo", "--port", port, "--sandbox-port", beside)
    with running(*started, cwd=tmp_path) as demo:
        for connector_type in (TEAMS, WORKSPACE):
            sign_in(demo.told, "sarah@company.com", connector_type)
        script = run("doctor", "--env", demo.told["settings"], "--json")
        person = run("doctor", "--env", demo.told["settings"])
        secrets = Path(demo.told["settings"]).parent / "secrets/client_secrets.yaml"
        texts = [line.partition(": ")[2] for line in secrets.read_text().splitlines()]
    rows = json.loads(script.stdout)["findings"]
    assert [row for row in rows if row["status"] != "ok"] == []
    assert (script.exit_code, person.exit_code, script.stderr) == (0, 0, "")
    assert person.stdout.endswith(f"\n{len(rows)} ok.\n")
    assert "How to mend" not in person.stdout
    for text in (script.output, person.output):
        assert [secret for secret in texts if secret in text] == []
    uris = {f"{demo.told['url']}/api/v1/oauth/callback/{each}" for each in ("microsoft", "google")}
    assert {uri for uri in uris if f"{uri} is registered" in person.stdout} == uris


def test_what_is_wrong_is_said_first_and_how_to_mend_it_last(deployed: Deployment) -> None:
    """For people: the word, not a colour alone; the worst is mended first."""
    deployed.sandbox.set_credentials("google", client_secrets=["another"])
    deployed.edit("policy.yaml", lambda policy: policy.update(admins=[]))
    ended = deployed.run("doctor", "--env", deployed.file)
    assert ended.exit_code == 1
    deployed.holds_no_secret(ended.output)
    above, _, below = ended.stdout.partition("How to mend")
    assert "  WRONG    google_workspace: the provider does not know it" in above
    first, second = (below.index(f"\n{number}. ") for number in (1, 2))
    assert "WRONG: client credential, google_workspace: the provider" in below[first:second]
    assert "warning: policy, admins" in below[second:]
    assert below.endswith(" ok.\n")


@pytest.mark.parametrize(
    ("provider", "subject", "page", "said"),
    [
        ("microsoft", TEAMS, "Certificates & secrets", "invalid_client, AADSTS7000215"),
        ("google", WORKSPACE, "Add secret", "invalid_client"),
    ],
)
def test_a_wrong_client_secret_is_found_without_anybody_signing_in(
    deployed: Deployment, provider: ProviderName, subject: str, page: str, said: str
) -> None:
    """The provider's own word for it, and the page where another is made."""
    deployed.sandbox.set_credentials(provider, client_secrets=["another"])
    told = deployed.told()
    assert (told.exit_code, told.trouble) == (1, [(CREDENTIAL, subject, "wrong")])
    row = told.row(CREDENTIAL, subject)
    assert page in row["mend"]
    assert row["what"] == f"the provider does not know it for this client_id ({said})"


def test_an_expired_client_secret_is_told_from_a_wrong_one(deployed: Deployment) -> None:
    """Microsoft says which it is."""
    known = deployed.secrets()
    deployed.sandbox.set_credentials("microsoft", client_secrets=[], expired_secrets=known)
    told = deployed.told("--only", TEAMS)
    assert told.exit_code == 1
    assert told.row(CREDENTIAL, TEAMS)["what"] == "it has ended (invalid_client, AADSTS7000222)"


def test_an_older_secret_that_serves_does_not_hide_a_wrong_newer_one(deployed: Deployment) -> None:
    """People still get in, by the older: until that ends."""
    deployed.edit(
        "secrets/client_secrets.yaml",
        lambda known: known.update(microsoft=["not-yet-registered", known["microsoft"]]),
    )
    told = deployed.told()
    assert told.trouble == [(CREDENTIAL, f"{TEAMS}, the newest", "wrong")]
    assert told.row(CREDENTIAL, f"{TEAMS}, the one before", status="ok")


def test_a_client_secret_that_is_not_stored_is_missed(deployed: Deployment) -> None:
    """By its name."""
    deployed.edit("secrets/client_secrets.yaml", lambda known: known.pop("google"))
    told = deployed.told()
    assert (told.exit_code, told.trouble) == (1, [(CREDENTIAL, WORKSPACE, "wrong")])
    assert "under the name google" in told.row(CREDENTIAL, WORKSPACE)["mend"]


@pytest.mark.parametrize(
    ("day", "status", "said"),
    [
        ("2026-03-01", "ok", "in 58 days"),
        ("2026-01-31", "warning", "in 29 days"),
        ("2026-01-01", "wrong", "it ended on 2026-01-01"),
    ],
)
def test_the_end_that_was_written_down_is_told_in_time(
    deployed: Deployment, day: str, status: str, said: str
) -> None:
    """Thirty days before."""
    deployed.edit(
        "connector_types.yaml",
        lambda types: types[TEAMS].update(client_secret_expires=datetime.fromisoformat(day).date()),
    )
    told = examined(deployed, World(now=lambda: datetime(2026, 1, 1, 12, tzinfo=UTC)))
    rows = [row for row in told.rows if row["what"].startswith("client_secret_expires")]
    assert [(row["status"], said in row["what"]) for row in rows] == [(status, True)]
    assert (status == "ok") == (rows[0]["mend"] is None)


@pytest.mark.parametrize(("until", "status"), [(2040, None), (2025, "wrong")])
def test_a_certificate_is_named_by_its_thumbprint_and_end(
    deployed: Deployment, until: int, status: str | None
) -> None:
    """As Entra's page names it; one that has ended is refused by Microsoft, too."""
    pair = key_pair(f"doctor-{until}", until=until)
    deployed.sandbox.set_credentials(
        "microsoft", client_secrets=[], certificates=[pair.certificate]
    )
    deployed.edit("secrets/client_secrets.yaml", lambda known: known.update(microsoft=pair.pem))
    told = deployed.told("--only", TEAMS)
    rows = [row for row in told.rows if row["check"] == CREDENTIAL]
    assert {row["status"] for row in rows} == {status or "ok"}
    assert f"on {until}-12-31" in rows[0]["what"]
    assert len(rows[0]["what"].partition("thumbprint ")[2].partition(":")[0]) == 40


def test_a_certificate_of_another_key_can_not_be_used(deployed: Deployment) -> None:
    """It is found before Microsoft is asked."""
    one, other = key_pair("doctor-2040"), key_pair("doctor-2025", until=2025)
    mixed = one.private + other.certificate
    deployed.edit("secrets/client_secrets.yaml", lambda known: known.update(microsoft=mixed))
    told = deployed.told("--only", TEAMS)
    assert told.exit_code == 1
    assert any("can not be used" in row["what"] for row in told.rows)


def test_a_redirect_uri_that_is_not_registered_is_printed_as_it_must_be(
    deployed: Deployment,
) -> None:
    """Three of them: where Microsoft's administrators come back is one by itself."""
    deployed.set(PUBLIC_ORIGIN="http://localhost:9999")
    told = deployed.told()
    callback = "http://localhost:9999/api/v1/oauth/callback"
    places = [f"{callback}/microsoft", f"{callback}/microsoft/admin-consent", f"{callback}/google"]
    rows = [row for row in told.rows if row["status"] != "ok"]
    assert {row["check"] for row in rows} == {"redirect_uri"}
    assert told.exit_code == 1
    assert all(f"exactly {uri}" in row["mend"] for uri, row in zip(places, rows, strict=True))
    said = ["AADSTS50011", "AADSTS50011", "redirect_uri_mismatch"]
    assert [row["what"].partition("(")[2].rstrip(")") for row in rows] == said


@pytest.mark.parametrize("subject", [TEAMS, WORKSPACE])
def test_an_application_that_the_provider_does_not_know_is_said_to_be(
    deployed: Deployment, subject: str
) -> None:
    """By its client_id; its redirect URI is not blamed."""
    unknown = "00000000-0000-4000-8000-00000000beef"
    deployed.edit("connector_types.yaml", lambda types: types[subject].update(client_id=unknown))
    told = deployed.told("--only", subject)
    rows = [row for row in told.rows if row["check"] == "redirect_uri"]
    assert all("does not know the application" in row["what"] for row in rows)
    assert all("client_id" in row["mend"] for row in rows)
    assert told.exit_code == 1


@pytest.mark.parametrize(("minutes", "way"), [(5, "ahead of"), (-5, "behind")])
def test_a_clock_that_is_off_is_found_by_the_providers(
    deployed: Deployment, minutes: int, way: str
) -> None:
    """Id_tokens would be refused as expired, or as from the future."""
    told = examined(deployed, World(now=lambda: utc_now() + timedelta(minutes=minutes)))
    assert told.exit_code == 1
    assert {row[:2] for row in told.trouble} == {("clock", "Google"), ("clock", "Microsoft")}
    row = told.row("clock", "Google")
    assert way in row["what"]
    assert "NTP" in row["mend"]


def test_a_demo_that_does_not_run_is_all_that_is_told(deployed: Deployment) -> None:
    """Of the providers that it plays nothing else could be found out."""
    deployed.set(SANDBOX_URL=f"http://127.0.0.1:{free_ports()[0]}")
    told = deployed.told()
    assert (told.exit_code, told.trouble) == (4, [("reachability", "SANDBOX_URL", "unknown")])
    assert "make demo" in told.row("reachability", "SANDBOX_URL")["mend"]


def test_a_provider_that_does_not_answer_is_not_called_wrong(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """What could not be found out has an exit code of its own; all else was looked at."""
    deployed.set(SANDBOX_URL=None)
    told = examined(deployed, World(adapter=Silent()))
    assert told.exit_code == 4
    assert {status for _, _, status in told.trouble} == {"by_hand", "unknown", "warning"}
    assert ("reachability", "graph.microsoft.com", "unknown") in told.trouble
    assert told.row("stores_and_keys", "access key", status="ok")
    mends = " ".join(row["mend"] or "" for row in told.rows)
    for uri in ("microsoft", "microsoft/admin-consent", "google"):
        assert f"add exactly {ORIGIN}/api/v1/oauth/callback/{uri}" in mends
    assert capsys.readouterr().out.count("Look whether this machine reaches it") == 1


def test_a_provider_in_trouble_is_named_by_its_status(deployed: Deployment) -> None:
    """And nothing of ours is blamed for it."""
    deployed.sandbox.add_fault(provider="google", endpoint="gmail", kind="status", status=503)
    told = deployed.told()
    assert told.trouble == [("reachability", "gmail.googleapis.com", "unknown")]
    assert "503" in told.row("reachability", "gmail.googleapis.com")["what"]


def test_a_tenant_that_does_not_exist_is_named(deployed: Deployment) -> None:
    """A slip in one of several would show up only when its people come."""
    wrong = "00000000-0000-4000-8000-000000000000"
    deployed.edit("connector_types.yaml", lambda types: types[TEAMS]["tenants"].append(wrong))
    told = deployed.told()
    assert told.trouble == [("reachability", f"{TEAMS}, tenant {wrong}", "wrong")]
    assert "Directory (tenant) ID" in told.row(*told.trouble[0][:2])["mend"]


BROKEN: list[tuple[str, Callable[[Any], object], str, str, str, str]] = [
    (
        "connector_types.yaml",
        lambda types: types[WORKSPACE]["optional_scopes"].append("gmail.modify"),
        "scopes", WORKSPACE, "wrong", "https://www.googleapis.com/auth/gmail.modify",
    ),
    (
        "connector_types.yaml",
        lambda types: types[TEAMS]["optional_scopes"].append("https://graph.microsoft.com/Mail.Read"),
        "scopes", TEAMS, "wrong", "Write Mail.Read:",
    ),
    (
        "connector_types.yaml",
        lambda types: types[TEAMS]["optional_scopes"].append("Group.ReadWrite.All"),
        "scopes", TEAMS, "by_hand", "/v2.0/adminconsent?client_id=5d3f9a52",
    ),
    (
        "policy.yaml",
        lambda policy: policy["agents"]["files-agent@company-project.iam.gserviceaccount.com"].update(
            actions=["files.read", "calendar.write", "chat.read"], connector_types=[TEAMS]
        ),
        "scopes", TEAMS, "", "",
    ),
    (
        "policy.yaml",
        lambda policy: policy.update(agents={}),
        "policy", "agents", "warning", "docs/policy.md",
    ),
    (
        "policy.yaml",
        lambda policy: policy["agents"].update(
            {"sarah@company.com": {"connector_types": [TEAMS], "users": ["*@company.com"]}}
        ),
        "policy", "sarah@company.com", "wrong", "service account's whole e-mail",
    ),
    (
        "policy.yaml",
        lambda policy: policy["agents"].update(
            {"a@p.iam.gserviceaccount.com": {"connector_types": ["teams"], "users": ["a@b.com"]}}
        ),
        "policy", "a@p.iam.gserviceaccount.com", "wrong", "microsoft_teams",
    ),
    (
        "policy.yaml",
        lambda policy: policy["agents"].update(
            {"a@p.iam.gserviceaccount.com": {"connector_types": [WORKSPACE], "users": ["*@b.com"]}}
        ),
        "policy", "a@p.iam.gserviceaccount.com", "warning", "hosted_domains",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "check", "subject", "status", "mend"), BROKEN)
def test_what_the_two_files_say_amiss_is_found(
    deployed: Deployment,
    *,
    name: str,
    change: Callable[[Any], object],
    check: str,
    subject: str,
    status: str,
    mend: str,
) -> None:
    """Each mistake by itself, where it stands, with what to write instead."""
    deployed.edit(name, change)
    told = deployed.told()
    assert told.trouble == ([(check, subject, status)] if status else [])
    assert not status or mend in told.row(check, subject)["mend"]
    assert told.exit_code == (status == "wrong")


def test_what_agents_may_do_and_nobody_is_asked_for_is_found(deployed: Deployment) -> None:
    """With the narrowest scope for it, as the connectors themselves need it."""
    deployed.edit("connector_types.yaml", lambda types: types[TEAMS].pop("allowed_scopes"))
    agent = "files-agent@company-project.iam.gserviceaccount.com"
    deployed.edit(
        "policy.yaml", lambda policy: policy["agents"][agent].update(actions=["chat.read"])
    )
    told = deployed.told()
    assert (told.exit_code, told.trouble) == (0, [("scopes", TEAMS, "warning")])
    assert "Add Chat.ReadBasic to optional_scopes" in told.row("scopes", TEAMS)["mend"]


@pytest.mark.parametrize(
    ("name", "check", "subject"),
    [
        ("policy.yaml", "policy", "POLICY_FILE"),
        ("connector_types.yaml", "connector_types", "CONNECTOR_TYPES_FILE"),
    ],
)
def test_a_file_that_can_not_be_read_stops_nothing_else(
    deployed: Deployment, name: str, check: str, subject: str
) -> None:
    """Its line is named, and of what hangs on it nothing is made up."""
    (deployed.folder / name).write_text("agents: [")
    told = deployed.told()
    assert (told.exit_code, told.trouble) == (1, [(check, subject, "wrong")])
    assert "line 1" in told.row(check, subject)["what"]
    assert "docs/" in told.row(check, subject)["mend"]


@pytest.mark.parametrize(
    ("name", "mode", "subject", "said"),
    [
        ("keys/access.private.pem", 0o604, "access.private.pem", "can read it"),
        ("keys/refresh.public.pem", 0o664, "refresh.public.pem", "can change it"),
        ("secrets/flow_keys.json", 0o640, "FLOW_KEYS_FILE", "can read it"),
        ("secrets/client_secrets.yaml", 0o644, "CLIENT_SECRETS_FILE", "can read it"),
        ("policy.yaml", 0o666, "POLICY_FILE", "everybody on this machine can change it"),
        ("keys", 0o770, "KEY_DIR", "can change it"),
    ],
)
def test_a_file_that_is_open_to_others_is_found(
    deployed: Deployment, name: str, mode: int, subject: str, said: str
) -> None:
    """With the command that closes it."""
    path = deployed.folder / name
    path.chmod(mode)
    told = deployed.told()
    assert told.exit_code == 1
    row = told.row("files", subject)
    assert said in row["what"]
    assert row["mend"].startswith(f"chmod {700 if path.is_dir() else 600} '{path}'")
    path.chmod(0o700 if path.is_dir() else 0o600)
    assert deployed.told().trouble == []


def test_a_file_that_is_gone_or_garbled_is_found(deployed: Deployment) -> None:
    """By the setting that names it."""
    (deployed.folder / "secrets/link_keys.json").unlink()
    told = deployed.told()
    assert told.trouble == [("files", "LINK_KEYS_FILE", "wrong")]
    assert "is not there" in told.row("files", "LINK_KEYS_FILE")["what"]
    (deployed.folder / "secrets/link_keys.json").write_text("{}")
    (deployed.folder / "secrets/link_keys.json").chmod(0o600)
    told = deployed.told()
    assert (told.exit_code, told.trouble) == (1, [("files", "LINK_KEYS_FILE", "wrong")])


@pytest.mark.parametrize(
    ("changes", "subject", "status", "mend"),
    [
        ({"PUBLIC_ORIGIN": "http://connect.company.com"}, "PUBLIC_ORIGIN", "wrong", "https://HOST"),
        ({"DEPLOYMENT_ID": None}, "DEPLOYMENT_ID", "wrong", "a UUID made once"),
        ({"RATE_PER_PERSON": "often"}, "RATE_PER_PERSON", "wrong", "600/minute"),
        ({"BACKEND": "azure"}, "BACKEND", "wrong", "embedded"),
        ({"OAUTHLIB_INSECURE_TRANSPORT": "1"}, "OAUTHLIB_INSECURE_TRANSPORT", "wrong", "take out"),
        (
            {"PUBLIC_ORIGIN": "https://europe-p.cloudfunctions.net"},
            "PUBLIC_ORIGIN",
            "wrong",
            "where browsers reach us",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_is_for(
    deployed: Deployment, changes: dict[str, str | None], subject: str, status: str, mend: str
) -> None:
    """Nothing else is looked at until they are right, and that is said."""
    deployed.set(**changes)
    told = deployed.told()
    rest = ("everything_else", "all", "unknown")
    assert (told.exit_code, told.trouble) == (1, [("settings", subject, status), rest])
    assert mend in told.row("settings", subject)["mend"]


def test_a_misspelt_setting_is_found_for_nothing_reads_it(deployed: Deployment) -> None:
    """With the one that is meant; names of other programs are not ours to judge."""
    deployed.set(RETURN_ORIGIN="https://company.com", HOMEBREW_PREFIX="/opt")
    told = deployed.told()
    assert (told.exit_code, told.trouble) == (0, [("settings", "RETURN_ORIGIN", "warning")])
    assert "Write RETURN_ORIGINS" in told.row("settings", "RETURN_ORIGIN")["mend"]


def test_whatever_runs_on_a_visitors_machine_is_no_origin_of_a_deployment(
    deployed: Deployment,
) -> None:
    """Left over from trying, it lets sign-ins end there."""
    deployed.set(
        PUBLIC_ORIGIN="https://connect.company.com", RETURN_ORIGINS="http://localhost:3000"
    )
    told = deployed.told()
    assert told.row("settings", "RETURN_ORIGINS")["status"] == "warning"


def test_settings_that_are_not_there_are_a_wrong_usage(deployed: Deployment) -> None:
    """So is a connector type of which nobody knows."""
    assert deployed.run("doctor").exit_code == 2
    ended = deployed.run("doctor", "--env", deployed.file, "--only", "teams")
    assert (ended.exit_code, "google_workspace" in ended.stderr) == (2, True)


def test_an_option_that_would_not_count_is_refused(deployed: Deployment) -> None:
    """Before `whoami` it would be doctor's: the identity would come from other settings."""
    ended = deployed.run("doctor", "--env", deployed.file, "whoami", "ann@company.com")
    assert (ended.exit_code, "options after whoami" in ended.stderr) == (2, True)


def test_only_what_is_named_is_looked_at(deployed: Deployment) -> None:
    """Where one provider is down, the other can still be looked at."""
    subjects = {row["subject"] for row in deployed.told("--only", WORKSPACE).rows}
    assert WORKSPACE in subjects
    assert [each for each in subjects if TEAMS in each or "microsoft" in each] == []


def test_nothing_is_made_by_looking(deployed: Deployment) -> None:
    """Not even an empty database."""
    before = sorted(deployed.folder.rglob("*"))
    deployed.told()
    assert sorted(deployed.folder.rglob("*")) == before
    assert [each for each in deployed.sandbox.grants() if each["valid"]] == []


@pytest.mark.parametrize(
    ("ends", "status"),
    [([7, 7], "wrong"), ([7, None], "warning"), ([None, None], None), ([], None)],
)
def test_googles_testing_mode_is_seen_by_the_grants_that_end_in_a_week(
    deployed: Deployment, ends: list[int | None], status: str | None
) -> None:
    """Where all do, it is no choice of theirs."""
    for number, days in enumerate(ends):
        end = START + timedelta(days=days) if days else None
        deployed.connect(f"p{number}@company.com", ends=end)
    told = deployed.told()
    assert told.trouble == ([("consent_screen", WORKSPACE, status)] if status else [])
    assert not status or "Audience" in told.row("consent_screen", WORKSPACE)["mend"]
    assert told.exit_code == (status == "wrong")


@pytest.mark.parametrize(
    ("reason", "mend"), [("session_control", "session control"), ("admin_blocked", "Sign-in logs")]
)
def test_people_whom_a_rule_of_the_organisation_keeps_out_are_counted(
    deployed: Deployment, reason: str, mend: str
) -> None:
    """They can not mend it by signing in again and again."""
    deployed.connect("p@company.com", reason=reason)
    row = deployed.told().row("consent_screen", WORKSPACE)
    assert (row["status"], mend in row["mend"]) == ("warning", True)


def test_a_breaker_that_is_open_is_told_of(deployed: Deployment) -> None:
    """It explains why nothing is refreshed."""
    store = Parts("test", Settings(deployed.values), World()).activity
    kept = store.breaker(TEAMS)
    store.keep_breaker(kept, Breaker(connector_type=TEAMS).opened(Trouble.MISCONFIGURED, START))
    told = deployed.told()
    assert told.trouble == [("stores_and_keys", TEAMS, "warning")]
    assert "misconfigured" in told.row("stores_and_keys", TEAMS)["what"]


def test_a_database_that_is_none_is_found(deployed: Deployment) -> None:
    """It could not be found out more: perhaps the disk is full."""
    (deployed.folder / "main.db").write_bytes(b"no database" * 100)
    told = deployed.told()
    assert ("stores_and_keys", "database main", "unknown") in told.trouble
    assert told.exit_code == 4
    assert "DATA_DIR" in told.row("stores_and_keys", "database main")["mend"]


def test_keys_that_do_not_belong_together_are_found(deployed: Deployment) -> None:
    """What is sealed with the one would never open with the other."""
    keys = deployed.folder / "keys"
    shutil.copyfile(keys / "refresh.public.pem", keys / "access.public.pem")
    told = deployed.told()
    assert ("stores_and_keys", "access key") in [row[:2] for row in told.trouble]
    assert told.exit_code != 0
