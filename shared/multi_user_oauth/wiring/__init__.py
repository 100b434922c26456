"""Putting a function together from its settings. Only here is it known which parts there are."""

import sys
from collections.abc import Mapping
from importlib import import_module

from multi_user_oauth import log
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World

MODULES = {
    "access_token": "access_token",
    "authorize": "authorize",
    "callback_google": "callback",
    "callback_microsoft": "callback",
    "list_users": "list_users",
    "refresh": "refresh",
    "revoke": "revoke",
    "web": "web",
}


def build(name: str, values: Mapping[str, str], *, world: World | None = None) -> Endpoint:
    """
    Return the function of this name, wired as the settings say.

    Raise `ConfigurationError` naming the setting that is missing or malformed. Databases and
    providers are connected to at their first use. Without a `world` it is the real one, and the log
    goes to standard output as JSON lines.
    """
    if world is None:
        log.configure(sys.stdout)
        world = World()
    module = import_module(f"multi_user_oauth.wiring.{MODULES[name]}")
    parts = Parts(name, Settings(values), world)
    endpoint: Endpoint = module.endpoint(parts)
    return endpoint
