"""keys: counting, rotating, re-wrapping and destroying, over a deployment on this machine."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.custody import NewGrants
from multi_user_oauth.model import Kind, Secret
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.key_versions import retiring
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.contract.stores import samples

from .conftest import Run

Keys = Callable[..., Result]


@pytest.fixture
def keys(run: Run, env_file: Path) -> Keys:
    """Run `keys` over the deployment."""
    return lambda *arguments: run("keys", *arguments, "--env", env_file)


def parts(env_file: Path, *, days_ago: int = 0) -> Parts:
    """Return the deployment's parts; to them it is so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days_ago)  # noqa: TID251  # reason: the commands go by the real time
    return Parts("test", Settings(read_settings(env_file)), World(now=lambda: at))


def connect(env_file: Path) -> None:
    """Let somebody be connected."""
    here, new = parts(env_file), samples.connection()
    grants = NewGrants(
        deployment=here.settings.deployment_id,
        access_sealer=here.sealer(Kind.ACCESS),
        refresh_sealer=here.sealer(Kind.REFRESH),
    )
    sealed = grants.new_keys(new.key, new.epoch).seal(
        Secret("access"), Secret("refresh"), identity=new.identity, generation=new.generation
    )
    samples.put(here.main, replace(new, sealed_access=sealed.access, sealed_refresh=sealed.refresh))


def listed(keys: Keys) -> dict[tuple[str, bool], Any]:
    """Return what `versions` says, by key and whether it is the primary version."""
    told = keys("versions", "--json")
    assert told.exit_code == 0, told.output
    return {(row["kind"], row["primary"]): row for row in json.loads(told.stdout)["versions"]}


def test_a_version_is_rotated_away_and_destroyed(keys: Keys, env_file: Path) -> None:
    """N51: The whole way: nothing is destroyed while it is needed, and all opens afterwards."""
    connect(env_file)
    old = listed(keys)["access", True]["version"]

    made = json.loads(keys("rotate", "access", "--json").stdout)["version"]
    before = listed(keys)
    assert (before["access", False]["version"], before["access", False]["records"]) == (old, 1)
    assert (before["access", True]["version"], before["access", True]["records"]) == (made, 0)
    needed = keys("destroy", "access", old)
    assert (needed.exit_code, needed.stdout) == (5, "")
    assert "Records that need version" in needed.stderr.replace("\n", " ")

    assert keys("rewrap").stdout == "Re-wrapped: 1.\n"
    assert json.loads(keys("rewrap", "--json").stdout) == {
        "rewrapped": 0,
        "skipped": 0,
        "tampered": 0,
    }
    after = listed(keys)
    assert after["access", False]["records"] == 0
    assert after["access", False]["unneeded_since"] is not None
    young = keys("destroy", "access", old, "--json")
    assert young.exit_code == 5
    assert json.loads(young.stdout)["error"].startswith(f"A backup may need version {old}")

    snapshot = parts(env_file).main.read(samples.KEY)
    assert snapshot is not None
    assert snapshot.connection.sealed_access


def test_a_version_that_was_unneeded_for_long_is_destroyed(keys: Keys, env_file: Path) -> None:
    """Counted at zero 99 days ago, and now."""
    rotated = parts(env_file, days_ago=99)
    old = rotated.key_rotation(Kind.REFRESH).primary()
    retiring(rotated).rotate(Kind.REFRESH)
    retiring(rotated).uses()

    done = keys("destroy", "refresh", old)
    assert (done.exit_code, done.stdout) == (0, f"Version {old} of the refresh key is destroyed.\n")
    assert old not in parts(env_file).key_rotation(Kind.REFRESH).states()


def test_how_long_backups_are_kept_is_a_setting(keys: Keys, env_file: Path) -> None:
    """Documented with the others."""
    with env_file.open("a") as settings:
        settings.write("BACKUP_RETENTION_DAYS=2\n")
    rotated = parts(env_file, days_ago=3)
    old = rotated.key_rotation(Kind.REFRESH).primary()
    retiring(rotated).rotate(Kind.REFRESH)
    retiring(rotated).uses()
    assert keys("destroy", "refresh", old, "--json").stdout == (
        f'{{"kind": "refresh", "version": "{old}", "destroyed": true}}\n'
    )


def test_the_primary_and_an_unknown_version_are_refused(keys: Keys) -> None:
    """Each with its own code: one is needed, the other a slip of the hand."""
    primary = listed(keys)["access", True]["version"]
    needed = keys("destroy", "access", primary)
    assert (needed.exit_code, "is the primary one" in needed.stderr) == (5, True)
    unknown = keys("destroy", "access", "0123456789abcdef")
    assert unknown.exit_code == 2
    assert unknown.stderr == "Version 0123456789abcdef of the access key does not exist.\n"


def test_the_table_shows_what_needs_what(keys: Keys, env_file: Path) -> None:
    """People read it."""
    connect(env_file)
    table = keys("versions").stdout
    assert table.count("primary") == 2
    assert table.count("access") == table.count("refresh") == 1


def test_after_a_rotation_the_next_step_is_said(keys: Keys) -> None:
    """It is only the first half."""
    assert "multi-user-oauth keys rewrap" in keys("rotate", "refresh").stdout


def test_records_that_do_not_open_are_told(keys: Keys, env_file: Path) -> None:
    """The rest is re-wrapped; the log names them."""
    connect(env_file)
    here = parts(env_file)
    snapshot = here.main.read(samples.KEY)
    assert snapshot is not None
    here.main.rewrap(snapshot, sealed_access=b"\x07", sealed_refresh=b"\x07")

    told = keys("rewrap")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "Records that do not open: 1; the log names them." in told.stderr
    log = (env_file.parent / "log" / "command_line.jsonl").read_text()
    assert str(samples.KEY) in log


def test_what_is_in_use_is_for_later(keys: Keys, env_file: Path) -> None:
    """A place from which to go on is taken as it was given; nonsense is wrong usage."""
    connect(env_file)
    went_on = keys("rewrap", "--after", f"connections:{samples.KEY.document_id}", "--json")
    assert json.loads(went_on.stdout)["rewrapped"] == 0
    assert keys("rewrap", "--after", "nowhere").exit_code == 2


def test_a_refresh_function_that_is_away_is_for_later(keys: Keys, env_file: Path) -> None:
    """Where REFRESH_URL is set, it is asked; here nobody answers."""
    with env_file.open("a") as settings:
        settings.write("REFRESH_URL=http://127.0.0.1:9\nSANDBOX_URL=http://127.0.0.1:9\n")
    told = keys("versions")
    assert told.exit_code == 4
    assert "Try again in" in told.stderr
