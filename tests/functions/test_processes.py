"""Each function by itself, as the platform runs it: a process of its own under functions-framework."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import requests

from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.sandbox.server import Sandbox
from tests.architecture.catalogue import ROOT
from tests.plugins.no_secret_in_logs import log_file
from tests.support.api import BUILT
from tests.support.functions import API, AUTHORIZE, FORM, MICROSOFT
from tests.support.installation import AGENT, ORIGIN, SANDBOX, write_settings
from tests.support.processes import until

HOST: Final = ORIGIN.removeprefix("http://")
TOKEN: Final = f"{API}/user/{MICROSOFT}/{SARAH.email}/token"


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(name: str, port: int) -> list[str]:
    """Return what starts a function."""
    return [
        sys.executable, "-m", "functions_framework", "--target", "main",
        "--source", str(ROOT / f"functions/{name}/main.py"), "--host", "127.0.0.1",
        "--port", str(port),
    ]  # fmt: skip


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with what a process needs besides."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **settings, "PYTHONPATH": str(ROOT / "shared")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """All functions, each at its own address, and the sandbox that they reach over HTTP."""

    addresses: Mapping[str, str]
    sandbox: Sandbox
    settings: Mapping[str, str]

    def send(
        self,
        name: str,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | bytes | None = None,
    ) -> requests.Response:
        """Send a request to one function, as the load balancer passes it on."""
        return requests.request(
            method,
            self.addresses[name] + path,
            headers={"Host": HOST, "Accept": "application/json", **(headers or {})},
            data=data,
            allow_redirects=False,
            timeout=30,
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Iterator[Running]:
    """Start everything at once; `access_token` and `revoke` ask the function `refresh` by HTTP."""
    with Sandbox(SANDBOX) as sandbox, contextlib.ExitStack() as stack:
        ports = {name: free_port() for name in BUILT}
        addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        settings = write_settings(tmp_path_factory.mktemp("running"), keys, sandbox.base_url)
        del settings["WEB_DIR"]  # main.py knows its own folder
        settings["REFRESH_URL"] = addresses["refresh"]
        for name, port in ports.items():
            log = stack.enter_context(log_file(name).open("w"))
            process = subprocess.Popen(
                command(name, port), env=environment(settings), stdout=log, stderr=log
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        for port in ports.values():
            until(lambda p=port: listens(p), f"somebody listens at {port}")  # type: ignore[misc]  # reason: mypy can not infer a default's type
        yield Running(addresses=addresses, sandbox=sandbox, settings=settings)


def listens(port: int) -> bool:
    """Return whether somebody listens at the port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


PLACES: Final = {
    "authorize": (AUTHORIZE, "/", 400),
    "callback_microsoft": (f"{API}/callback/microsoft", "/", 400),
    "callback_google": (f"{API}/callback/google", "/", 400),
    "list_users": (f"{API}/users", "/", 401),
    "revoke": (f"{API}/user/x/{SARAH.email}", f"/x/{SARAH.email}", 405),
    "refresh": ("/refresh/one", "/one", 405),
    "access_token": (TOKEN, f"/{MICROSOFT}/{SARAH.email}", 401),
    "connectors": (
        f"/api/v1/connectors/{MICROSOFT}/messages",
        f"/{MICROSOFT}/messages",
        401,
    ),
    "web": ("/", "/connect", 200),
    "account": ("/api/v1/account/session", "/session", 401),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_function_answers_its_own_routes_and_no_other(running: Running, name: str) -> None:
    """Under the full and the bare path; elsewhere, and with other methods, with a problem of ours."""
    full, bare, expected = PLACES[name]
    for path in (full, bare):
        response = running.send(name, "GET", path)
        assert response.status_code == expected, response.text
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        for method in ("HEAD", "OPTIONS", "PATCH", "TRACE"):
            response = running.send(name, method, path)
            assert response.status_code == 405
            assert response.headers["Allow"]
    response = running.send(name, "GET", "/nowhere/at/all/really/not")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(("file", "status"), [("account.js", 200), ("nothing.js", 404)])
def test_the_pages_files_come_from_us(running: Running, file: str, status: int) -> None:
    """Not from the application around us, which knows no header of ours."""
    response = running.send("web", "GET", f"/assets/{file}")
    assert response.status_code == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Request-Id"]


def test_the_processes_work_together(running: Running) -> None:
    """Sign-in, token, refresh over HTTP, list and disconnect, each in the process of its function."""
    running.sandbox.set("microsoft", expires_in=2)
    form = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    away = running.send("authorize", "POST", AUTHORIZE, headers=FORM, data=form)
    assert away.status_code == 303, away.text
    flow = away.headers["Set-Cookie"].partition(";")[0]
    page = ScriptedBrowser(stop_at=ORIGIN).sign_in(away.headers["Location"], SARAH.id)
    back = page.url.removeprefix(ORIGIN)
    welcome = running.send("callback_microsoft", "GET", back, headers={"Cookie": flow})
    assert welcome.status_code == 303, welcome.text
    cookies = welcome.headers["Set-Cookie"]
    session = {"Cookie": cookies[cookies.index("__Host-session") :].partition(";")[0]}
    listed = running.send("list_users", "GET", f"{API}/users", headers=session)
    assert [user["user_email"] for user in listed.json()["users"]] == [SARAH.email]

    agent = {"Authorization": f"Bearer {running.sandbox.identity_token(ORIGIN, AGENT)}"}
    running.sandbox.set("microsoft", expires_in=3599)

    def served_refreshed() -> bool:
        assert running.send("access_token", "GET", TOKEN, headers=agent).status_code == 200
        return any(r["grant_type"] == "refresh_token" for r in running.sandbox.requests())

    until(served_refreshed, "the token is refreshed")
    ended = running.send("revoke", "DELETE", f"/{MICROSOFT}/{SARAH.email}", headers=FORM | session)
    assert ended.json()["status"] == "revoked"
    assert running.send("access_token", "GET", TOKEN, headers=agent).status_code == 404


@pytest.mark.parametrize("name", ["authorize", "refresh"])
def test_ten_megabytes_are_a_413(running: Running, name: str) -> None:
    """N97: announced or in chunks, the framework lets us refuse it (who is not let in at all, sooner)."""
    large = b"x" * 10_000_000
    agent = {"Authorization": f"Bearer {running.sandbox.identity_token(ORIGIN, AGENT)}"}
    headers = {"Content-Type": "application/json", **agent}
    path = AUTHORIZE if name == "authorize" else "/one"
    assert running.send(name, "POST", path, headers=headers, data=large).status_code == 413
    chunks = iter([large[:1_000_000]] * 3)
    response = requests.post(
        running.addresses[name] + path,
        data=chunks,
        headers={"Host": HOST, **headers},
        timeout=30,
    )
    assert response.status_code == 413


def test_a_missing_setting_stops_the_process(running: Running, tmp_path: Path) -> None:
    """With the setting's name in what the platform shows, and an exit code that is not 0."""
    settings = {**running.settings, "DATA_DIR": str(tmp_path)}
    del settings["POLICY_FILE"]
    done = subprocess.run(
        command("list_users", free_port()),
        env=environment(settings),
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )
    assert done.returncode != 0
    assert "POLICY_FILE is not set" in done.stderr
