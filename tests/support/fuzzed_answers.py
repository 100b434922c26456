"""What providers answer, and the tokens that prove people and agents, as anybody could write them."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from joserfc import jws

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.model import Identity, Issuer, IssuerKind, Provider, Secret
from multi_user_oauth.net.http_answer import HttpAnswer, retry_after
from multi_user_oauth.providers.answers import code_refused, refresh_refused, refuse_answer
from multi_user_oauth.providers.claims import (
    Proof,
    check_refreshed,
    google_person,
    microsoft_person,
)
from multi_user_oauth.providers.error_answer import ErrorAnswer
from multi_user_oauth.providers.id_token import unverified_claims, verify_google_service_account
from multi_user_oauth.providers.issuers import ConfiguredIssuers
from multi_user_oauth.providers.token_answer import id_token_of, token_set
from tests.support.clock import START, ManualClock
from tests.unit.providers import tokens

Run = Callable[[bytes], None]

AUDIENCE: Final = "https://vault.example"
COMPANY: Final = {
    "company": Issuer(
        name="company",
        kind=IssuerKind.AGENT,
        issuer="https://accounts.google.com",
        audience=tokens.CLIENT_ID,
        jwks_uri=tokens.KEYS_URL,
        subject="{sub}",
    )
}
"""An issuer of agents' tokens whose claims are those of Google's in these tests."""


def token_answer() -> Run:
    """Read what a token endpoint answered, to a code and to a refresh token."""

    def run(data: bytes) -> None:
        document = HttpAnswer(status=200, headers={}, body=data).json()
        if document is None:
            return
        token_set(document, sent_at=START)
        check_refreshed(
            document.get("id_token"), connector_type=tokens.GOOGLE, identity=Identity.google("117")
        )
        unverified_claims(id_token_of(document))

    return run


def error_answer() -> Run:
    """Read what a provider refused with, in a body, in a header and in the address of the callback."""

    def run(data: bytes) -> None:
        text = data.decode("latin-1")
        assert 1 <= retry_after({"Retry-After": text, "Date": text[::-1]}) <= 3600
        document = HttpAnswer(status=400, headers={}, body=data).json() or {}
        answer = ErrorAnswer.of(document, status=400)
        for provider in Provider:
            for classify in (refresh_refused, code_refused):
                assert isinstance(classify(provider, answer), MultiUserOAuthError)
            try:
                refuse_answer(provider, str(document.get("error", text)), text)
            except MultiUserOAuthError:
                continue

    return run


def id_token() -> Run:
    """Prove people by a token, and by claims that the provider did sign."""

    def run(data: bytes) -> None:
        claims = as_object(data)
        if claims is None:
            _prove(data.decode("utf-8", "surrogateescape"))
            return
        for changed in (
            claims,
            tokens.google_claims() | claims,
            tokens.microsoft_claims() | claims,
        ):
            for identity in (Identity.google("117"), Identity.microsoft(tokens.TENANT, tokens.OID)):
                with suppress(MultiUserOAuthError):
                    unverified = tokens.unsigned(changed)
                    check_refreshed(unverified, connector_type=tokens.GOOGLE, identity=identity)
            _prove(_signed(changed))

    return run


def _prove(token: str) -> None:
    keys = tokens.published()
    proof = Proof(unverified_id_token=token, nonce=tokens.NONCE, now=START)
    with suppress(MultiUserOAuthError):
        google_person(proof, connector_type=tokens.GOOGLE, keys=keys)
    with suppress(MultiUserOAuthError):
        microsoft_person(proof, connector_type=tokens.MICROSOFT, keys=keys)
    with suppress(MultiUserOAuthError):
        verify_google_service_account(token, keys=keys, audience=AUDIENCE, now=START)
    with suppress(MultiUserOAuthError):
        issuers = ConfiguredIssuers(source=keys.source, issuers=lambda: COMPANY, now=ManualClock())
        issuers.prove(Secret(token))


def _signed(claims: Mapping[str, object]) -> str:
    # By hand: a provider's own JSON may hold what joserfc would not write.
    header = {"alg": "RS256", "kid": "good"}
    return jws.serialize_compact(header, json.dumps(claims), tokens.rsa("good"), ["RS256"])


def as_object(data: bytes) -> dict[str, object] | None:
    """Return the JSON object that the bytes are."""
    return (
        None
        if (found := HttpAnswer(status=200, headers={}, body=data).json()) is None
        else dict(found)
    )
