"""A token read costs the same however many people are connected."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from google.cloud.firestore import Client

from multi_user_oauth.manager import MultiUserOAuthManager
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.sandbox.company import DEFAULT_AGENT
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.benchmarks.people import SMALL, connect, in_turn, keys
from tests.benchmarks.ratios import medians
from tests.benchmarks.results import Figure, Results
from tests.crash.deployment import Deployment
from tests.crash.google_cloud import InGoogleCloud

READ: Final = 200
"""People whose tokens are read, in turn; all others only lie there."""
NAME: Final = "someone"
TARGET: Final = 1.1
ON_SQLITE: Final = (1_000, 100_000, 1_000_000)
ON_FIRESTORE: Final = (1_000, 20_000)

# Copies of a record under other names, among which those that are read stand evenly.
_FILL: Final = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :number)
INSERT INTO connections ({columns})
SELECT {values} FROM numbers, (SELECT * FROM connections WHERE id = :like)
WHERE n % (:number / :read) != 0
"""


def spread(number: int) -> list[ConnectionKey]:
    """Return those who are read, evenly among so many."""
    return keys(number, NAME)[:: number // READ]


def stored(values: Mapping[str, str], number: int) -> list[ConnectionKey]:
    """Connect those who are read, and return them."""
    people = spread(number)
    connect(Parts("benchmark", Settings(values), World()), people, length=SMALL)
    return people


@contextmanager
def reader(
    values: Mapping[str, str], people: Sequence[ConnectionKey], log: Path
) -> Iterator[Callable[[], object]]:
    """Give what reads the next one's token, once all of them were read."""
    with log.open("w") as stream:
        world = World(stream=stream)
        manager = MultiUserOAuthManager.from_settings(values, agent=DEFAULT_AGENT, world=world)
        turns = in_turn(people)

        def read() -> object:
            key = next(turns)
            return manager.get_user_access_token(key.connector_type, key.user_email)

        for _ in people:
            read()
        yield read


def fill_sqlite(file: Path, like: ConnectionKey, number: int) -> None:
    """Put the others beside those who are read."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(connections)")]
        domain = like.user_email.partition("@")[2]
        name = f"printf('{like.connector_type}:{NAME}-%07d@{domain}', n)"
        values = [name if column == "id" else column for column in columns]
        database.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")
        fill = _FILL.format(columns=", ".join(columns), values=", ".join(values))
        database.execute(fill, {"number": number, "read": READ, "like": like.document_id})
        (found,) = database.execute("SELECT count(*) FROM connections").fetchone()
        assert found == number
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fill_firestore(client: Client, people: Sequence[ConnectionKey], number: int) -> None:
    """The same there, 500 documents at once."""
    collection = client.collection("connections")
    like = collection.document(people[0].document_id).get().to_dict() or {}
    others = sorted(set(keys(number, NAME)) - set(people))
    for start in range(0, len(others), 500):
        batch = client.batch()
        for key in others[start : start + 500]:
            batch.set(collection.document(key.document_id), like)
        batch.commit()


def test_sqlite(deployment: Deployment, results: Results, tmp_path: Path) -> None:
    """From 1,000 to 1,000,000 connections in one file."""
    works = {}
    with ExitStack() as stack:
        for number in ON_SQLITE:
            folder = tmp_path / str(number)
            values = {**deployment.values, "DATA_DIR": str(folder)}
            people = stored(values, number)
            fill_sqlite(folder / "main.db", people[0], number)
            works[number] = stack.enter_context(reader(values, people, folder / "uses.jsonl"))
        report(results, "SQLite", works, times=READ)


def test_firestore(google_cloud: InGoogleCloud, results: Results, tmp_path: Path) -> None:
    """From 1,000 to 20,000 connections in the emulator, which keeps all of them in memory."""
    works = {}
    with ExitStack() as stack:
        for number in ON_FIRESTORE:
            database = f"scale-{number}-{uuid4()}"
            values = {**google_cloud.values, "FIRESTORE_MAIN_DATABASE": database}
            people = stored(values, number)
            client = Client(project=values["GOOGLE_CLOUD_PROJECT"], database=database)
            stack.callback(client.close)
            fill_firestore(client, people, number)
            works[number] = stack.enter_context(reader(values, people, tmp_path / str(number)))
        report(results, "Firestore", works, times=50)


def report(
    results: Results, store: str, works: Mapping[int, Callable[[], object]], *, times: int
) -> None:
    """Measure all of them in turn; keep how much longer each takes than the smallest."""
    took = medians({str(number): work for number, work in works.items()}, times=times, rounds=25)
    smallest, *larger = works
    least = took[str(smallest)]
    results.add(
        "scale",
        *(
            Figure(
                name=f"a token among {number:,} connections, {store}",
                value=took[str(number)] / least,
                target=TARGET,
                detail=f"{took[str(number)] * 1e6:.0f} µs; {least * 1e6:.0f} µs among {smallest:,}",
            )
            for number in larger
        ),
        **{store.lower(): {number: took[str(number)] / least for number in works}},
    )
