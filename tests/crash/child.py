"""A process that does one thing to a deployment, and stops or dies where it is told to.

It reads its task as a JSON line and says what came of it in others; tokens are named by their digests.
"""

import json
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import requests

from multi_user_oauth import log
from multi_user_oauth.cli.import_run import ImportRun
from multi_user_oauth.cli.old_tokens import OldToken, find_files
from multi_user_oauth.errors import MultiUserOAuthError, RetryableError
from multi_user_oauth.manager import MultiUserOAuthManager
from multi_user_oauth.model import System
from multi_user_oauth.sandbox.company import DEFAULT_AGENT
from multi_user_oauth.sandbox.reach import SandboxAdapter
from multi_user_oauth.settings import Settings
from multi_user_oauth.stores.file_backup import BackupFile
from multi_user_oauth.stores.meter import OperationMeter
from multi_user_oauth.wiring.asking import rewrapping
from multi_user_oauth.wiring.backup import restoring
from multi_user_oauth.wiring.importing import importing
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.crash.deployment import ORIGIN, web
from tests.support.processes import PATIENCE, PAUSE, SharedClock

RECEIVED: Final = "received"
"""The moment at which the provider has answered and nothing of ours has read the answer yet."""

EVERYWHERE: Final = "everywhere"
"""Each place that there is, operations that are metered too."""

Task = dict[str, Any]


class Reaching:
    """Sends this process a signal when it gets to a named place, the first time or a later one."""

    def __init__(self, place: str, number: int, nth: int) -> None:
        self._place = place
        self._number = number
        self._left = nth
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        """Be a `Point`."""
        if self._place not in (name, EVERYWHERE):
            return
        with self._lock:
            self._left -= 1
            reached = self._left == 0
        if reached:
            # To this very thread: it must not run on until another one has noticed the signal.
            signal.pthread_kill(threading.get_ident(), self._number)


class Counting(OperationMeter):
    """A `Meter`: an operation that was done is a place too."""

    def __init__(self, reaching: Reaching) -> None:
        super().__init__()
        self._reaching = reaching

    def count(self, operation: str, number: int = 1) -> None:
        """Note that it was done."""
        self._reaching(operation)


class Receiving(SandboxAdapter):
    """The network, with a place right behind the provider's answer to a token request."""

    def __init__(self, base_url: str, reaching: Reaching) -> None:
        super().__init__(base_url)
        self._reaching = reaching

    def send(
        self, request: requests.PreparedRequest, *args: object, **options: object
    ) -> requests.Response:
        """Send, receive, and be there."""
        response = super().send(request, *args, **options)
        if request.method == "POST":
            self._reaching(RECEIVED)
        return response


def world_of(task: Task) -> World:
    """Return a world in which the signal comes at the place."""
    reaching = Reaching(
        task.get("place", ""), task.get("signal", signal.SIGKILL), task.get("nth", 1)
    )
    return World(
        now=SharedClock(Path(task["clock"])),
        point=reaching,
        meter=Counting(reaching),
        adapter=Receiving(task["values"]["SANDBOX_URL"], reaching),
        stream=sys.stderr,
    )


def get_tokens(task: Task) -> None:
    """
    Ask for one person's token in several threads at once.

    With `patient` each asks again while it is told to, as callers do: on a busy machine the ten seconds
    in which another's refresh is waited for may be over before all of this is loaded.
    """
    manager = MultiUserOAuthManager.from_settings(
        task["values"], agent=DEFAULT_AGENT, world=world_of(task)
    )
    threads = task.get("threads", 1)
    start = threading.Barrier(threads)
    patience = PATIENCE if task.get("patient") else 0.0

    def get() -> str:
        start.wait()
        end = time.monotonic() + patience
        while True:
            try:
                token = manager.get_user_access_token(task["connector_type"], task["user_email"])
            except MultiUserOAuthError as refused:
                if not isinstance(refused, RetryableError) or time.monotonic() >= end:
                    return refused.code
                time.sleep(PAUSE)  # noqa: TID251  # reason: the pause of a bounded wait
            else:
                return sha256(token.value.reveal().encode()).hexdigest()

    say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        say([run.result() for run in [pool.submit(get) for _ in range(threads)]])


def send_request(task: Task) -> None:
    """Send our functions one request, as a browser with these cookies, or as whom a header names."""
    client = web(task["values"], world_of(task)).test_client()
    for name, value in task.get("cookies", {}).items():
        client.set_cookie(name, value, secure=True)
    if task.get("waits"):
        say("ready")
        sys.stdin.readline()
    headers = {"Origin": ORIGIN, **task.get("headers", {})}
    answer = client.open(
        task["path"], method=task["method"], headers=headers, json=task.get("json")
    )
    say(answer.status_code)
    if task.get("tells"):
        say(answer.get_json())


def rewrap_records(task: Task) -> None:
    """Re-wrap everything, as `refresh` does for an operator."""
    world = world_of(task)
    steps = rewrapping(Parts("refresh", Settings(task["values"]), world))
    done = steps.step(after=None, until=world.now() + timedelta(hours=1), count_only=False)
    say({"rewrapped": done.rewrapped, "versions": done.versions, "next": done.next_after})


def restore_backup(task: Task) -> None:
    """Put a backup into the databases, as an operator does."""
    restore = restoring(Parts("manager", Settings(task["values"]), world_of(task)))
    with ExitStack() as opened:
        backup, *ledgers = (
            BackupFile(opened.enter_context(Path(each).open("rb")), each)
            for each in (task["file"], *task["ledgers"])
        )
        say(asdict(restore.restore(backup, ledgers)))


def import_files(task: Task) -> None:
    """Take an older system's files in, one after the other."""
    parts = Parts("refresh", Settings(task["values"]), world_of(task))
    importer, operator = importing(parts), System(name="operator")

    def take(old: OldToken) -> None:
        importer.take_in(old.key, old.refresh_token, caller=operator, replace=False)

    run = ImportRun(connector_types=parts.connector_types, take=take, workers=1)
    files = find_files(Path(task["folder"]))
    say(sorted((told.file.stem, told.outcome, told.reason) for told in run.run(files)))


def lock(task: Task) -> None:
    """Lock a document of Firestore, or a file of SQLite, and stay there."""
    if task["values"].get("BACKEND") == "gcp":
        from google.cloud.firestore import Client  # noqa: PLC0415  # reason: others need not wait

        client = Client(project=task["values"]["GOOGLE_CLOUD_PROJECT"], database="main")
        transaction = client.transaction()
        transaction._begin()  # noqa: SLF001  # reason: as its decorator does, and no more
        client.document(task["document"]).get(transaction=transaction)
        say(transaction.id.hex())
    else:
        database = sqlite3.connect(task["document"], isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        say("")
    sys.stdin.read()


def say(message: object) -> None:
    """Write one line to the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


TASKS: Final[dict[str, Callable[[Task], None]]] = {
    "tokens": get_tokens,
    "request": send_request,
    "rewrap": rewrap_records,
    "restore": restore_backup,
    "import": import_files,
    "lock": lock,
}

if __name__ == "__main__":
    log.configure(sys.stderr)
    received = json.loads(sys.stdin.readline())
    TASKS[received["do"]](received)
