"""An older system's files taken in, a few at a time; interrupted or killed, it is begun again."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event
from typing import Final

from multi_user_oauth.cli.import_report import Outcome, Told, told_of
from multi_user_oauth.cli.old_tokens import OldToken, UnusableError, read_file
from multi_user_oauth.errors import (
    ConfigurationError,
    ForbiddenError,
    MultiUserOAuthError,
    UnauthenticatedError,
)
from multi_user_oauth.model import ConnectorTypes

PATIENCE: Final = 20
"""So many in a row that are for later, and it is no use to try the others now."""

Take = Callable[[OldToken], None]
"""Has one taken in; raises what `Importer` says."""


class ImportRun:
    """One walk over the files."""

    def __init__(self, *, connector_types: ConnectorTypes, take: Take | None, workers: int) -> None:
        self._connector_types = connector_types
        self._take = take  # None: a dry run, files are read and that is all
        self._workers = workers
        self._given_up = Event()
        self._for_later = 0

    def run(self, files: list[Path]) -> Iterator[Told]:
        """
        Yield what became of each file, as it becomes known; what raises is nothing of one file's.

        Whoever stops listening waits for those at work: no answer of a provider is thrown away.
        """
        pool = ThreadPoolExecutor(self._workers)
        try:
            working: list[Future[Told]] = [pool.submit(self._one, file) for file in files]
            for done in as_completed(working):
                told = done.result()
                self._count(told)
                yield told
        finally:
            self._given_up.set()
            pool.shutdown(cancel_futures=True)

    def _one(self, file: Path) -> Told:
        if self._given_up.is_set():
            return Told(file=file, outcome=Outcome.LATER, reason="not_tried")
        try:
            old = read_file(file, self._connector_types)
        except UnusableError as unusable:
            return Told(file=file, outcome=Outcome.FAILED, reason=unusable.reason)
        if self._take is None:
            return Told(file=file, outcome=Outcome.READY)
        try:
            self._take(old)
        except (ConfigurationError, ForbiddenError, UnauthenticatedError):
            self._given_up.set()  # so it is with all of them
            raise
        except MultiUserOAuthError as error:
            return told_of(file, error)
        return Told(file=file, outcome=Outcome.TAKEN_IN)

    def _count(self, told: Told) -> None:
        self._for_later = self._for_later + 1 if told.outcome is Outcome.LATER else 0
        if self._for_later >= PATIENCE:
            self._given_up.set()
