"""Arrivals: a code becomes tokens and a proved person, or nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    AdminConsentRequiredError,
    ConsumerAccountRefusedError,
    FlowAlreadyUsedError,
    FlowExpiredError,
    GuestRefusedError,
    IdentityUnverifiedError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    StateMismatchError,
    WrongTenantError,
)
from multi_user_oauth.model import Provider
from multi_user_oauth.sandbox.company import (
    CONSUMER,
    GUEST,
    MALLORY,
    OTHER_TENANT,
    PAT,
    SARAH,
    Account,
)
from tests.contract.providers.conftest import Refused, only
from tests.contract.providers.world import CLIENT_SECRET, REDIRECT_URI, Secrets, World


def test_a_sign_in_ends_with_the_person_and_their_tokens(world: World) -> None:
    """Who signed in, as the provider itself keys them, and what they granted."""
    signed_in = world.sign_in()
    assert signed_in.person.identity == world.identity_of(SARAH)
    assert signed_in.person.emails == ("sarah@company.com",)
    assert signed_in.tokens.refresh_token
    assert signed_in.tokens.expires_at == world.clock() + timedelta(seconds=3599)
    assert world.connector_type.missing(signed_in.tokens.scopes) == ()


def test_a_whole_sign_in_sends_one_token_request_and_leaks_nothing_into_urls(world: World) -> None:
    """Everything secret goes in a body or a header."""
    world.sign_in()
    assert world.requests("token") == 1
    assert not [served for served in world.controls.requests() if served["leak"]]


def test_identity_only_gives_no_refresh_token(world: World) -> None:
    """A session needs none, and one that does not exist can not leak."""
    arrived = world.arrive(trip=world.trip(offline=False))
    signed_in = world.exchange(arrived)
    assert signed_in.tokens.refresh_token is None
    assert signed_in.person.identity == world.identity_of(SARAH)


@pytest.mark.parametrize(
    "kind",
    ["wrong_nonce", "wrong_aud", "wrong_iss", "wrong_key", "expired_id_token", "missing_id_token"],
)
def test_an_id_token_that_does_not_verify_ends_the_sign_in(
    world: World, refused: Refused, kind: str
) -> None:
    """MSAL and google-auth-oauthlib accept every one of these."""
    arrived = world.arrive()
    world.fault(kind)
    with refused(IdentityUnverifiedError):
        world.exchange(arrived)


def test_a_code_of_another_flow_is_refused(world: World, refused: Refused) -> None:
    """N08: An injected code meets the wrong verifier (RFC 9700, 4.5)."""
    mine, foreign = world.arrive(), world.arrive(PAT)
    with refused(StateMismatchError):
        world.exchange(replace(mine, code=foreign.code))


def test_a_code_is_good_once(world: World, refused: Refused) -> None:
    """Google does not say why a code is no good; Microsoft does."""
    arrived = world.arrive()
    world.exchange(arrived)
    expected: dict[Provider, type[MultiUserOAuthError]] = {
        Provider.MICROSOFT: FlowAlreadyUsedError,
        Provider.GOOGLE: StateMismatchError,
    }
    with refused(expected[world.provider]):
        world.exchange(arrived)


@only(Provider.MICROSOFT)
def test_an_expired_code_says_so(world: World, refused: Refused) -> None:
    """A person who waited too long is told to begin again, not that something was forged."""
    arrived = world.arrive()
    world.clock.advance(601)
    with refused(FlowExpiredError):
        world.exchange(arrived)


def test_a_transaction_of_another_provider_is_refused_before_anything_is_sent(
    world: World, refused: Refused
) -> None:
    """What the departure must have carried is not there."""
    arrived = world.arrive()
    with refused(StateMismatchError):
        world.exchange(arrived, transaction={"nonce": "n", "scope": "openid"})
    assert world.requests("token") == 0


def test_no_refresh_token_is_no_error_here(world: World) -> None:
    """Who signed in is proved all the same; the asker sends the person once more, with consent."""
    arrived = world.arrive()
    world.fault("missing_refresh_token")
    signed_in = world.exchange(arrived)
    assert signed_in.tokens.refresh_token is None
    assert signed_in.person.identity == world.identity_of(SARAH)


def test_an_answer_without_access_token_may_pass(world: World, refused: Refused) -> None:
    """200 with nothing in it is an outage in disguise."""
    arrived = world.arrive()
    world.fault("no_access_token")
    with refused(ProviderUnavailableError):
        world.exchange(arrived)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "html"},
        {"kind": "html", "status": 200},
        {"kind": "html", "status": 400},
        {"kind": "drop"},
        {"kind": "slow", "delay": 60.0},
        {"kind": "oauth_error", "error": "temporarily_unavailable", "status": 400},
    ],
    ids=str,
)
def test_an_outage_during_the_exchange_is_one_request_and_an_outage(
    world: World, refused: Refused, fault: dict[str, object]
) -> None:
    """No retry: a code that was received may have been spent."""
    arrived = world.arrive()
    world.fault(**fault)  # type: ignore[arg-type]  # reason: the fields of a fault
    with refused(ProviderUnavailableError):
        world.exchange(arrived)
    assert world.requests("token") == 1


def test_an_older_client_secret_still_works(world: World) -> None:
    """While a secret is replaced both are tried, the newest first; the code is not spent by it."""
    world.secrets.values = ("not-known-to-the-provider-yet", CLIENT_SECRET)
    assert world.sign_in().tokens.refresh_token
    assert world.requests("token") == 2


def test_wrong_client_secrets_are_the_operators_business(world: World, refused: Refused) -> None:
    """`invalid_client` says nothing about the person."""
    arrived = world.arrive()
    world.secrets.values = ("wrong-secret-one", "wrong-secret-two")
    with refused(ProviderMisconfiguredError):
        world.exchange(arrived)


def test_all_that_can_fail_is_at_hand_before_the_code_is_spent(world: World) -> None:
    """After `prepare` only the token endpoint is asked (design: prepared before the provider)."""
    arrived = world.arrive()
    exchange = world.flow.prepare(world.connector_type, REDIRECT_URI)
    world.fault("status", endpoint="keys", status=503, times=-1)
    world.fault("status", endpoint="discovery", status=503, times=-1)
    world.secrets.values = ()
    world.controls.clear_requests()
    signed_in = exchange(
        code=arrived.code, transaction=arrived.departure.transaction, user_email=SARAH.email
    )
    assert signed_in.person.identity == world.identity_of(SARAH)
    assert len(world.controls.requests()) == 1


def test_preparing_fails_while_the_keys_can_not_be_fetched(world: World, refused: Refused) -> None:
    """Then the code is not spent, and a moment later all is well."""
    arrived = world.arrive()
    world.fault("status", endpoint="keys", status=503)
    with refused(ProviderUnavailableError):
        world.exchange(arrived)
    assert world.exchange(arrived).tokens.refresh_token


def test_a_new_signing_key_is_found_after_a_minute(world: World, refused: Refused) -> None:
    """An unknown key has the keys fetched anew, at most once a minute."""
    world.sign_in()
    world.controls.rotate_key(str(world.provider))  # type: ignore[arg-type]  # reason: the sandbox's names are ours
    arrived = [world.arrive() for _ in range(3)]
    world.controls.clear_requests()
    for each in arrived[:2]:
        with refused(IdentityUnverifiedError):
            world.exchange(each)
    assert world.requests("keys") == 0
    world.clock.advance(60)
    assert world.exchange(arrived[2]).person.identity == world.identity_of(SARAH)
    assert world.requests("keys") == 1


@pytest.mark.parametrize("secrets", [(), ("a-secret-of-no-use",)])
def test_client_secrets_are_read_at_each_preparation(
    world: World, secrets: tuple[str, ...]
) -> None:
    """A replaced secret is used from the next operation on."""
    world.secrets = Secrets(*secrets, CLIENT_SECRET)
    world.flow = world.new_flow(world.secrets)
    assert world.sign_in().tokens.refresh_token


# Whose account it is.


@only(Provider.MICROSOFT)
@pytest.mark.parametrize(
    ("account", "error"),
    [
        (GUEST, GuestRefusedError),
        (MALLORY, WrongTenantError),
        (CONSUMER, ConsumerAccountRefusedError),
    ],
    ids=["guest", "other tenant", "personal account"],
)
def test_microsoft_accounts_that_are_not_ours_are_refused(
    world: World, refused: Refused, account: Account, error: type[MultiUserOAuthError]
) -> None:
    """Even if Microsoft itself let them through."""
    world.controls.set("microsoft", lenient_tenant=True)
    arrived = world.arrive(account)
    with refused(error):
        world.exchange(arrived, user_email=account.email)


@only(Provider.MICROSOFT)
def test_a_tenant_that_does_not_fit_the_issuer_is_refused(world: World, refused: Refused) -> None:
    """`tid` alone proves nothing."""
    arrived = world.arrive()
    world.fault("wrong_tid")
    with refused(IdentityUnverifiedError):
        world.exchange(arrived)


@only(Provider.MICROSOFT)
def test_several_tenants_sign_in_under_organizations(world: World, refused: Refused) -> None:
    """Each listed tenant's people may, a stranger's may not, and a private account never."""
    tenants = (*world.connector_type.tenant_ids, OTHER_TENANT)
    world.connector_type = replace(world.connector_type, tenant_ids=tenants)
    assert world.sign_in(SARAH).person.identity == world.identity_of(SARAH)
    assert world.sign_in(MALLORY).person.identity == world.identity_of(MALLORY)
    with refused(WrongTenantError):
        world.sign_in(GUEST)
    world.controls.set("microsoft", lenient_tenant=True)
    with refused(ConsumerAccountRefusedError):
        world.sign_in(CONSUMER)


@only(Provider.MICROSOFT)
def test_an_address_that_is_not_the_sign_in_name_is_found_in_the_profile(world: World) -> None:
    """Pat signs in as plee@ and gets mail as pat.lee@: Graph says so, with the new token."""
    signed_in = world.sign_in(PAT)
    assert signed_in.person.emails == ("plee@company.com", "pat.lee@company.com")


@only(Provider.MICROSOFT)
def test_the_profile_is_not_asked_where_the_id_token_is_enough(world: World) -> None:
    """One request less for nearly everybody."""
    world.sign_in(SARAH)
    world.exchange(world.arrive(PAT))
    assert world.requests("graph") == 0


@only(Provider.MICROSOFT)
def test_a_profile_that_may_not_be_read_adds_nothing(world: World) -> None:
    """Without User.Read the sign-in name alone counts."""
    arrived = world.arrive(PAT, world.trip(PAT.email, scopes=("Mail.Send",)))
    signed_in = world.exchange(arrived, user_email=PAT.email)
    assert signed_in.person.emails == ("plee@company.com",)


@only(Provider.MICROSOFT)
def test_scopes_are_written_as_the_connector_type_writes_them(world: World) -> None:
    """`https://graph.microsoft.com/User.Read` is `User.Read`."""
    world.controls.set("microsoft", full_scope_names=True)
    signed_in = world.sign_in()
    assert world.connector_type.missing(signed_in.tokens.scopes) == ()


@only(Provider.MICROSOFT)
def test_a_rule_of_the_tenant_at_the_exchange_is_the_admins_business(
    world: World, refused: Refused
) -> None:
    """Conditional Access may speak only when the code is redeemed."""
    arrived = world.arrive()
    world.fault("oauth_error", aadsts=53003)
    with refused(AdminConsentRequiredError):
        world.exchange(arrived)


@only(Provider.GOOGLE)
@pytest.mark.parametrize(
    ("account", "error"), [(MALLORY, WrongTenantError), (CONSUMER, ConsumerAccountRefusedError)]
)
def test_google_accounts_that_are_not_ours_are_refused(
    world: World, refused: Refused, account: Account, error: type[MultiUserOAuthError]
) -> None:
    """`hd` in the request is a hint that Google does not enforce."""
    arrived = world.arrive(account)
    with refused(error):
        world.exchange(arrived, user_email=account.email)


@only(Provider.GOOGLE)
@pytest.mark.parametrize("kind", ["unverified_email", "missing_email"])
def test_an_unverified_address_is_nobodys(world: World, kind: str) -> None:
    """The identity is proved, but no e-mail can match it."""
    arrived = world.arrive()
    world.fault(kind)
    assert world.exchange(arrived, user_email=SARAH.email).person.emails == ()


@only(Provider.GOOGLE)
def test_an_unticked_scope_is_missing_and_the_rest_is_kept(world: World) -> None:
    """The library raises a Warning instead of returning the tokens; the code is spent by then."""
    optional = world.connector_type.optional_scopes
    signed_in = world.exchange(world.arrive(unticked=optional))
    assert signed_in.tokens.refresh_token
    assert world.connector_type.missing(signed_in.tokens.scopes) == optional
