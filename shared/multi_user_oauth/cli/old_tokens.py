"""The files in which an older system kept refresh tokens: found, read, never changed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from multi_user_oauth.errors import ConfigurationError, MalformedEmailError
from multi_user_oauth.model import (
    ConnectionKey,
    ConnectorType,
    ConnectorTypes,
    Secret,
    normalise_email,
)

LONGEST_FILE: Final = 1024 * 1024
_TOKEN: Final = re.compile(r"[\x20-\x7e]{1,8192}")  # RFC 6749, A.17
_MICROSOFT: Final = frozenset(
    {"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"}
)
"""What MSAL calls Microsoft's one cloud for everybody (`environment`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldToken:
    """What a file holds: whose token it is said to be, and the token."""

    key: ConnectionKey
    refresh_token: Secret


class UnusableError(Exception):
    """A file that nobody need be asked about; `reason` is one of the report's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def find_files(folder: Path) -> list[Path]:
    """Return the files FOLDER/CONNECTOR_TYPE/E-MAIL.json in order; raise `ConfigurationError`."""
    found = sorted(file for file in folder.glob("*/*.json") if file.is_file())
    if not found:
        raise ConfigurationError(f"{folder} holds no files CONNECTOR_TYPE/E-MAIL.json")
    return found


def read_file(file: Path, connector_types: ConnectorTypes) -> OldToken:
    """Return what a file holds; raise `UnusableError`."""
    connector_type = connector_types.get(file.parent.name)
    if connector_type is None or connector_type.retired:
        raise UnusableError("unknown_connector_type")
    try:
        user_email = normalise_email(file.stem)
    except MalformedEmailError:
        raise UnusableError("malformed") from None
    document = _document(file)
    if "RefreshToken" in document:
        document = _of_msal(document, connector_type, user_email)
    if document.get("client_id", connector_type.client_id) != connector_type.client_id:
        raise UnusableError("dead")  # no application can use another one's
    refresh_token = document.get("refresh_token")
    if not isinstance(refresh_token, str) or not _TOKEN.fullmatch(refresh_token):
        raise UnusableError("malformed")
    key = ConnectionKey(connector_type.name, user_email)
    return OldToken(key=key, refresh_token=Secret(refresh_token))


def _document(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST_FILE + 1)
        document = json.loads(content) if len(content) <= LONGEST_FILE else None
    except (OSError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UnusableError("malformed")
    return document


def _of_msal(
    cache: Mapping[str, Any], connector_type: ConnectorType, user_email: str
) -> Mapping[str, Any]:
    """Return the one entry of MSAL's serialized cache that is this person's, as a token answer is."""
    fitting = list(_fitting(cache, connector_type, user_email))
    if len(fitting) > 1:  # of several applications, or for several resources
        fitting = [entry for entry in fitting if _is_ours(entry, connector_type)]
    if len(fitting) != 1:
        raise UnusableError("malformed")
    (entry,) = fitting
    ours = connector_type.client_id
    return {"refresh_token": entry.get("secret"), "client_id": entry.get("client_id", ours)}


def _fitting(
    cache: Mapping[str, Any], connector_type: ConnectorType, user_email: str
) -> Iterator[Mapping[str, Any]]:
    homes = {
        account.get("home_account_id")
        for account in _entries(cache, "Account")
        if str(account.get("username")).lower() == user_email
    }
    tenants = {tenant.lower() for tenant in connector_type.tenant_ids}
    for entry in _entries(cache, "RefreshToken"):
        home = entry.get("home_account_id")
        tenant = str(home).rpartition(".")[2].lower()  # of the form oid.tid
        named = home in homes if homes else tenant in tenants
        if named and entry.get("environment") in _MICROSOFT:
            yield entry


def _is_ours(entry: Mapping[str, Any], connector_type: ConnectorType) -> bool:
    target = str(entry.get("target")).lower().split()
    held = {scope.removeprefix("https://graph.microsoft.com/") for scope in target}
    required = {scope.lower() for scope in connector_type.required_scopes}
    return entry.get("client_id") == connector_type.client_id and required <= held


def _entries(cache: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    listed = cache.get(kind)
    values = listed.values() if isinstance(listed, dict) else ()
    return [entry for entry in values if isinstance(entry, dict)]
