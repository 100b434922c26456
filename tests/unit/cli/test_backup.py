"""backup and restore, from one deployment on this machine into another one."""

import os
import pty
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from multi_user_oauth.cli.settings_file import read_settings, write_settings
from multi_user_oauth.stores.file_backup import BackupFile

from .conftest import Run
from .processes import COMMAND, PATIENCE, environment
from .test_leaving import LEAVER, MICROSOFT, OTHER, connect, facts

Command = Callable[..., Result]
PEOPLE = (LEAVER, OTHER)


@pytest.fixture
def backup(run: Run, env_file: Path) -> Command:
    """Run `backup` over a deployment in which two people connected Microsoft."""
    for number, email in enumerate(PEOPLE):
        connect(env_file, email, number)
    return lambda *arguments: run("backup", *arguments, "--env", env_file)


@pytest.fixture
def elsewhere(env_file: Path, tmp_path: Path) -> Path:
    """Settings with the same keys and the same deployment's id, and no database yet."""
    file = tmp_path / "elsewhere" / "settings.env"
    file.parent.mkdir()
    values = read_settings(env_file) | {"DATA_DIR": str(file.parent / "data")}
    write_settings(file, values, "for a test")
    return file


@pytest.fixture
def restore(run: Run, elsewhere: Path) -> Command:
    """Run `restore` over the other deployment."""
    return lambda *arguments: run("restore", *arguments, "--env", elsewhere)


def token(run: Run, elsewhere: Path, email: str) -> Result:
    """Ask for a person's token there."""
    return run("token", MICROSOFT, email, "--env", elsewhere)


def test_a_deployment_is_backed_up_and_restored(  # noqa: PLR0917  # reason: fixtures
    run: Run, backup: Command, restore: Command, env_file: Path, elsewhere: Path, tmp_path: Path
) -> None:
    """N66: what each command says to whoever looks on; who left since stays gone."""
    file, ledger = tmp_path / "whole.gz", tmp_path / "ledger.gz"
    done = backup(file)
    assert done.exit_code == 0, done.output
    assert "Backed up: connections 2, audit records 2." in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    digest = done.stdout.split("Digest: ")[1].strip()
    assert run("offboard", LEAVER, "--env", env_file).exit_code == 0
    said = facts(backup(ledger, "--ledger-only", "--json"))
    assert said["counts"]["ledger"] == 1
    assert "connection" not in said["counts"]

    done = restore(file, "--ledger", ledger, "--digest", digest)
    assert done.exit_code == 0, done.output
    assert "Connections written: 2. Ended since, and left so: 1." in done.stdout
    assert "In quarantine: 1. Next: multi-user-oauth restore --release" in done.stdout
    later = token(run, elsewhere, OTHER)
    assert (later.exit_code, "A backup brought this connection back" in later.output) == (4, True)

    done = restore("--release")
    assert done.exit_code == 0, done.output
    assert "Released: 1." in done.stdout
    assert token(run, elsewhere, OTHER).exit_code == 0
    assert token(run, elsewhere, LEAVER).exit_code == 1


def test_a_restore_and_a_release_say_what_they_did_as_json(
    backup: Command, restore: Command, tmp_path: Path
) -> None:
    """For scripts; the digest is the backup's."""
    file = tmp_path / "whole.gz"
    digest = facts(backup(file, "--json"))["digest"]
    said = facts(restore(file, "--json"))
    del said["taken_at"]
    assert said == {
        "written": 2, "left_alone": 0, "ended": 0, "quarantined": 2, "digest": digest
    }  # fmt: skip
    released = {"released": 1, "ended": 0, "waiting": 1}
    assert facts(restore("--release", "--user", OTHER.upper(), "--json")) == released
    released = {"released": 0, "ended": 0, "waiting": 1}
    assert facts(restore("--release", "--connector-type", "google_x", "--json")) == released


@pytest.mark.usefixtures("backup")
def test_a_backup_goes_down_a_pipe(env_file: Path, tmp_path: Path) -> None:
    """What is said of it goes to standard error."""
    with (tmp_path / "piped.gz").open("wb") as out:
        done = subprocess.run(
            [*COMMAND, "backup", "-", "--env", env_file],
            cwd=tmp_path, env=environment(), stdout=out, stderr=subprocess.PIPE, check=False,
            timeout=PATIENCE,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"connections 2" in done.stderr
    with (tmp_path / "piped.gz").open("rb") as piped:
        assert BackupFile(piped, "piped").seen == 4


def test_no_backup_is_thrown_at_a_terminal(env_file: Path, tmp_path: Path) -> None:
    """It is no text."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*COMMAND, "backup", "-", "--env", env_file],
            cwd=tmp_path, env=environment(), stdout=theirs, stderr=subprocess.PIPE, check=False,
            timeout=PATIENCE,
        )  # fmt: skip
    finally:
        os.close(theirs)
        os.close(ours)
    assert (done.returncode, b"send it to a file" in done.stderr) == (2, True)


def test_a_pipe_has_no_place_for_json(backup: Command) -> None:
    """Standard output is the backup."""
    done = backup("-", "--json")
    assert (done.exit_code, "--json has no place" in done.output) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("FILE", "--release"),
        ("--release", "--ledger", "FILE"),
        ("--release", "--digest", "00"),
        ("FILE", "--user", OTHER),
        ("FILE", "--connector-type", MICROSOFT),
    ],
)
def test_what_does_not_go_together_is_refused(
    restore: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Before any file is read."""
    file = tmp_path / "x"
    file.touch()
    done = restore(*(file if each == "FILE" else each for each in arguments))
    assert done.exit_code == 2, done.output
    assert "Usage:" in done.output


def test_a_file_that_is_not_the_one_is_refused(
    backup: Command, restore: Command, tmp_path: Path
) -> None:
    """Cut off, of another digest, or none: a sentence, and nothing was written."""
    file, cut = tmp_path / "whole.gz", tmp_path / "cut.gz"
    backup(file)
    cut.write_bytes(file.read_bytes()[:-9])
    for arguments in ((cut,), (file, "--ledger", cut), (file, "--digest", "0" * 64)):
        done = restore(*arguments)
        assert done.exit_code == 2, done.output
        assert "nothing was restored" in done.output
    done = restore("--release")
    assert (done.exit_code, done.output.strip()) == (2, "Nothing was restored here.")


def test_a_folder_that_can_not_be_written_to_is_told(backup: Command, tmp_path: Path) -> None:
    """With its reason."""
    done = backup(tmp_path / "nowhere" / "whole.gz")
    assert done.exit_code == 2
    assert "can not be written: No such file or directory" in done.output
