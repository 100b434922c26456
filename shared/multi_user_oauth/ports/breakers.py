"""What is remembered of a provider's troubles, over all instances; in the activity database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.model.breaker import Breaker


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBreaker:
    """A breaker as it was read; `version` is the precondition of the next write, None: no record."""

    breaker: Breaker
    version: object = None


class BreakerStore(Protocol):
    """One record for each connector type."""

    def breaker(self, connector_type: str) -> KeptBreaker:
        """Return it as it stands; where there is no record a closed one."""

    def keep_breaker(self, kept: KeptBreaker, after: Breaker) -> None:
        """Write it; raise `ConflictError` if anybody wrote since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A connection that was marked on the provider's word alone; (epoch, generation) as they were."""

    key: ConnectionKey
    epoch: int
    generation: int
    at: datetime


class Suspects(Protocol):
    """Whoever was told to sign in again lately, and whom nobody has been told of yet."""

    def suspect(self, suspect: Suspect) -> None:
        """Write it; one for each connection, over the one before."""

    def suspects(
        self, connector_type: str, *, after: str | None, limit: int
    ) -> tuple[Suspect, ...]:
        """Return at most `limit` of this type whose connections' document ids are greater."""

    def clear_suspect(self, suspect: Suspect) -> None:
        """Delete it; do nothing if it is gone."""
