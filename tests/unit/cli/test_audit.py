"""audit: verifying, showing, and what is kept of uses, over a deployment on this machine."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.model import Batch
from multi_user_oauth.ports import KeptRead, LastUse, Use
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.contract.stores.samples import AT, KEY
from tests.support.audit_chains import anchor_line, chain, erasing_line, fill, person, write_record

from .conftest import Run

LENGTH = 3
NAMED = (KEY.connector_type, KEY.user_email)
Audit = Callable[..., Result]


@pytest.fixture
def audit(run: Run, env_file: Path) -> Audit:
    """Run `audit` over the deployment, in which Anna has three records."""
    main, before = parts(env_file).main, None
    for change in chain(KEY, LENGTH):
        main.commit(Batch(changes=(replace(change, before=before),)))
        before = main.read(KEY)
    return lambda *arguments: run("audit", *arguments, "--env", env_file)


def parts(env_file: Path) -> Parts:
    """Return the deployment's parts."""
    return Parts("test", Settings(read_settings(env_file)), World())


def log(env_file: Path, length: int = LENGTH) -> Path:
    """Return a log that speaks of so many records."""
    file = env_file.parent / "functions.jsonl"
    lines = [anchor_line(each.audit) for each in chain(KEY, length)]
    file.write_text("".join(["listening\n", *lines]), encoding="utf-8")
    return file


def told(result: Result) -> Any:  # noqa: ANN401  # reason: JSON
    """Return the JSON document."""
    return json.loads(result.stdout)


def sql(env_file: Path, statement: str) -> None:
    """Change the main database past us."""
    with closing(sqlite3.connect(env_file.parent / "main.db")) as database, database:
        database.execute(statement)


def test_what_is_whole_is_said_to_be(audit: Audit, env_file: Path) -> None:
    """With what was looked at; the log may come from standard input or files."""
    assert audit("verify").stdout == "Whole. Records: 3, connections: 1, anchors: 0.\n"
    anchored = audit("verify", "--anchors", log(env_file), "--anchors", log(env_file), "--json")
    assert (anchored.exit_code, told(anchored)) == (
        0,
        {"whole": True, "records": 3, "connections": 1, "anchors": 3, "erased": 0, "findings": []},
    )
    assert told(audit("verify", "--connector-type", "microsoft_teams", "--json"))["records"] == 0
    assert told(audit("verify", "--user", KEY.user_email.upper(), "--json"))["records"] == 3


def test_what_is_broken_is_named(audit: Audit, env_file: Path) -> None:
    """N93: one sentence each on standard output, the end on standard error, exit code 1."""
    sql(env_file, "DELETE FROM audit WHERE sequence = 2")
    broken = audit("verify")
    assert broken.exit_code == 1
    assert broken.stdout == f"{KEY}: record 2 is missing, and there are later ones.\n"
    assert broken.stderr == "Broken: 1. Records: 2, connections: 1, anchors: 0.\n"
    sql(env_file, "UPDATE connections SET body = x'c1'")
    found = told(audit("verify", "--anchors", log(env_file, 4), "--json"))
    assert found["whole"] is False
    assert [(each["sequence"], each["trouble"]) for each in found["findings"]] == [
        (2, "missing"),
        (2, "anchor_not_met"),
        (0, "unreadable"),
        (4, "anchor_not_met"),
    ]
    assert {each["connection"] for each in found["findings"]} == {str(KEY)}


def test_who_was_erased_is_counted(audit: Audit, env_file: Path) -> None:
    """As the log of whoever erased says; without that log, all of it is missed."""
    erased = env_file.parent / "command_line.jsonl"
    last = list(chain(KEY, LENGTH))[-1].audit
    erased.write_text(erasing_line(last, AT + timedelta(days=99)), encoding="utf-8")
    sql(env_file, "DELETE FROM audit")
    sql(env_file, "DELETE FROM connections")
    verify = ("verify", "--anchors", log(env_file), "--anchors")
    whole = audit(*verify, erased)
    assert whole.stdout == "Whole. Records: 0, connections: 0, anchors: 3, erased: 1.\n"
    assert told(audit(*verify, erased, "--json"))["erased"] == 1
    missed = audit("verify", "--anchors", log(env_file))
    assert missed.exit_code == 1
    assert missed.stdout.splitlines()[0] == (
        f"{KEY}: record 1 stands in the log, of a connection that is gone;"
        " no log says that it was erased."
    )


def test_two_thousand_records_and_their_anchors(run: Run, env_file: Path) -> None:
    """N93: forty people's, a few pages of everything; one edit anywhere is found."""
    keys = [person(number) for number in range(40)]
    parts(env_file).main.all_heads(after=None, limit=1)  # which makes the tables
    fill(env_file.parent / "main.db", keys, 50)
    lines = (anchor_line(each.audit) for key in keys for each in chain(key, 50))
    file = env_file.parent / "functions.jsonl"
    file.write_text("".join(lines), encoding="utf-8")

    verify = ("audit", "verify", "--env", env_file, "--anchors", file)
    assert run(*verify).stdout == "Whole. Records: 2000, connections: 40, anchors: 2000.\n"
    record = list(chain(keys[23], 50))[30].audit
    with closing(sqlite3.connect(env_file.parent / "main.db")) as database, database:
        write_record(database, replace(record, actor="system:nobody"))
    assert run(*verify).stdout == (
        f"{keys[23]}: record 31 is not what was written: its hash does not fit.\n"
    )


def test_a_log_without_an_anchor_is_not_taken_for_a_good_one(audit: Audit, env_file: Path) -> None:
    """The wrong file, it will be; an anchor that can not be read is named by its place."""
    file = env_file.parent / "other.jsonl"
    file.write_text("no anchor here\n")
    refused = audit("verify", "--anchors", file)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == f"There is no anchor to verify in {file}.\n"
    file.write_text('\n{"message": "audit anchor"}\n')
    refused = audit("verify", "--anchors", file)
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"{file}, line 2: an anchor that can not be read.\n",
    )


def test_a_database_that_is_away_is_for_later(audit: Audit, env_file: Path) -> None:
    """Exit code 4: nothing is known to be broken."""
    (env_file.parent / "main.db").write_bytes(b"not a database, not by far" * 99)
    assert audit("verify").exit_code == 4


def test_the_records_are_shown(audit: Audit) -> None:
    """Who, what, when and why; as JSON with the whole hash."""
    records = told(audit("show", *NAMED, "--json"))["records"]
    assert [each["sequence"] for each in records] == [1, 2, 3]
    assert {each["actor"] for each in records} == {"system:refresh"}
    assert {len(each["hash"]) for each in records} == {64}
    head, *lines = audit("show", *NAMED).stdout.splitlines()
    assert head.split() == ["sequence", "at", "event", "actor", "outcome", "reason"]
    assert lines[1].split() == [
        *("2", "2026-01-05T10:00:00Z", "refreshed", "system:refresh", "active"),
    ]


def test_who_used_it_is_shown(audit: Audit, env_file: Path) -> None:
    """Each agent with its last use."""
    assert audit("show", *NAMED, "--usage").stdout == "Nobody used it.\n"
    use = LastUse(agent="mail@project.example", action="token", purpose="digest", at=AT)
    parts(env_file).activity.note_use(KEY, use)
    assert told(audit("show", *NAMED, "--usage", "--json"))["usage"] == [
        {
            "agent": "mail@project.example",
            "last_used_at": "2026-01-05T09:00:00Z",
            "action": "token",
            "purpose": "digest",
        }
    ]


def test_a_connection_that_never_was_has_nothing_to_show(audit: Audit) -> None:
    """Exit code 1."""
    refused = audit("show", "microsoft_teams", "nobody@example.org")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_kept_uses_are_shown(audit: Audit, env_file: Path) -> None:
    """The earliest first, from a time on; more than fit one page."""
    assert audit("reads", *NAMED).stdout.startswith("None is kept.")
    activity = parts(env_file).activity
    use = Use(actor="agent:mail", key=KEY, outcome="released", scopes=("a", "b"), min_ttl=60)
    for number in range(301):
        at = AT + timedelta(minutes=number)
        until = at + timedelta(days=9999)
        activity.keep_read(KeptRead(use=use, at=at, mark="a1", until=until))
    rows = told(audit("reads", *NAMED, "--json"))["reads"]
    assert len(rows) == 301
    assert rows[0] == {
        "at": "2026-01-05T09:00:00Z",
        "actor": "agent:mail",
        "action": "token",
        "outcome": "released",
        "purpose": "",
        "scopes": ["a", "b"],
        "min_ttl": 60,
    }
    late = told(audit("reads", *NAMED, "--since", "2026-01-05T13:59:00", "--json"))["reads"]
    assert [row["at"] for row in late] == ["2026-01-05T13:59:00Z", "2026-01-05T14:00:00Z"]
    assert audit("reads", *NAMED, "--since", "2026-01-05").stdout.count("released") == 301
