"""The emulator is found where people have it, and ends with whoever started it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from multi_user_oauth.sandbox.emulator import (
    FIREBASE_TOOLS,
    JAR,
    NoEmulatorError,
    answers,
    download_by_npx,
    emulator_command,
    find_jar,
    find_java,
    gcloud_sdk_root,
)
from multi_user_oauth.sandbox.pubsub_emulator import find_pubsub_jar, pubsub_command
from tests.plugins import emulators, what_did_not_run
from tests.plugins.emulators import guarded
from tests.support.processes import ROOT

pytest_plugins = ["pytester"]

SLEEPER = "import time; print('begun', flush=True); time.sleep(60); print('ended by itself')"
STARTER = f"""
import sys, time
from tests.plugins.emulators import guarded
with guarded([sys.executable, "-c", {SLEEPER!r}], sys.stdout.fileno()):
    time.sleep(60)
"""


def program(path: Path, says: str = "") -> str:
    """Write a program that says something."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return str(path)


def jar(root: Path) -> str:
    """Put an emulator where gcloud would."""
    path = root / JAR
    path.parent.mkdir(parents=True)
    path.touch()
    return str(path)


def never(_: Mapping[str, str]) -> str:
    """As `gcloud_sdk_root`, where it must not be asked."""
    pytest.fail("gcloud was asked, which takes a second")


def test_the_java_of_java_home_is_taken(tmp_path: Path) -> None:
    """It wins over that of PATH; a JAVA_HOME without one does not hide it."""
    named = program(tmp_path / "home" / "bin" / "java")
    other = program(tmp_path / "path" / "java")

    path = str(tmp_path / "path")
    assert find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": path}) == named
    assert find_java({"JAVA_HOME": str(tmp_path / "gone"), "PATH": path}) == other
    assert find_java({"PATH": str(tmp_path)}) is None


def test_the_named_emulator_is_taken_and_gcloud_not_asked(tmp_path: Path) -> None:
    """A name that is wrong is no reason to take another one."""
    named = jar(tmp_path)

    assert find_jar({"FIRESTORE_EMULATOR_JAR": named}, never) == named
    assert find_jar({"FIRESTORE_EMULATOR_JAR": str(tmp_path / "gone")}, never) is None


def test_the_emulator_of_gcloud_is_found(tmp_path: Path) -> None:
    """Where gcloud says that its parts are; not there if that part was not installed."""
    program(tmp_path / "gcloud", says=str(tmp_path / "sdk"))
    environ = {"PATH": f"{tmp_path}:/bin:/usr/bin"}

    assert gcloud_sdk_root(environ) == str(tmp_path / "sdk")
    assert find_jar(environ, gcloud_sdk_root) is None
    assert find_jar(environ, lambda _: jar(tmp_path / "sdk")[: -len(JAR)]) is not None


def test_without_gcloud_there_is_none(tmp_path: Path) -> None:
    """And nothing of the folder we are in is taken for it."""
    assert find_jar({"PATH": str(tmp_path)}, gcloud_sdk_root) is None


def no_sdk(_: Mapping[str, str]) -> str:
    """As `gcloud_sdk_root` where there is no gcloud."""
    return ""


def kept(home: Path, *versions: str) -> list[str]:
    """Put emulators of these versions where firebase-tools keeps them."""
    folder = home / ".cache/firebase/emulators"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"cloud-firestore-emulator-v{version}.jar" for version in versions]
    for path in paths:
        path.touch()
    return [str(path) for path in paths]


def test_the_emulator_of_firebase_tools_is_found(tmp_path: Path) -> None:
    """After gcloud's: the newest by its number, at home or where it is told to keep them."""
    environ = {"HOME": str(tmp_path), "PATH": "/nowhere"}
    assert find_jar(environ, no_sdk) is None
    *_, newest = kept(tmp_path, "1.9.9", "1.19.7", "1.19.10")
    (tmp_path / ".cache/firebase/emulators/ui-v99.0.0.jar").touch()
    assert find_jar(environ, no_sdk) == newest
    folder = Path(newest).parent
    assert find_jar({"FIREBASE_EMULATORS_PATH": str(folder)}, no_sdk) == newest
    of_gcloud = jar(tmp_path / "sdk")
    assert find_jar(environ, lambda _: str(tmp_path / "sdk")) == of_gcloud


def test_an_emulator_is_downloaded_as_the_last_resort(tmp_path: Path) -> None:
    """Only where there is none, and a Java that can run it; then it is what is started."""
    java = program(tmp_path / "java")
    asked: list[Mapping[str, str]] = []

    def download(environ: Mapping[str, str]) -> None:
        asked.append(environ)
        kept(tmp_path, "1.19.8")

    without_java = {"HOME": str(tmp_path), "PATH": "/nowhere"}
    with pytest.raises(NoEmulatorError, match="Firestore emulator"):
        emulator_command(without_java, 7, sdk_root=no_sdk, download=download)
    assert asked == []
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    for _ in range(2):
        command = emulator_command(environ, 7, sdk_root=no_sdk, download=download)
        assert command[0] == java
        assert kept(tmp_path, "1.19.8")[0] in command
        assert command[-1] == "--port=7"
    assert asked == [environ]
    with pytest.raises(NoEmulatorError, match="needs Java"):
        emulator_command(without_java, 7, sdk_root=no_sdk, download=download)


def test_a_named_emulator_that_is_not_there_is_not_downloaded(tmp_path: Path) -> None:
    """Whoever names one wants that one."""
    program(tmp_path / "java")
    environ = {"PATH": str(tmp_path), "FIRESTORE_EMULATOR_JAR": str(tmp_path / "gone")}

    def no_download(environ: Mapping[str, str]) -> None:
        never(environ)

    with pytest.raises(NoEmulatorError) as raised:
        emulator_command(environ, 7, sdk_root=never, download=no_download)
    assert "\n" not in str(raised.value)
    assert FIREBASE_TOOLS in str(raised.value)


def test_it_is_downloaded_by_npx(tmp_path: Path) -> None:
    """At the version that we know, with the environment that we were given; it is asked no question."""
    folder = tmp_path / ".cache/firebase/emulators"
    npx = tmp_path / "npx"
    npx.write_text(
        "#!/bin/sh\n"
        f'[ "$*" = "--yes {FIREBASE_TOOLS} setup:emulators:firestore" ] || exit 1\n'
        '! read -r answer && mkdir -p "$HOME/.cache/firebase/emulators"\n'
        'touch "$HOME/.cache/firebase/emulators/cloud-firestore-emulator-v1.19.8.jar"\n'
    )
    npx.chmod(0o755)
    environ = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/bin:/usr/bin"}
    assert find_jar(environ, no_sdk, download_by_npx) == str(
        folder / "cloud-firestore-emulator-v1.19.8.jar"
    )


@pytest.mark.parametrize("npx", ["none", "one that fails"])
def test_a_download_that_fails_brings_none(tmp_path: Path, npx: str) -> None:
    """Without Node.js, and without a network."""
    if npx == "one that fails":
        program(tmp_path / "npx")
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    assert find_jar(environ, no_sdk, download_by_npx) is None


EMULATORS = {
    "Firestore": ("FIRESTORE_EMULATOR", "firestore_emulator"),
    "Pub/Sub": ("PUBSUB_EMULATOR", "pubsub_emulator"),
}


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (("{}_HOST", "127.0.0.1:9"), ["nothing answers at 127.0.0.1:9", "unset *"]),
        (("PATH", "/nowhere"), ["no Java was found", "*JAVA_HOME*"]),
        (("{}_JAR", "/no.jar"), ["no emulator was found", "gcloud components *"]),
    ],
)
@pytest.mark.parametrize(
    ("emulator", "required"), [(name, each) for name in EMULATORS for each in (False, True)]
)
def test_a_run_without_it_says_how_to_get_one(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    setting: tuple[str, str],
    told: list[str],
    emulator: str,
    *,
    required: bool,
) -> None:
    """With the command that mends it; where everything is required, the run fails."""
    prefix, fixture = EMULATORS[emulator]
    cleared = dict.fromkeys((f"{prefix}_HOST", f"{prefix}_JAR", "JAVA_HOME", "REQUIRE"), "")
    path = str(Path(program(pytester.path / "java")).parent)
    changes = cleared | {"PATH": path, "CI": str(required).lower()}
    variable, value = setting
    for name, text in (changes | {variable.format(prefix): value}).items():
        monkeypatch.setenv(name, text)
    pytester.makepyfile(f"def test_that_asks({fixture}): pass")

    result = pytester.runpytest_inprocess(
        "-p", "no:randomly", plugins=[what_did_not_run, emulators]
    )

    assert result.ret == (pytest.ExitCode.TESTS_FAILED if required else pytest.ExitCode.OK)
    result.assert_outcomes(skipped=1)
    why, mend = told
    result.stdout.fnmatch_lines([f"tests on the {emulator} emulator: {why}", f"  mend: {mend}"])


def test_the_pubsub_emulator_is_found(tmp_path: Path) -> None:
    """The newest of gcloud's, or the named one alone."""
    folder = tmp_path / "sdk/platform/pubsub-emulator/lib"
    folder.mkdir(parents=True)
    root = str(tmp_path / "sdk")
    assert find_pubsub_jar({}, lambda _: root) is None
    assert find_pubsub_jar({}, no_sdk) is None
    for version in ("0.8.20", "0.8.6"):
        (folder / f"cloud-pubsub-emulator-{version}-all.jar").touch()
    newest = str(folder / "cloud-pubsub-emulator-0.8.20-all.jar")
    assert find_pubsub_jar({}, lambda _: root) == newest
    assert find_pubsub_jar({"PUBSUB_EMULATOR_JAR": newest}, never) == newest
    assert find_pubsub_jar({"PUBSUB_EMULATOR_JAR": str(tmp_path / "gone")}, never) is None
    java = program(tmp_path / "java")
    command = pubsub_command({"PATH": str(tmp_path)}, 7, sdk_root=lambda _: root)
    assert command[0] == java
    assert command[-4:] == ["-jar", newest, "--host=127.0.0.1", "--port=7"]


@pytest.mark.parametrize("lacks", ["java", "jar"])
def test_without_a_pubsub_emulator_it_is_said_how_to_get_one(tmp_path: Path, lacks: str) -> None:
    """In one sentence."""
    environ = {"PATH": str(tmp_path), "PUBSUB_EMULATOR_JAR": str(tmp_path / "its.jar")}
    if lacks == "java":
        (tmp_path / "its.jar").touch()
    else:
        program(tmp_path / "java")
    with pytest.raises(NoEmulatorError, match="gcloud components install pubsub-emulator"):
        pubsub_command(environ, 7, sdk_root=never)


def test_what_was_started_ends_with_its_block() -> None:
    """The program itself, not only who watches over it: nobody holds the pipe any more."""
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as said:
        with guarded([sys.executable, "-c", SLEEPER], writing):
            os.close(writing)
            assert said.readline() == "begun\n"
        assert said.read() == ""


def test_what_was_started_ends_with_whoever_started_it() -> None:
    """A run that is killed, by SIGKILL too, leaves no emulator behind."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "begun\n"
    starter.kill()
    assert starter.communicate()[0] == ""


def test_an_emulator_runs_and_is_one(firestore_emulator: str) -> None:
    """It answers on this machine only."""
    assert answers(firestore_emulator)
    assert firestore_emulator.startswith(("127.0.0.1:", "localhost:"))


def test_a_pubsub_emulator_runs_and_is_one(pubsub_emulator: str) -> None:
    """It answers on this machine only."""
    assert answers(pubsub_emulator)
    assert pubsub_emulator.startswith(("127.0.0.1:", "localhost:"))
