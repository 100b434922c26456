"""Who leaves: e-mails from the command line and from a table, each once, all checked before any work."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from multi_user_oauth.cli.output import failures_told
from multi_user_oauth.cli.settings_file import chosen_settings

if TYPE_CHECKING:
    from multi_user_oauth.wiring.parts import Parts

COLUMN: Final = "user_email"


def leavers(named: Iterable[str], table: TextIO | None) -> list[str]:
    """Return whom the arguments and the table name, in their order; raise `ConfigurationError`."""
    from multi_user_oauth.errors import ConfigurationError, MalformedEmailError
    from multi_user_oauth.model import normalise_email

    found: dict[str, None] = {}
    for place, text in (*(("USER_EMAIL", each) for each in named), *_rows(table)):
        try:
            found[normalise_email(text)] = None
        except MalformedEmailError:
            raise ConfigurationError(f"{place}: not an e-mail address; nothing was done") from None
    if not found:
        raise ConfigurationError("Who? Give USER_EMAIL, or --csv FILE with a column user_email")
    return list(found)


def _rows(table: TextIO | None) -> Iterator[tuple[str, str]]:
    from multi_user_oauth.errors import ConfigurationError

    if table is None:
        return
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(table)]
    except (csv.Error, UnicodeDecodeError):
        raise ConfigurationError("The file is no CSV in UTF-8") from None
    names = [name.lower() for name in rows[0]] if rows else []
    column = names.index(COLUMN) if COLUMN in names else 0
    # Without that column the first is meant, under a heading or not.
    headed = COLUMN in names or (bool(names) and "@" not in names[0])
    for number, row in enumerate(rows[headed:], start=1 + headed):
        if any(row):
            yield f"Line {number}", row[column] if column < len(row) else ""


@contextmanager
def operating(env_file: Path | None, *, as_json: bool) -> "Iterator[Parts]":
    """Give the deployment's parts, with our log in a file; errors of ours end the command."""
    from multi_user_oauth.cli.files import open_log
    from multi_user_oauth.log import configure
    from multi_user_oauth.settings import Settings
    from multi_user_oauth.wiring.parts import Parts
    from multi_user_oauth.wiring.world import World

    with failures_told(as_json=as_json):
        settings = Settings(chosen_settings(env_file))
        with open_log(settings.data_dir / "log" / "command_line.jsonl") as log:
            configure(log)
            yield Parts("manager", settings, World(stream=log))
