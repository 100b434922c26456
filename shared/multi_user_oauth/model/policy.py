"""Who may do what, as the policy file says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from multi_user_oauth.model.action import Action
from multi_user_oauth.model.caller import Agent, Caller
from multi_user_oauth.model.connection_key import ConnectionKey
from multi_user_oauth.model.identity import Identity, Role
from multi_user_oauth.model.proxy_rule import ProxyRule
from multi_user_oauth.model.proxy_target import ProxyTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRule:
    """
    One agent's reach: which connector types, whose (an e-mail, or `*@domain`), and what it may do.

    With `scopes` it is given no token that carries others, since a token can not be narrowed. `rate` is
    in the notation of the library `limits`, such as `600/minute`. With `proxy` only these of the calls
    that the whole policy lets pass are passed on for it.
    """

    name: str
    connector_types: frozenset[str]
    users: frozenset[str]
    actions: frozenset[str] = frozenset({Action.TOKEN})
    scopes: frozenset[str] | None = None
    rate: str | None = None
    proxy: tuple[ProxyRule, ...] | None = None

    def covers(self, key: ConnectionKey) -> bool:
        """Return whether the rule lets the agent use this connection."""
        domain = key.user_email.rpartition("@")[2]
        return key.connector_type in self.connector_types and (
            key.user_email in self.users or f"*@{domain}" in self.users
        )


class IssuerKind(StrEnum):
    """Whom an issuer's tokens name."""

    PERSON = "person"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """
    Somebody else whose signed tokens count: a company's own sign-in, GitHub, an Entra tenant.

    `issuer` and `audience` are compared exactly. `subject` says how the claims name an identity
    (`microsoft:{tid}:{oid}`) or an agent (`{sub}`), each claim's name in braces. An agent's full name is
    `{name}/{subject}`, so that no issuer can name another one's agents.
    """

    name: str
    kind: IssuerKind
    issuer: str
    audience: str
    jwks_uri: str
    subject: str
    email_claim: str = "email"
    algorithms: tuple[str, ...] = ("RS256",)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """What an admin must have proved lately to change what is another's: an authentication context."""

    context: str
    max_age: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    The whole file. `refresh_callers` maps a route of `refresh` to the service accounts let in.

    Admins and auditors are identities, or app roles that a verified id_token named. `proxy` lists the
    calls of the providers' APIs that are passed on: nothing else is.
    """

    agents: Mapping[str, AgentRule] = field(default_factory=dict)
    admins: frozenset[Identity | Role] = frozenset()
    auditors: frozenset[Identity | Role] = frozenset()
    refresh_callers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    issuers: Mapping[str, Issuer] = field(default_factory=dict)
    delegations_required: bool = False
    step_up: StepUp | None = None
    proxy: tuple[ProxyRule, ...] = ()

    def passes_on(self, caller: Caller, target: ProxyTarget) -> bool:
        """Return whether this call of a provider's API is listed, for everybody and for this caller."""
        names = caller.names if isinstance(caller, Agent) else ()
        rules = [self.agents[name].proxy for name in names if name in self.agents]
        lists = [self.proxy, *(narrowed for narrowed in rules if narrowed is not None)]
        return all(any(rule.allows(target) for rule in listed) for listed in lists)
