"""As whom the connectors' commands speak to the API."""

import json
import os
from pathlib import Path

import pytest
from joserfc import jws

from multi_user_oauth.cli.connectors_client import Acting
from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox

from .api_server import api_server
from .conftest import Run

WHOSE = ("google_workspace", "john@company.com")
LINE = "GET google_workspace/messages"


def with_settings(folder: Path, **values: str) -> Path:
    """Return a settings file."""
    file = folder / "some.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return file


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MULTI_USER_OAUTH_TOKEN", raising=False)


def test_beside_a_sandbox_it_gives_the_identity(run: Run, tmp_path: Path) -> None:
    """That of the demo's agent, or of the one that is named; for this origin."""
    sandbox = Sandbox(SandboxConfig())
    sandbox.start()
    try:
        with api_server() as api:
            api.say(LINE, {"messages": []})
            env = with_settings(tmp_path, PUBLIC_ORIGIN=api.url, SANDBOX_URL=sandbox.base_url)
            agent = "files-agent@company-project.iam.gserviceaccount.com"
            assert run("messages", *WHOSE, "--env", env).exit_code == 0
            assert run("messages", *WHOSE, "--env", env, "--agent", agent).exit_code == 0
            bearers = [headers["Authorization"] for _, _, _, headers in api.asked]
    finally:
        sandbox.stop()
    emails = [_claim(bearer, "email") for bearer in bearers]
    assert emails == ["email-agent@company-project.iam.gserviceaccount.com", agent]
    assert _claim(bearers[0], "aud") == api.url


def test_the_sandboxs_identity_goes_to_its_own_api_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another origin gets none that a sandbox made."""
    monkeypatch.setenv("PATH", f"{tmp_path}")  # no gcloud
    with api_server() as api, api_server() as sandbox:
        env = with_settings(tmp_path, PUBLIC_ORIGIN="http://localhost:1", SANDBOX_URL=sandbox.url)
        refused = run("messages", *WHOSE, "--env", env, "--url", api.url)
        assert (refused.exit_code, api.asked, sandbox.asked) == (2, [], [])


def test_gcloud_is_asked_where_there_is_no_metadata_server(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the service account that it may take on; without gcloud it is said what to give."""
    folder = tmp_path / "bin"
    folder.mkdir()
    gcloud, noted = folder / "gcloud", tmp_path / "noted"
    gcloud.write_text(f'#!/bin/sh\necho "$@" > {noted}\necho made-by-gcloud\n')
    gcloud.chmod(0o700)
    with api_server() as api:
        api.say(LINE, {"messages": []})
        env = with_settings(tmp_path, PUBLIC_ORIGIN=api.url)
        line = ("messages", *WHOSE, "--env", env)
        monkeypatch.setenv("PATH", f"{tmp_path}")
        refused = run(*line)
        assert refused.exit_code == 2
        assert "MULTI_USER_OAUTH_TOKEN" in refused.stderr
        assert f"made for {api.url}" in refused.stderr
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin")
        assert run(*line, "--agent", "a@p.iam.gserviceaccount.com").exit_code == 0
        assert api.asked[-1][3]["Authorization"] == "Bearer made-by-gcloud"
        said = noted.read_text().split()
        assert f"--audiences={api.url}" in said
        assert "--impersonate-service-account=a@p.iam.gserviceaccount.com" in said
        gcloud.write_text("#!/bin/sh\nexit 1\n")
        assert run(*line).exit_code == 2


def _claim(bearer: str, name: str) -> object:
    payload = jws.extract_compact(bearer.removeprefix("Bearer ").encode()).payload
    return json.loads(payload)[name]


def test_a_token_file_is_read_anew_for_each_call(tmp_path: Path) -> None:
    """A server that runs for days takes over what somebody else renews."""
    file = tmp_path / "token"
    file.write_text("the-first-token")
    with api_server() as api:
        api.say(LINE, {"messages": []})
        here = Acting(
            connector_type=WHOSE[0], user_email=WHOSE[1], purpose="x", agent=None,
            url=api.url, token_file=file, env_file=None, as_json=False,
        )  # fmt: skip
        connectors = here.connectors()
        assert list(connectors.messages(*WHOSE)) == []
        file.write_text("the-second-token")
        assert list(connectors.messages(*WHOSE)) == []
        bearers = [headers["Authorization"] for _, _, _, headers in api.asked]
    assert bearers == ["Bearer the-first-token", "Bearer the-second-token"]
