"""OIDC tokens of service accounts, right and wrong."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from multi_user_oauth.sandbox.company import DEFAULT_AGENT

from .conftest import World

IDENTITY = (
    "https://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity"
)
AUDIENCE = "http://localhost:8084"
FLAVOR = {"Metadata-Flavor": "Google"}


def claims(world: World, token: str) -> dict[str, Any]:
    """Give the claims of a token signed with one of Google's published keys."""
    url = "https://www.googleapis.com/oauth2/v3/certs"
    keys = KeySet.import_key_set(world.session.get(url, timeout=5).json())
    return jwt.decode(token, keys, ["RS256"]).claims


def test_a_service_account_proves_itself(world: World) -> None:
    """The token names audience, account and an hour, as Google signs it."""
    params = {"audience": AUDIENCE}
    answer = world.session.get(IDENTITY, params=params, headers=FLAVOR, timeout=5)
    now = int(world.clock.now().timestamp())
    found = claims(world, answer.text)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert found["iss"] == "https://accounts.google.com"
    assert (found["aud"], found["email"], found["email_verified"]) == (
        AUDIENCE,
        DEFAULT_AGENT,
        True,
    )
    assert found["sub"] == found["azp"]
    assert len(found["sub"]) == 21
    assert (found["iat"], found["exp"]) == (now, now + 3600)


def test_another_account_has_another_subject(world: World) -> None:
    """`account` chooses the service account; the same one is the same in every run."""
    other = "calendar-agent@company-project.iam.gserviceaccount.com"
    first = claims(world, world.sandbox.identity_token(AUDIENCE))
    second = claims(world, world.sandbox.identity_token(AUDIENCE, other))
    assert second["email"] == other
    assert first["sub"] != second["sub"] == claims(world, identity(world, other))["sub"]


def test_an_account_is_also_named_in_the_path(world: World) -> None:
    """As on a machine of Google's that has several service accounts."""
    other = "calendar-agent@company-project.iam.gserviceaccount.com"
    url = IDENTITY.replace("/default/", f"/{other}/")
    params = {"audience": AUDIENCE}
    answer = world.session.get(url, params=params, headers=FLAVOR, timeout=5)
    assert claims(world, answer.text)["email"] == other


@pytest.mark.parametrize(
    ("params", "headers", "status"),
    [
        ({"audience": AUDIENCE}, {}, 403),
        ({}, FLAVOR, 400),
        ({"audience": AUDIENCE, "account": "sarah@company.com"}, FLAVOR, 404),
    ],
)
def test_the_metadata_server_is_strict(
    world: World, params: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """Without the header, without audience, or for a person, there is no token."""
    answer = world.session.get(IDENTITY, params=params, headers=headers, timeout=5)
    assert answer.status_code == status


def test_wrong_tokens_on_demand(world: World) -> None:
    """Another key, issuer, an expired one, an unverified e-mail: once each."""
    for kind in ("wrong_key", "wrong_iss", "expired_id_token", "unverified_email"):
        world.sandbox.add_fault(
            provider="google", endpoint="identity", kind=kind, account=DEFAULT_AGENT
        )
    with pytest.raises(BadSignatureError):
        claims(world, identity(world))
    assert claims(world, identity(world))["iss"] == "https://accounts.evil.example"
    assert claims(world, identity(world))["exp"] < world.clock.now().timestamp()
    assert claims(world, identity(world))["email_verified"] is False
    assert claims(world, identity(world))["email_verified"] is True


def identity(world: World, account: str = DEFAULT_AGENT) -> str:
    """Ask the metadata server for a token."""
    params = {"audience": AUDIENCE, "account": account}
    return world.session.get(IDENTITY, params=params, headers=FLAVOR, timeout=5).text


def test_a_token_of_somebody_else_on_demand(world: World) -> None:
    """Well signed, verified, and of another account."""
    world.sandbox.add_fault(provider="google", endpoint="identity", kind="wrong_email")
    spoilt = claims(world, world.sandbox.identity_token(AUDIENCE))
    assert spoilt["email"] != DEFAULT_AGENT
    assert spoilt["email_verified"] is True
    assert claims(world, world.sandbox.identity_token(AUDIENCE))["email"] == DEFAULT_AGENT


def test_no_token_on_demand(world: World) -> None:
    """For one account only, if the fault says so."""
    other = "push@company-project.iam.gserviceaccount.com"
    world.sandbox.add_fault(provider="google", endpoint="identity", kind="no_token", account=other)
    assert world.sandbox.identity_token(AUDIENCE) != ""
    assert world.sandbox.identity_token(AUDIENCE, other) == ""
    assert world.sandbox.identity_token(AUDIENCE, other) != ""
