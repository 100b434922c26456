"""What is shipped: the same bytes of the same sources, whole, and nothing that has no use there."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest

from infra import package
from multi_user_oauth.wiring.provision import provision
from tests.architecture.catalogue import FUNCTIONS
from tests.support.installation import write_settings

NAMES = [function.name for function in FUNCTIONS if not function.coming]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """All archives."""
    folder = tmp_path_factory.mktemp("archives")
    return {name: package.archive(name, folder / f"{name}.zip") for name in package.functions()}


@pytest.fixture(scope="module")
def backup() -> Iterator[Path]:
    """What scheduled backups run, unpacked in an empty folder."""
    # Not below the folder that is searched for secrets: the sandbox has made-up ones.
    with TemporaryDirectory() as folder:
        with ZipFile(package.archive(package.BACKUP, Path(folder, "backup.zip"))) as made:
            made.extractall(Path(folder, "vault"))
        yield Path(folder, "vault")


def test_a_scheduled_backup_has_the_command_line_with_it(backup: Path, tmp_path: Path) -> None:
    """In an empty folder, with no other copy of the library in sight, it takes one."""
    settings = write_settings(tmp_path, provision(tmp_path), "") | {"PYTHONPATH": str(backup)}
    command = "import backup, pathlib; print(backup.take('ledger', pathlib.Path('made')))"
    taken = subprocess.run(
        [sys.executable, "-c", command],
        cwd=tmp_path,
        env=settings | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (taken.returncode, len(taken.stdout.strip())) == (0, 64), taken.stderr
    assert (tmp_path / "made").exists()


def test_what_a_scheduled_backup_installs_is_pinned_by_hash(backup: Path) -> None:
    """It is the lock of the command line that speaks to Google Cloud."""
    pins = re.findall(
        r"^[\w.-]+==.*$", (backup / "requirements.txt").read_text("utf-8"), re.MULTILINE
    )
    assert {pin.partition("==")[0] for pin in pins} >= {"click", "google-cloud-firestore", "rich"}
    assert [pin for pin in pins if not pin.endswith("\\")] == []


def test_every_function_has_an_archive(archives: Mapping[str, Path]) -> None:
    """And nothing else has."""
    assert sorted(archives) == sorted(NAMES)


def test_the_same_sources_make_the_same_bytes(archives: Mapping[str, Path], tmp_path: Path) -> None:
    """A function is built anew when, and only when, something in it has changed."""
    again = package.archive("authorize", tmp_path / "again.zip")
    assert again.read_bytes() == archives["authorize"].read_bytes()
    with ZipFile(again) as made:
        assert {entry.date_time for entry in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert made.namelist() == sorted(made.namelist())


def test_what_runs_elsewhere_is_left_out(archives: Mapping[str, Path]) -> None:
    """The command line, the sandbox, what agents install, and what running leaves behind."""
    for name, file in archives.items():
        with ZipFile(file) as made:
            listed = set(made.namelist())
        assert {"main.py", "requirements.txt", "multi_user_oauth/__init__.py"} <= listed
        parts = {path.split("/")[1] for path in listed if path.startswith("multi_user_oauth/")}
        assert not parts & {"cli", "client", "mcp", "sandbox"}
        assert ("connectors" in parts) == (name == "connectors")
        assert not [path for path in listed if "__pycache__" in path or path.endswith(".db")]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """As the functions have them in the cloud: nothing of a sandbox, of an emulator or of local keys."""
    folder = tmp_path_factory.mktemp("settings")
    written = write_settings(folder, provision(folder), "")
    files = {name: value for name, value in written.items() if name.endswith("_FILE")}
    # Google's libraries want to know who they are before they ask anybody anything.
    credentials = {"type": "authorized_user"}
    credentials |= dict.fromkeys(("client_id", "client_secret", "refresh_token"), "made up")
    (folder / "credentials.json").write_text(json.dumps(credentials), "utf-8")
    ring = "projects/company-oauth/locations/europe-west1/keyRings/oauth-tokens/cryptoKeys"
    topics = "projects/company-oauth/topics"
    return files | {
        "BACKEND": "gcp",
        "K_SERVICE": "oauth-function",
        "PUBLIC_ORIGIN": "https://connect.company.com",
        "DEPLOYMENT_ID": written["DEPLOYMENT_ID"],
        "GOOGLE_CLOUD_PROJECT": "company-oauth",
        "ACCESS_KEY": f"{ring}/access",
        "REFRESH_KEY": f"{ring}/refresh",
        "EVENTS_TOPIC": f"{topics}/oauth-events",
        "SWEEP_TOPIC": f"{topics}/oauth-sweep",
        "REFRESH_URL": "https://oauth-refresh-1.europe-west1.run.app",
        "BEHIND_IAM": "yes",
        "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "credentials.json"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_starts_where_nothing_else_is(
    name: str, archives: Mapping[str, Path], settings: Mapping[str, str], tmp_path: Path
) -> None:
    """Unpacked in an empty folder, with no other copy of the library in sight, set as in the cloud."""
    with ZipFile(archives[name]) as made:
        made.extractall(tmp_path)
    started = subprocess.run(
        [sys.executable, "-c", "import main; print(main.serve and main.__file__)"],
        cwd=tmp_path,
        env=dict(settings) | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (started.returncode, started.stdout.strip()) == (0, str(tmp_path / "main.py")), (
        started.stderr
    )
