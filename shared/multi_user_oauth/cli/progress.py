"""How far long work is: one bar on standard error while somebody watches, else nothing."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final, Protocol

from multi_user_oauth.cli.output import console, tame

DUMB: Final = frozenset({"dumb", "unknown"})
"""Terminals (`TERM`) on which no line can be written over."""


class Amount(Enum):
    """What is counted."""

    THINGS = "things"
    BYTES = "bytes"
    UNKNOWN = "unknown"
    """There is no end to compare with: the bar only moves, and `says` tells more."""


class Told(Protocol):
    """Is told how much is done, and of how much, once that is known."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Say it."""


class _Said:
    """A text that is asked for anew each time it is drawn."""

    def __init__(self, says: Callable[[], str]) -> None:
        self._says = says

    def __str__(self) -> str:
        return self._says()


@contextmanager
def progress(
    what: str, *, of: Amount = Amount.THINGS, says: Callable[[], str] = str
) -> Iterator[Told]:
    """
    Give what is told how far it is; `says` is asked, now and then and in a thread, for a few words more.

    With --json too: standard output is the document's, and the bar is not there. Nothing is written
    where standard error is no terminal, and nothing stays when it is done.
    """
    if not _is_watched():
        yield lambda _, __=None: None
        return
    from rich import progress as bars

    columns: list[bars.ProgressColumn] = [
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
    ]
    if of is not Amount.UNKNOWN:
        columns.append(bars.DownloadColumn() if of is Amount.BYTES else bars.MofNCompleteColumn())
    columns.append(bars.TextColumn("{task.fields[said]}", markup=False))
    ending = bars.TimeElapsedColumn if of is Amount.UNKNOWN else bars.TimeRemainingColumn
    # What is printed meanwhile stays on standard output, whatever the bar does.
    with bars.Progress(
        *columns, ending(), console=console(stderr=True), transient=True, redirect_stdout=False
    ) as bar:
        task = bar.add_task(tame(what), total=None, said=_Said(says))
        yield lambda done, total=None: bar.update(task, completed=done, total=total)


def _is_watched() -> bool:
    # Not what the library takes for a terminal: FORCE_COLOR makes it take a file for one.
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in DUMB
