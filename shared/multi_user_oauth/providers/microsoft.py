"""Microsoft's sign-in and refresh: MSAL writes the requests; what comes back is read and proved here."""

import uuid
import warnings
from threading import Lock
from typing import Final, overload

from multi_user_oauth.errors import StateMismatchError
from multi_user_oauth.model import ConnectorType, Provider, Secret, is_signing
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
    TokenRefresh,
    transaction_of,
)
from multi_user_oauth.providers.claims import microsoft_person
from multi_user_oauth.providers.client_credentials import Signers, signing_credential
from multi_user_oauth.providers.credential_ends import CredentialEnds
from multi_user_oauth.providers.live_clients import LiveClients
from multi_user_oauth.providers.microsoft_client import Applications, MicrosoftClient
from multi_user_oauth.providers.microsoft_endpoints import (
    profile_emails,
    promises_issuer,
    signing_keys,
    token_endpoint,
)
from multi_user_oauth.providers.microsoft_request import challenge, prompt, short, unreserved
from multi_user_oauth.providers.transport import Transport

FORM_POST: Final = "response_mode='form_post' is recommended"
_WARNINGS: Final = Lock()  # warnings.catch_warnings changes the whole process


class MicrosoftOAuthFlow:
    """Departures, Arrivals and Refreshing at Microsoft, which has no revocation endpoint."""

    def __init__(
        self,
        *,
        transport: Transport,
        client_secrets: ClientSecrets | None = None,
        signers: Signers | None = None,
        now: Clock,
        draw: Draw,
    ) -> None:
        self._transport = transport
        self._applications = Applications(transport)
        self._client_secrets = client_secrets  # None: this function only begins trips
        self._signers = signers  # None: no credential's key is in Cloud KMS
        self._now = now
        self._draw = draw
        self._ends = CredentialEnds(
            now=now, certificate=lambda each: signing_credential(each, signers).certificate
        )

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """As the port; identity only (not `offline`) asks for `openid`, `profile` and `email`."""
        signing_keys(self._transport, connector_type)
        msal = self._applications.msal(connector_type, offline=trip.offline)
        hint = trip.user_email or None
        with _WARNINGS, warnings.catch_warnings():
            # An answer by POST comes from another site, without our SameSite=Lax cookie.
            warnings.filterwarnings("ignore", FORM_POST, UserWarning)
            flow = msal.initiate_auth_code_flow(
                unreserved(trip.scopes) if trip.offline else ["email"],
                redirect_uri=trip.redirect_uri,
                state=trip.state.reveal(),
                prompt=prompt(trip, hint),
                login_hint=hint,
                claims_challenge=challenge(trip.context),
                response_mode="query",
            )
        transaction = transaction_of(
            nonce=flow["nonce"],
            code_verifier=flow["code_verifier"],
            scopes=tuple(sorted(flow["scope"])),
        )
        return Departure(authorization_url=flow["auth_uri"], transaction=transaction)

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
        keys = signing_keys(self._transport, connector_type)
        clients = LiveClients(
            connector_type,
            self._client_secrets,
            lambda credential: self._client(connector_type, credential),
            self._ends,
        )
        if redirect_uri is None:
            return TokenRefresh(
                connector_type=connector_type, clients=clients, now=self._now, spelled=short
            )
        if issuer is None and promises_issuer(self._transport, connector_type):
            raise StateMismatchError("the answer does not name its issuer, as was promised")
        keys.load()
        return CodeExchange(
            provider=Provider.MICROSOFT,
            clients=clients,
            redirect_uri=redirect_uri,
            now=self._now,
            spelled=short,
            prove=lambda proof: microsoft_person(proof, connector_type=connector_type, keys=keys),
            more_emails=lambda token, person: profile_emails(self._transport, token, person),
        )

    def _client(self, connector_type: ConnectorType, credential: Secret) -> MicrosoftClient:
        signs = is_signing(credential)
        if signs:
            credential = signing_credential(credential, self._signers).assertion(
                client_id=connector_type.client_id,
                audience=token_endpoint(connector_type),
                jti=str(uuid.UUID(bytes=self._draw(16), version=4)),
                now=self._now(),
            )
        return MicrosoftClient(
            connector_type=connector_type,
            operation=self._transport.operation(),
            msal=self._applications.msal(connector_type),
            credential=credential,
            is_assertion=signs,
        )
