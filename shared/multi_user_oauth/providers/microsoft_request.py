"""What Microsoft is asked for: scopes, prompt, authentication context."""

import json
from typing import Final

from multi_user_oauth.ports import Trip
from multi_user_oauth.providers.calls import Scopes
from multi_user_oauth.providers.microsoft_endpoints import GRAPH

RESERVED: Final = frozenset({"openid", "profile", "offline_access"})
"""MSAL adds these itself and refuses to be given them."""


def prompt(trip: Trip, hint: str | None) -> str | None:
    """Return what the person is asked to do; a hint and the account chooser exclude each other."""
    if trip.context is not None:
        return "login"  # or the proof might be as old as the browser's session
    return "consent" if trip.consent else None if hint else "select_account"


def challenge(context: str | None) -> str | None:
    """
    Return the `claims` parameter that asks for an authentication context.

    ("Developer guide to Conditional Access authentication context", Microsoft identity platform.)
    """
    wanted = {"id_token": {"acrs": {"essential": True, "value": context}}}
    return json.dumps(wanted) if context is not None else None


def unreserved(scopes: Scopes) -> list[str]:
    """Return the scopes that MSAL may be given."""
    return [scope for scope in scopes if scope not in RESERVED]


def short(scopes: Scopes) -> Scopes:
    """Return Graph's scopes by their short names."""
    return tuple(scope.removeprefix(GRAPH) for scope in scopes)
