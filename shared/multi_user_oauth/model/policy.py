"""Who may do what, as the policy file says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from multi_user_oauth.model.connection import ConnectionKey
from multi_user_oauth.model.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRule:
    """One agent's reach: for which connector types, and for whom (an e-mail, or `*@domain`)."""

    name: str
    connector_types: frozenset[str]
    users: frozenset[str]

    def covers(self, key: ConnectionKey) -> bool:
        """Return whether the rule lets the agent use this connection."""
        domain = key.user_email.rpartition("@")[2]
        return key.connector_type in self.connector_types and (
            key.user_email in self.users or f"*@{domain}" in self.users
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole file. `refresh_callers` maps a route of `refresh` to the service accounts let in."""

    agents: Mapping[str, AgentRule] = field(default_factory=dict)
    admins: frozenset[Identity] = frozenset()
    refresh_callers: Mapping[str, frozenset[str]] = field(default_factory=dict)
