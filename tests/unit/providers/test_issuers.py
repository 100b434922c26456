"""Bearer tokens of configured issuers: who counts, and everything that does not."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

from multi_user_oauth.errors import ProviderUnavailableError, UnauthenticatedError
from multi_user_oauth.model import Agent, Identity, Issuer, IssuerKind, Person, Secret
from multi_user_oauth.providers.issuers import ConfiguredIssuers, Proved
from tests.support.clock import ManualClock

AGENTS = Issuer(
    name="github",
    kind=IssuerKind.AGENT,
    issuer="https://token.actions.githubusercontent.com",
    audience="https://connect.company.com",
    jwks_uri="https://token.actions.githubusercontent.com/.well-known/jwks",
    subject="{sub}",
    algorithms=("RS256", "ES256"),
)
PEOPLE = Issuer(
    name="intranet",
    kind=IssuerKind.PERSON,
    issuer="https://id.company.com",
    audience="vault",
    jwks_uri="https://id.company.com/keys",
    subject="microsoft:{tid}:{oid}",
)
TID, OID = "7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40", "11111111-2222-3333-4444-555555555555"
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
SUB = "repo:company/reports:ref:refs/heads/main"


class Published:
    """Documents by URL; counts what is fetched anew."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {
            AGENTS.jwks_uri: [{"kty": "?"}, "x", RSA.as_dict(private=False), EC.as_dict()],
            PEOPLE.jwks_uri: [RSA.as_dict(private=False)],
        }
        self.refetched = 0
        self.down = False

    def get_json(self, url: str) -> Mapping[str, object]:
        """Give the keys."""
        if self.down:
            message = "down"
            raise ProviderUnavailableError(message)
        return {"keys": self.keys[url]}

    def refetch(self, url: str) -> Mapping[str, object]:
        """Give them, counted."""
        self.refetched += 1
        return self.get_json(url)


def five_deep() -> dict[str, Any]:
    """Give more actors than are known to be of use."""
    act: dict[str, Any] = {"sub": "5"}
    for number in range(4, 0, -1):
        act = {"sub": str(number), "act": act}
    return act


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands."""
    return ManualClock()


@pytest.fixture
def published() -> Published:
    """What the issuers publish."""
    return Published()


@pytest.fixture
def issuers(published: Published, clock: ManualClock) -> ConfiguredIssuers:
    """Both of them."""
    known = {issuer.name: issuer for issuer in (AGENTS, PEOPLE)}
    return ConfiguredIssuers(source=published, issuers=lambda: known, now=clock)


def claims(clock: ManualClock, issuer: Issuer = AGENTS, **more: object) -> dict[str, Any]:
    """Give good claims of this issuer, changed as said; None leaves one out."""
    now = int(clock().timestamp())
    subject = {"sub": SUB} if issuer is AGENTS else {"tid": TID, "oid": OID, "email": "Ann@X.com"}
    whole = {"iss": issuer.issuer, "aud": issuer.audience, "iat": now, "exp": now + 600, **subject}
    return {name: value for name, value in (whole | more).items() if value is not None}


def signed(
    said: Mapping[str, Any], key: Key = RSA, algorithm: str = "RS256", **header: str
) -> Secret:
    """Sign the claims."""
    head = {"alg": algorithm, "kid": str(key.kid), **header}
    return Secret(jwt.encode(head, dict(said), key, algorithms=[algorithm]))


def test_an_agent_is_named_by_its_issuer_and_subject(
    issuers: ConfiguredIssuers, clock: ManualClock
) -> None:
    """So that no issuer can name another one's agents."""
    proved = issuers.prove(signed(claims(clock)))
    assert proved.caller == Agent(name=f"github/{SUB}")
    assert proved.expires_at.timestamp() == int(clock().timestamp()) + 600
    assert issuers.prove(signed(claims(clock), EC, "ES256")).caller == proved.caller
    one = issuers.prove(signed(claims(clock, aud=[AGENTS.audience])))
    assert one.caller == proved.caller


def test_a_person_is_named_by_identity_and_is_a_person_by_bearer(
    issuers: ConfiguredIssuers, clock: ManualClock
) -> None:
    """The e-mail says only how they are called; without one they are nameless, not refused."""
    ann = Identity.microsoft(TID, OID)
    expected = Person(identities=frozenset({ann}), email="ann@x.com", by_bearer=True)
    assert issuers.prove(signed(claims(clock, PEOPLE))).caller == expected
    nameless = issuers.prove(signed(claims(clock, PEOPLE, email="no e-mail"))).caller
    assert isinstance(nameless, Person)
    assert nameless.email == ""


def test_all_who_act_are_named(issuers: ConfiguredIssuers, clock: ManualClock) -> None:
    """N41: whoever acts for an agent is part of the caller (RFC 8693, 4.1), the nearest first."""
    act = {"sub": "near", "act": {"sub": "far"}}
    caller = issuers.prove(signed(claims(clock, act=act))).caller
    assert caller == Agent(name=f"github/{SUB}", actors=("github/near", "github/far"))
    assert str(caller) == f"agent:github/{SUB} by agent:github/near by agent:github/far"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": AGENTS.issuer + "/"},
        {"iss": None},
        {"aud": "https://other.company.com"},
        {"aud": [AGENTS.audience, "https://other.company.com"]},
        {"aud": None},
        {"aud": PEOPLE.audience},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 10**10},
        {"iat": None},
        {"nbf": 10**10},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\nb"},
        {"act": "near"},
        {"act": {}},
        {"act": {"sub": 7}},
        {"act": five_deep()},
    ],
    ids=str,
)  # fmt: skip
def test_claims_that_are_not_right_prove_nobody(
    issuers: ConfiguredIssuers, clock: ManualClock, changed: dict[str, Any]
) -> None:
    """N38: another issuer, another audience, out of time, or no subject that can be read."""
    with pytest.raises(UnauthenticatedError):
        issuers.prove(signed(claims(clock, **changed)))


@pytest.mark.parametrize(
    "changed", [{"tid": "company"}, {"oid": None}, {"oid": "*"}, {"act": {"sub": "x"}}], ids=str
)
def test_a_person_without_an_identity_is_nobody(
    issuers: ConfiguredIssuers, clock: ManualClock, changed: dict[str, Any]
) -> None:
    """An e-mail alone, half an identity, or a person by whom somebody else acts."""
    with pytest.raises(UnauthenticatedError):
        issuers.prove(signed(claims(clock, PEOPLE, **changed)))


def test_what_is_signed_otherwise_proves_nobody(
    issuers: ConfiguredIssuers, clock: ManualClock
) -> None:
    """Another's key under the same id, no signature, a symmetric one, an algorithm not agreed on."""
    good = claims(clock)
    head, body, _ = signed(good, RSA, "RS256").reveal().split(".")
    head = urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').decode().rstrip("=")
    digest = hmac.digest(RSA.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    pretended = f"{head}.{body}." + urlsafe_b64encode(digest).decode().rstrip("=")
    none = signed(good).reveal().rpartition(".")[0] + "."
    for text in (
        signed(good, OTHER).reveal(), pretended, none, "x.y.z", "", "é",
        signed(good, RSA, "PS256").reveal(),
        signed(good).reveal()[:-4] + "AAAA",
    ):  # fmt: skip
        with pytest.raises(UnauthenticatedError):
            issuers.prove(Secret(text))
    for wrong in (signed(claims(clock, PEOPLE), EC, "ES256"), signed(good, RSA, "RS256", kid="?")):
        with pytest.raises(UnauthenticatedError):
            issuers.prove(wrong)


def test_an_unknown_key_is_looked_for_once_more(
    issuers: ConfiguredIssuers, published: Published, clock: ManualClock
) -> None:
    """An issuer that rotates its keys is not locked out until tomorrow."""
    issuers.prove(signed(claims(clock)))
    assert published.refetched == 0
    with pytest.raises(UnauthenticatedError):
        issuers.prove(signed(claims(clock), RSA, "RS256", kid="new"))
    assert published.refetched == 1


def test_keys_out_of_reach_are_no_refusal(
    issuers: ConfiguredIssuers, published: Published, clock: ManualClock
) -> None:
    """The caller may come again: 503, not 401."""
    published.down = True
    with pytest.raises(ProviderUnavailableError):
        issuers.prove(signed(claims(clock)))


def test_an_issuer_that_was_taken_off_the_policy_counts_no_more(clock: ManualClock) -> None:
    """The policy is asked for every token."""
    known = {AGENTS.name: AGENTS}
    issuers = ConfiguredIssuers(source=Published(), issuers=lambda: known, now=clock)
    assert isinstance(issuers.prove(signed(claims(clock))), Proved)
    known.clear()
    with pytest.raises(UnauthenticatedError):
        issuers.prove(signed(claims(clock)))
