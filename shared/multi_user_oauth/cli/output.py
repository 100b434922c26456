"""What every command says in the same way: tables and sentences, or JSON; and how it ends."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console
    from rich.table import Table

    from multi_user_oauth.errors import MultiUserOAuthError


class Exit(IntEnum):
    """How a command ends."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NEEDS_SIGN_IN = 3
    LATER = 4
    NEEDED = 5
    INTERRUPTED = 130
    """By Ctrl-C: 128 and the number of the signal, as shells have it."""


CONFIGURATION = "configuration"
"""What a JSON document calls settings that can not be used; to callers of the API it is our own fault."""
LIST = "`multi-user-oauth users` lists them"
UNFOLDED = 1000
"""Columns: more than any table of ours has."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def console(*, stderr: bool = False) -> "Console":
    """Return where people read."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def tame(text: str) -> str:
    """Return what somebody else wrote without what would move the cursor or turn the line round."""
    return "".join(c if c.isprintable() else " " for c in text)


def show_table(table: "Table") -> None:
    """Print a table, as wide as the terminal; where none reads it, no line of it is folded."""
    from rich.console import Console

    folds = sys.stdout.isatty() or "COLUMNS" in os.environ
    Console(highlight=False, width=None if folds else UNFOLDED).print(table)


def print_json(document: object) -> None:
    """Print one JSON document on one line."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def utc_text(moment: "datetime | None") -> str | None:
    """Return the time as JSON has it, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def failed(exit_code: Exit, message: str, *, as_json: bool = False, **facts: object) -> SystemExit:
    """Say why in one sentence on standard error, or in a JSON document; return what to raise."""
    if as_json:
        print_json({"error": message, **facts})
    else:
        console(stderr=True).print(message, style="red", markup=False, soft_wrap=True)
    return SystemExit(exit_code)


@contextmanager
def failures_told(*, as_json: bool, hints: Mapping[str, str] | None = None) -> Iterator[None]:
    """End the command with a sentence and its exit code where an error of ours comes up.

    `hints` are sentences to add, by the error's `code`.
    """
    from multi_user_oauth.errors import ConfigurationError, MultiUserOAuthError

    try:
        yield
    except MultiUserOAuthError as error:
        hint = (hints or {}).get(error.code, "")
        sentence = f"{_sentence(error)} {hint}".strip()
        code = CONFIGURATION if isinstance(error, ConfigurationError) else error.code
        raise failed(_exit_code(error), sentence, as_json=as_json, code=code) from None


def _exit_code(error: "MultiUserOAuthError") -> Exit:
    from multi_user_oauth import errors

    match error:
        case errors.NeedsSignInError() | errors.GrantRefusedError():
            return Exit.NEEDS_SIGN_IN
        case errors.RetryableError():
            return Exit.LATER
        case errors.ConfigurationError() | errors.RequestError():
            return Exit.USAGE
        case errors.KeyVersionNeededError() | errors.StillConnectedError():
            return Exit.NEEDED
        case _:
            return Exit.FAILED


def _sentence(error: "MultiUserOAuthError") -> str:
    from multi_user_oauth import errors

    match error:
        case (
            errors.ConfigurationError()
            | errors.KeyVersionNeededError()
            | errors.MalformedEmailError()
        ):
            return f"{error}."
        case errors.NeedsSignInError(reason=reason):
            return f"{error} needs a new sign-in ({reason})."
        case errors.StillConnectedError():
            return f"Still connected: {error}. First: multi-user-oauth offboard"
        case errors.NotConnectedError():
            return f"There is no connection {error}, or none that may be used here: {LIST}."
        case errors.RetryableError(retry_after=seconds):
            return f"{_meaning(error)} Try again in {seconds} s."
        case _:
            return _meaning(error)


def _meaning(error: "MultiUserOAuthError") -> str:
    first = (type(error).__doc__ or type(error).__name__).strip().splitlines()[0]
    return first.split("`", 1)[0].rstrip(" ;") if "`" in first else first
