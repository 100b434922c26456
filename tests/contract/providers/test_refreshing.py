"""Refreshing: one request, and an answer that is never misread."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    GrantRefusedError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.model import Provider, Secret, TokenSet
from multi_user_oauth.sandbox.company import JOHN, MARIA, PAT, SARAH
from tests.contract.providers.conftest import Refused, only
from tests.contract.providers.world import CLIENT_SECRET, World


def refresh(world: World, token: Secret) -> TokenSet:
    """Prepare and refresh Sarah's token."""
    return world.refresh(token)


def test_a_refresh_brings_a_new_access_token(world: World) -> None:
    """Counted from when the request left."""
    token, _ = world.connected()
    tokens = refresh(world, token)
    assert tokens.access_token
    assert tokens.expires_at == world.clock() + timedelta(seconds=3599)
    assert set(world.connector_type.required_scopes) <= set(tokens.scopes)
    assert world.requests("token") == 1
    assert len(world.controls.requests()) == 1


@pytest.mark.parametrize("mode", ["lax", "static", "single", "strict"])
def test_a_new_refresh_token_is_returned_if_there_is_one(world: World, mode: str) -> None:
    """None means: the old one stays good."""
    world.controls.set(str(world.provider), refresh_mode=mode)  # type: ignore[arg-type]  # reason: the sandbox's names are ours
    token, _ = world.connected()
    tokens = refresh(world, token)
    assert (tokens.refresh_token is None) == (mode == "static")
    again = refresh(world, tokens.refresh_token or token)
    assert again.access_token != tokens.access_token


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 408},
        {"kind": "status", "status": 425},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 504},
        {"kind": "html"},
        {"kind": "html", "status": 200},
        {"kind": "html", "status": 400},
        {"kind": "html", "status": 403},
        {"kind": "drop"},
        {"kind": "drop_after"},
        {"kind": "slow", "delay": 60.0},
        {"kind": "no_access_token"},
        {"kind": "oauth_error", "error": "temporarily_unavailable", "status": 400},
        {"kind": "oauth_error", "error": "server_error", "status": 400},
        {"kind": "oauth_error", "error": "internal_failure", "status": 400},
        {"kind": "oauth_error", "error": "a_word_nobody_knows", "status": 400},
        {"kind": "oauth_error", "error": "access_denied", "status": 403},
        {"kind": "oauth_error", "error": "slow_down", "error_description": "internal_failure"},
    ],
    ids=str,
)
def test_what_may_pass_is_one_request_and_over_at_once(
    world: World, refused: Refused, fault: dict[str, object]
) -> None:
    """N74: No library retries, sleeps, or remembers the error when the provider is well again."""
    token, _ = world.connected()
    world.fault(**fault)  # type: ignore[arg-type]  # reason: the fields of a fault
    with refused(ProviderUnavailableError):
        refresh(world, token)
    assert world.requests("token") == 1
    assert refresh(world, token).access_token
    assert world.requests("token") == 2


@pytest.mark.parametrize(("sent", "given"), [(3, 3), (0, 1), (99_999, 3600), (None, 1)])
def test_retry_after_reaches_the_caller(
    world: World, refused: Refused, sent: int | None, given: int
) -> None:
    """In seconds, within an hour."""
    token, _ = world.connected()
    world.fault("status", status=429, retry_after=sent)
    with refused(ProviderUnavailableError) as caught:
        refresh(world, token)
    assert isinstance(caught[0], ProviderUnavailableError)
    assert caught[0].retry_after == given


@pytest.mark.parametrize(
    "error",
    [
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_request",
        "invalid_scope",
    ],
)
def test_a_refusal_of_the_application_is_not_the_persons(
    world: World, refused: Refused, error: str
) -> None:
    """Nobody is disconnected by an expired client secret."""
    token, _ = world.connected()
    world.fault("oauth_error", error=error)
    with refused(ProviderMisconfiguredError):
        refresh(world, token)


def test_a_missing_endpoint_is_the_operators_business(world: World, refused: Refused) -> None:
    """404 is no outage."""
    token, _ = world.connected()
    world.fault("html", status=404)
    with refused(ProviderMisconfiguredError):
        refresh(world, token)


def test_a_revoked_grant_is_refused_and_asked_about_again_each_time(
    world: World, refused: Refused
) -> None:
    """The answer is never taken from memory: a late success may heal."""
    token, _ = world.connected()
    world.controls.revoke_grant(str(world.provider), SARAH.id)  # type: ignore[arg-type]  # reason: the sandbox's names are ours
    with refused(GrantRefusedError):
        refresh(world, token)
    with refused(GrantRefusedError) as caught:
        refresh(world, token)
    assert isinstance(caught[0], GrantRefusedError)
    assert caught[0].reason == "grant_revoked"
    assert world.requests("token") == 2


def test_an_invalid_grant_that_was_a_mistake_heals_at_once(world: World, refused: Refused) -> None:
    """MSAL would answer the next refresh of that token from memory for a minute."""
    token, _ = world.connected()
    world.fault("oauth_error", error="invalid_grant")
    with refused(GrantRefusedError):
        refresh(world, token)
    assert refresh(world, token).access_token


def test_an_older_client_secret_refreshes_too(world: World) -> None:
    """N78: Two requests, one of which the provider refused before it looked at the token."""
    token, _ = world.connected()
    world.secrets.values = ("not-known-to-the-provider-yet", CLIENT_SECRET)
    assert refresh(world, token).access_token
    assert world.requests("token") == 2


def test_an_older_client_secret_is_tried_after_invalid_client_only(
    world: World, refused: Refused
) -> None:
    """Any other refusal stands: the token was looked at."""
    token, _ = world.connected()
    world.secrets.values = (CLIENT_SECRET, "an-older-one")
    world.fault("oauth_error", error="invalid_grant")
    with refused(GrantRefusedError):
        refresh(world, token)
    assert world.requests("token") == 1


@pytest.mark.parametrize("kind", ["wrong_sub", "wrong_aud", "wrong_iss"])
def test_another_persons_or_applications_answer_is_discarded(
    world: World, refused: Refused, kind: str
) -> None:
    """N85: Rule 1: nobody gets another person's token, whatever the provider mixed up."""
    token, _ = world.connected()
    world.fault(kind)
    with refused(ProviderMisconfiguredError):
        refresh(world, token)


@pytest.mark.parametrize("kind", ["missing_id_token", "wrong_key", "expired_id_token"])
def test_a_refresh_needs_no_signed_id_token(world: World, kind: str) -> None:
    """It came over TLS from the token endpoint (OpenID Connect Core, 12.2 and 3.1.3.7, 6)."""
    token, _ = world.connected()
    world.fault(kind)
    assert refresh(world, token).access_token


def test_fewer_scopes_are_reported_as_they_are(world: World) -> None:
    """What the answer names is what the token can do."""
    token, _ = world.connected()
    world.fault("fewer_scopes")
    assert world.connector_type.missing(refresh(world, token).scopes)


def test_after_preparation_only_the_token_endpoint_is_asked(world: World) -> None:
    """Secret and discovery are at hand before the lease's time runs; no key is fetched at all."""
    token, identity = world.connected()
    world.fault("status", endpoint="keys", status=503, times=-1)
    call = world.flow.prepare(world.connector_type)
    world.fault("status", endpoint="discovery", status=503, times=-1)
    world.secrets.values = ()
    assert call(token, identity, send_until=world.clock()).access_token
    assert [served["endpoint"] for served in world.controls.requests()] == ["token"]


def test_people_who_refresh_at_once_get_their_own_tokens(world: World) -> None:
    """No cache is shared: each answer is its asker's."""
    people = [SARAH, JOHN, MARIA, PAT]
    connected = [world.connected(person) for person in people]

    def one(index: int) -> TokenSet:
        token, _ = connected[index]
        return world.refresh(token, people[index])

    order = list(range(len(people))) * 3
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(one, order))
    state = world.app.extensions["sandbox"]
    owners = [state.find(answer.access_token.reveal(), "access").account for answer in answers]
    assert owners == [people[index].id for index in order]


@only(Provider.MICROSOFT)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"aadsts": 50076}, "mfa_required"),
        ({"aadsts": 50173}, "grant_revoked"),
        ({"aadsts": 700082}, "grant_expired"),
        ({"aadsts": 70043}, "session_control"),
        ({"aadsts": 50133}, "password_changed"),
        ({"aadsts": 65001}, "consent_required"),
        ({"aadsts": 53003}, "admin_blocked"),
        ({"aadsts": 50057}, "admin_blocked"),
        ({"aadsts": 99999}, "sign_in_required"),
        ({"error": "interaction_required"}, "grant_revoked"),
    ],
    ids=str,
)
def test_microsoft_says_why(
    world: World, refused: Refused, fault: dict[str, object], reason: str
) -> None:
    """The reason is one of our words, for the page that asks the person to act."""
    token, _ = world.connected()
    world.fault("oauth_error", **fault)
    with refused(GrantRefusedError) as caught:
        refresh(world, token)
    assert isinstance(caught[0], GrantRefusedError)
    assert caught[0].reason == reason


@only(Provider.MICROSOFT)
@pytest.mark.parametrize(
    ("number", "error"),
    [
        (90033, ProviderUnavailableError),
        (50196, ProviderUnavailableError),
        (7000222, ProviderMisconfiguredError),
        (700016, ProviderMisconfiguredError),
    ],
)
def test_microsoft_refusals_that_are_not_about_the_grant(
    world: World, refused: Refused, number: int, error: type[MultiUserOAuthError]
) -> None:
    """Even under the name of `invalid_grant`."""
    token, _ = world.connected()
    world.fault("oauth_error", aadsts=number, error="invalid_grant")
    with refused(error):
        refresh(world, token)


@only(Provider.GOOGLE)
@pytest.mark.parametrize("subtype", ["invalid_rapt", "rapt_required"])
def test_googles_session_control_asks_the_person(
    world: World, refused: Refused, subtype: str
) -> None:
    """google-auth turns this answer into a sentence about gcloud."""
    token, _ = world.connected()
    world.fault("oauth_error", error="invalid_grant", error_subtype=subtype)
    with refused(GrantRefusedError) as caught:
        refresh(world, token)
    assert isinstance(caught[0], GrantRefusedError)
    assert caught[0].reason == "session_control"


@only(Provider.MICROSOFT)
def test_several_tenants_refresh_under_organizations(world: World) -> None:
    """The authority of the sign-in is the authority of the refresh."""
    tenants = (*world.connector_type.tenant_ids, "e2b6a9d4-51c8-4b07-8f2e-0a9d7c3b6f15")
    world.connector_type = replace(world.connector_type, tenant_ids=tenants)
    token, _ = world.connected()
    assert refresh(world, token).access_token


CLAIMS = (
    '{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"a":{"value":"+ \u20ac&="}}}'
)


@only(Provider.MICROSOFT)
def test_an_apis_claims_challenge_reaches_microsoft_as_it_is(world: World) -> None:
    """In the one request, beside the scopes; without a challenge there is no such parameter."""
    token, _ = world.connected()
    assert world.refresh(token, claims=CLAIMS).access_token
    assert refresh(world, token).access_token
    assert [served["claims"] for served in world.controls.requests()] == [CLAIMS, None]


@only(Provider.MICROSOFT)
def test_an_older_client_secret_brings_the_challenge_along(world: World) -> None:
    """Each credential that is tried sends the same."""
    token, _ = world.connected()
    world.secrets.values = ("not-known-to-the-provider-yet", CLIENT_SECRET)
    assert world.refresh(token, claims=CLAIMS).access_token
    assert [served["claims"] for served in world.controls.requests()] == [CLAIMS, CLAIMS]


@only(Provider.MICROSOFT)
def test_a_challenge_that_only_the_person_can_meet_asks_for_them(
    world: World, refused: Refused
) -> None:
    """`interaction_required`, with the claims for the next sign-in; without the challenge all is well."""
    world.controls.set("microsoft", claims_need_person=True)
    token, _ = world.connected()
    with refused(GrantRefusedError) as caught:
        world.refresh(token, claims=CLAIMS)
    assert isinstance(caught[0], GrantRefusedError)
    assert caught[0].reason == "mfa_required"
    assert refresh(world, token).access_token


@only(Provider.GOOGLE)
def test_google_is_told_of_no_challenge(world: World) -> None:
    """Its APIs have none."""
    token, _ = world.connected()
    assert world.refresh(token, claims=CLAIMS).access_token
    assert [served["claims"] for served in world.controls.requests()] == [None]


@only(Provider.GOOGLE)
def test_the_end_of_a_grant_is_known_where_google_names_it(world: World) -> None:
    """At the sign-in and at a refresh, counted from when the request left."""
    assert world.sign_in().tokens.refresh_token_expires_at is None
    world.controls.set("google", refresh_token_expires_in=604_799)
    week = timedelta(seconds=604_799)
    assert world.sign_in().tokens.refresh_token_expires_at == world.clock() + week
    token, _ = world.connected()
    assert refresh(world, token).refresh_token_expires_at == world.clock() + week
