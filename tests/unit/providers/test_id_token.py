"""Signature, times and addressee of an id_token; service accounts' tokens."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from joserfc import jwt

from multi_user_oauth.errors import (
    IdentityUnverifiedError,
    MultiUserOAuthError,
    ProviderUnavailableError,
    UnauthenticatedError,
)
from multi_user_oauth.model import ProvedPerson
from multi_user_oauth.providers.claims import Proof, google_person, microsoft_person
from multi_user_oauth.providers.id_token import (
    SigningKeys,
    unverified_claims,
    verified,
    verify_google_service_account,
)
from tests.support.clock import START, ManualClock
from tests.unit.providers.tokens import (
    CLIENT_ID,
    GOOGLE,
    KEYS_URL,
    MICROSOFT,
    NONCE,
    NOW,
    Published,
    forged_hs256,
    google_claims,
    microsoft_claims,
    public,
    published,
    rsa,
    segment,
    signed,
    unsigned,
)
from tests.unit.providers.wire import Wire, answer, transport_over


def prove_microsoft(token: str, keys: SigningKeys) -> ProvedPerson:
    """As the exchange does."""
    proof = Proof(unverified_id_token=token, nonce=NONCE, now=START)
    return microsoft_person(proof, connector_type=MICROSOFT, keys=keys)


def prove_google(token: str, keys: SigningKeys) -> ProvedPerson:
    """As the exchange does."""
    proof = Proof(unverified_id_token=token, nonce=NONCE, now=START)
    return google_person(proof, connector_type=GOOGLE, keys=keys)


Claims = Callable[..., dict[str, object]]
Prove = Callable[[str, SigningKeys], ProvedPerson]
both = pytest.mark.parametrize(
    ("claims", "prove"),
    [(microsoft_claims, prove_microsoft), (google_claims, prove_google)],
    ids=["microsoft", "google"],
)

PEM = rsa("good").as_pem(private=False)
FORGED: dict[str, Callable[[Mapping[str, object]], str]] = {
    "alg=none": unsigned,
    "alg=None": lambda claims: unsigned(claims, "None"),
    "no signature": lambda claims: signed(claims).rpartition(".")[0] + ".",
    "HS256 with the public key": lambda claims: forged_hs256(claims, PEM),
    "HS256 with the client secret": lambda claims: forged_hs256(claims, b"client-secret"),
    "all right but signed by another key": lambda claims: signed(claims, by="other", kid="good"),
    "a key of another issuer": lambda claims: signed(claims, by="other"),
    "no kid": lambda claims: jwt.encode({"alg": "RS256"}, dict(claims), rsa("good")),
    "PS256": lambda claims: jwt.encode(
        {"alg": "PS256", "kid": "good"}, dict(claims), rsa("good"), algorithms=["PS256"]
    ),
    "its own key in the header": lambda claims: signed(
        claims, by="other", kid="good", jwk=public("other")
    ),
    "a critical extension": lambda claims: ".".join(
        [segment({"alg": "RS256", "kid": "good", "crit": ["x"], "x": 1}), segment(claims), "AAAA"]
    ),
    "claims changed after signing": lambda claims: ".".join(
        [
            signed(claims).split(".")[0],
            segment({**claims, "name": "Somebody Else"}),
            signed(claims).split(".")[2],
        ]
    ),
    "five parts": lambda claims: f"{signed(claims)}.AAAA.AAAA",
    "nothing": lambda _: "",
    "not base64": lambda _: "%.%.%",
    "not ASCII": lambda _: "\u00e9.\u00e9.\u00e9",
    "deep": lambda _: f"{segment(b'[' * 100_000)}.e30.AAAA",
}


@both
@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_token_that_the_provider_did_not_sign_is_refused(
    claims: Claims, prove: Prove, forge: Callable[[Mapping[str, object]], str]
) -> None:
    """N13: Every claim is right; only the signature is not the provider's."""
    token = forge(claims())
    with pytest.raises(IdentityUnverifiedError) as caught:
        prove(token, published())
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert not token or token not in str(caught.value)


@both
@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://accounts.evil.example"},
        {"iss": None},
        {"iss": ["https://accounts.google.com"]},
        {"aud": "another-application"},
        {"aud": None},
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "another-application"]},
        {"azp": "another-application"},
        {"nonce": "another-nonce"},
        {"nonce": None},
        {"nonce": 5},
        {"nonce": "\u00e9"},
        {"exp": NOW - 60},
        {"exp": None},
        {"exp": str(NOW + 3600)},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"iat": NOW + 3600},
        {"iat": NOW + 61},
        {"iat": None},
        {"nbf": NOW + 61},
        {"nbf": "tomorrow"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(
    claims: Claims, prove: Prove, changes: dict[str, object]
) -> None:
    """N13: Well signed, and still not for us, not now, or not for this sign-in."""
    with pytest.raises(IdentityUnverifiedError):
        prove(signed(claims(**changes)), published())


@both
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp": NOW - 59},
        {"iat": NOW + 60},
        {"nbf": NOW + 60},
        {"nbf": None},
        {"azp": CLIENT_ID},
        {"azp": None},
        {"exp": NOW + 3600.5},
    ],
    ids=str,
)
def test_a_good_token_is_accepted_with_a_minute_of_leeway(
    claims: Claims, prove: Prove, changes: dict[str, object]
) -> None:
    """Clocks differ a little."""
    assert prove(signed(claims(**changes)), published()).emails == ("sarah@company.com",)


@both
def test_an_unknown_header_is_ignored(claims: Claims, prove: Prove) -> None:
    """RFC 7515, 4: Entra sends `x5t`, and may send more."""
    assert prove(signed(claims(), x5t="abc", rh="0.x"), published()).emails


UNUSABLE: list[object] = [
    {"kty": "PQC", "kid": "good", "alg": "ML-DSA-65"},
    {"kty": "EC", "kid": "good", "crv": "P-000", "x": "AA", "y": "AA"},
    {"kty": "RSA", "kid": "good", "use": "enc", "n": "AQAB", "e": "AQAB"},
    {"kty": "RSA", "kid": "good", "alg": "RS999", "n": "AQAB", "e": "AQAB"},
    {"kid": "good"},
    "not a key",
    None,
]


@both
def test_keys_that_can_not_be_used_are_ignored(claims: Claims, prove: Prove) -> None:
    """N14: RFC 7517, 5: they stand beside the good one, even under its id."""
    assert prove(signed(claims()), published(*UNUSABLE, public("good"), *UNUSABLE)).emails


@both
@pytest.mark.parametrize(
    "key",
    [{"kty": "RSA", "kid": "good"}, {"kty": "RSA", "kid": "good", "n": 5, "e": []}, *UNUSABLE],
    ids=str,
)
def test_a_key_that_can_not_be_used_proves_nothing(
    claims: Claims, prove: Prove, key: object
) -> None:
    """A broken key is no reason to crash."""
    with pytest.raises(IdentityUnverifiedError):
        prove(signed(claims()), published(key))


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": {}}, {"keys": []}], ids=str)
def test_a_document_without_keys_proves_nothing(document: dict[str, object]) -> None:
    """Whatever the key server sent."""
    wire = Wire(answer(document), answer(document))
    keys = SigningKeys(source=transport_over(wire), url=KEYS_URL)
    with pytest.raises(IdentityUnverifiedError):
        verified(signed(google_claims()), keys, now=START)


def test_a_rotated_key_is_fetched_once() -> None:
    """The first token with it makes us look again."""
    source = Published(public("good"))
    source.later = [public("good"), public("other")]
    keys = SigningKeys(source=source, url=KEYS_URL)
    assert verified(signed(google_claims(), by="other"), keys, now=START).key["kid"] == "other"
    verified(signed(google_claims(), by="other"), keys, now=START)
    assert source.refetched == 1


def test_unknown_keys_cost_one_fetch_a_minute() -> None:
    """N13: Whoever sends forged tokens does not make us hammer the provider."""
    clock = ManualClock()
    wire = Wire()
    wire.by_url[KEYS_URL] = lambda: answer({"keys": [public("good")]})
    keys = SigningKeys(source=transport_over(wire, clock), url=KEYS_URL)
    keys.load()
    for second in range(121):
        with pytest.raises(IdentityUnverifiedError):
            verified(signed(google_claims(), by="other"), keys, now=START)
        assert len(wire.requests) == 1 + second // 60
        clock.advance(1)


def test_keys_that_can_not_be_fetched_are_an_outage_not_a_forgery() -> None:
    """The person may try again."""
    keys = SigningKeys(source=transport_over(Wire(answer(status=503))), url=KEYS_URL)
    with pytest.raises(ProviderUnavailableError):
        verified(signed(google_claims()), keys, now=START)


@pytest.mark.parametrize(
    "token", [None, 5, "", "a.b", "%.%.%", f"{segment({'alg': 'x'})}.{segment([])}.", b"a.b.c"]
)
def test_claims_that_can_not_be_read_are_none(token: object) -> None:
    """Nothing is raised: who asks compares with what must be there."""
    assert unverified_claims(token) is None


# Service accounts.

AUDIENCE = "https://vault.company.com"
AGENT = "email-agent@company-project.iam.gserviceaccount.com"


def agent_claims(**changes: object) -> dict[str, object]:
    """What Google's metadata server signs."""
    claims: dict[str, object] = {"azp": SUB, "sub": SUB, "aud": AUDIENCE, "email": AGENT}
    return google_claims(**(claims | {"nonce": None, "hd": None} | changes))


SUB = "102030405060708090100"


def agent(token: str) -> str:
    """As the http layer asks."""
    return verify_google_service_account(
        token, keys=published(), audience=AUDIENCE, now=START
    ).email


def test_a_service_account_is_named_by_its_verified_email() -> None:
    """Its `azp` is its own id, not an application's."""
    assert agent(signed(agent_claims())) == AGENT
    assert agent(signed(agent_claims(iss="accounts.google.com"))) == AGENT


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://accounts.evil.example"},
        {"iss": "https://accounts.google.com/"},
        {"aud": "https://other.company.com"},
        {"aud": [AUDIENCE]},
        {"aud": None},
        {"exp": NOW - 61},
        {"iat": NOW + 61},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": "sarah@company.com"},
        {"email": "agent@evilgserviceaccount.com"},
    ],
    ids=str,
)
def test_a_bearer_token_with_a_wrong_claim_proves_nobody(changes: dict[str, object]) -> None:
    """A person's id_token is no service account's."""
    with pytest.raises(UnauthenticatedError):
        agent(signed(agent_claims(**changes)))


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_bearer_token_that_google_did_not_sign_proves_nobody(
    forge: Callable[[Mapping[str, object]], str],
) -> None:
    """N38: Nor is anybody told why."""
    with pytest.raises(UnauthenticatedError) as caught:
        agent(forge(agent_claims()))
    assert caught.value.__context__ is None


def test_googles_keys_out_of_reach_are_an_outage() -> None:
    """401 would make an agent throw a good token away."""
    keys = SigningKeys(source=transport_over(Wire(answer(status=503))), url=KEYS_URL)
    error: type[MultiUserOAuthError] = ProviderUnavailableError
    with pytest.raises(error):
        verify_google_service_account(
            signed(agent_claims()), keys=keys, audience=AUDIENCE, now=START + timedelta(0)
        )
