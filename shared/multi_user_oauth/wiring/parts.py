"""The parts that functions share in kind, each made at its first use from the settings it needs."""

import atexit
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from multi_user_oauth.http.endpoint import Endpoint, ErrorPage, Route
from multi_user_oauth.model import Provider
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.world import World

if TYPE_CHECKING:
    from multi_user_oauth.http.limits import RateLimits
    from multi_user_oauth.model import Caller, ConnectorTypes, Kind
    from multi_user_oauth.ports import (
        Box,
        ClientSecrets,
        KeyRotation,
        Opener,
        Rewrapper,
        Sealer,
        Signer,
    )
    from multi_user_oauth.ports.backup import ActivityWalk, PuttingBack
    from multi_user_oauth.ports.events import Publish
    from multi_user_oauth.ports.shards import ShardQueue
    from multi_user_oauth.settings.policy_file import PolicyFile
    from multi_user_oauth.wiring.backend import ActivityStore, Backend, MainStore


class Parts:
    """One function's parts. What a function does not touch is neither imported nor opened."""

    def __init__(self, name: str, settings: Settings, world: World) -> None:
        self.name = name
        self.settings = settings
        self.world = world
        self._openers: dict[Kind, Opener] = {}
        self._signers: dict[str, Signer] = {}
        settings.require_safe_transport()
        # Read at once, so that it is refused in production whether or not this function would use it.
        self.sandbox_url = settings.sandbox_url

    def endpoint(self, routes: Iterable[Route], *, error_page: ErrorPage | None = None) -> Endpoint:
        """Return the function's front."""
        if any(route.browser for route in routes):
            self.settings.require_own_host()
        return Endpoint(
            self.name,
            routes,
            host=self.settings.public_origin.partition("://")[2],
            now=self.world.now,
            draw=self.world.draw,
            error_page=error_page,
            admit=None if self.name in UNCOUNTED else self.rate_limits.admit_address,
            cors_origins=self.settings.cors_origins,
            trace_project=self.settings.trace_project,
        )

    @cached_property
    def rate_limits(self) -> "RateLimits":
        """How often anybody may call this instance."""
        from multi_user_oauth.http.limits import RateLimits, Rates

        settings = self.settings
        return RateLimits(
            Rates(
                per_address=settings.rate_per_address,
                per_caller=settings.rate_per_caller,
                per_person=settings.rate_per_person,
                hops=settings.trusted_proxy_hops,
            ),
            now=self.world.now,
        )

    def admit(self, caller: "Caller") -> None:
        """Count a call against its caller; raise `TooManyRequestsError`."""
        self.rate_limits.admit_caller(caller, self.policy())

    def form_targets(self) -> list[str]:
        """Return the origins that our forms' redirects lead to."""
        return [self.sandbox_url] if self.sandbox_url else list(AUTHORIZATION_ORIGINS)

    @cached_property
    def connector_types(self) -> "ConnectorTypes":
        """What people can connect."""
        from multi_user_oauth.settings.files import load_connector_types

        return load_connector_types(self.settings.connector_types_file)

    @cached_property
    def policy(self) -> "PolicyFile":
        """Who may do what."""
        from multi_user_oauth.settings.policy_file import PolicyFile

        return PolicyFile(self.settings.policy_file, now=self.world.now)

    @cached_property
    def box(self) -> "Box":
        """What seals tickets and flows."""
        from multi_user_oauth.keys.box import JweBox

        return JweBox(self.settings.flow_keys_file)

    @cached_property
    def link_box(self) -> "Box":
        """What seals the providers' links that callers carry: next pages, uploads."""
        from multi_user_oauth.keys.box import JweBox

        return JweBox(self.settings.link_keys_file)

    @cached_property
    def _backend(self) -> "Backend":
        if self.settings.backend == "gcp":
            from multi_user_oauth.wiring.google_cloud import GoogleCloud

            return GoogleCloud(self.settings, self.world)
        from multi_user_oauth.wiring.embedded import Embedded

        return Embedded(self.settings, self.world)

    @cached_property
    def main(self) -> "MainStore":
        """The main database."""
        return self._backend.main()

    @cached_property
    def activity(self) -> "ActivityStore":
        """The activity database."""
        return self._backend.activity()

    @cached_property
    def putting_back(self) -> "PuttingBack":
        """What writes a backup into the main database, for an operator at a terminal."""
        return self._backend.putting_back()

    @cached_property
    def activity_walk(self) -> "ActivityWalk":
        """What walks over the activity database, for a backup."""
        return self._backend.activity_walk()

    @cached_property
    def client_secrets(self) -> "ClientSecrets":
        """The applications' credentials."""
        return self._backend.client_secrets()

    @cached_property
    def publish(self) -> "Publish":
        """What tells of events, after the commit."""
        from multi_user_oauth.wiring.messages import publisher

        return publisher(self.settings)

    @cached_property
    def shard_queue(self) -> "ShardQueue | None":
        """What hands the shards of a sweep on; None where one instance does all."""
        from multi_user_oauth.wiring.messages import shard_queue

        return shard_queue(self.settings)

    def signer(self, key_version: str) -> "Signer":
        """Return what signs for a client credential whose key is in Cloud KMS."""
        if key_version not in self._signers:
            self._signers[key_version] = self._backend.signer(key_version)
        return self._signers[key_version]

    def rewrapper(self, kind: "Kind") -> "Rewrapper":
        """Return what moves sealed values of this kind to the newest key version; it opens them."""
        from multi_user_oauth.keys.rewrapping import EnvelopeRewrapper

        backend = self._backend
        return EnvelopeRewrapper(backend.encrypter(kind), backend.decrypter(kind), self.world.draw)

    def key_rotation(self, kind: "Kind") -> "KeyRotation":
        """Return the versions of the key of this kind, to look at and to change."""
        return self._backend.key_rotation(kind)

    def sealer(self, kind: "Kind") -> "Sealer":
        """Return what seals this kind, with the right to encrypt only."""
        from multi_user_oauth.keys.envelope import EnvelopeSealer

        return EnvelopeSealer(self._backend.encrypter(kind), self.world.draw)

    def opener(self, kind: "Kind") -> "Opener":
        """Return what opens this kind; one for each kind, so that its open data keys are shared."""
        if kind not in self._openers:
            from multi_user_oauth.keys.cache import DataKeyCache
            from multi_user_oauth.keys.envelope import EnvelopeOpener

            cache = DataKeyCache(now=self.world.now)
            atexit.register(cache.clear)  # at SIGTERM too, which the server turns into an end
            self._openers[kind] = EnvelopeOpener(self._backend.decrypter(kind), cache)
        return self._openers[kind]


UNCOUNTED = frozenset({"refresh", "web"})
"""IAM lets nobody but ours call `refresh`, all from a few addresses; `web` serves files."""

AUTHORIZATION_ORIGINS = ("https://login.microsoftonline.com", "https://accounts.google.com")

REVOCABLE = frozenset({Provider.GOOGLE})
"""Providers that can end one application's grant; Microsoft has no such endpoint."""
