"""A warm token read through the library, against the least that it could be: one bare read."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from google.cloud.firestore import Client

from multi_user_oauth.manager import MultiUserOAuthManager
from multi_user_oauth.sandbox.company import DEFAULT_AGENT, SARAH
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.benchmarks.ratios import medians
from tests.benchmarks.results import Figure, Results
from tests.crash.deployment import MICROSOFT, Deployment, key_of
from tests.crash.google_cloud import InGoogleCloud

KEY = key_of(SARAH, MICROSOFT)
ROUNDS = 61


@contextmanager
def reading(deployment: Deployment, folder: Path) -> Iterator[dict[str, Callable[[], object]]]:
    """Give the whole read, its audit line in a file, and the read of the record alone; both warm."""
    with (folder / "uses.jsonl").open("w") as stream:
        world = World(stream=stream)
        manager = MultiUserOAuthManager.from_settings(
            deployment.values, agent=DEFAULT_AGENT, world=world
        )
        store = Parts("benchmark", Settings(deployment.values), world).main

        def read() -> object:
            return manager.get_user_access_token(KEY.connector_type, KEY.user_email)

        read()
        yield {"token": read, "record": lambda: store.read(KEY)}


def test_firestore(google_cloud: InGoogleCloud, results: Results, tmp_path: Path) -> None:
    """Policy, the read, AES-GCM and one flushed line, against Google's own `document.get()`."""
    client = Client(
        project=google_cloud.values["GOOGLE_CLOUD_PROJECT"],
        database=google_cloud.values["FIRESTORE_MAIN_DATABASE"],
    )
    document = client.collection("connections").document(KEY.document_id)
    with closing(client), reading(google_cloud, tmp_path) as ours:
        assert document.get().exists
        took = medians({"bare": document.get, **ours}, times=20, rounds=ROUNDS)
    bare = took["bare"]
    compared = f"{took['token'] * 1000:.2f} ms against {bare * 1000:.2f} ms of a bare get"
    results.add(
        "library",
        Figure(
            name="a warm token of the library, Firestore",
            value=took["token"] / bare,
            target=1.10,
            detail=compared,
        ),
        Figure(name="of which: the read of the record", value=took["record"] / bare),
        firestore_ms={name: each * 1000 for name, each in took.items()},
    )


def test_sqlite(deployment: Deployment, results: Results, tmp_path: Path) -> None:
    """The same on SQLite, whose bare read is 1,000 times shorter than a network: for the record."""
    query = "SELECT id, version, body FROM connections WHERE id = ?"
    with (
        closing(sqlite3.connect(deployment.data / "main.db")) as database,
        reading(deployment, tmp_path) as ours,
    ):

        def bare() -> object:
            return database.execute(query, (KEY.document_id,)).fetchone()

        took = medians({"bare": bare, **ours}, times=200)
    microseconds = {name: each * 1e6 for name, each in took.items()}
    results.add(
        "library",
        Figure(name="a warm token of the library, SQLite", value=microseconds["token"], unit="µs"),
        sqlite_us=microseconds,
    )
