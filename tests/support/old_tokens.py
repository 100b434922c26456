"""Refresh tokens that an older system got, at the sandbox; and the files in which it kept them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from multi_user_oauth.sandbox.company import Account
from multi_user_oauth.sandbox.records import ProviderName, Registration, Token, digest
from multi_user_oauth.sandbox.state import State

SCOPE: Final = "https://www.googleapis.com/auth/"
GRANTED: Final[Mapping[ProviderName, str]] = {
    "microsoft": "openid profile email offline_access User.Read Mail.Send",
    "google": f"openid {SCOPE}userinfo.email {SCOPE}gmail.send",
}


def old_token(
    state: State,
    provider: ProviderName,
    account: Account,
    *,
    scope: str | None = None,
    client_id: str | None = None,
    tenant: str | None = None,
) -> str:
    """Let a person have signed in to the older system, by our application unless told otherwise."""
    application: Registration | None = state.applications[provider]
    assert application is not None
    with state.lock:
        value = state.new_secret("refresh_token", "1//0" if provider == "google" else "0.A", 72)
        granted = GRANTED[provider] if scope is None else scope
        home = tenant or account.home_tenant
        token = Token(
            digest=digest(value),
            kind="refresh",
            grant=state.random_text(12),
            provider=provider,
            client_id=client_id or application.client_id,
            account=account.id,
            tenant=home if provider == "microsoft" else "",
            scope=granted,
            issued_at=state.now(),
            expires_at=state.now() + state.settings[provider].refresh_token_life,
        )
        state.keep(token)
        state.consented(provider, token.client_id, account.id).update(granted.split())
    return value


def write_old(folder: Path, connector_type: str, user_email: str, document: object) -> Path:
    """Write one of the older system's files."""
    file = folder / connector_type / f"{user_email}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document)
    file.write_text(text, encoding="utf-8")
    return file


def as_answer(value: str) -> dict[str, Any]:
    """A token answer, kept as it came (RFC 6749, 5.1)."""
    return {"access_token": "old", "refresh_token": value, "expires_in": 3599, "scope": "a b"}


def in_turn(number: int) -> tuple[str, ProviderName]:
    """Return what the person of this number had connected."""
    kinds: tuple[tuple[str, ProviderName], ...] = (
        ("microsoft_teams", "microsoft"),
        ("google_workspace", "google"),
    )
    return kinds[number % 2]


def write_many(folder: Path, state: State, accounts: Sequence[Account]) -> dict[str, str]:
    """
    Write a file for each of these people; return the reasons of the ten of them that are bad.

    Their tokens are another person's, dead, another application's, or no tokens at all.
    """
    expected: dict[str, str] = {}
    for number, account in enumerate(accounts):
        connector_type, provider = in_turn(number)
        reason = BAD[number] if number < len(BAD) else ""
        owner = accounts[-1 - number] if reason == "email_mismatch" else account
        client_id = "another-application" if number == ANOTHERS else None
        value = old_token(state, provider, owner, client_id=client_id)
        document: object = as_answer(value)
        if reason == "malformed":
            document = '{"refresh_token": ' if number % 2 else {"access_token": "old"}
        elif reason == "dead" and number != ANOTHERS:
            state.kill_grant(state.tokens[digest(value)].grant, "revoked")
        elif reason == "unknown_connector_type":
            connector_type = "dropbox"
        file = write_old(folder, connector_type, account.email, document)
        if reason:
            expected[str(file.relative_to(folder))] = reason
    return expected


BAD: Final = (
    *("email_mismatch", "email_mismatch", "email_mismatch"),
    *("dead", "dead", "dead", "dead"),
    *("malformed", "malformed"),
    "unknown_connector_type",
)
ANOTHERS: Final = 6
"""The number of the dead one that another application got."""
