"""The lines of docs/api.md work beside the demo, as they are printed."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
import requests

from multi_user_oauth.cli import files
from multi_user_oauth.sandbox.browser import ScriptedBrowser
from tests.documents.api_page import SCOPES, SESSIONS, examples, read
from tests.unit.cli.processes import ROOT, Running, environment, free_ports, running

LAST: Final = "sign_out"
"""Nothing that a person may do works after it."""
REFUSED: Final = re.compile(r"^# .*: (\d{3}) (\w+)$", re.MULTILINE)
MARK: Final = "----- "
SHELL: Final = 'set -o pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
"""A refusal is a failure, wherever in a line it happens."""
OF_CURL: Final = 22
"""The exit code by which it says so."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo at ports of its own, with the lines for the policy that the page asks for."""
    folder, (port, sandbox_port) = tmp_path_factory.mktemp("api"), free_ports()
    (folder / ".demo").mkdir(mode=0o700)
    template = Path(files.__file__).with_name("templates") / "policy.yaml"
    policy = template.read_text("utf-8").partition("refresh_callers:")[0] + read("api.policy.yaml")
    (folder / ".demo/policy.yaml").write_text(policy, "utf-8")
    arguments = (
        *("demo", "--port", port, "--sandbox-port", sandbox_port),
        *("--data-dir", folder / ".demo", "--functions", ROOT / "functions"),
    )
    with running(*arguments, cwd=folder) as started:
        yield started


@pytest.fixture(scope="module")
def answers(demo: Running, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What each line says, typed in one shell from the page's first to its last."""
    connected(demo, "john@company.com", "google_workspace")
    connected(demo, "maria@company.com", "google_workspace")
    sessions = SESSIONS.replace(
        "SARAHS", connected(demo, "sarah@company.com", "microsoft_teams", SCOPES)
    ).replace("THE_ADMINS", connected(demo, "admin@company.com", "microsoft_teams"))
    lines = examples()
    ordered = [*(name for name in lines if name != LAST), LAST]
    typed = "".join(f"echo '{MARK}{name}'\n{lines[name]}echo $'\\n'$?\n" for name in ordered)
    prelude = read("api_prelude.sh")
    for shown, real in (("http://localhost:8084", "url"), ("http://127.0.0.1:8085", "sandbox_url")):
        assert prelude.count(shown) == 1
        prelude = prelude.replace(shown, str(demo.told[real]))
    done = subprocess.run(
        ["/bin/bash", "-c", SHELL + prelude + sessions + typed],
        cwd=tmp_path_factory.mktemp("shell"),
        env=environment(), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    told = [part.partition("\n") for part in done.stdout.split(MARK)[1:]]
    return {name: said.strip() for name, _, said in told}


def connected(demo: Running, email: str, connector_type: str, scopes: tuple[str, ...] = ()) -> str:
    """Connect a person by the link that the page shows; return the cookie of their session."""
    with requests.Session() as session:
        session.trust_env = False
        browser = ScriptedBrowser(session)
        form: dict[str, object] = {"user_email": email, "connector_type": connector_type}
        form |= {"scopes": list(scopes)} if scopes else {}
        link = session.post(
            f"{demo.told['url']}/api/v1/oauth/user/authorize", json=form, timeout=10
        )
        page = browser.open(link.json()["authorization_url"])
        page = browser.walk(browser.submit(page, page.forms[0]), email.partition("@")[0])
        assert page.status == 200
        (value,) = [c.value for c in session.cookies if c.name == "__Host-session"]
        assert value
        return value


@pytest.mark.parametrize("name", examples())
def test_a_line_works_as_it_is_printed(name: str, answers: Mapping[str, str]) -> None:
    """What it answers is no refusal, but for the one that the line itself announces."""
    announced = REFUSED.search(examples()[name])
    said, _, ended = answers[name].rpartition("\n")
    assert int(ended) == (OF_CURL if announced else 0), said[:300]
    if announced:
        refused = re.search(r'"status":(\d{3}),.*"code":"(\w+)"', said)
        assert refused
        assert refused.groups() == announced.groups()
