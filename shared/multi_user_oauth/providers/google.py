"""Google's sign-in, refresh and revocation. Only this module imports google-auth and its OAuth flow.

The libraries write the requests; what comes back is read and proved here.
"""

import base64
import logging
from dataclasses import dataclass
from typing import Final, overload

from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow

from multi_user_oauth.errors import (
    KeysUnavailableError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.model import ConnectorType, Provider, Secret, is_signing
from multi_user_oauth.net.http_answer import Json
from multi_user_oauth.ports import (
    ClientSecrets,
    Clock,
    Departure,
    Draw,
    Exchange,
    Trip,
)
from multi_user_oauth.providers.calls import (
    CodeExchange,
    Scopes,
    TokenRefresh,
    Transaction,
    transaction_of,
)
from multi_user_oauth.providers.claims import google_person
from multi_user_oauth.providers.credential_ends import CredentialEnds
from multi_user_oauth.providers.error_answer import RefusedError
from multi_user_oauth.providers.id_token import GOOGLE_KEYS, SigningKeys
from multi_user_oauth.providers.live_clients import LiveClients
from multi_user_oauth.providers.operation import Operation
from multi_user_oauth.providers.transport import Transport

AUTH_URI: Final = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105  # reason: a URL
REVOKE_URI: Final = "https://oauth2.googleapis.com/revoke"
USERINFO: Final = "https://www.googleapis.com/auth/userinfo."
ALIASES: Final = {"email": f"{USERINFO}email", "profile": f"{USERINFO}profile"}
IDENTITY: Final = ("openid", ALIASES["email"])

# At DEBUG it writes codes, tokens and secrets: never, whatever level the application's root has.
logging.getLogger("requests_oauthlib.oauth2_session").setLevel(logging.WARNING)


class GoogleOAuthFlow:
    """Departures, Arrivals, Refreshing and Revoking at Google."""

    def __init__(
        self,
        *,
        transport: Transport,
        client_secrets: ClientSecrets | None = None,
        now: Clock,
        draw: Draw,
    ) -> None:
        self._transport = transport
        self._client_secrets = client_secrets  # None: this function only begins trips, or revokes
        self._now = now
        self._draw = draw
        self._ends = CredentialEnds(now=now)

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """As the port; identity only (not `offline`) asks for `openid` and the e-mail."""
        scopes = _canonical((*IDENTITY, *trip.scopes) if trip.offline else IDENTITY)
        verifier, nonce = self._random(), self._random()
        flow = _flow(connector_type, scopes, trip.redirect_uri, verifier)
        url, _ = flow.authorization_url(
            state=trip.state.reveal(),
            access_type="offline" if trip.offline else "online",
            nonce=nonce,
            **_hints(connector_type, trip),
        )
        transaction = transaction_of(nonce=nonce, code_verifier=verifier, scopes=scopes)
        return Departure(authorization_url=url, transaction=transaction)

    @overload
    def prepare(
        self, connector_type: ConnectorType, redirect_uri: str, *, issuer: str | None = None
    ) -> Exchange: ...
    @overload
    def prepare(self, connector_type: ConnectorType) -> TokenRefresh: ...
    def prepare(
        self,
        connector_type: ConnectorType,
        redirect_uri: str | None = None,
        *,
        issuer: str | None = None,
    ) -> Exchange | TokenRefresh:
        """As the ports: with a redirect URI to exchange a code, without to refresh."""
        clients = LiveClients(
            connector_type,
            self._client_secrets,
            lambda credential: self._client(connector_type, credential),
            self._ends,
        )
        if redirect_uri is None:
            return TokenRefresh(
                connector_type=connector_type, clients=clients, now=self._now, spelled=_canonical
            )
        keys = SigningKeys(source=self._transport, url=GOOGLE_KEYS)
        keys.load()
        return CodeExchange(
            provider=Provider.GOOGLE,
            clients=clients,
            redirect_uri=redirect_uri,
            now=self._now,
            spelled=_canonical,
            prove=lambda proof: google_person(proof, connector_type=connector_type, keys=keys),
        )

    def revoke(self, refresh_token: Secret) -> None:
        """
        As the port. It ends all that the person gave to this project, whichever client asked.

        Google answers `invalid_token` where RFC 7009 (2.2) would have it say that all is well.
        """
        with self._transport.operation(json_answer=False) as session:
            try:
                session.post(REVOKE_URI, data={"token": refresh_token.reveal()})
            except RefusedError as refused:
                gone = refused.answer.error == "invalid_token"
            except ProviderMisconfiguredError:
                gone = False
            else:
                gone = True
        if not gone:
            raise ProviderUnavailableError("Google did not revoke the grant")

    def _client(self, connector_type: ConnectorType, credential: Secret) -> "_Client":
        if is_signing(credential):  # a private key must not be sent as if it were a secret
            raise KeysUnavailableError("Google takes client secrets only, no certificate")
        return _Client(connector_type, credential, self._transport.operation())

    def _random(self) -> str:
        return base64.urlsafe_b64encode(self._draw(48)).decode()


@dataclass(frozen=True, slots=True)
class _Client:
    """Google's libraries with one client secret, ready for one send."""

    connector_type: ConnectorType
    secret: Secret
    operation: Operation

    def exchange(self, code: Secret, redirect_uri: str, transaction: Transaction) -> Json:
        flow = _flow(
            self.connector_type,
            tuple(transaction["scope"].split()),
            redirect_uri,
            transaction["code_verifier"],
            client_secret=self.secret.reveal(),
        )
        self.operation.lend_to(flow.oauth2session)
        return self.operation.answer_to(lambda: flow.fetch_token(code=code.reveal()))

    def refresh(self, refresh_token: Secret, claims: str | None) -> Json:
        # Google's APIs have no claims challenges: `claims` can only be a misunderstanding.
        credentials = Credentials(  # type: ignore[no-untyped-call]  # reason: google-auth has few types
            token=None,
            refresh_token=refresh_token.reveal(),
            token_uri=TOKEN_URI,
            client_id=self.connector_type.client_id,
            client_secret=self.secret.reveal(),
            scopes=None,  # all that were granted; one that was not would be refused
        )
        return self.operation.answer_to(lambda: credentials.refresh(Request(self.operation)))  # type: ignore[no-untyped-call]  # reason: google-auth has few types


def _flow(
    connector_type: ConnectorType,
    scopes: Scopes,
    redirect_uri: str,
    code_verifier: str,
    **credential: str,
) -> Flow:
    config = {"client_id": connector_type.client_id, "auth_uri": AUTH_URI, "token_uri": TOKEN_URI}
    return Flow.from_client_config(
        {"web": config | credential},
        scopes=scopes,
        redirect_uri=redirect_uri,
        code_verifier=code_verifier,
    )


def _hints(connector_type: ConnectorType, trip: Trip) -> dict[str, str]:
    """Return what spares the person choices; none of it proves anything."""
    domains = connector_type.hosted_domains
    hints = {"hd": domains[0] if len(domains) == 1 else "*"}
    if trip.user_email:
        hints["login_hint"] = trip.user_email
    if trip.consent:
        hints["prompt"] = "consent"
    elif not trip.user_email:
        hints["prompt"] = "select_account"
    return hints


def _canonical(scopes: Scopes) -> Scopes:
    return tuple(dict.fromkeys(ALIASES.get(scope, scope) for scope in scopes))
