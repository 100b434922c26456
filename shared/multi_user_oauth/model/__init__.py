"""The system's nouns. Values only: nothing here reads a clock, a socket or the environment."""

from multi_user_oauth.model.binding import Binding, Kind
from multi_user_oauth.model.caller import Agent, Caller, Person, System
from multi_user_oauth.model.connection import (
    AuditHead,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Failure,
    Lease,
)
from multi_user_oauth.model.connector_type import ConnectorType, ConnectorTypes
from multi_user_oauth.model.email import normalise_email
from multi_user_oauth.model.identity import Identity, ProvedPerson, Provider
from multi_user_oauth.model.limits import Limits
from multi_user_oauth.model.policy import AgentRule, Policy
from multi_user_oauth.model.records import (
    AuditRecord,
    Batch,
    Change,
    FlowMark,
    LedgerEntry,
    Page,
    Rescue,
    Revocation,
    RevocationResult,
    Snapshot,
    rescue_id,
)
from multi_user_oauth.model.secret import Secret
from multi_user_oauth.model.tokens import AccessToken, SignedIn, TokenSet, lifetime

__all__ = [
    "AccessToken",
    "Agent",
    "AgentRule",
    "AuditHead",
    "AuditRecord",
    "Batch",
    "Binding",
    "Caller",
    "Change",
    "Connection",
    "ConnectionKey",
    "ConnectionStatus",
    "ConnectorType",
    "ConnectorTypes",
    "Failure",
    "FlowMark",
    "Identity",
    "Kind",
    "Lease",
    "LedgerEntry",
    "Limits",
    "Page",
    "Person",
    "Policy",
    "ProvedPerson",
    "Provider",
    "Rescue",
    "Revocation",
    "RevocationResult",
    "Secret",
    "SignedIn",
    "Snapshot",
    "System",
    "TokenSet",
    "lifetime",
    "normalise_email",
    "rescue_id",
]
