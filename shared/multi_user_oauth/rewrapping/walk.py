"""The walk over everything sealed, page by page: rescues, then connections, then revocations.

In this order, because a sealed value moves only that way: a rescue is adopted by its connection, a
disconnect leaves a revocation. What moves on while we walk is met where it went: no count misses it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from multi_user_oauth.custody import place_of
from multi_user_oauth.errors import RequestError
from multi_user_oauth.model import (
    Binding,
    Connection,
    ConnectionKey,
    Kind,
    Limits,
    Rescue,
    Revocation,
    Snapshot,
)
from multi_user_oauth.ports import ConnectionReader, SealedRecords
from multi_user_oauth.refreshing import is_leased

PAGE: Final = 100
STAGES: Final = ("rescues", "connections", "revocations")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """One record's sealed values, and where each belongs; without `write` it is only counted."""

    stage: str
    name: str
    key: ConnectionKey
    values: Mapping[Kind, tuple[bytes, Binding]]
    leased: bool = False
    write: Callable[[Mapping[Kind, bytes]], None] | None = None

    @property
    def place(self) -> str:
        """Where a walk that ends here goes on."""
        return f"{self.stage}:{self.name}"


class SealedWalk:
    """Reads a page when it comes to it."""

    def __init__(
        self,
        *,
        records: SealedRecords,
        connections: ConnectionReader,
        deployment: str,
        limits: Limits,
    ) -> None:
        self._records = records
        self._connections = connections
        self._deployment = deployment
        self._limits = limits

    def follow(self, place: str | None) -> Iterator[SealedRecord]:
        """Yield what follows this place; None: everything. Raise `RequestError` for no such place."""
        if place is None:
            return self._records_from(STAGES[0], None)
        stage, _, name = place.partition(":")
        if stage not in STAGES or not name:
            raise RequestError("no place in the walk", field="after")
        return self._records_from(stage, name)

    def _records_from(self, stage: str, after: str | None) -> Iterator[SealedRecord]:
        for following in STAGES[STAGES.index(stage) :]:
            while page := self._page(following, after):
                yield from page
                after = page[-1].name
            after = None

    def _page(self, stage: str, after: str | None) -> list[SealedRecord]:
        match stage:
            case "rescues":
                return [self._rescue(r) for r in self._records.rescues(after=after, limit=PAGE)]
            case "connections":
                found = self._records.snapshots(after=after, limit=PAGE)
                return [self._connection(each) for each in found]
            case _:
                pending = self._records.revocations(after=after, limit=PAGE)
                return [self._revocation(each) for each in pending]

    def _rescue(self, rescue: Rescue) -> SealedRecord:
        kept = rescue.connection
        snapshot = self._connections.read(kept.key)
        # Of a generation that is past nobody looks for it: it will never be opened.
        awaited = snapshot is not None and (kept.epoch, rescue.used_generation) == (
            snapshot.connection.epoch,
            snapshot.connection.generation,
        )
        return SealedRecord(
            stage="rescues",
            name=rescue.document_id,
            key=kept.key,
            values=self._values(kept) if awaited else {},
        )

    def _connection(self, snapshot: Snapshot) -> SealedRecord:
        values = self._values(snapshot.connection)

        def write(sealed: Mapping[Kind, bytes]) -> None:
            self._records.rewrap(
                snapshot, sealed_access=sealed[Kind.ACCESS], sealed_refresh=sealed[Kind.REFRESH]
            )

        return SealedRecord(
            stage="connections",
            name=snapshot.connection.key.document_id,
            key=snapshot.connection.key,
            values=values,
            leased=is_leased(snapshot, self._limits),
            write=write if len(values) == len(Kind) else None,
        )

    def _revocation(self, revocation: Revocation) -> SealedRecord:
        def write(sealed: Mapping[Kind, bytes]) -> None:
            self._records.rewrap_revocation(revocation, sealed_refresh=sealed[Kind.REFRESH])

        binding = revocation.binding(self._deployment)
        return SealedRecord(
            stage="revocations",
            name=revocation.document_id,
            key=revocation.key,
            values={Kind.REFRESH: (revocation.sealed_refresh, binding)},
            leased=is_leased(revocation, self._limits),
            write=write,
        )

    def _values(self, connection: Connection) -> dict[Kind, tuple[bytes, Binding]]:
        sealed = {Kind.ACCESS: connection.sealed_access, Kind.REFRESH: connection.sealed_refresh}
        return {
            kind: (value, place_of(connection, kind, self._deployment))
            for kind, value in sealed.items()
            if value is not None
        }
