"""Both flows against answers that no sandbox gives: what a library would choke on is not lost."""

import json
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    IdentityUnverifiedError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    StateMismatchError,
)
from multi_user_oauth.model import ConnectorType, Identity, Secret, TokenSet
from multi_user_oauth.providers.google import GoogleOAuthFlow
from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow
from multi_user_oauth.providers.transport import Transport
from tests.support.clock import START, ManualClock
from tests.support.draw import CountingDraw
from tests.unit.providers.tokens import (
    GOOGLE,
    MICROSOFT,
    OID,
    SUB,
    TENANT,
    google_claims,
    microsoft_claims,
    public,
    signed,
)
from tests.unit.providers.wire import Wire, answer, transport_over

LOGIN = f"https://login.microsoftonline.com/{TENANT}"
DISCOVERY = f"{LOGIN}/v2.0/.well-known/openid-configuration"
MICROSOFT_TOKEN = f"{LOGIN}/oauth2/v2.0/token"
GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"
REDIRECT_URI = "https://vault.company.com/callback"
METADATA = {
    "issuer": f"{LOGIN}/v2.0",
    "authorization_endpoint": f"{LOGIN}/oauth2/v2.0/authorize",
    "token_endpoint": MICROSOFT_TOKEN,
    "jwks_uri": f"{LOGIN}/discovery/v2.0/keys",
}
TRANSACTION = {
    "nonce": "raw-nonce",
    "code_verifier": "v" * 43,
    "scope": "openid",
}
KEYS = {"keys": [public("good")]}


class OneSecret:
    """One client secret."""

    def get(self, name: str) -> tuple[Secret, ...]:
        """As the port."""
        return (Secret("the-client-secret"),)

    reload = get


class Microsoft:
    """Our flow at a Microsoft that answers with `body`."""

    connector_type: ConnectorType = MICROSOFT
    identity = Identity.microsoft(TENANT, OID)
    token_url = MICROSOFT_TOKEN
    claims = staticmethod(microsoft_claims)

    def flow(self, transport: Transport) -> MicrosoftOAuthFlow:
        """With a clock that stands still."""
        return MicrosoftOAuthFlow(
            transport=transport,
            client_secrets=OneSecret(),
            now=ManualClock(),
            draw=CountingDraw(),
        )


class Google:
    """Our flow at a Google that answers with `body`."""

    connector_type: ConnectorType = GOOGLE
    identity = Identity.google(SUB)
    token_url = GOOGLE_TOKEN
    claims = staticmethod(google_claims)

    def flow(self, transport: Transport) -> GoogleOAuthFlow:
        """With a clock that stands still."""
        return GoogleOAuthFlow(
            transport=transport,
            client_secrets=OneSecret(),
            now=ManualClock(),
            draw=CountingDraw(),
        )


Side = Microsoft | Google
both = pytest.mark.parametrize("side", [Microsoft(), Google()], ids=["microsoft", "google"])


def wire_of(side: Side, body: bytes) -> Wire:
    """A provider whose token endpoint answers 200 with this body."""
    wire = Wire()
    wire.by_url[DISCOVERY] = lambda: answer(METADATA)
    wire.by_url[METADATA["jwks_uri"]] = lambda: answer(KEYS)
    wire.by_url["https://www.googleapis.com/oauth2/v3/certs"] = lambda: answer(KEYS)
    wire.by_url[side.token_url] = lambda: answer(body)
    return wire


def refresh(side: Side, body: bytes) -> TokenSet:
    """Refresh with that answer."""
    flow = side.flow(transport_over(wire_of(side, body)))
    return flow.prepare(side.connector_type)(Secret("old"), side.identity, send_until=START)


ODD: dict[str, str] = {
    "expires_in NaN": '{"expires_in": NaN}',
    "expires_in in words": '{"expires_in": "an hour"}',
    "expires_in huge": '{"expires_in": 1e300}',
    "expires_in beyond all": '{"expires_in": %s}' % ("9" * 400),
    "expires_in negative": '{"expires_in": -1}',
    "expires_in an object": '{"expires_in": {}}',
    "no expires_in": "{}",
    "refresh_token_expires_in in words": '{"refresh_token_expires_in": "a week"}',
    "refresh_token_expires_in beyond all": '{"refresh_token_expires_in": %s}' % ("9" * 400),
    "refresh_in in words": '{"refresh_in": "soon"}',
    "client_info not base64": '{"client_info": "%"}',
    "scope a list": '{"scope": ["a"]}',
    "scope null": '{"scope": null}',
    "expires_at in words": '{"expires_at": "never"}',
    "no token_type": '{"token_type": "bearer"}',
}


@both
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_no_oddity_beside_a_new_refresh_token_loses_it(side: Side, odd: str) -> None:
    """The libraries raise KeyError, ValueError, TypeError, OverflowError and Warning on these."""
    good = {"access_token": "at", "refresh_token": "new", "token_type": "Bearer"}
    body = json.dumps(good)[:-1] + ", " + odd[1:] if odd != "{}" else json.dumps(good)
    tokens = refresh(side, body.encode())
    assert tokens.refresh_token == Secret("new")
    assert START < tokens.expires_at <= START + timedelta(days=1)


@both
@pytest.mark.parametrize("id_token", [5, "", "x", "a.b.c", {}, "\u00e9.\u00e9.\u00e9"], ids=repr)
def test_an_id_token_that_can_not_be_read_is_another_persons(side: Side, id_token: object) -> None:
    """It names nobody, so the answer is nobody's; MSAL would have crashed."""
    body = {"access_token": "at", "token_type": "Bearer", "id_token": id_token}
    with pytest.raises(ProviderMisconfiguredError) as caught:
        refresh(side, json.dumps(body).encode())
    assert caught.value.__context__ is None


@both
def test_another_token_type_is_discarded(side: Side) -> None:
    """N85: never handed to an agent."""
    with pytest.raises(ProviderMisconfiguredError):
        refresh(side, b'{"access_token": "at", "token_type": "mac"}')


@both
@pytest.mark.parametrize("body", [b"{}", b'{"error": null}', b'{"token_type": "Bearer"}'])
def test_a_success_without_a_token_may_pass(side: Side, body: bytes) -> None:
    """N86's neighbour: nothing in the answer, nothing changed."""
    with pytest.raises(ProviderUnavailableError):
        refresh(side, body)


@both
def test_a_refresh_sends_the_client_secret_in_the_body_or_basic_and_never_in_the_url(
    side: Side,
) -> None:
    """RFC 6749, 2.3.1: not in the request URI."""
    wire = wire_of(side, b'{"access_token": "at"}')
    side.flow(transport_over(wire)).prepare(side.connector_type)(
        Secret("old"), side.identity, send_until=START
    )
    assert wire.asked("the-client-secret") == 0
    assert wire.asked("old") == 0
    assert wire.asked(side.token_url) == 1


@both
def test_an_exchange_whose_answer_a_library_dislikes_is_still_verified(side: Side) -> None:
    """MSAL raises on a wrong nonce with both nonces in its text; ours says what is wrong."""
    claims = side.claims(nonce="another-sign-ins")
    body = {"access_token": "at", "refresh_token": "rt", "id_token": signed(claims)}
    flow = side.flow(transport_over(wire_of(side, json.dumps(body).encode())))
    exchange = flow.prepare(side.connector_type, REDIRECT_URI)
    with pytest.raises(IdentityUnverifiedError) as caught:
        exchange(code=Secret("the-code"), transaction=TRANSACTION, user_email=None)
    assert "nonce" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("status", "body", "emails"),
    [
        (200, {"mail": "S.Jensen@company.com"}, ("sarah@company.com", "s.jensen@company.com")),
        (200, {"mail": None, "userPrincipalName": 5}, ("sarah@company.com",)),
        (200, b"<html>", ("sarah@company.com",)),
        (403, {"mail": "s.jensen@company.com"}, ("sarah@company.com",)),
    ],
    ids=str,
)
def test_a_profile_counts_only_if_graph_gave_it(
    status: int, body: object, emails: tuple[str, ...]
) -> None:
    """What stands beside a refusal is no profile."""
    tokens = {"access_token": "at", "id_token": signed(microsoft_claims())}
    wire = wire_of(Microsoft(), json.dumps(tokens).encode())
    wire.by_url["https://graph.microsoft.com/v1.0/me"] = lambda: answer(body, status=status)
    exchange = Microsoft().flow(transport_over(wire)).prepare(MICROSOFT, REDIRECT_URI)
    signed_in = exchange(
        code=Secret("the-code"), transaction=TRANSACTION, user_email="s.jensen@company.com"
    )
    assert signed_in.person.emails == emails


PINS: dict[str, dict[str, str]] = {
    "another issuer": METADATA | {"issuer": "https://evil.example/v2.0"},
    "another tenant's issuer": (
        METADATA | {"issuer": "https://login.microsoftonline.com/other/v2.0"}
    ),
    "no issuer": {name: end for name, end in METADATA.items() if name != "issuer"},
    "token endpoint elsewhere": METADATA | {"token_endpoint": "https://evil.example/token"},
    "token endpoint that looks alike": (
        METADATA | {"token_endpoint": "https://login.microsoftonline.com.evil.example/token"}
    ),
    "token endpoint without TLS": (
        METADATA | {"token_endpoint": "http://login.microsoftonline.com/token"}
    ),
    "authorization endpoint elsewhere": (
        METADATA | {"authorization_endpoint": "https://evil.example/authorize"}
    ),
    "keys elsewhere": METADATA | {"jwks_uri": "https://evil.example/keys"},
    "no keys": {name: end for name, end in METADATA.items() if name != "jwks_uri"},
}


@pytest.mark.parametrize("metadata", PINS.values(), ids=PINS)
def test_discovery_that_leads_elsewhere_is_refused_before_anything_is_sent(
    metadata: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """N16: issuer and endpoints are pinned to Microsoft's own host."""
    wire = wire_of(Microsoft(), b"{}")
    wire.by_url[DISCOVERY] = lambda: answer(metadata)
    flow = Microsoft().flow(transport_over(wire))
    with pytest.raises(ProviderMisconfiguredError):
        flow.prepare(MICROSOFT)
    assert len(wire.requests) == 1
    assert "discovery_refused" in [getattr(r, "alarm", None) for r in caplog.records]


def test_an_answer_without_the_issuer_that_metadata_promises_is_refused() -> None:
    """N12: before the code is sent (RFC 9207, 2.4)."""
    wire = wire_of(Microsoft(), b"{}")
    wire.by_url[DISCOVERY] = lambda: answer(
        METADATA | {"authorization_response_iss_parameter_supported": True}
    )
    flow = Microsoft().flow(transport_over(wire))
    with pytest.raises(StateMismatchError):
        flow.prepare(MICROSOFT, REDIRECT_URI)
    flow.prepare(MICROSOFT, REDIRECT_URI, issuer=f"{LOGIN}/v2.0")
    assert not [request for request in wire.requests if request.method == "POST"]
