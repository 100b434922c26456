"""Whose account it is: tenants, guests, personal accounts, and who a refresh is about."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from multi_user_oauth.errors import (
    ConsumerAccountRefusedError,
    GuestRefusedError,
    IdentityUnverifiedError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    WrongTenantError,
)
from multi_user_oauth.model import ConnectorType, Identity, ProvedPerson
from multi_user_oauth.providers.claims import (
    Proof,
    check_refreshed,
    google_person,
    microsoft_person,
)
from tests.support.clock import START
from tests.unit.providers.tokens import (
    CLIENT_ID,
    CONSUMERS,
    GOOGLE,
    MICROSOFT,
    NONCE,
    OID,
    OTHER_TENANT,
    SUB,
    TENANT,
    google_claims,
    microsoft_claims,
    public,
    published,
    segment,
    signed,
)

MICROSOFT_SARAH = Identity.microsoft(TENANT, OID)
GOOGLE_SARAH = Identity.google(SUB)
ISSUER = "https://login.microsoftonline.com/{}/v2.0"


def prove_microsoft(
    changes: Mapping[str, object],
    connector_type: ConnectorType = MICROSOFT,
    key: Mapping[str, object] | None = None,
) -> ProvedPerson:
    """Prove a token with these claims changed, signed with the good key as it is listed."""
    token = signed(microsoft_claims(**changes))
    return microsoft_person(
        Proof(unverified_id_token=token, nonce=NONCE, now=START),
        connector_type=connector_type,
        keys=published(key or public("good")),
    )


def microsoft(**changes: object) -> ProvedPerson:
    """Prove a token with these claims changed."""
    return prove_microsoft(changes)


def google(**changes: object) -> ProvedPerson:
    """Prove a token with these claims changed."""
    token = signed(google_claims(**changes))
    return google_person(
        Proof(unverified_id_token=token, nonce=NONCE, now=START),
        connector_type=GOOGLE,
        keys=published(),
    )


def test_microsoft_names_a_person_by_tenant_and_object() -> None:
    """The addresses are labels, in our spelling, each once."""
    person = microsoft(email="SARAH@company.com", tid=TENANT.upper(), oid=OID.upper())
    assert person.identity == Identity.microsoft(TENANT, OID)
    assert person.emails == ("sarah@company.com",)
    assert person.name == "Sarah Jensen"


def test_a_sign_in_name_that_is_no_address_is_no_label() -> None:
    """`preferred_username` may be a telephone number."""
    assert microsoft(preferred_username="+49 30 1234", name=5).emails == ()
    assert microsoft(preferred_username=None, email="s.jensen@company.com").emails == (
        "s.jensen@company.com",
    )


@pytest.mark.parametrize("claim", ["tid", "oid"])
@pytest.mark.parametrize("value", [None, "", "not-a-guid", 5, f"{TENANT}:{OID}", "../x"])
def test_a_token_that_names_nobody_is_refused(claim: str, value: object) -> None:
    """Both are GUIDs or it is nobody."""
    with pytest.raises(IdentityUnverifiedError) as caught:
        microsoft(**{claim: value})
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"tid": OTHER_TENANT}, IdentityUnverifiedError),
        ({"iss": ISSUER.format(OTHER_TENANT)}, IdentityUnverifiedError),
        ({"iss": ISSUER.format("{tenantid}")}, IdentityUnverifiedError),
        ({"iss": ISSUER.format("common")}, IdentityUnverifiedError),
        ({"iss": f"https://sts.windows.net/{TENANT}/"}, IdentityUnverifiedError),
        ({"tid": OTHER_TENANT, "iss": ISSUER.format(OTHER_TENANT)}, WrongTenantError),
        ({"tid": CONSUMERS, "iss": ISSUER.format(CONSUMERS)}, ConsumerAccountRefusedError),
        ({"acct": 1}, GuestRefusedError),
        ({"acct": "1"}, GuestRefusedError),
        ({"preferred_username": "a_b.com#EXT#@company.com"}, GuestRefusedError),
        ({"upn": "a_b.com#ext#@company.com"}, GuestRefusedError),
        ({"idp": f"https://sts.windows.net/{OTHER_TENANT}/"}, GuestRefusedError),
        ({"idp": "live.com"}, GuestRefusedError),
    ],
    ids=str,
)
def test_microsoft_accounts_that_are_not_ours_are_refused(
    changes: dict[str, object], error: type[MultiUserOAuthError]
) -> None:
    """N15: Whatever e-mail they carry (N29: nobody is found by it)."""
    with pytest.raises(error):
        microsoft(**({"email": "sarah@company.com"} | changes))


@pytest.mark.parametrize(
    "changes",
    [{"acct": 0}, {"idp": ISSUER.format(TENANT)}, {"idp": f"https://sts.windows.net/{TENANT}/"}],
    ids=str,
)
def test_a_member_of_the_tenant_is_no_guest(changes: dict[str, object]) -> None:
    """The same claims, with a member's values."""
    assert microsoft(**changes).identity == Identity.microsoft(TENANT, OID)


def test_the_consumer_tenant_is_refused_even_if_it_is_listed() -> None:
    """N15: A configuration mistake does not let the world in."""
    connector_type = replace(MICROSOFT, tenant_ids=(TENANT, CONSUMERS))
    with pytest.raises(ConsumerAccountRefusedError):
        prove_microsoft({"tid": CONSUMERS, "iss": ISSUER.format(CONSUMERS)}, connector_type)


@pytest.mark.parametrize("tenants", [(), ("common",), ("organizations",)])
def test_words_in_the_place_of_tenants_let_nobody_in(tenants: tuple[str, ...]) -> None:
    """N15: `common` and `organizations` are no list."""
    with pytest.raises(WrongTenantError):
        prove_microsoft({}, replace(MICROSOFT, tenant_ids=tenants))


@pytest.mark.parametrize("issuer", [ISSUER.format("{tenantid}"), ISSUER.format(TENANT)])
def test_a_key_signs_for_its_own_issuer(issuer: str) -> None:
    """Entra's keys name the issuer, some as a template."""
    assert prove_microsoft({}, key=public("good", issuer=issuer)).identity == MICROSOFT_SARAH


@pytest.mark.parametrize("issuer", [ISSUER.format(OTHER_TENANT), "https://evil.example", ""])
def test_another_issuers_key_does_not_sign_for_the_tenant(issuer: str) -> None:
    """N13: Though it stands in the same document."""
    with pytest.raises(IdentityUnverifiedError):
        prove_microsoft({}, key=public("good", issuer=issuer))


def test_google_names_a_person_by_sub() -> None:
    """Both spellings of the issuer are Google's."""
    for issuer in ("https://accounts.google.com", "accounts.google.com"):
        person = google(iss=issuer, email="Sarah@Company.com", hd="Company.com")
        assert person.identity == Identity.google(SUB)
        assert person.emails == ("sarah@company.com",)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"hd": None}, ConsumerAccountRefusedError),
        ({"hd": ""}, ConsumerAccountRefusedError),
        ({"hd": ["company.com"]}, ConsumerAccountRefusedError),
        ({"hd": "othercorp.example"}, WrongTenantError),
        ({"hd": "sub.company.com"}, WrongTenantError),
        ({"sub": None}, IdentityUnverifiedError),
        ({"sub": 115469674264626316386}, IdentityUnverifiedError),
        ({"sub": "abc"}, IdentityUnverifiedError),
        ({"sub": "\u0663"}, IdentityUnverifiedError),
        ({"iss": "https://accounts.google.com/"}, IdentityUnverifiedError),
        ({"iss": "https://accounts.google.com.evil.example"}, IdentityUnverifiedError),
    ],
    ids=str,
)
def test_google_accounts_that_are_not_ours_are_refused(
    changes: dict[str, object], error: type[MultiUserOAuthError]
) -> None:
    """N31: The domain of the e-mail proves nothing; only `hd` does."""
    with pytest.raises(error):
        google(**changes)


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_unverified_address_is_no_label(verified: object) -> None:
    """N31: So no typed e-mail can match it."""
    assert google(email_verified=verified).emails == ()


# Refresh answers.


@pytest.mark.parametrize(
    ("connector_type", "identity", "claims"),
    [
        (MICROSOFT, MICROSOFT_SARAH, microsoft_claims(exp=0, nonce=None)),
        (GOOGLE, GOOGLE_SARAH, google_claims(exp=0, nonce=None)),
    ],
    ids=["microsoft", "google"],
)
def test_a_refresh_about_the_same_person_is_accepted_unsigned(
    connector_type: ConnectorType, identity: Identity, claims: dict[str, object]
) -> None:
    """TLS stood for the signature; so did it for the times."""
    token = f"{segment({'alg': 'RS256'})}.{segment(claims)}.AAAA"
    check_refreshed(token, connector_type=connector_type, identity=identity)
    check_refreshed(None, connector_type=connector_type, identity=identity)


@pytest.mark.parametrize(
    "changes",
    [
        {"oid": "00000000-dead-4bad-8bad-00000000beef"},
        {"tid": OTHER_TENANT},
        {"tid": OTHER_TENANT, "iss": ISSUER.format(OTHER_TENANT)},
        {"iss": ISSUER.format(OTHER_TENANT)},
        {"aud": "another-application"},
        {"aud": [CLIENT_ID]},
        {"oid": None},
        None,
    ],
    ids=str,
)
def test_a_refresh_about_anybody_else_is_discarded(changes: dict[str, object] | None) -> None:
    """None is a person of another provider."""
    token = signed(google_claims() if changes is None else microsoft_claims(**changes))
    require_discarded(token)


@pytest.mark.parametrize("token", ["", "not.a.token", 5])
def test_what_is_no_token_is_discarded(token: object) -> None:
    """It proves nobody."""
    require_discarded(token)


def require_discarded(token: object) -> None:
    """Check that this id_token of a refresh is not taken for Sarah's at Microsoft."""
    with pytest.raises(ProviderMisconfiguredError) as caught:
        check_refreshed(token, connector_type=MICROSOFT, identity=MICROSOFT_SARAH)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "changes",
    [{"sub": "1"}, {"sub": None}, {"iss": "https://evil.example"}, {"aud": "another-application"}],
    ids=str,
)
def test_a_google_refresh_about_anybody_else_is_discarded(changes: dict[str, object]) -> None:
    """By `iss`, `aud` and `sub`."""
    with pytest.raises(ProviderMisconfiguredError):
        check_refreshed(
            signed(google_claims(**changes)), connector_type=GOOGLE, identity=GOOGLE_SARAH
        )
