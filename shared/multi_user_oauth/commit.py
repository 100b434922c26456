"""Writing a step so that a lost answer, a race or a busy record neither loses nor doubles it."""

from collections.abc import Callable, Iterator
from typing import Final

from multi_user_oauth.audit import log_anchors
from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model import Batch, Change, ConnectionKey, Limits, Snapshot
from multi_user_oauth.ports import Clock, ConnectionWriter, Sleep

Step = Callable[[Snapshot | None], Batch | None]
"""From the record as it stands: what to write now, or None if it has moved on beyond this step."""

ID_BYTES: Final = 16


class Committer:
    """
    Tries a step until it has landed, is stale, or the waits are used up.

    After the patience no try begins: with a database that hangs, each of them takes its time.
    """

    def __init__(
        self, *, store: ConnectionWriter, now: Clock, sleep: Sleep, limits: Limits
    ) -> None:
        self._store = store
        self._now = now
        self._sleep = sleep
        self._limits = limits

    def commit(
        self, key: ConnectionKey, commit_id: str, snapshot: Snapshot | None, step: Step
    ) -> bool:
        """
        Return True once the batch is written, False if the step says that it is stale.

        `commit_id` must stand in the batch's record: it is read back after every failure, for a commit
        whose answer was lost may have landed. Raise `ConflictError` or `StoreUnavailableError` when
        waits or patience are used up.
        """
        error: ConflictError | StoreUnavailableError
        changes: tuple[Change, ...] = ()
        for wait in self._tries():
            try:
                batch = step(snapshot)  # may read, and so fail
                if batch is None:
                    return False
                changes = batch.changes
                self._store.commit(batch)
            except (ConflictError, StoreUnavailableError) as failed:
                error = failed
            else:
                log_anchors(changes)
                return True
            self._sleep(wait)
            try:
                snapshot = self._store.read(key)
            except StoreUnavailableError as failed:
                error = failed
                continue  # the old snapshot's precondition keeps the next try honest
            if snapshot is not None and snapshot.connection.commit_id == commit_id:
                log_anchors(changes)
                return True
        raise error

    def _tries(self) -> Iterator[float]:
        begun = self._now()
        for wait in (*self._limits.commit_waits, 0.0):
            yield wait
            if self._now() - begun >= self._limits.commit_patience:
                return
