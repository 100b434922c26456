"""`demo --backend gcp` as a process: it starts, serves, stops, and says what it lacks."""

import signal
import subprocess
from pathlib import Path

import pytest

from multi_user_oauth.cli.cloud_demo_emulators import PUBSUB, Emulators
from multi_user_oauth.cli.cloud_demo_processes import Processes
from multi_user_oauth.errors import ConfigurationError
from tests.support.processes import PATIENCE
from tests.unit.cli.processes import command, running
from tests.unit.cli.test_demo import demo_arguments, get


def groups_below(process: int) -> set[str]:
    """The process groups that this process has started."""
    lines = processes()
    return {group for parent, group, _ in lines if parent == str(process)}


def processes() -> list[tuple[str, str, str]]:
    """Parent, group and state of every process."""
    listed = subprocess.run(
        ["/bin/ps", "-eo", "ppid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    return [
        (line.split()[0], line.split()[1], line.split()[2]) for line in listed.stdout.splitlines()
    ]


def test_the_demo_stops_within_five_seconds_and_leaves_nothing_behind(
    firestore_emulator: str,
    pubsub_emulator: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every process that it started is gone with it."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    with running(*demo_arguments(tmp_path), "--backend", "gcp", cwd=tmp_path) as demo:
        assert get(demo.told["url"]).status_code == 200
        assert Path(demo.told["settings"]).parent == tmp_path / ".demo" / "gcp"
        started = groups_below(demo.process.pid)
        assert len(started) == 10
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(PATIENCE) == 0
        alive = {group for _, group, state in processes() if not state.startswith("Z")}
        assert not started & alive


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"FIRESTORE_EMULATOR_JAR": "/no.jar"}, "This needs Google's Firestore emulator"),
        ({"FIRESTORE_EMULATOR_HOST": "127.0.0.1:9"}, "No Firestore emulator answers"),
    ],
)
def test_without_an_emulator_one_sentence_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], sentence: str
) -> None:
    """It is a matter of configuration: exit code 2."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    refused = command(*demo_arguments(tmp_path), "--backend", "gcp", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith(sentence)
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("lacks", ["jar", "java"])
def test_without_the_pubsub_emulator_the_demo_does_without(tmp_path: Path, lacks: str) -> None:
    """Nobody has to install it to see the rest."""
    environ = {"PUBSUB_EMULATOR_JAR": str(tmp_path / "its.jar"), "PATH": "/nowhere"}
    if lacks == "java":
        (tmp_path / "its.jar").touch()
    with Processes(tmp_path) as started:
        assert Emulators(started, environ).pubsub() is None
        assert PUBSUB not in started


def test_a_pubsub_emulator_that_does_not_answer_is_named(tmp_path: Path) -> None:
    """Whoever names one wants that one."""
    environ = {"PUBSUB_EMULATOR_HOST": "127.0.0.1:9"}
    with (
        Processes(tmp_path) as started,
        pytest.raises(ConfigurationError, match="No Pub/Sub emulator answers"),
    ):
        Emulators(started, environ).pubsub()
