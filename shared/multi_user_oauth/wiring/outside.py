"""The way to the providers; on a machine of one's own it may lead to the sandbox."""

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from multi_user_oauth.model import ConnectorType, Provider
from multi_user_oauth.ports import Departure, Departures, Trip
from multi_user_oauth.providers.transport import Transport
from multi_user_oauth.wiring.parts import Parts

if TYPE_CHECKING:
    from multi_user_oauth.providers.google import GoogleOAuthFlow
    from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow


class Outside:
    """One shared transport for each provider, and what speaks through it."""

    def __init__(self, parts: Parts, *, with_secrets: bool) -> None:
        self._parts = parts
        self._secrets = parts.client_secrets if with_secrets else None

    def transport(self) -> Transport:
        """Return a new transport, with connections of its own."""
        world, sandbox_url = self._parts.world, self._parts.settings.sandbox_url
        adapter = world.adapter
        if adapter is None and sandbox_url is not None:
            # The only door to the sandbox; `Settings.sandbox_url` keeps it shut in production.
            from multi_user_oauth.sandbox.reach import SandboxAdapter

            adapter = SandboxAdapter(sandbox_url)
        return Transport(adapter, monotonic=world.monotonic, trust_env=adapter is None)

    @cached_property
    def microsoft(self) -> "MicrosoftOAuthFlow":
        """Microsoft, by MSAL."""
        from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow

        return MicrosoftOAuthFlow(
            transport=self.transport(), client_secrets=self._secrets, now=self._parts.world.now
        )

    @cached_property
    def google(self) -> "GoogleOAuthFlow":
        """Google, by google-auth-oauthlib."""
        from multi_user_oauth.providers.google import GoogleOAuthFlow

        return GoogleOAuthFlow(
            transport=self.transport(),
            client_secrets=self._secrets,
            now=self._parts.world.now,
            draw=self._parts.world.draw,
        )

    def departures(self, provider: Provider) -> Departures:
        """Return what begins trips to this provider."""
        begins: Departures = self.microsoft if provider is Provider.MICROSOFT else self.google
        sandbox_url = self._parts.settings.sandbox_url
        return ThroughSandbox(begins, sandbox_url) if sandbox_url else begins


class ThroughSandbox:
    """Changes nothing but the address that the browser is sent to."""

    def __init__(self, departures: Departures, sandbox_url: str) -> None:
        self._departures = departures
        self._sandbox_url = sandbox_url

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """Return the departure with `https://HOST/PATH` become `{sandbox}/HOST/PATH`."""
        departure = self._departures.begin(connector_type, trip)
        parts = urlsplit(departure.authorization_url)
        return Departure(
            authorization_url=f"{self._sandbox_url}/{parts.netloc}{parts.path}?{parts.query}",
            transaction=departure.transaction,
        )
