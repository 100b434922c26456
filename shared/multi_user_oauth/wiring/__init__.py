"""Putting a function together from its settings. Only here is it known which parts there are."""

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

from multi_user_oauth import log
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World

MODULES = {
    "access_token": "access_token",
    "account": "account",
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
        with _uncollected(for_good="K_SERVICE" in values):
            return _built(name, values, World())
    return _built(name, values, world)


def _built(name: str, values: Mapping[str, str], world: World) -> Endpoint:
    module = import_module(f"multi_user_oauth.wiring.{MODULES[name]}")
    parts = Parts(name, Settings(values), world)
    endpoint: Endpoint = module.endpoint(parts)
    return endpoint


@contextmanager
def _uncollected(*, for_good: bool) -> Iterator[None]:
    """
    Let no garbage be collected while a function starts.

    All that is loaded stays; going through it again and again takes a fifth of a start. `for_good`, on
    the platform, where a process is one function, it is never gone through: the workers are forked
    afterwards, and share what is frozen.
    """
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            gc.freeze()
        gc.enable()
