"""Restoring a backup: into empty databases, all of it in quarantine, and nothing that was ended.

It may be killed at any moment and run again. What is written is always the same: what is there already
stays, whoever wrote it.
"""

import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from multi_user_oauth.backup.burying import Bury, end_of, latest
from multi_user_oauth.backup.merging import Merged, merge
from multi_user_oauth.backup.writing import Writing
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.ports import AuditReader, AuditWalk, Clock, SealedRecords
from multi_user_oauth.ports.backup import (
    PUT_AT_ONCE,
    BackupKind,
    BackupSource,
    PuttingBack,
    Restoration,
)

logger = logging.getLogger(__name__)

AT_ONCE: Final = 300


class RestoredMain(SealedRecords, AuditReader, AuditWalk, Protocol):
    """What is read of the main database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """
    What one run came to: connections written, and those of which another one was there already.

    `ended` are those that the ledger says were ended since, `quarantined` those that wait to be released.
    """

    written: int
    left_alone: int
    ended: int
    quarantined: int


class RestoreBackup:
    """For an operator at a terminal: needs to write both databases, and holds no key."""

    def __init__(
        self,
        *,
        main: RestoredMain,
        back: PuttingBack,
        activity: Merged,
        bury: Bury,
        deployment: str,
        now: Clock,
        at_once: int = PUT_AT_ONCE,
    ) -> None:
        self._main = main
        self._back = back
        self._activity = activity
        self._bury = bury
        self._deployment = deployment
        self._now = now
        self._at_once = at_once

    def restore(self, backup: BackupSource, ledgers: Sequence[BackupSource] = ()) -> Restored:
        """
        Write all that is in the backup, then end what any ledger says was ended since.

        Raise `ConfigurationError`, before anything is written, for files of another deployment, or a
        database in which there is something else; `StoreUnavailableError`.
        """
        self._check(backup, BackupKind.WHOLE)
        for each in ledgers:
            self._check(each, None)
        restoration = self._begun(backup)
        for each in ledgers:
            merge(each.kept(), self._activity)
        writing = Writing(
            main=self._main, back=self._back, restoration=restoration, at_once=self._at_once
        )
        merge(writing.all(backup.kept()), self._activity)
        ended, quarantined = self._end()
        self._back.note_restoration(replace(restoration, finished_at=self._now()))
        logger.info("a backup was restored", extra={"digest": backup.digest})
        return Restored(
            written=writing.written,
            left_alone=writing.left_alone,
            ended=ended,
            quarantined=quarantined,
        )

    def _check(self, source: BackupSource, kind: BackupKind | None) -> None:
        heading = source.heading
        if heading.deployment != self._deployment:
            message = "The file is of another deployment: DEPLOYMENT_ID has to be the same"
            raise ConfigurationError(message)
        if kind is not None and heading.kind is not kind:
            raise ConfigurationError("The file is a ledger alone: give it as --ledger")

    def _begun(self, backup: BackupSource) -> Restoration:
        found = self._back.restoration()
        if found is None:
            if not self._is_empty():
                message = "The main database is not empty: a backup is restored into an empty one"
                raise ConfigurationError(message)
            found = Restoration(digest=backup.digest, began_at=self._now())
            self._back.note_restoration(found)
        elif not hmac.compare_digest(found.digest, backup.digest):
            raise ConfigurationError("Another backup was restored here: empty the database first")
        return replace(found, finished_at=None)

    def _is_empty(self) -> bool:
        main = self._main
        return not (
            main.all_heads(after=None, limit=1)
            or main.all_audit(after=None, limit=1)
            or main.revocations(after=None, limit=1)
            or main.rescues(after=None, limit=1)
        )

    def _end(self) -> tuple[int, int]:
        ended = latest(self._activity.entries())
        over, waiting, after = 0, 0, None
        while found := self._main.snapshots(after=after, limit=AT_ONCE):
            for snapshot in found:
                connection = snapshot.connection
                if connection.quarantined_at is None:
                    continue
                entry = end_of(connection, ended)
                if entry and self._bury.bury(snapshot, entry, keep_quarantine=True):
                    over += 1
                elif connection.holds_its_email:
                    waiting += 1
            after = found[-1].connection.key.document_id
        return over, waiting
