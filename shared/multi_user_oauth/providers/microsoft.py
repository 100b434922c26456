"""Microsoft's sign-in and refresh. Only this module imports MSAL.

MSAL writes the requests; what comes back is read and proved here. Each operation has an MSAL object of
its own that keeps nothing: a shared one would hold every person's tokens, and for a minute answer from
memory what the provider has long put right.
"""

import uuid
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, overload

from msal import ConfidentialClientApplication, TokenCache

from multi_user_oauth.errors import StateMismatchError
from multi_user_oauth.model import ConnectorType, Provider, Secret, is_signing
from multi_user_oauth.ports import (
    ClientSecrets,
    Clock,
    Departure,
    Draw,
    Exchange,
    RefreshCall,
    Trip,
)
from multi_user_oauth.providers.calls import (
    CodeExchange,
    TokenRefresh,
    Transaction,
    transaction_of,
)
from multi_user_oauth.providers.claims import microsoft_person
from multi_user_oauth.providers.client_credentials import Signers, signing_credential
from multi_user_oauth.providers.http_answer import Json
from multi_user_oauth.providers.live_clients import LiveClients
from multi_user_oauth.providers.microsoft_endpoints import (
    authority,
    profile_emails,
    promises_issuer,
    signing_keys,
    token_endpoint,
)
from multi_user_oauth.providers.microsoft_request import challenge, prompt, short, unreserved
from multi_user_oauth.providers.operation import Operation
from multi_user_oauth.providers.transport import Transport

FORM_POST: Final = "response_mode='form_post' is recommended"
COMPARED: Final = "compared before, in constant time"
_Proof = str | Mapping[str, Callable[[], str]]
_WARNINGS: Final = Lock()  # warnings.catch_warnings changes the whole process


class _Forgetful(TokenCache):  # type: ignore[misc]  # reason: MSAL has no types
    """A token cache that takes nothing in; MSAL's own also logs, at DEBUG, the verifier it was given."""

    def add(self, event: object, now: object = None) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class _Client:
    """MSAL with one client credential, ready for one send."""

    connector_type: ConnectorType
    operation: Operation
    msal: Any

    def exchange(self, code: Secret, redirect_uri: str, transaction: Transaction) -> Json:
        flow = {
            "state": COMPARED,
            "redirect_uri": redirect_uri,
            "scope": transaction["scope"].split(),
            "nonce": transaction["nonce"],
            "code_verifier": transaction["code_verifier"],
        }
        response = {"state": COMPARED, "code": code.reveal()}
        return self.operation.answer_to(
            lambda: self.msal.acquire_token_by_auth_code_flow(flow, response)
        )

    def refresh(self, refresh_token: Secret) -> Json:
        # Only what every connection has: a scope that this person was never asked for would be refused.
        # The token nevertheless has all that they consented to for Graph: Entra's access tokens "will
        # have all effective scopes", as the maintainers of MSAL put it, and the answer names them.
        scopes = unreserved(self.connector_type.required_scopes)
        return self.operation.answer_to(
            lambda: self.msal.acquire_token_by_refresh_token(refresh_token.reveal(), scopes)
        )


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
        self._client_secrets = client_secrets  # None: this function only begins trips
        self._signers = signers  # None: no credential's key is in Cloud KMS
        self._now = now
        self._draw = draw

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """As the port; identity only (not `offline`) asks for `openid`, `profile` and `email`."""
        signing_keys(self._transport, connector_type)
        client = self._client(connector_type, None, offline=trip.offline)
        hint = trip.user_email or None
        with _WARNINGS, warnings.catch_warnings():
            # An answer by POST comes from another site, without our SameSite=Lax cookie.
            warnings.filterwarnings("ignore", FORM_POST, UserWarning)
            flow = client.msal.initiate_auth_code_flow(
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
    def prepare(self, connector_type: ConnectorType) -> RefreshCall: ...
    def prepare(
        self,
        connector_type: ConnectorType,
        redirect_uri: str | None = None,
        *,
        issuer: str | None = None,
    ) -> Exchange | RefreshCall:
        """As the ports: with a redirect URI to exchange a code, without to refresh."""
        keys = signing_keys(self._transport, connector_type)
        clients = LiveClients(
            connector_type,
            self._client_secrets,
            lambda credential: self._client(
                connector_type, self._proof(connector_type, credential)
            ),
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

    def _proof(self, connector_type: ConnectorType, credential: Secret) -> _Proof:
        if not is_signing(credential):
            return credential.reveal()
        assertion = signing_credential(credential, self._signers).assertion(
            client_id=connector_type.client_id,
            audience=token_endpoint(connector_type),
            jti=str(uuid.UUID(bytes=self._draw(16), version=4)),
            now=self._now(),
        )
        return {"client_assertion": assertion.reveal}  # MSAL warns of a string, which may grow old

    def _client(
        self, connector_type: ConnectorType, proof: _Proof | None, *, offline: bool = True
    ) -> _Client:
        operation = self._transport.operation()
        msal = ConfidentialClientApplication(
            connector_type.client_id,
            client_credential=proof,
            authority=authority(connector_type),
            http_client=operation,
            instance_discovery=False,  # the authority is Microsoft's own: there is nothing to ask
            azure_region=False,  # or an environment variable could move the token endpoint
            token_cache=_Forgetful(),
            exclude_scopes=[] if offline else ["offline_access"],
        )
        return _Client(connector_type, operation, msal)
