"""What README.md and docs/guide.md show of the client runs beside the demo, as it is printed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.unit.cli.processes import ROOT, Running, environment, free_ports, running, sign_in


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo at ports of its own; Sarah and John have connected."""
    folder, (port, sandbox_port) = tmp_path_factory.mktemp("demo"), free_ports()
    arguments = (
        *("demo", "--port", port, "--sandbox-port", sandbox_port),
        *("--data-dir", folder / ".demo", "--functions", ROOT / "functions"),
    )
    with running(*arguments, cwd=folder) as started:
        sign_in(started.told, "sarah@company.com", "microsoft_teams")
        sign_in(started.told, "john@company.com", "google_workspace")
        yield started


def shown(document: str, demo: Running) -> str:
    """Return what a document shows of the client, but for the demo's port."""
    text = (ROOT / document).read_text("utf-8")
    blocks: list[str] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (block,) = [each for each in blocks if "multi_user_oauth.client" in each]
    assert block.count("http://localhost:8084") == 1
    return block.replace("http://localhost:8084", str(demo.told["url"]))


def metadata_host(document: str, demo: Running) -> dict[str, str]:
    """Return the environment that the document names, but for the sandbox's port."""
    text = (ROOT / document).read_text("utf-8")
    (host,) = re.findall(r"GCE_METADATA_HOST=(\S+?)[`\s]", text)
    sandbox = str(demo.told["sandbox_url"]).removeprefix("http://")
    return {"GCE_METADATA_HOST": host.replace("127.0.0.1:8085", sandbox)}


@pytest.mark.parametrize("document", ["README.md", "docs/guide.md"])
def test_the_lines_for_agents_run_as_they_are_printed(
    document: str, demo: Running, tmp_path: Path
) -> None:
    """Nothing is added but the environment that the text names; the mail is there."""
    started = environment() | metadata_host(document, demo)
    code = shown(document, demo)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, env=started, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() or document != "README.md"
    with requests.Session() as session:
        session.trust_env = False
        assert "The report" in session.get(demo.told["mailbox_url"], timeout=10).text
