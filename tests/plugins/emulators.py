"""Start Google's emulators for the tests that ask for them, once a run; they end with the run."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final
from uuid import uuid4

import pytest

from multi_user_oauth.sandbox.emulator import (
    FIREBASE_TOOLS,
    answers,
    find_jar,
    find_java,
    gcloud_sdk_root,
    java_command,
)
from multi_user_oauth.sandbox.pubsub_emulator import find_pubsub_jar, pubsub_java_command
from tests.plugins.no_secret_in_logs import log_file, remember_project, search_emulator
from tests.plugins.what_did_not_run import missing
from tests.support.processes import free_ports, until

PART: Final = "tests on the Firestore emulator"
MEND_JAR: Final = (
    "gcloud components install cloud-firestore-emulator"
    " (of Google's apt repository: sudo apt-get install google-cloud-cli-firestore-emulator),"
    f" or: npx {FIREBASE_TOOLS} setup:emulators:firestore,"
    " or: make test FIRESTORE_EMULATOR_JAR=/path/to/it.jar"
)
PUBSUB_PART: Final = "tests on the Pub/Sub emulator"
MEND_PUBSUB_JAR: Final = (
    "gcloud components install pubsub-emulator"
    " (of Google's apt repository: sudo apt-get install google-cloud-cli-pubsub-emulator),"
    " or: make test PUBSUB_EMULATOR_JAR=/path/to/it.jar"
)
MEND_JAVA: Final = (
    "sudo apt-get install default-jre-headless, or: make test JAVA_HOME=/path/to/java"
)

# Runs a program until it ends by itself, or whoever holds the other end of the pipe has ended.
GUARD: Final = """
import subprocess, sys, threading
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=lambda: (sys.stdin.read(), program.kill()), daemon=True).start()
sys.exit(program.wait())
"""


@contextmanager
def running(name: str, command: Callable[[int], list[str]]) -> Iterator[str]:
    """Run an emulator on a free port of 127.0.0.1 and give its address; afterwards it is gone."""
    (port,) = free_ports(1)
    log = log_file(name)
    with log.open("ab") as output, guarded(command(port), output.fileno()) as guard:
        address = f"127.0.0.1:{port}"

        def ready() -> bool:
            if guard.poll() is not None:
                pytest.fail(f"the emulator ended: {log.read_text()[-2000:]}")
            return answers(address)

        until(ready, "the emulator answers")
        yield address


@contextmanager
def guarded(command: list[str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own, which ends with this block or with this process."""
    guard = subprocess.Popen(
        [sys.executable, "-S", "-c", GUARD, *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        yield guard
    finally:
        with suppress(ProcessLookupError):
            os.killpg(guard.pid, signal.SIGKILL)
        guard.wait()
        if guard.stdin is not None:
            guard.stdin.close()


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """
    Give the address of an emulator: the one of FIRESTORE_EMULATOR_HOST, else one of this run.

    Without one, or Java, the test does not run, and the run says so. Nobody empties it: whoever uses
    it has a project of their own.
    """
    address = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if address:
        if not answers(address):
            missing(PART, why=f"nothing answers at {address}", mend="unset FIRESTORE_EMULATOR_HOST")
        yield address
        search_emulator(address)
        return
    java = find_java(os.environ) or missing(PART, why="no Java was found", mend=MEND_JAVA)
    jar = find_jar(os.environ, gcloud_sdk_root) or missing(
        PART, why="no emulator was found", mend=MEND_JAR
    )
    with running("firestore-emulator", partial(java_command, java, jar)) as address:
        yield address
        search_emulator(address)


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[str]:
    """
    Give the address of an emulator: the one of PUBSUB_EMULATOR_HOST, else one of this run.

    Without one, or Java, the test does not run, and the run says so. Nobody empties it: whoever uses
    it has topics of their own.
    """
    address = os.environ.get("PUBSUB_EMULATOR_HOST")
    if address:
        if not answers(address):
            mend = "unset PUBSUB_EMULATOR_HOST"
            missing(PUBSUB_PART, why=f"nothing answers at {address}", mend=mend)
        yield address
        return
    java = find_java(os.environ) or missing(PUBSUB_PART, why="no Java was found", mend=MEND_JAVA)
    jar = find_pubsub_jar(os.environ, gcloud_sdk_root) or missing(
        PUBSUB_PART, why="no emulator was found", mend=MEND_PUBSUB_JAR
    )
    with running("pubsub-emulator", partial(pubsub_java_command, java, jar)) as address:
        yield address


@pytest.fixture
def firestore_project() -> str:
    """Give a project id that nobody used before: its databases are empty."""
    return remember_project(f"test-{uuid4().hex[:12]}")
