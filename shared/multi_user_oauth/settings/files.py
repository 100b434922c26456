"""The two files that say what can be connected and who may use it."""

from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
import yaml

from multi_user_oauth.errors import ConfigurationError, MalformedEmailError
from multi_user_oauth.model import (
    AgentRule,
    ConnectorType,
    ConnectorTypes,
    Identity,
    Policy,
    Provider,
    normalise_email,
)

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class _ConnectorType(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    provider: Literal["microsoft", "google"]
    title: Text
    client_id: Text
    client_secret: Text
    tenants: list[UUID] = []
    hosted_domains: list[Text] = []
    required_scopes: Annotated[list[Text], msgspec.Meta(min_length=1)]
    optional_scopes: list[Text] = []
    allowed_scopes: list[Text] = []


class _Agent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    connector_types: Annotated[list[Name], msgspec.Meta(min_length=1)]
    users: Annotated[list[Text], msgspec.Meta(min_length=1)]


class _Policy(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    agents: dict[Text, Any] = {}
    admins: list[Text] = []
    refresh_callers: dict[Literal["one", "finish"], list[Text]] = {}


def load_connector_types(file: Path) -> ConnectorTypes:
    """Return the connector types; raise `ConfigurationError` naming the entry and what was expected."""
    raw = _shaped(file, "", _load(file), dict[Name, Any])
    return {
        name: _connector_type(file, name, _shaped(file, name, entry, _ConnectorType))
        for name, entry in raw.items()
    }


def load_policy(file: Path) -> Policy:
    """Return the policy; raise `ConfigurationError` naming the entry and what was expected."""
    raw = _shaped(file, "", _load(file), _Policy)
    return Policy(
        agents={name: _agent(file, name, entry) for name, entry in raw.agents.items()},
        admins=frozenset(_identity(file, text) for text in raw.admins),
        refresh_callers={route: frozenset(who) for route, who in raw.refresh_callers.items()},
    )


def _connector_type(file: Path, name: str, entry: _ConnectorType) -> ConnectorType:
    microsoft = entry.provider == "microsoft"
    wanted, unwanted = ("tenants", "hosted_domains") if microsoft else ("hosted_domains", "tenants")
    if not getattr(entry, wanted):
        raise _malformed(file, f"{name}.{wanted}", "at least one: whose accounts may sign in")
    if getattr(entry, unwanted):
        raise _malformed(file, f"{name}.{unwanted}", f"nothing: the provider is {entry.provider}")
    return ConnectorType(
        name=name,
        provider=Provider(entry.provider),
        title=entry.title,
        client_id=entry.client_id,
        client_secret_name=entry.client_secret,
        required_scopes=tuple(entry.required_scopes),
        optional_scopes=tuple(entry.optional_scopes),
        allowed_scopes=tuple(entry.allowed_scopes),
        tenant_ids=tuple(str(tenant) for tenant in entry.tenants),
        hosted_domains=tuple(domain.lower() for domain in entry.hosted_domains),
    )


def _agent(file: Path, name: str, entry: object) -> AgentRule:
    agent = _shaped(file, f"agents.{name}", entry, _Agent)
    return AgentRule(
        name=name,
        connector_types=frozenset(agent.connector_types),
        users=frozenset(_pattern(file, name, user) for user in agent.users),
    )


def _pattern(file: Path, agent: str, user: str) -> str:
    try:
        if user.startswith("*@"):
            return "*@" + normalise_email(f"anyone@{user[2:]}").partition("@")[2]
        return normalise_email(user)
    except MalformedEmailError:
        raise _malformed(file, f"agents.{agent}.users", "an e-mail or *@domain") from None


def _identity(file: Path, text: str) -> Identity:
    try:
        return Identity.parse(text)
    except ValueError:
        expected = "identities such as microsoft:{tid}:{oid} or google:{sub}, never an e-mail"
        raise _malformed(file, "admins", expected) from None


def _load(file: Path) -> object:
    try:
        return yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # reason: a SafeLoader
    except OSError:
        raise ConfigurationError(f"{file} can not be read") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigurationError(f"{file}, line {line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigurationError(f"{file}: not YAML") from None


def _shaped(file: Path, place: str, entry: object, shape: type[T]) -> T:
    try:
        return msgspec.convert(entry, shape)
    except msgspec.ValidationError as error:
        where = f"{file}: {place}" if place else f"{file}"
        raise ConfigurationError(f"{where}: {error}") from None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice (the second would silently win), or is no plain value."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002  # reason: PyYAML's own signature
    ) -> dict[object, object]:
        """Return the mapping; raise `MarkedYAMLError` at the second of two equal keys."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(None, None, "a key must be text", key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(None, None, "this key stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _malformed(file: Path, place: str, expected: str) -> ConfigurationError:
    return ConfigurationError(f"{file}: {place}: expected {expected}")
