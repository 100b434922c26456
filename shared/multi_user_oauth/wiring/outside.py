"""The way to the providers; on a machine of one's own it may lead to the sandbox."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from multi_user_oauth.http.paths import admin_consent_uri
from multi_user_oauth.model import ConnectorType, Provider
from multi_user_oauth.ports import Departure, Departures, Trip
from multi_user_oauth.providers.transport import Transport
from multi_user_oauth.wiring.parts import Parts

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from multi_user_oauth.providers.google import GoogleOAuthFlow
    from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow


class Outside:
    """One shared transport for each provider, and what speaks through it."""

    def __init__(self, parts: Parts, *, with_secrets: bool) -> None:
        self._parts = parts
        self._secrets = parts.client_secrets if with_secrets else None

    def transport(self) -> Transport:
        """Return a new transport, with connections of its own."""
        adapter = elsewhere(self._parts)
        monotonic = self._parts.world.monotonic
        return Transport(adapter, monotonic=monotonic, trust_env=adapter is None)

    @cached_property
    def microsoft(self) -> "MicrosoftOAuthFlow":
        """Microsoft, by MSAL."""
        from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow

        return MicrosoftOAuthFlow(
            transport=self.transport(),
            client_secrets=self._secrets,
            signers=self._parts.signer,
            now=self._parts.world.now,
            draw=self._parts.world.draw,
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
        """Return what begins trips to this provider; the first of them loads its library."""
        begins = AtFirstTrip(
            lambda: self.microsoft if provider is Provider.MICROSOFT else self.google
        )
        sandbox_url = self._parts.settings.sandbox_url
        return ThroughSandbox(begins, sandbox_url) if sandbox_url else begins

    def approval_url(self, connector_type: str) -> str | None:
        """Return where an administrator approves the application; None where there is no such place."""
        from multi_user_oauth.providers.microsoft_endpoints import admin_consent_url

        configured = self._parts.connector_types.get(connector_type)
        if configured is None or configured.provider is not Provider.MICROSOFT:
            return None
        settings = self._parts.settings
        url = admin_consent_url(configured, admin_consent_uri(settings.public_origin))
        return through_sandbox(settings.sandbox_url, url) if settings.sandbox_url else url


def elsewhere(parts: Parts) -> "BaseAdapter | None":
    """Return the way to where the providers are played, None where they are real."""
    world, sandbox_url = parts.world, parts.settings.sandbox_url
    if world.adapter is not None or sandbox_url is None:
        return world.adapter
    # The only door to the sandbox; `Settings.sandbox_url` keeps it shut in production.
    from multi_user_oauth.sandbox.door import SandboxAdapter

    return SandboxAdapter(sandbox_url)


class AtFirstTrip:
    """Loads what begins trips when somebody is sent away: who asks Google need not wait for MSAL."""

    def __init__(self, load: Callable[[], Departures]) -> None:
        self._load = load

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """Return the departure, as what was loaded begins it."""
        return self._load().begin(connector_type, trip)


class ThroughSandbox:
    """Changes nothing but the address that the browser is sent to."""

    def __init__(self, departures: Departures, sandbox_url: str) -> None:
        self._departures = departures
        self._sandbox_url = sandbox_url

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """Return the departure that leads to the sandbox."""
        departure = self._departures.begin(connector_type, trip)
        return Departure(
            authorization_url=through_sandbox(self._sandbox_url, departure.authorization_url),
            transaction=departure.transaction,
        )


def through_sandbox(sandbox_url: str, url: str) -> str:
    """Return `https://HOST/PATH` as `{sandbox}/HOST/PATH`."""
    parts = urlsplit(url)
    return f"{sandbox_url}/{parts.netloc}{parts.path}?{parts.query}"
