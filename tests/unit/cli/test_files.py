"""The files of a deployment on this machine."""

import stat
from pathlib import Path

import pytest

from multi_user_oauth.cli.files import (
    find_functions,
    open_log,
    provision_deployment,
    sandbox_secrets,
)
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.http.texts import scope_text
from multi_user_oauth.model import Action, ConnectionKey, Identity
from multi_user_oauth.sandbox.company import (
    ADMIN,
    COMPANY_TENANT,
    DEFAULT_AGENT,
    google_identity,
    microsoft_identity,
)
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.settings.policy import load_policy


def test_everything_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """A second start finds the same keys, id and secrets; nobody else can read any of them."""
    directory = tmp_path / "demo"
    first = provision_deployment(directory)
    contents = {f: f.read_bytes() for f in directory.rglob("*") if f.is_file()}
    assert provision_deployment(directory) == first
    assert {f: f.read_bytes() for f in directory.rglob("*") if f.is_file()} == contents
    assert {stat.S_IMODE(file.stat().st_mode) for file in contents} == {0o600}
    folders = [directory, *(f for f in directory.rglob("*") if f.is_dir())]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_each_deployment_has_secrets_of_its_own(tmp_path: Path) -> None:
    """Nothing secret comes with the program."""
    one, two = (provision_deployment(tmp_path / name) for name in ("one", "two"))
    assert one["DEPLOYMENT_ID"] != two["DEPLOYMENT_ID"]
    secrets = [sandbox_secrets(Path(each["CLIENT_SECRETS_FILE"])) for each in (one, two)]
    assert secrets[0].keys() == secrets[1].keys() == {"microsoft", "google"}
    assert all(secrets[0][name] != secrets[1][name] for name in secrets[0])


def test_the_demos_files_fit_the_sandboxs_company(tmp_path: Path) -> None:
    """Its tenant may sign in, its admin is an admin, its agents reach whom they should."""
    made = provision_deployment(tmp_path)
    types = load_connector_types(Path(made["CONNECTOR_TYPES_FILE"]))
    assert types["microsoft_teams"].tenant_ids == (COMPANY_TENANT,)
    assert types["google_workspace"].hosted_domains == ("company.com",)
    policy = load_policy(Path(made["POLICY_FILE"]))
    identities = (microsoft_identity(ADMIN), google_identity(ADMIN))
    assert policy.admins == {Identity.parse(identity) for identity in identities}
    limited = policy.agents[DEFAULT_AGENT.replace("email-agent", "sarah-agent")]
    sarah, john = (
        ConnectionKey("microsoft_teams", f"{name}@company.com") for name in ("sarah", "john")
    )
    assert all(policy.agents[DEFAULT_AGENT].covers(key) for key in (sarah, john))
    assert (limited.covers(sarah), limited.covers(john)) == (True, False)
    files_only = policy.agents[DEFAULT_AGENT.replace("email-agent", "files-agent")]
    assert files_only.covers(john)
    assert files_only.actions == {Action.FILES_READ}


def test_the_demos_connector_types_ask_for_what_the_connectors_need(tmp_path: Path) -> None:
    """What is optional is asked for too; a person may decline it at Google."""
    types = load_connector_types(Path(provision_deployment(tmp_path)["CONNECTOR_TYPES_FILE"]))
    asked = {
        name: {scope.rpartition("/")[2] for scope in (*kind.required_scopes, *kind.optional_scopes)}
        for name, kind in types.items()
    }
    assert asked["microsoft_teams"] >= {"Mail.ReadWrite", "Files.ReadWrite", "Calendars.ReadWrite"}
    google = {"gmail.readonly", "drive.readonly", "drive.file", "calendar.events"}
    assert asked["google_workspace"] >= google
    words = {scope: scope_text(scope) for kind in asked.values() for scope in kind}
    assert [scope for scope, said in words.items() if said == scope] == []


def test_the_functions_are_found_or_the_option_is_named(tmp_path: Path) -> None:
    """Without being told it is this clone's folder."""
    assert (find_functions(None) / "access_token" / "main.py").is_file()
    with pytest.raises(ConfigurationError, match="--functions DIR"):
        find_functions(tmp_path)


def test_a_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    """A file in its place, for one."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match="taken can not be used"):
        provision_deployment(tmp_path / "taken")
    with pytest.raises(ConfigurationError, match="log can not be written"):
        open_log(tmp_path / "taken" / "log")
