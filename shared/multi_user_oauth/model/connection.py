"""One person's link to one connector type, and what may happen to it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from multi_user_oauth.model.connection_key import ConnectionKey
from multi_user_oauth.model.delegation import EVERY_AGENT, Delegation
from multi_user_oauth.model.identity import Identity


class ConnectionStatus(StrEnum):
    """The status as it stands on the wire."""

    ACTIVE = "active"
    NEEDS_SIGN_IN = "needs_sign_in"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on the connection; how old it is only the store can say."""

    id: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest link of the connection's audit chain."""

    sequence: int
    hash: str


class FailureKind(StrEnum):
    """Whose trouble a failure is."""

    TRANSIENT = "transient"
    """The provider's, or the network's: it passes."""
    OURS = "ours"
    """The application's, its keys' or its records': an operator must act."""
    REFUSED = "refused"
    """The provider calls the grant dead, and is not believed: it says so of too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The last refresh that did not work, for a reason that is not the person's."""

    code: str
    count: int
    at: datetime
    next_try_at: datetime
    kind: FailureKind = FailureKind.TRANSIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """
    The record, read once to serve a token.

    `epoch` is raised by connect and disconnect and never reused, `generation` by each stored
    credential: a write that carries older ones is stale. `sealed_access` and `sealed_refresh` are None
    in a tombstone. `pending_revocation` is, in a tombstone, the epoch whose refresh token the provider
    may still have to be told to revoke. `refresh_due_at` is None where nothing is to be refreshed,
    `refresh_token_expires_at` where the provider named no such time. `quarantined_at` is when a backup
    brought it back: until an operator releases it, it serves nobody and no provider is asked for it.
    """

    key: ConnectionKey
    status: ConnectionStatus
    identity: Identity
    epoch: int
    generation: int
    commit_id: str
    audit: AuditHead
    connected_at: datetime
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()
    reason: str | None = None
    access_token_expires_at: datetime | None = None
    refresh_due_at: datetime | None = None
    refresh_token_expires_at: datetime | None = None
    refreshed_at: datetime | None = None
    revoked_at: datetime | None = None
    pending_revocation: int | None = None
    sealed_access: bytes | None = None
    sealed_refresh: bytes | None = None
    lease: Lease | None = None
    failure: Failure | None = None
    delegations: tuple[Delegation, ...] = ()
    quarantined_at: datetime | None = None

    @property
    def holds_its_email(self) -> bool:
        """Whether the e-mail is taken: a tombstone holds nothing."""
        return self.status is not ConnectionStatus.REVOKED

    def delegation_of(self, agent: str) -> Delegation | None:
        """Return the person's word on this agent: its own, else the one on every agent."""
        named = {delegation.agent: delegation for delegation in self.delegations}
        return named.get(agent) or named.get(EVERY_AGENT)

    def next_epoch(self, now: datetime) -> int:
        """Return an epoch that no connection of this key ever had, a restored older copy included."""
        return max(self.epoch + 1, int(now.timestamp() * 1000))

    def refreshed(
        self,
        *,
        sealed_access: bytes,
        sealed_refresh: bytes,
        expires_at: datetime,
        refresh_due_at: datetime,
        scopes: tuple[str, ...],
        missing_scopes: tuple[str, ...],
        at: datetime,
        refresh_token_expires_at: datetime | None = None,
    ) -> Self:
        """
        Return the connection with a new credential.

        Both values are sealed for the next generation, the refresh token also where the provider sent
        no new one: an older copy of either then opens nowhere.
        """
        return replace(
            self,
            status=ConnectionStatus.ACTIVE,
            reason=None,
            generation=self.generation + 1,
            sealed_access=sealed_access,
            sealed_refresh=sealed_refresh,
            access_token_expires_at=expires_at,
            refresh_due_at=refresh_due_at,
            scopes=scopes or self.scopes,
            missing_scopes=missing_scopes,
            refresh_token_expires_at=refresh_token_expires_at or self.refresh_token_expires_at,
            refreshed_at=at,
            lease=None,
            failure=None,
        )

    def with_credential_of(self, other: Self) -> Self:
        """Return this connection with the other's credential, and all else as it stands here."""
        return replace(
            self,
            status=other.status,
            reason=other.reason,
            generation=other.generation,
            sealed_access=other.sealed_access,
            sealed_refresh=other.sealed_refresh,
            access_token_expires_at=other.access_token_expires_at,
            refresh_due_at=other.refresh_due_at,
            scopes=other.scopes,
            missing_scopes=other.missing_scopes,
            refresh_token_expires_at=other.refresh_token_expires_at,
            refreshed_at=other.refreshed_at,
            lease=None,
            failure=None,
        )

    def released(self, failure: Failure | None) -> Self:
        """Return the connection without its lease; due, after a failure, not before the next try."""
        due = self.refresh_due_at
        if failure is not None and due is not None:
            due = max(due, failure.next_try_at)
        return replace(self, lease=None, failure=failure, refresh_due_at=due)

    def needing_sign_in(self, reason: str) -> Self:
        """Return the connection waiting for the person; the refresh token stays, a late success heals."""
        return replace(
            self,
            status=ConnectionStatus.NEEDS_SIGN_IN,
            reason=reason,
            refresh_due_at=None,
            lease=None,
            failure=None,
        )

    def disconnected(self, *, at: datetime, pending: bool) -> Self:
        """
        Return the tombstone; `pending` says that the provider is still to be told.

        Whoever disconnects says stop to all agents: those that had a delegation stay cut, should the
        same person connect again.
        """
        return replace(
            self,
            status=ConnectionStatus.REVOKED,
            reason=None,
            epoch=self.next_epoch(at),
            sealed_access=None,
            sealed_refresh=None,
            refresh_due_at=None,
            refresh_token_expires_at=None,
            revoked_at=at,
            pending_revocation=self.epoch if pending else None,
            lease=None,
            failure=None,
            quarantined_at=None,
            delegations=tuple(
                replace(delegation, actions=(), expires_at=None) for delegation in self.delegations
            ),
        )
