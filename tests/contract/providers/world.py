"""One provider of the sandbox, in this process, and our flow towards it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import requests
from flask import Flask

from multi_user_oauth.model import ConnectorType, Identity, Provider, Secret, SignedIn, TokenSet
from multi_user_oauth.ports import ClientSecrets, Departure, Trip
from multi_user_oauth.providers.client_credentials import Signers
from multi_user_oauth.providers.google import GoogleOAuthFlow
from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow
from multi_user_oauth.providers.transport import Transport
from multi_user_oauth.sandbox.app import create_app
from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.company import (
    COMPANY_DOMAIN,
    COMPANY_TENANT,
    SARAH,
    Account,
    google_identity,
    microsoft_identity,
)
from multi_user_oauth.sandbox.controls import Controls
from multi_user_oauth.sandbox.reach import InProcessAdapter
from multi_user_oauth.sandbox.records import Registration, SandboxConfig
from tests.support.clock import START, ManualClock
from tests.support.draw import CountingDraw

REDIRECT_URI = "http://localhost:8084/api/v1/oauth/callback"
CLIENT_ID = "8a3f2c57-1f0e-4c39-9d0b-6f2f5f0f9a11"
CLIENT_SECRET = "sandbox-client-secret-newest-0001"
SCOPE = "https://www.googleapis.com/auth/"

MICROSOFT = ConnectorType(
    name="microsoft_teams",
    provider=Provider.MICROSOFT,
    title="Microsoft 365",
    client_id=CLIENT_ID,
    client_secret_name="microsoft",
    required_scopes=("User.Read", "Mail.Send"),
    optional_scopes=("Files.Read",),
    tenant_ids=(COMPANY_TENANT,),
)
GOOGLE = ConnectorType(
    name="google_workspace",
    provider=Provider.GOOGLE,
    title="Google Workspace",
    client_id=CLIENT_ID,
    client_secret_name="google",
    required_scopes=(f"{SCOPE}gmail.send",),
    optional_scopes=(f"{SCOPE}drive.file",),
    hosted_domains=(COMPANY_DOMAIN,),
)
CONNECTOR_TYPES = {Provider.MICROSOFT: MICROSOFT, Provider.GOOGLE: GOOGLE}

Flow = MicrosoftOAuthFlow | GoogleOAuthFlow


class Secrets:
    """Client secrets in memory, newest first; `reloading` happens whenever they are read anew."""

    def __init__(self, *values: str) -> None:
        self.values = values
        self.reloads = 0
        self.reloading: Callable[[], None] | None = None

    def get(self, name: str) -> tuple[Secret, ...]:
        """As the port."""
        return tuple(Secret(value) for value in self.values)

    def reload(self, name: str) -> tuple[Secret, ...]:
        """As the port."""
        self.reloads += 1
        if self.reloading is not None:
            self.reloading()
        return self.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A browser that came back with a code."""

    code: Secret
    departure: Departure


class World:
    """The sandbox, the clock that both sides go by, and one provider's flow."""

    def __init__(self, provider: Provider) -> None:
        registration = Registration(
            client_id=CLIENT_ID, client_secrets=(CLIENT_SECRET,), redirect_uris=(REDIRECT_URI,)
        )
        self.provider = provider
        self.connector_type = CONNECTOR_TYPES[provider]
        self.clock = ManualClock()
        self.app: Flask = create_app(
            SandboxConfig(microsoft=registration, google=registration),
            now=self.clock,
            sleep=self.clock.sleep,
            draw=CountingDraw("sandbox"),
        )
        self.controls = Controls(self.app.extensions["sandbox"])
        self.secrets = Secrets(CLIENT_SECRET)
        self.draw = CountingDraw("flow")
        self.signers: Signers | None = None
        self.transport = Transport(
            InProcessAdapter(self.app), monotonic=self.monotonic, trust_env=False
        )
        self.flow = self.new_flow(self.secrets)

    def monotonic(self) -> float:
        """Seconds of the manual clock."""
        return (self.clock() - START).total_seconds()

    def new_flow(self, secrets: ClientSecrets | None) -> Flow:
        """Our flow, with these client secrets."""
        if self.provider is Provider.MICROSOFT:
            return MicrosoftOAuthFlow(
                transport=self.transport,
                client_secrets=secrets,
                signers=self.signers,
                now=self.clock,
                draw=self.draw,
            )
        return GoogleOAuthFlow(
            transport=self.transport, client_secrets=secrets, now=self.clock, draw=self.draw
        )

    def trip(self, user_email: str = SARAH.email, **changes: object) -> Trip:
        """A trip to connect everything."""
        scopes = (*self.connector_type.required_scopes, *self.connector_type.optional_scopes)
        trip = Trip(
            redirect_uri=REDIRECT_URI,
            state=Secret(self.draw(24).hex()),
            user_email=user_email,
            scopes=scopes,
            offline=True,
            consent=True,
        )
        return replace(trip, **changes)  # type: ignore[arg-type]  # reason: each test says what differs

    def arrive(
        self,
        account: Account = SARAH,
        trip: Trip | None = None,
        *,
        unticked: tuple[str, ...] = (),
    ) -> Arrived:
        """Walk an account through the provider's pages."""
        trip = trip or self.trip(account.email)
        departure = self.flow.begin(self.connector_type, trip)
        session = requests.Session()
        session.mount("https://", InProcessAdapter(self.app))
        browser = ScriptedBrowser(session, stop_at=REDIRECT_URI)
        page = browser.sign_in(departure.authorization_url, account.id, unticked=unticked)
        return Arrived(code=Secret(page.answer["code"]), departure=departure)

    def exchange(
        self,
        arrived: Arrived,
        *,
        user_email: str | None = None,
        transaction: Mapping[str, str] | None = None,
    ) -> SignedIn:
        """Prepare, then spend the code."""
        exchange = self.flow.prepare(self.connector_type, REDIRECT_URI)
        return exchange(
            code=arrived.code,
            transaction=transaction or arrived.departure.transaction,
            user_email=user_email,
        )

    def refresh(
        self,
        token: Secret,
        account: Account = SARAH,
        *,
        within: int = 32,
        claims: str | None = None,
    ) -> TokenSet:
        """Prepare, then use a refresh token; none is sent after so many seconds."""
        call = self.flow.prepare(self.connector_type)
        send_until = self.clock() + timedelta(seconds=within)
        return call(token, self.identity_of(account), send_until=send_until, claims=claims)

    def sign_in(self, account: Account = SARAH) -> SignedIn:
        """A whole sign-in."""
        return self.exchange(self.arrive(account), user_email=account.email)

    def connected(self, account: Account = SARAH) -> tuple[Secret, Identity]:
        """A refresh token and whose it is; the request log starts here."""
        signed_in = self.sign_in(account)
        assert signed_in.tokens.refresh_token is not None
        self.controls.clear_requests()
        return signed_in.tokens.refresh_token, signed_in.person.identity

    def fault(self, kind: str, **more: object) -> None:
        """Let this provider fail."""
        self.controls.add_fault(provider=str(self.provider), kind=kind, **more)

    def requests(self, endpoint: str) -> int:
        """How often an endpoint was asked."""
        return sum(served["endpoint"] == endpoint for served in self.controls.requests())

    def identity_of(self, account: Account) -> Identity:
        """Who an account is at this provider."""
        named = microsoft_identity if self.provider is Provider.MICROSOFT else google_identity
        return Identity.parse(named(account))
