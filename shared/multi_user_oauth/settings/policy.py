"""The file that says who may do what; every mistake in it is named, for each could reach too far."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from multi_user_oauth.errors import MalformedEmailError
from multi_user_oauth.model import (
    USES,
    Action,
    AgentRule,
    Identity,
    Issuer,
    IssuerKind,
    Policy,
    Role,
    StepUp,
    normalise_email,
)
from multi_user_oauth.model.proxy_rule import ProxyRule
from multi_user_oauth.settings.yaml_file import Name, Text, load, malformed, shaped

Https = Annotated[str, msgspec.Meta(pattern=r"^https://[^\s?#]{1,500}$")]
_Route = Literal["one", "finish", "sweep", "shard", "rewrap", "import"]
_Algorithm = Literal["RS256", "PS256", "ES256"]
_RATE: Final = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")
_ROLE: Final = re.compile(r"role:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([^\s:]{1,120})")
_CLAIM: Final = r"\{[A-Za-z0-9_./:-]{1,120}\}"
_SUBJECTS: Final = {
    IssuerKind.PERSON: re.compile(
        rf"google:{_CLAIM}|microsoft:(?:{_CLAIM}|[0-9a-f-]{{36}}):{_CLAIM}"
    ),
    IssuerKind.AGENT: re.compile(rf"[^\s{{}}]*{_CLAIM}[^\s{{}}]*"),
}
_IDENTITIES: Final = (
    "identities such as microsoft:{tid}:{oid} or google:{sub}, or app roles as role:{tid}:{value}, "
    "never an e-mail"
)


class _Agent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    connector_types: Annotated[list[Name], msgspec.Meta(min_length=1)]
    users: Annotated[list[Text], msgspec.Meta(min_length=1)]
    actions: Annotated[list[Text], msgspec.Meta(min_length=1)] | None = None
    scopes: Annotated[list[Text], msgspec.Meta(min_length=1)] | None = None
    rate: Text | None = None
    proxy: list[Text] | None = None


class _Issuer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    kind: Literal["person", "agent"]
    issuer: Https
    audience: Text
    jwks_uri: Https
    subject: Text
    email: Text = "email"
    algorithms: Annotated[list[_Algorithm], msgspec.Meta(min_length=1)] | None = None


class _StepUp(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    context: Annotated[str, msgspec.Meta(pattern=r"^c([1-9]|1[0-9]|2[0-5])$")]
    max_age_minutes: Annotated[int, msgspec.Meta(ge=1, le=480)] = 15


class _Policy(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    agents: dict[Text, Any] = {}
    admins: list[Text] = []
    auditors: list[Text] = []
    refresh_callers: dict[_Route, list[Text]] = {}
    issuers: dict[Name, Any] = {}
    delegations: Literal["optional", "required"] = "optional"
    step_up: _StepUp | None = None
    proxy: list[Text] = []


def load_policy(file: Path) -> Policy:
    """Return the policy; raise `ConfigurationError` naming the entry and what was expected."""
    raw = shaped(file, "", load(file), _Policy)
    issuers = {name: _issuer(file, name, entry) for name, entry in raw.issuers.items()}
    if len({(each.issuer, each.audience) for each in issuers.values()}) < len(issuers):
        raise malformed(file, "issuers", "no two with the same issuer and audience")
    proxy = _proxy(file, "proxy", raw.proxy)
    agents = {name: _agent(file, name, entry, issuers) for name, entry in raw.agents.items()}
    for name, agent in agents.items():
        if not all(any(rule.includes(its) for rule in proxy) for its in agent.proxy or ()):
            raise malformed(file, f"agents.{name}.proxy", "calls that the list proxy lets pass")
    return Policy(
        agents=agents,
        admins=frozenset(_listed(file, "admins", text) for text in raw.admins),
        auditors=frozenset(_listed(file, "auditors", text) for text in raw.auditors),
        refresh_callers={route: frozenset(who) for route, who in raw.refresh_callers.items()},
        issuers=issuers,
        delegations_required=raw.delegations == "required",
        step_up=_step_up(raw.step_up),
        proxy=proxy,
    )


def _agent(file: Path, name: str, entry: object, issuers: dict[str, Issuer]) -> AgentRule:
    agent = shaped(file, f"agents.{name}", entry, _Agent)
    place = f"agents.{name}"
    issuer, slash, _ = name.partition("/")
    if slash and (issuer not in issuers or issuers[issuer].kind is not IssuerKind.AGENT):
        raise malformed(file, place, "the name of an issuer of kind agent before the slash")
    actions = frozenset(agent.actions or [Action.TOKEN])
    unknown = sorted(actions - USES)
    if unknown:
        raise malformed(file, f"{place}.actions", "some of " + ", ".join(sorted(USES)))
    if agent.rate is not None and not _RATE.fullmatch(agent.rate):
        raise malformed(file, f"{place}.rate", "a number a second, minute, hour or day: 600/minute")
    return AgentRule(
        name=name,
        connector_types=frozenset(agent.connector_types),
        users=frozenset(_pattern(file, place, user) for user in agent.users),
        actions=actions,
        scopes=None if agent.scopes is None else frozenset(agent.scopes),
        rate=agent.rate,
        proxy=None if agent.proxy is None else _proxy(file, f"{place}.proxy", agent.proxy),
    )


def _proxy(file: Path, place: str, texts: list[str]) -> tuple[ProxyRule, ...]:
    rules = []
    for number, text in enumerate(texts):
        try:
            rules.append(ProxyRule.parse(text))
        except ValueError as wrong:
            raise malformed(file, f"{place}[{number}]", str(wrong)) from None
    return tuple(rules)


def _pattern(file: Path, place: str, user: str) -> str:
    try:
        if user.startswith("*@"):
            return "*@" + normalise_email(f"anyone@{user[2:]}").partition("@")[2]
        return normalise_email(user)
    except MalformedEmailError:
        raise malformed(file, f"{place}.users", "an e-mail or *@domain") from None


def _listed(file: Path, place: str, text: str) -> Identity | Role:
    role = _ROLE.fullmatch(text)
    if role is not None:
        return Role(role[1], role[2])
    try:
        return Identity.parse(text)
    except ValueError:
        raise malformed(file, place, _IDENTITIES) from None


def _issuer(file: Path, name: str, entry: object) -> Issuer:
    issuer = shaped(file, f"issuers.{name}", entry, _Issuer)
    kind = IssuerKind(issuer.kind)
    if not _SUBJECTS[kind].fullmatch(issuer.subject):
        expected = (
            "microsoft:{tid}:{oid} or google:{sub}, by the names of the claims"
            if kind is IssuerKind.PERSON
            else "a claim's name in braces, such as {sub}"
        )
        raise malformed(file, f"issuers.{name}.subject", expected)
    return Issuer(
        name=name,
        kind=kind,
        issuer=issuer.issuer,
        audience=issuer.audience,
        jwks_uri=issuer.jwks_uri,
        subject=issuer.subject,
        email_claim=issuer.email,
        algorithms=tuple(issuer.algorithms or ("RS256",)),
    )


def _step_up(raw: _StepUp | None) -> StepUp | None:
    if raw is None:
        return None
    return StepUp(context=raw.context, max_age=timedelta(minutes=raw.max_age_minutes))
