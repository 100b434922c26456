"""What the checks work with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from multi_user_oauth.model import ConnectorType, Policy, Provider
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from multi_user_oauth.model import Secret
    from multi_user_oauth.providers.google import GoogleOAuthFlow
    from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow
    from multi_user_oauth.providers.probing import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The settings and what was read by them; `types` are those that are to be looked at."""

    values: Mapping[str, str]
    settings: Settings
    world: World
    types: tuple[ConnectorType, ...] = ()
    all_types: frozenset[str] = frozenset()
    policy: Policy | None = field(default=None)

    def parts(self) -> Parts:
        """Return parts of one's own: checks run side by side."""
        return Parts("doctor", self.settings, self.world)

    @property
    def sandboxed(self) -> bool:
        """Whether the providers are played."""
        return self.settings.sandbox_url is not None

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The providers of these types, each once."""
        return tuple(sorted({each.provider for each in self.types}))

    def adapter(self) -> "BaseAdapter | None":
        """Return the way to where the providers are played, None where they are real."""
        from multi_user_oauth.wiring.outside import elsewhere

        return elsewhere(self.parts())

    def probe(self) -> "Probe":
        """Return what gets pages of the providers' sign-in."""
        from multi_user_oauth.providers.probing import Probe

        adapter = self.adapter()
        return Probe(adapter, monotonic=self.world.monotonic, trust_env=adapter is None)

    def flow(
        self, provider: Provider, secret: "Secret | None" = None
    ) -> "GoogleOAuthFlow | MicrosoftOAuthFlow":
        """Return the provider's adapter as the functions have it, with this one credential or none."""
        from multi_user_oauth.wiring.outside import Outside

        parts = self.parts()
        transport = Outside(parts, with_secrets=False).transport()
        secrets = OneCredential(secret) if secret is not None else None
        now, draw = self.world.now, self.world.draw
        if provider is Provider.GOOGLE:
            from multi_user_oauth.providers.google import GoogleOAuthFlow

            return GoogleOAuthFlow(transport=transport, client_secrets=secrets, now=now, draw=draw)
        from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow

        return MicrosoftOAuthFlow(
            transport=transport, client_secrets=secrets, signers=parts.signer, now=now, draw=draw
        )


class OneCredential:
    """A `ClientSecrets` of one: tried with the others, an older one would hide that a newer is wrong."""

    def __init__(self, secret: "Secret") -> None:
        self._secret = secret

    def get(self, name: str) -> "tuple[Secret, ...]":
        """Return it."""
        return (self._secret,)

    def reload(self, name: str) -> "tuple[Secret, ...]":
        """Return it."""
        return (self._secret,)
