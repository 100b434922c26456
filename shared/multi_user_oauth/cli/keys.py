"""keys: which key versions there are and what needs them; rotating, re-wrapping, destroying."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.output import (
    Exit,
    console,
    failed,
    failures_told,
    json_option,
    print_json,
    show_table,
    utc_text,
)
from multi_user_oauth.cli.progress import Amount, progress
from multi_user_oauth.cli.settings_file import chosen_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from multi_user_oauth.rewrapping.retiring import RetireKeyVersions, VersionUse
    from multi_user_oauth.rewrapping.whole_walk import Total

kind_argument = click.argument("kind", type=click.Choice(["access", "refresh"]))


@click.group()
def keys() -> None:
    """Rotate the keys that seal tokens.

    KIND is the key: that of access tokens, or that of refresh tokens.
    """


@keys.command()
@env_option
@json_option
def versions(env_file: Path | None, *, as_json: bool) -> None:
    """Count what needs each version.

    Exit codes: 0 done; 2 wrong usage or configuration; 4 try again later.
    """
    with _retiring(env_file, as_json=as_json) as retiring, _progress("Counting") as told:
        rows = retiring.uses(told)
    if as_json:
        print_json({"versions": [_row(use) for use in rows]})
    else:
        _print_table(rows)


@keys.command()
@click.option("--after", help="Go on where a run that was interrupted said to.")
@env_option
@json_option
def rewrap(after: str | None, env_file: Path | None, *, as_json: bool) -> None:
    """Bring all records to the newest versions.

    It can be killed and run again at any moment. No token changes, and nobody notices.

    Exit codes: 0 done; 1 records do not open; 2 wrong usage or configuration; 4 try again later.
    """
    with _retiring(env_file, as_json=as_json) as retiring, _progress("Re-wrapping") as told:
        total = retiring.rewrap(after=after, told=told)
    facts = {name: getattr(total, name) for name in ("rewrapped", "skipped", "tampered")}
    sentence = f"Re-wrapped: {total.rewrapped}."
    if total.tampered:
        sentence += f" Records that do not open: {total.tampered}; the log names them."
        raise failed(Exit.FAILED, sentence, as_json=as_json, **facts)
    if total.skipped:
        sentence += f" In use: {total.skipped}; run it again later."
        raise failed(Exit.LATER, sentence, as_json=as_json, **facts)
    if as_json:
        print_json(facts)
    else:
        console().print(sentence, markup=False)


@keys.command()
@kind_argument
@env_option
@json_option
def rotate(kind: str, env_file: Path | None, *, as_json: bool) -> None:
    """Make a new version and seal with it.

    Older versions go on opening what they sealed.

    Exit codes: 0 done; 2 wrong usage or configuration; 4 try again later.
    """
    from multi_user_oauth.model import Kind

    with _retiring(env_file, as_json=as_json) as retiring:
        made = retiring.rotate(Kind(kind))
    if as_json:
        print_json({"kind": kind, "version": made})
        return
    text = f"The {kind} key seals with version {made} now. Next: multi-user-oauth keys rewrap"
    console().print(text, markup=False, soft_wrap=True)


@keys.command()
@kind_argument
@click.argument("version")
@env_option
@json_option
def destroy(kind: str, version: str, env_file: Path | None, *, as_json: bool) -> None:
    """Destroy a version that nothing needs.

    Refused while it is the primary one, while a record needs it, and until none has needed it for
    BACKUP_RETENTION_DAYS.

    Exit codes: 0 done; 2 wrong usage or configuration; 4 try again later; 5 it may be needed.
    """
    from multi_user_oauth.model import Kind

    with _retiring(env_file, as_json=as_json) as retiring, _progress("Counting") as told:
        retiring.destroy(Kind(kind), version, told)
    if as_json:
        print_json({"kind": kind, "version": version, "destroyed": True})
    else:
        console().print(f"Version {version} of the {kind} key is destroyed.", markup=False)


@contextmanager
def _retiring(env_file: Path | None, *, as_json: bool) -> "Iterator[RetireKeyVersions]":
    from multi_user_oauth.cli.files import open_log
    from multi_user_oauth.log import configure
    from multi_user_oauth.settings import Settings
    from multi_user_oauth.wiring.key_versions import retiring
    from multi_user_oauth.wiring.parts import Parts
    from multi_user_oauth.wiring.world import World

    with failures_told(as_json=as_json):
        settings = Settings(chosen_settings(env_file))
        with open_log(settings.data_dir / "log" / "command_line.jsonl") as log:
            configure(log)
            yield retiring(Parts("manager", settings, World(stream=log)))


@contextmanager
def _progress(what: str) -> "Iterator[Callable[[Total], None]]":
    """Give what shows how far it is and, if it ends early, tells where to go on."""
    from multi_user_oauth.errors import RetryableError

    place = said = ""

    def told(total: "Total") -> None:
        nonlocal place, said
        place = total.after or ""
        records = max(counts.total() for counts in total.versions.values())
        said = f"{records} records, {total.rewrapped} re-wrapped"

    try:
        with progress(what, of=Amount.UNKNOWN, says=lambda: said):
            yield told
    except (RetryableError, KeyboardInterrupt):
        if place:
            line = f"To go on from here: --after '{place}'"
            console(stderr=True).print(line, markup=False, soft_wrap=True)
        raise


def _row(use: "VersionUse") -> dict[str, object]:
    return {
        "kind": use.kind.value,
        "version": use.version,
        "state": use.state,
        "primary": use.is_primary,
        "records": use.records,
        "last_seen": utc_text(use.last_seen),
        "unneeded_since": utc_text(use.unneeded_since),
    }


def _print_table(rows: "tuple[VersionUse, ...]") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for heading in ("key", "version", "state", "records", "last seen", "unneeded since"):
        table.add_column(heading, no_wrap=heading == "version", overflow="fold")
    for use in rows:
        state = f"{use.state}, primary" if use.is_primary else use.state
        days = [f"{at:%Y-%m-%d}" if at else "" for at in (use.last_seen, use.unneeded_since)]
        table.add_row(*map(Text, (use.kind.value, use.version, state, str(use.records), *days)))
    show_table(table)
