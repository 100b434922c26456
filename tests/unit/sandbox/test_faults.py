"""Faults on demand, as unmodified client libraries and plain requests see them."""

import json
from typing import Any

import msgspec
import pytest
import requests
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from .conftest import AUTHORITY, World

GRAPH_ME = "https://graph.microsoft.com/v1.0/me"
KEYS = f"{AUTHORITY}/discovery/v2.0/keys"


@pytest.fixture
def token(world: World) -> str:
    """Give a refresh token of Sarah's at Microsoft."""
    value: str = world.microsoft()["refresh_token"]
    return value


def test_a_status_comes_in_the_providers_shape(world: World, token: str) -> None:
    """429 with Retry-After and 503 look like Microsoft's, and the fault is over after one time."""
    world.sandbox.add_fault(provider="microsoft", kind="status", status=429, retry_after=7)
    world.sandbox.add_fault(provider="microsoft", kind="status", status=503)
    throttled = world.refresh_microsoft(token)
    broken = world.refresh_microsoft(token)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    assert throttled.json()["error_codes"] == [90055]
    assert (broken.status_code, broken.json()["error_codes"]) == (503, [90033])
    assert world.refresh_microsoft(token).status_code == 200


def test_googles_status_has_googles_shape(world: World) -> None:
    """Google answers 500 internal_failure and 429 rate_limit_exceeded."""
    token = world.google().refresh_token
    world.sandbox.add_fault(provider="google", kind="status", status=500)
    world.sandbox.add_fault(provider="google", kind="status", status=429)
    assert world.refresh_google(token).json()["error"] == "internal_failure"
    assert world.refresh_google(token).json()["error"] == "rate_limit_exceeded"


def test_html_is_not_json(world: World, token: str) -> None:
    """A gateway's page in the place of the answer, with any status."""
    world.sandbox.add_fault(provider="microsoft", kind="html")
    world.sandbox.add_fault(provider="microsoft", kind="html", status=200)
    for status in (502, 200):
        answer = world.refresh_microsoft(token)
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/html")


def test_drop_is_a_connection_error_before_anything_happened(world: World, token: str) -> None:
    """The connection ends and the token was not used."""
    world.sandbox.set("microsoft", refresh_mode="single")
    world.sandbox.add_fault(provider="microsoft", kind="drop")
    with pytest.raises(requests.ConnectionError):
        world.refresh_microsoft(token)
    assert world.refresh_microsoft(token).status_code == 200


def test_drop_after_loses_the_answer_to_what_happened(world: World, token: str) -> None:
    """The provider rotated the token, but nobody heard of it."""
    world.sandbox.set("microsoft", refresh_mode="single")
    world.sandbox.add_fault(provider="microsoft", kind="drop_after")
    with pytest.raises(requests.ConnectionError):
        world.refresh_microsoft(token)
    assert world.refresh_microsoft(token).status_code == 400


def test_slow_waits_and_then_answers(world: World, token: str) -> None:
    """The injected sleep is asked to wait; beyond the caller's time-out it is a time-out."""
    world.sandbox.add_fault(provider="microsoft", kind="slow", delay=3, times=2)
    assert world.refresh_microsoft(token).status_code == 200
    assert world.clock.slept == [3]
    form = {"grant_type": "refresh_token"}
    with pytest.raises(requests.ReadTimeout):
        world.session.post(f"{AUTHORITY}/oauth2/v2.0/token", data=form, timeout=(1, 2))


def test_an_oauth_error_is_worded_freely(world: World, token: str) -> None:
    """error, suberror and number as asked for."""
    world.sandbox.add_fault(
        provider="microsoft", kind="oauth_error", aadsts=50076, error="interaction_required"
    )
    world.sandbox.add_fault(provider="microsoft", kind="oauth_error", error_codes=[7000222])
    refused = world.refresh_microsoft(token).json()
    secret = world.refresh_microsoft(token)
    assert (refused["error"], refused["error_codes"]) == ("interaction_required", [50076])
    assert refused["suberror"] == "basic_action"
    assert (secret.status_code, secret.json()["error"]) == (401, "invalid_client")


def test_an_error_without_number_says_only_that(world: World, token: str) -> None:
    """A suberror that nobody asked for would mean something else."""
    world.sandbox.add_fault(provider="microsoft", kind="oauth_error", error="invalid_client")
    answer = world.refresh_microsoft(token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "suberror" not in answer.json()


def test_google_asks_for_reauthentication(world: World) -> None:
    """invalid_rapt is invalid_grant with a subtype."""
    token = world.google().refresh_token
    world.sandbox.add_fault(provider="google", kind="oauth_error", error_subtype="invalid_rapt")
    answer = world.refresh_google(token).json()
    assert (answer["error"], answer["error_subtype"]) == ("invalid_grant", "invalid_rapt")


def test_authorize_goes_back_with_the_error(world: World) -> None:
    """An error of the sign-in page goes back to the application with the state."""
    world.sandbox.add_fault(
        provider="google", endpoint="authorize", kind="oauth_error", error="admin_policy_enforced"
    )
    url, state = world.flow().authorization_url()
    answer = world.open(url).answer
    assert (answer["error"], answer["state"]) == ("admin_policy_enforced", state)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("wrong_state", "state", "not-the-state-you-sent"),
        ("missing_state", "state", None),
        ("missing_code", "code", None),
        ("wrong_iss", "iss", "https://accounts.evil.example"),
    ],
)
def test_authorize_comes_back_wrong(world: World, kind: str, name: str, value: str | None) -> None:
    """The way back may carry a wrong state, none, no code, or another issuer."""
    world.sandbox.add_fault(provider="google", endpoint="authorize", kind=kind)
    url, _ = world.flow().authorization_url()
    assert world.browser.sign_in(url, "sarah").answer.get(name) == value


@pytest.mark.parametrize(
    ("kind", "claim", "value"),
    [
        ("wrong_nonce", "nonce", "not-the-nonce-you-sent"),
        ("wrong_aud", "aud", "another-application"),
        ("wrong_iss", "iss", "https://accounts.evil.example"),
        ("wrong_tid", "tid", "00000000-dead-4bad-8bad-00000000beef"),
        ("wrong_sub", "oid", "00000000-dead-4bad-8bad-00000000beef"),
        ("missing_email", "email", None),
    ],
)
def test_an_id_token_lies(world: World, kind: str, claim: str, value: str | None) -> None:
    """One claim is wrong, the signature is right."""
    world.sandbox.add_fault(provider="microsoft", kind=kind, grant_type="refresh_token")
    token = world.microsoft("sarah", "User.Read", "email")["refresh_token"]
    answer = world.refresh_microsoft(token, scope="openid profile email User.Read").json()
    assert claims(world, answer["id_token"]).get(claim) == value


def test_an_id_token_is_expired_or_unverified(world: World) -> None:
    """Google's ID token may be an hour too old, or say that the e-mail is not verified."""
    token = world.google().refresh_token
    world.sandbox.add_fault(provider="google", kind="expired_id_token")
    world.sandbox.add_fault(provider="google", kind="unverified_email")
    keys = "https://www.googleapis.com/oauth2/v3/certs"
    expired = claims(world, world.refresh_google(token).json()["id_token"], keys)
    unverified = claims(world, world.refresh_google(token).json()["id_token"], keys)
    assert expired["exp"] < world.clock.now().timestamp()
    assert unverified["email_verified"] is False


def test_an_id_token_is_signed_by_a_strangers_key(world: World, token: str) -> None:
    """wrong_key names the published key and was signed by another."""
    world.sandbox.add_fault(provider="microsoft", kind="wrong_key")
    spoilt = world.refresh_microsoft(token).json()["id_token"]
    with pytest.raises(BadSignatureError):
        claims(world, spoilt)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("missing_id_token", "id_token"),
        ("missing_refresh_token", "refresh_token"),
        ("no_access_token", "access_token"),
    ],
)
def test_something_is_missing_from_the_answer(
    world: World, token: str, kind: str, missing: str
) -> None:
    """One part of the answer is left out, once."""
    world.sandbox.add_fault(provider="microsoft", kind=kind)
    assert missing not in world.refresh_microsoft(token).json()
    assert missing in world.refresh_microsoft(token).json()


def test_fewer_scopes_than_granted(world: World, token: str) -> None:
    """The last API scope is missing from the answer."""
    world.sandbox.add_fault(provider="microsoft", kind="fewer_scopes")
    scope = world.refresh_microsoft(token, scope="openid User.Read Mail.Send").json()["scope"]
    assert scope.split() == ["openid", "User.Read"]


def test_graph_and_gmail_fail_in_their_own_shape(world: World) -> None:
    """An API's error is the API's, not the token endpoint's."""
    microsoft, google = world.microsoft()["access_token"], world.google().token
    world.sandbox.add_fault(provider="microsoft", endpoint="graph", kind="status", status=429)
    world.sandbox.add_fault(provider="google", endpoint="gmail", kind="status", status=503)
    graph = world.api(GRAPH_ME, microsoft)
    gmail = world.api("https://gmail.googleapis.com/gmail/v1/users/me/profile", google)
    assert graph.json()["error"]["code"] == "TooManyRequests"
    assert (gmail.status_code, gmail.json()["error"]["status"]) == (503, "UNAVAILABLE")


def test_graph_asks_for_claims(world: World) -> None:
    """Continuous Access Evaluation: 401 with a claims challenge."""
    access = world.microsoft()["access_token"]
    world.sandbox.add_fault(provider="microsoft", endpoint="graph", kind="insufficient_claims")
    answer = world.api(GRAPH_ME, access)
    assert answer.status_code == 401
    assert 'error="insufficient_claims", claims="' in answer.headers["WWW-Authenticate"]


def test_a_fault_for_one_person_leaves_the_others_alone(world: World) -> None:
    """`account` and `grant_type` narrow a fault, -1 makes it stay until it is cleared."""
    sarah, john = (world.microsoft(who)["refresh_token"] for who in ("sarah", "john"))
    world.sandbox.add_fault(
        provider="microsoft",
        kind="oauth_error",
        account="sarah@company.com",
        grant_type="refresh_token",
        times=-1,
    )
    for _ in range(3):
        assert world.refresh_microsoft(sarah).status_code == 400
        assert world.refresh_microsoft(john).status_code == 200
    assert "error" not in world.microsoft("sarah")
    world.sandbox.clear_faults()
    assert world.refresh_microsoft(sarah).status_code == 200


def test_keys_and_discovery_fail_too(world: World) -> None:
    """Each endpoint has its name, and * is all of them."""
    world.sandbox.add_fault(provider="microsoft", endpoint="keys", kind="status", status=500)
    world.sandbox.add_fault(provider="microsoft", endpoint="*", kind="drop")
    assert world.session.get(KEYS, timeout=5).status_code == 500
    with pytest.raises(requests.ConnectionError):
        world.session.get(f"{AUTHORITY}/v2.0/.well-known/openid-configuration", timeout=5)


@pytest.mark.parametrize(
    "fields",
    [
        {"provider": "microsoft", "kind": "unheard-of"},
        {"provider": "yahoo", "kind": "drop"},
        {"kind": "drop"},
        {"provider": "google", "kind": "drop", "tmies": 3},
    ],
)
def test_a_misspelt_fault_is_refused(world: World, fields: dict[str, Any]) -> None:
    """A typing mistake must not become a test that tests nothing."""
    with pytest.raises(msgspec.ValidationError):
        world.sandbox.add_fault(**fields)
    answer = world.admin("POST", "faults", json=fields)
    assert answer.status_code == 400
    assert json.loads(answer.text)["error"] == "invalid_request"


def claims(world: World, token: str, url: str = KEYS) -> dict[str, Any]:
    """Give the claims of a token signed by one of the published keys."""
    keys = KeySet.import_key_set(world.session.get(url, timeout=10).json())
    return jwt.decode(token, keys, ["RS256"]).claims
