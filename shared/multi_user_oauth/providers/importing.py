"""Refresh tokens of an older system: used once, and believed only as far as the provider proves whose."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from multi_user_oauth.errors import GrantRefusedError, IdentityUnverifiedError, MultiUserOAuthError
from multi_user_oauth.model import ConnectorType, ProvedPerson, Provider, Secret, SignedIn, TokenSet
from multi_user_oauth.net.http_answer import HttpAnswer, Json
from multi_user_oauth.ports.importing import ImportCall
from multi_user_oauth.providers.answers import refresh_refused
from multi_user_oauth.providers.calls import TokenRefresh
from multi_user_oauth.providers.claims import google_member, microsoft_member
from multi_user_oauth.providers.error_answer import ErrorAnswer, RefusedError
from multi_user_oauth.providers.id_token import GOOGLE_ISSUERS, Claims, in_time, unverified_claims
from multi_user_oauth.providers.microsoft_endpoints import profile_emails
from multi_user_oauth.providers.token_answer import id_token_of, token_set
from multi_user_oauth.providers.transport import OK, Transport

USERINFO: Final = "https://openidconnect.googleapis.com/v1/userinfo"
OTHER_CLIENT: Final = "other_client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the provider answered to an old token, and for which e-mail it was sent."""

    connector_type: ConnectorType
    answer: Json
    tokens: TokenSet
    user_email: str
    at: datetime


Prove = Callable[[Answered], ProvedPerson]


class Flow(Protocol):
    """A provider's flow, which knows how to refresh."""

    def prepare(self, connector_type: ConnectorType) -> TokenRefresh:
        """As the port `Refreshing`."""


class OldTokens:
    """The port `Importing`: a provider's own refresh, and how its answer proves the owner."""

    def __init__(self, flow: Flow, prove: Prove) -> None:
        self._flow = flow
        self._prove = prove

    def prepare(self, connector_type: ConnectorType) -> ImportCall:
        """As the port."""
        return _OldTokenRefresh(refresh=self._flow.prepare(connector_type), prove=self._prove)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OldTokenRefresh:
    refresh: TokenRefresh
    prove: Prove

    def __call__(self, refresh_token: Secret, *, user_email: str) -> SignedIn:
        """As the port."""
        connector_type, now = self.refresh.connector_type, self.refresh.now
        sent_at = now()
        try:
            answer = self.refresh.clients.first_accepted(
                lambda client: client.refresh(refresh_token, None)
            )
        except RefusedError as refused:
            raise _refused(connector_type.provider, refused.answer) from None
        tokens = token_set(answer, sent_at=sent_at)
        tokens = replace(tokens, scopes=self.refresh.spelled(tokens.scopes))
        answered = Answered(
            connector_type=connector_type,
            answer=answer,
            tokens=tokens,
            user_email=user_email,
            at=now(),
        )
        return SignedIn(tokens=tokens, person=self.prove(answered))


def microsoft_owner(answered: Answered, transport: Transport) -> ProvedPerson:
    """Return whom the id_token names; each refresh at Microsoft brings one."""
    claims = _told(id_token_of(answered.answer), answered)
    person = microsoft_member(claims, connector_type=answered.connector_type)
    if answered.user_email in person.emails:
        return person
    return replace(person, emails=profile_emails(transport, answered.tokens.access_token, person))


def google_owner(answered: Answered, transport: Transport) -> ProvedPerson:
    """Return whom the id_token names, or, where `openid` was never granted, the UserInfo endpoint."""
    if "id_token" in answered.answer:
        claims = _told(id_token_of(answered.answer), answered)
        if claims.get("iss") not in GOOGLE_ISSUERS:
            raise IdentityUnverifiedError("the id_token is not Google's")
    else:
        claims = _userinfo(transport, answered.tokens)
    return google_member(claims, connector_type=answered.connector_type)


def _told(unverified_id_token: str, answered: Answered) -> Claims:
    # It came over TLS from the token endpoint, so no key is fetched for its signature (OpenID Connect
    # Core, 12.2 and 3.1.3.7, 6); and an answer to a refresh belongs to no flow with a nonce.
    claims = unverified_claims(unverified_id_token) or {}
    client_id = answered.connector_type.client_id
    if claims.get("aud") != client_id or claims.get("azp", client_id) != client_id:
        raise IdentityUnverifiedError("the id_token is another application's")
    if not in_time(claims, answered.at.timestamp()):
        raise IdentityUnverifiedError("the id_token is expired, or from the future")
    return claims


def _userinfo(transport: Transport, tokens: TokenSet) -> Claims:
    """Return what Google says of its access token's owner (OpenID Connect Core, 5.3)."""
    if not any(scope == "openid" or "/auth/userinfo." in scope for scope in tokens.scopes):
        raise IdentityUnverifiedError("the old grant does not reach as far as saying whose it is")
    with transport.operation() as session:
        headers = {"Authorization": f"Bearer {tokens.access_token.reveal()}"}
        response = session.get(USERINFO, headers=headers, allow_redirects=False)
    claims = HttpAnswer(status=OK, headers={}, body=response.content).json()
    if response.status_code != OK or claims is None:
        raise IdentityUnverifiedError("Google does not say whose the grant is")
    return claims


def _refused(provider: Provider, answer: ErrorAnswer) -> MultiUserOAuthError:
    # Of a connection of ours it would be our own mistake; here it is what is to be expected.
    google = provider is Provider.GOOGLE and answer.error == "unauthorized_client"
    if google or answer.suberror == "client_mismatch":
        message = f"{provider} gave the token to another application"
        return GrantRefusedError(message, reason=OTHER_CLIENT)
    return refresh_refused(provider, answer)
