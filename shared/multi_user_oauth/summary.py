"""How many connections there are of each type, and how they stand, for those who look after all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from multi_user_oauth.access import require_overseer
from multi_user_oauth.model import Caller, ConnectionStatus, ConnectorType, ConnectorTypes
from multi_user_oauth.ports import Clock, ConnectionCounts, ConnectionDirectory

SOON: Final = timedelta(days=14)


class CountedDirectory(ConnectionDirectory, ConnectionCounts, Protocol):
    """What is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSummary:
    """One type's connections; `connector_type` is None where it is no longer configured."""

    name: str
    connector_type: ConnectorType | None
    counts: Mapping[ConnectionStatus, int]
    ends_soon: int


class Summarise:
    """Counts, and reads no connection but one of each type."""

    def __init__(
        self, *, directory: CountedDirectory, connector_types: ConnectorTypes, now: Clock
    ) -> None:
        self._directory = directory
        self._connector_types = connector_types
        self._now = now

    def types(self, caller: Caller) -> tuple[TypeSummary, ...]:
        """
        Return the configured types in their order, then others that still have connections.

        Raise `ForbiddenError` for whoever may not look at everybody's, or `StoreUnavailableError`.
        """
        require_overseer(caller)
        found = self._directory.types()
        names = dict.fromkeys((*self._connector_types, *found))
        return tuple(self._summary(name, there=name in found) for name in names)

    def _summary(self, name: str, *, there: bool) -> TypeSummary:
        count = self._directory.count if there else _none
        by = self._now() + SOON
        return TypeSummary(
            name=name,
            connector_type=self._connector_types.get(name),
            counts={status: count(name, status) for status in ConnectionStatus},
            ends_soon=self._directory.count_ending(name, by) if there else 0,
        )


def _none(_name: str, _status: ConnectionStatus) -> int:
    return 0
