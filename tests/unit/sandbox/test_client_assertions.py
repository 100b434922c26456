"""The application's credentials at the sandbox: signed assertions, secrets that come and go."""

from datetime import UTC, datetime
from typing import Any

import msal
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox
from tests.support.certificates import KeyPair, key_pair

from .conftest import AUTHORITY, GOOGLE, MICROSOFT, MICROSOFT_TOKEN, World

PAIR = key_pair("vault")
SECRET = MICROSOFT.client_secrets[0]
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def by_msal(world: World, pair: KeyPair) -> Any:  # noqa: ANN401  # reason: msal has no types
    """Give MSAL with a certificate, as Microsoft's own pages show it."""
    return msal.ConfidentialClientApplication(
        MICROSOFT.client_id,
        client_credential={"private_key": pair.private, "public_certificate": pair.certificate},
        authority=AUTHORITY,
        instance_discovery=False,
        http_client=world.session,
    )


def test_msal_signs_in_with_a_certificate_of_its_own_making(world: World) -> None:
    """MSAL goes by the real clock, so the sandbox does so here."""
    world.clock.time = datetime.now(UTC)  # noqa: TID251  # reason: MSAL goes by it
    token = world.microsoft()["refresh_token"]
    world.sandbox.set_credentials("microsoft", client_secrets=[], certificates=[PAIR.certificate])

    answer = by_msal(world, PAIR).acquire_token_by_refresh_token(token, ["User.Read"])
    assert "access_token" in answer
    answer = by_msal(world, key_pair("other")).acquire_token_by_refresh_token(token, ["User.Read"])
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])


def assertion(
    world: World,
    *,
    name: str = "vault",
    pair: KeyPair | None = None,
    alg: str = "PS256",
    **changes: object,
) -> str:
    """Give what an application signs, with some claims or headers as the test wants them."""
    now, pair = int(world.clock.now().timestamp()), pair or key_pair(name)
    claims = {
        "aud": MICROSOFT_TOKEN,
        "iss": MICROSOFT.client_id,
        "sub": MICROSOFT.client_id,
        "jti": "once",
        "nbf": now,
        "exp": now + 600,
    } | {name: value for name, value in changes.items() if name in ("aud", "iss", "sub", "jti")}
    claims |= {name: now + int(str(changes[name])) for name in ("nbf", "exp") if name in changes}
    header = {"alg": alg} | pair.thumbprint(alg)
    return jwt.encode(header, claims, RSAKey.import_key(pair.private), algorithms=[alg])


def refresh(world: World, token: str, signed: str) -> tuple[int, list[int]]:
    """Send one refresh, and give status and numbers of the answer."""
    form = {
        "client_id": MICROSOFT.client_id,
        "client_assertion_type": BEARER,
        "client_assertion": signed,
        "grant_type": "refresh_token",
        "refresh_token": token,
    }
    response = world.session.post(MICROSOFT_TOKEN, data=form, timeout=10)
    return response.status_code, response.json().get("error_codes", [])


@pytest.fixture
def token(world: World) -> str:
    """Give Sarah's refresh token, got with a secret while the certificate is registered too."""
    world.sandbox.set_credentials("microsoft", certificates=[PAIR.certificate])
    return str(world.microsoft()["refresh_token"])


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
def test_both_documented_forms_are_taken(world: World, token: str, alg: str) -> None:
    """PS256 with x5t#S256, and what was documented before: RS256 with x5t."""
    assert refresh(world, token, assertion(world, alg=alg)) == (200, [])


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"aud": f"{AUTHORITY}/v2.0"}, 700023),
        ({"iss": "another"}, 700021),
        ({"sub": "another"}, 700021),
        ({"exp": 0}, 700024),
        ({"nbf": 301}, 700024),
        ({"name": "other"}, 700027),
    ],
    ids=str,
)
def test_an_assertion_that_is_not_for_this_is_refused(
    world: World, token: str, changes: dict[str, Any], number: int
) -> None:
    """As `invalid_client`, 401, with Microsoft's number."""
    assert refresh(world, token, assertion(world, **changes)) == (401, [number])


def test_an_assertion_works_once(world: World, token: str) -> None:
    """Entra takes it until it ends; here a second use is a bug of ours."""
    signed = assertion(world)
    assert refresh(world, token, signed) == (200, [])
    assert refresh(world, token, signed) == (401, [700027])


@pytest.mark.parametrize("signed", ["", "a.b", "a.b.c"])
def test_rubbish_is_no_assertion(world: World, token: str, signed: str) -> None:
    """Nor is a signature cut off."""
    assert refresh(world, token, signed or assertion(world)[:-4]) == (401, [700027])


def test_a_certificate_that_is_not_registered_any_more_is_refused(world: World, token: str) -> None:
    """At once."""
    world.sandbox.set_credentials("microsoft", certificates=[])
    assert refresh(world, token, assertion(world)) == (401, [700027])


def test_an_expired_certificate_is_told_apart(world: World, token: str) -> None:
    """By its number."""
    expired = key_pair("expired", until=2021)
    world.sandbox.set_credentials("microsoft", certificates=[expired.certificate])
    assert refresh(world, token, assertion(world, pair=expired)) == (401, [1000502])


def test_secrets_come_and_go_while_it_runs(world: World) -> None:
    """Over HTTP, as tests of whole processes turn it; a reset knows what it was told at the start."""
    token = world.microsoft()["refresh_token"]

    def codes() -> list[int]:
        answer: list[int] = world.refresh_microsoft(token).json().get("error_codes", [])
        return answer

    def known(**kinds: list[str]) -> int:
        body = {"provider": "microsoft", **kinds}
        return world.admin("POST", "credentials", json=body).status_code

    assert codes() == []
    assert known(client_secrets=["another-secret-of-the-tests"]) == 204
    assert codes() == [7000215]
    assert known(expired_secrets=[SECRET]) == 204
    assert codes() == [7000222]
    assert known(secrets=["misspelt"]) == 400
    world.sandbox.reset()
    again = world.microsoft()["refresh_token"]
    assert world.refresh_microsoft(again).status_code == 200


def test_google_says_no_more_than_unauthorized(world: World) -> None:
    """And takes no assertion."""
    token = world.google().refresh_token
    world.sandbox.set_credentials("google", expired_secrets=GOOGLE.client_secrets)
    answer = world.refresh_google(token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_application_that_is_not_there_has_no_credentials() -> None:
    """A provider that was told of none."""
    sandbox = Sandbox(SandboxConfig(microsoft=MICROSOFT))
    sandbox.set_credentials("google", client_secrets=["a-secret-of-nobody"])
    assert "a-secret-of-nobody" not in [secret["value"] for secret in sandbox.secrets()]
