"""The file that says what can be connected."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from multi_user_oauth.model import ConnectorType, ConnectorTypes, Provider
from multi_user_oauth.settings.yaml_file import Name, Text, load, malformed, shaped


class _ConnectorType(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    provider: Literal["microsoft", "google"]
    title: Text
    purpose: Annotated[str, msgspec.Meta(max_length=300)] = ""
    client_id: Text
    client_secret: Text
    client_secret_expires: date | msgspec.UnsetType = msgspec.UNSET
    tenants: list[UUID] = []
    hosted_domains: list[Text] = []
    required_scopes: Annotated[list[Text], msgspec.Meta(min_length=1)]
    optional_scopes: list[Text] = []
    allowed_scopes: list[Text] = []
    retired: bool = False


def load_connector_types(file: Path) -> ConnectorTypes:
    """Return the connector types; raise `ConfigurationError` naming the entry and what was expected."""
    raw = shaped(file, "", load(file), dict[Name, Any])
    return {
        name: _connector_type(file, name, shaped(file, name, entry, _ConnectorType))
        for name, entry in raw.items()
    }


def _connector_type(file: Path, name: str, entry: _ConnectorType) -> ConnectorType:
    microsoft = entry.provider == "microsoft"
    wanted, unwanted = ("tenants", "hosted_domains") if microsoft else ("hosted_domains", "tenants")
    if not getattr(entry, wanted):
        raise malformed(file, f"{name}.{wanted}", "at least one: whose accounts may sign in")
    if getattr(entry, unwanted):
        raise malformed(file, f"{name}.{unwanted}", f"nothing: the provider is {entry.provider}")
    return ConnectorType(
        name=name,
        provider=Provider(entry.provider),
        title=entry.title,
        purpose=entry.purpose.strip(),
        client_id=entry.client_id,
        client_secret_name=entry.client_secret,
        required_scopes=tuple(entry.required_scopes),
        optional_scopes=tuple(entry.optional_scopes),
        allowed_scopes=tuple(entry.allowed_scopes),
        tenant_ids=tuple(str(tenant) for tenant in entry.tenants),
        hosted_domains=tuple(domain.lower() for domain in entry.hosted_domains),
        client_secret_expires=entry.client_secret_expires or None,
        retired=entry.retired,
    )
