"""The system's nouns. Values only: nothing here reads a clock, a socket or the environment."""

from typing import TYPE_CHECKING

from multi_user_oauth.loading import offers

if TYPE_CHECKING:
    from multi_user_oauth.model.action import USES, Action, includes
    from multi_user_oauth.model.binding import Binding, Kind
    from multi_user_oauth.model.caller import Agent, Caller, Person, System
    from multi_user_oauth.model.client_credential import ENDS_SOON, is_signing
    from multi_user_oauth.model.connection import (
        AuditHead,
        Connection,
        ConnectionStatus,
        Failure,
        FailureKind,
        Lease,
    )
    from multi_user_oauth.model.connection_key import SHARDS, ConnectionKey
    from multi_user_oauth.model.connector_type import ConnectorType, ConnectorTypes
    from multi_user_oauth.model.delegation import EVERY_AGENT, MOST_DELEGATIONS, Delegation
    from multi_user_oauth.model.email import normalise_email, normalise_email_prefix
    from multi_user_oauth.model.identity import Identity, ProvedPerson, Provider, Role
    from multi_user_oauth.model.limits import Limits
    from multi_user_oauth.model.policy import AgentRule, Issuer, IssuerKind, Policy, StepUp
    from multi_user_oauth.model.records import (
        AuditRecord,
        Batch,
        Change,
        FlowMark,
        LedgerEntry,
        Page,
        Rescue,
        Revocation,
        RevocationPage,
        RevocationResult,
        Snapshot,
        audit_id,
        rescue_id,
    )
    from multi_user_oauth.model.secret import Secret
    from multi_user_oauth.model.tokens import AccessToken, SignedIn, TokenSet, lifetime
else:
    __getattr__ = offers(
        __name__,
        {
            "action": "Action USES includes",
            "binding": "Binding Kind",
            "caller": "Agent Caller Person System",
            "client_credential": "ENDS_SOON is_signing",
            "connection": "AuditHead Connection ConnectionStatus Failure FailureKind Lease",
            "connection_key": "ConnectionKey SHARDS",
            "connector_type": "ConnectorType ConnectorTypes",
            "delegation": "Delegation EVERY_AGENT MOST_DELEGATIONS",
            "email": "normalise_email normalise_email_prefix",
            "identity": "Identity ProvedPerson Provider Role",
            "limits": "Limits",
            "policy": "AgentRule Issuer IssuerKind Policy StepUp",
            "records": (
                "AuditRecord Batch Change FlowMark LedgerEntry Page Rescue Revocation "
                "RevocationPage RevocationResult Snapshot audit_id rescue_id"
            ),
            "secret": "Secret",
            "tokens": "AccessToken SignedIn TokenSet lifetime",
        },
    )

__all__ = [
    "ENDS_SOON",
    "EVERY_AGENT",
    "MOST_DELEGATIONS",
    "SHARDS",
    "USES",
    "AccessToken",
    "Action",
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
    "Delegation",
    "Failure",
    "FailureKind",
    "FlowMark",
    "Identity",
    "Issuer",
    "IssuerKind",
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
    "RevocationPage",
    "RevocationResult",
    "Role",
    "Secret",
    "SignedIn",
    "Snapshot",
    "StepUp",
    "System",
    "TokenSet",
    "audit_id",
    "includes",
    "is_signing",
    "lifetime",
    "normalise_email",
    "normalise_email_prefix",
    "rescue_id",
]
