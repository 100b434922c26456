"""DURABLE_READS=yes: no token leaves whose use is not in the database."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.ports import KeptRead
from multi_user_oauth.sandbox.company import MARIA, SARAH
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from tests.support.functions import MICROSOFT, Installation, code
from tests.support.installation import AGENT, SARAHS_AGENT, UNLISTED_AGENT

KEY = ConnectionKey(MICROSOFT, SARAH.email)


@pytest.fixture
def installation(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """One that keeps uses for ten days, with Sarah and Maria connected."""
    made = Installation(tmp_path, keys, {"DURABLE_READS": "yes", "READS_RETENTION_DAYS": "10"})
    made.connect(MICROSOFT, MARIA)
    made.connect(MICROSOFT, SARAH)
    return made


def kept(installation: Installation, key: ConnectionKey = KEY) -> tuple[KeptRead, ...]:
    """Return what is in the database."""
    parts = Parts("tests", Settings(installation.settings), installation.world)
    return parts.activity.kept_reads(key, after=None, limit=99)


def lines(installation: Installation) -> list[tuple[str, str]]:
    """Return who was answered what, as the log has it."""
    written = [json.loads(line) for line in installation.log.getvalue().splitlines()]
    return [(each["actor"], each["outcome"]) for each in written if each["message"] == "token"]


def test_each_use_is_kept(installation: Installation) -> None:
    """Who, as whom, what for, which scopes and when; each costs one write."""
    agent, now = installation.agent(), installation.clock()
    query = "?purpose=digest&scopes=User.Read&min_ttl=90"
    assert agent.token(MICROSOFT, SARAH.email, query).status_code == 200
    installation.clock.advance(1)
    installation.meter.reset()
    assert agent.token(MICROSOFT, SARAH.email).status_code == 200
    assert installation.meter.counts() == {"main.read": 1, "activity.write": 1}
    first, second = kept(installation)
    assert (first.use.actor, first.use.outcome) == (f"agent:{AGENT}", "released")
    assert (first.use.purpose, first.use.scopes, first.use.min_ttl) == (
        "digest",
        ("User.Read",),
        90,
    )
    assert (first.at, first.until) == (now, now + timedelta(days=10))
    assert second.at == now + timedelta(seconds=1)
    assert kept(installation, ConnectionKey(MICROSOFT, MARIA.email)) == ()


def test_a_refusal_within_the_rule_is_kept(installation: Installation) -> None:
    """With why."""
    refused = installation.agent().token(MICROSOFT, SARAH.email, "?scopes=Files.ReadWrite.All")
    assert code(refused) == "insufficient_scope"
    assert [each.use.outcome for each in kept(installation)] == ["insufficient_scope"]


@pytest.mark.parametrize("name", [SARAHS_AGENT, UNLISTED_AGENT])
def test_whoever_the_policy_does_not_know_writes_nothing(
    installation: Installation, name: str
) -> None:
    """The log has it; the database takes nothing from those who prove no right to anything."""
    assert installation.agent(name).token(MICROSOFT, MARIA.email).status_code == 404
    assert kept(installation, ConnectionKey(MICROSOFT, MARIA.email)) == ()
    assert installation.writes() == 0
    assert lines(installation) == [(f"agent:{name}", "not_connected")]


def test_no_token_leaves_whose_use_is_not_kept(installation: Installation) -> None:
    """503, for the token and for a refusal; the log says what was answered."""
    agent = installation.agent()
    assert agent.token(MICROSOFT, SARAH.email).status_code == 200
    file = Path(installation.settings["DATA_DIR"]) / "activity.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON reads BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    for query in ("", "?scopes=Files.ReadWrite.All"):
        refused = agent.token(MICROSOFT, SARAH.email, query)
        assert (refused.status_code, code(refused)) == (503, "store_unavailable")
    assert [outcome for _, outcome in lines(installation)] == [
        "released",
        "store_unavailable",
        "store_unavailable",
    ]
    assert len(kept(installation)) == 1


def test_what_is_older_is_forgotten(installation: Installation) -> None:
    """With the next use after its time."""
    agent = installation.agent()
    agent.token(MICROSOFT, SARAH.email)
    installation.clock.advance(10 * 24 * 3600 + 1)
    installation.agent().token(MICROSOFT, SARAH.email)
    assert [each.at for each in kept(installation)] == [installation.clock()]


def test_it_is_an_option(tmp_path: Path, keys: Mapping[str, str]) -> None:
    """Otherwise the log alone has it."""
    made = Installation(tmp_path, keys)
    made.connect(MICROSOFT, SARAH)
    assert made.agent().token(MICROSOFT, SARAH.email).status_code == 200
    assert kept(made) == ()
