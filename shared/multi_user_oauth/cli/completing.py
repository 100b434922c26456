"""What could come next at the command line: looked up in files of this machine, else nothing.

A person waits for it at each press of Tab: no cloud is asked, no key or token is read, and whatever goes
wrong only means that nothing is offered.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import click

AT_MOST: Final = 100
LARGEST_FILE: Final = 1024 * 1024
PATIENCE: Final = 0.2
"""Seconds to wait for a database that somebody writes to."""

Complete = Callable[[click.Context, click.Parameter, str], list[str]]
_Look = Callable[[Mapping[str, str], Mapping[str, Any], str], Iterable[str]]


def _looked_up(look: _Look) -> Complete:
    """Return what click calls: with the settings that the line so far chooses, and what else it says."""

    def complete(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
        from multi_user_oauth.cli.settings_file import chosen_settings

        try:
            named = ctx.params.get("env_file")
            found = look(chosen_settings(Path(named) if named else None), ctx.params, begun)
            return [each for each in found if each.startswith(begun)][:AT_MOST]
        except Exception:  # noqa: BLE001  # reason: a traceback in the middle of a line helps nobody
            return []

    return complete


def _connector_types(values: Mapping[str, str], _: Mapping[str, Any], __: str) -> Iterable[str]:
    return sorted(_names(values.get("CONNECTOR_TYPES_FILE")))


def _agents(values: Mapping[str, str], given: Mapping[str, Any], _: str) -> Iterable[str]:
    named = given.get("policy_file")
    return sorted(_names(named or values.get("POLICY_FILE"), "agents"))


def _user_emails(values: Mapping[str, str], given: Mapping[str, Any], begun: str) -> Iterable[str]:
    named = given.get("connector_type")
    kinds = [str(named)] if named else _names(values.get("CONNECTOR_TYPES_FILE"))
    return dict.fromkeys(_connected(values, kinds, begun))


def _names(file: object, part: str | None = None) -> list[str]:
    """Return the names that stand in a YAML file, at its top or below `part`."""
    import yaml

    with Path(str(file)).open("rb") as opened:
        document = yaml.safe_load(opened.read(LARGEST_FILE))
    named = document.get(part) if part else document
    return [name for name in named if isinstance(name, str)] if isinstance(named, dict) else []


def _connected(values: Mapping[str, str], kinds: Iterable[str], begun: str) -> Iterable[str]:
    """Yield who has, or had, a connection, from the database on this machine; only its ids are read."""
    if values.get("BACKEND", "embedded") != "embedded":
        return
    import sqlite3

    place = (Path(values["DATA_DIR"]) / "main.db").resolve().as_uri()
    query = "SELECT id FROM connections WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
    with closing(sqlite3.connect(f"{place}?mode=ro", uri=True, timeout=PATIENCE)) as database:
        for kind in kinds:
            first = f"{kind}:{quote(begun, safe='@')}"
            for (found,) in database.execute(query, (first, f"{first}\uffff", AT_MOST)):
                yield unquote(str(found).partition(":")[2])


connector_types: Final = _looked_up(_connector_types)
agents: Final = _looked_up(_agents)
user_emails: Final = _looked_up(_user_emails)
