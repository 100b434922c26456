"""The demo and serve as processes of their own, as `make` starts them."""

import json
import shutil
import signal
import socket
import stat
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.processes import until

from .processes import ROOT, command, free_ports, running, shell, sign_in

SARAH = ("microsoft_teams", "sarah@company.com")
CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def get(url: str, **headers: str) -> requests.Response:
    """Fetch a page of this machine."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers=headers, timeout=10)


def demo_arguments(folder: Path) -> list[object]:
    """Return arguments for a demo of its own."""
    port, sandbox_port = free_ports()
    return [
        *("demo", "--port", port, "--sandbox-port", sandbox_port),
        *("--data-dir", folder / ".demo", "--functions", ROOT / "functions"),
    ]


def endings(folder: Path) -> dict[str, str]:
    """Of what each person's connection would die, as the list says."""
    listed = json.loads(command("users", "--json", cwd=folder).stdout)["users"]
    return {user["user_email"]: user["lives_until"]["reason"] for user in listed}


@CURL
def test_what_was_connected_survives_a_restart(tmp_path: Path) -> None:
    """Sarah signs in, the demo stops and starts; she is still connected, and her token refreshes."""
    arguments = demo_arguments(tmp_path)
    with running(*arguments, cwd=tmp_path) as first:
        assert get(first.told["url"]).status_code == 200
        with requests.Session() as session:
            session.trust_env = False
            # So short-lived that after the restart only a refresh can help.
            settings = session.post(
                f"{first.told['sandbox_url']}/_sandbox/settings",
                json={"provider": "microsoft", "expires_in": 1},
                timeout=10,
            ).json()
            assert settings["expires_in"] == 1
        sign_in(first.told, "sarah@company.com", "microsoft_teams")
        assert first.stop(signal.SIGINT) == 0
    with running(*arguments, cwd=tmp_path) as second:
        listed = command("users", "--json", cwd=tmp_path)
        users = json.loads(listed.stdout)["users"]
        assert [user["user_email"] for user in users] == ["sarah@company.com"]
        # The list tells whole seconds: the token's last one may still be running.
        ends = datetime.fromisoformat(users[0]["access_token_expires_at"]) + timedelta(seconds=1)
        until(lambda: datetime.now(UTC) > ends, "the token's one second")  # noqa: TID251  # reason: their clock
        _hold(second.told, elsewhere(tmp_path))
        assert second.stop(signal.SIGTERM) == 0


def elsewhere(folder: Path) -> Path:
    """Return a folder in which there is no demo: where a line is typed must not matter."""
    made = folder / "elsewhere"
    made.mkdir()
    return made


def _hold(told: Mapping[str, Any], cwd: Path) -> None:
    """Type the lines that the demo shows, one after the other, as they stand."""
    token, mail, files, limited, refused, revoke = told["commands"].values()
    assert json.loads(shell(token, cwd))["access_token"]
    assert shell(mail, cwd) == '{"status":"sent"} 200\n'
    assert "Hello from an agent" in get(told["mailbox_url"]).text
    assert json.loads(shell(files, cwd))["files"]
    assert shell(limited, cwd).endswith('"code":"forbidden"} 403\n')
    assert json.loads(shell(refused, cwd))["code"] == "not_connected"
    grants = get(f"{told['sandbox_url']}/_sandbox/grants").json()
    assert len(grants) == 2  # Microsoft gave a new refresh token: there was one refresh
    assert f"--env {told['settings']}" in revoke  # it changes something: it names its demo
    assert "Revoked here." in shell(revoke, cwd)
    assert json.loads(shell(token, cwd))["code"] == "not_connected"
    assert shell(mail, cwd).endswith(" 404\n")


@CURL
def test_the_demo_refreshes_by_itself(tmp_path: Path) -> None:
    """Sarah's token was used and is about to end: it is renewed though nobody asks again."""
    arguments = [*demo_arguments(tmp_path), "--sweep-every", 1]
    with running(*arguments, cwd=tmp_path) as demo, requests.Session() as session:
        session.trust_env = False
        settings = {"provider": "microsoft", "expires_in": 2}
        session.post(f"{demo.told['sandbox_url']}/_sandbox/settings", json=settings, timeout=10)
        sign_in(demo.told, "sarah@company.com", "microsoft_teams")
        settings["expires_in"] = 3599
        session.post(f"{demo.told['sandbox_url']}/_sandbox/settings", json=settings, timeout=10)
        token_line = next(iter(demo.told["commands"].values()))
        assert json.loads(shell(token_line, tmp_path))["access_token"]
        session.delete(f"{demo.told['sandbox_url']}/_sandbox/requests", timeout=10)

        def refreshed() -> bool:
            asked = get(f"{demo.told['sandbox_url']}/_sandbox/requests").json()
            return any(each["endpoint"] == "token" for each in asked)

        until(refreshed, "a sweep has renewed it")
        log = Path(demo.told["log"]).read_text(encoding="utf-8")
        lines = [json.loads(line) for line in log.splitlines()]
        assert [line["connection"] for line in lines if line["message"] == "event"] == [
            "microsoft_teams/sarah@company.com"
        ]
        assert demo.stop(signal.SIGINT) == 0


def test_the_command_line_works_beside_the_demo(tmp_path: Path) -> None:
    """`token` prints the token alone, an agent is held to its rule, `revoke` ends it."""
    with running(*demo_arguments(tmp_path), cwd=tmp_path) as demo:
        sign_in(demo.told, "sarah@company.com", "microsoft_teams")
        sign_in(demo.told, "john@company.com", "google_workspace")
        printed = command("token", *SARAH, cwd=tmp_path)
        assert (printed.returncode, printed.stderr) == (0, "")
        me = f"{demo.told['sandbox_url']}/graph.microsoft.com/v1.0/me"
        answer = get(me, Authorization=f"Bearer {printed.stdout.strip()}")
        assert answer.json()["mail"] == "sarah@company.com"
        limited = "sarah-agent@company-project.iam.gserviceaccount.com"
        as_json = command("token", *SARAH, "--agent", limited, "--json", cwd=tmp_path)
        assert json.loads(as_json.stdout)["token_type"] == "Bearer"
        john = ("google_workspace", "john@company.com")
        assert command("token", *john, "--agent", limited, cwd=tmp_path).returncode == 1
        assert endings(tmp_path) == {SARAH[1]: "unused_90_days", john[1]: "unused_6_months"}
        table = command("users", cwd=tmp_path).stdout
        assert "sarah@company.com" in table
        assert "active" in table
        assert "unused 90" in table
        ended = command("revoke", *john, "--json", cwd=tmp_path)
        assert json.loads(ended.stdout)["provider"] == "revoked"
        assert "Our copy is destroyed" in command("revoke", *SARAH, cwd=tmp_path).stdout
        assert command("token", *SARAH, cwd=tmp_path).returncode == 1
        files = [path for path in (tmp_path / ".demo").rglob("*") if path.is_file()]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_connectors_commands_work_beside_the_demo(tmp_path: Path) -> None:
    """Two people, each their own mail, files and events; what goes up comes down the same."""
    john = ("google_workspace", "john@company.com")
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 20_000)  # in chunks, at 4 MiB and more
    with running(*demo_arguments(tmp_path), cwd=tmp_path) as demo:
        sign_in(demo.told, "sarah@company.com", "microsoft_teams")
        sign_in(demo.told, "john@company.com", "google_workspace")

        def told(*words: str) -> dict[str, Any]:
            done = command(*words, "--json", cwd=tmp_path)
            assert done.returncode == 0, done.stdout
            document: dict[str, Any] = json.loads(done.stdout)
            return document

        mail = ("send-email", *SARAH, "--to", john[1], "--subject", "Walrus", "--body", "It is.")
        assert told(*mail, "--attach", "large.bin", "--idempotency-key", "1")["status"] == "sent"
        assert [m["from"] for m in told("messages", *john, "--search", "Walrus")["messages"]] == [
            SARAH[1]
        ]
        names = [{f["name"] for f in told("files", *whose)["files"]} for whose in (SARAH, john)]
        assert all(names)
        assert names[0].isdisjoint(names[1])
        stored = told("files", "upload", *SARAH, "large.bin")
        told("files", "download", *SARAH, stored["id"], "--into", "again.bin")
        assert (tmp_path / "again.bin").read_bytes() == (tmp_path / "large.bin").read_bytes()
        assert told("events", *john)["events"]
        limited = ("--agent", "files-agent@company-project.iam.gserviceaccount.com")
        assert command("messages", *SARAH, *limited, cwd=tmp_path).returncode == 1


def test_a_second_demo_beside_the_first_keeps_its_own_data(tmp_path: Path) -> None:
    """Two sandboxes never write one file; each stops by itself."""
    with running(*demo_arguments(tmp_path), cwd=tmp_path) as first:
        with running(*demo_arguments(tmp_path), cwd=tmp_path) as second:
            assert Path(second.told["settings"]).parent.parent == tmp_path / ".demo"
            assert get(second.told["url"]).status_code == 200
            assert second.stop(signal.SIGINT) == 0
        assert get(first.told["url"]).status_code == 200


@pytest.mark.parametrize("taken", ["ours", "the sandbox's"])
def test_a_port_that_is_taken_is_named_with_another_to_try(taken: str, tmp_path: Path) -> None:
    """One sentence, exit code 1, nothing made."""
    ports = dict(zip(("ours", "the sandbox's"), free_ports(), strict=True))
    options = ("--port", ports["ours"], "--sandbox-port", ports["the sandbox's"])
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports[taken]))
        other.listen()
        refused = command("demo", *options, cwd=tmp_path)
    assert refused.returncode == 1
    assert f"Port {ports[taken]} " in refused.stderr
    suggested = int(refused.stderr.partition("`make demo PORT=")[2].partition("`")[0])
    assert suggested not in ports.values()
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / ".demo").exists()


def test_serve_leads_to_the_real_google(tmp_path: Path, env_file: Path) -> None:
    """Keys are made at the first start; a person who signs in is sent to accounts.google.com."""
    port, _ = free_ports()
    kept = ("DEPLOYMENT_ID", "CONNECTOR_TYPES_FILE", "POLICY_FILE", "CLIENT_SECRETS_FILE")
    lines = [line for line in env_file.read_text().splitlines() if line.startswith(kept)]
    settings = tmp_path / "my.env"
    settings.write_text("\n".join(["DATA_DIR=data", *lines]))
    with running("serve", "--env", settings, "--port", port, cwd=tmp_path) as served:
        origin = f"http://localhost:{port}"
        assert served.told["url"] == origin
        assert get(f"{origin}/").status_code == 200
        form = {"user_email": "john@company.com", "connector_type": "google_workspace"}
        with requests.Session() as session:
            session.trust_env = False
            sent = session.post(
                f"{origin}/api/v1/oauth/user/authorize",
                data=form, headers={"Origin": origin}, allow_redirects=False, timeout=10,
            )  # fmt: skip
        away = urlsplit(sent.headers["Location"])
        assert (away.scheme, away.hostname) == ("https", "accounts.google.com")
        assert parse_qs(away.query)["redirect_uri"] == [f"{origin}/api/v1/oauth/callback/google"]
        assert (tmp_path / "data" / "keys" / "refresh.private.pem").exists()
        assert served.stop(signal.SIGINT) == 0


def test_serve_names_a_setting_that_a_function_refuses(tmp_path: Path, env_file: Path) -> None:
    """What can not be built stops the start, in one sentence."""
    text = env_file.read_text().replace("http://localhost:8084", "http://oauth.company.com")
    env_file.write_text(text)
    refused = command("serve", "--env", env_file, "--port", free_ports()[0], cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("PUBLIC_ORIGIN is malformed")
    assert refused.stderr.count("\n") == 1
