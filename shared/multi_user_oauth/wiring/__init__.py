"""Putting a function together from its settings. Only here is it known which parts there are."""

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multi_user_oauth.http.endpoint import Endpoint
    from multi_user_oauth.wiring.world import World

MODULES = {
    "access_token": "access_token",
    "account": "account",
    "authorize": "authorize",
    "callback_google": "callback",
    "callback_microsoft": "callback",
    "connectors": "connectors",
    "list_users": "list_users",
    "refresh": "refresh",
    "revoke": "revoke",
    "web": "web",
}


def build(name: str, values: Mapping[str, str], *, world: "World | None" = None) -> "Endpoint":
    """
    Return the function of this name, wired as the settings say.

    Raise `ConfigurationError` naming the setting that is missing or malformed. Databases and
    providers are connected to at their first use. Without a `world` it is the real one, and the log
    goes to standard output as JSON lines.
    """
    if world is not None:
        return _built(name, values, world)
    with _uncollected():
        from multi_user_oauth import log
        from multi_user_oauth.wiring.world import World

        log.configure(sys.stdout)
        return _built(name, values, World())


def _built(name: str, values: Mapping[str, str], world: "World") -> "Endpoint":
    from multi_user_oauth.settings import Settings
    from multi_user_oauth.wiring.parts import Parts

    module = import_module(f"multi_user_oauth.wiring.{MODULES[name]}")
    endpoint: Endpoint = module.endpoint(Parts(name, Settings(values), world))
    return endpoint


@contextmanager
def _uncollected() -> Iterator[None]:
    """
    Let no garbage be collected while a function starts, and never go through what is loaded by then.

    All of it stays; going through it again and again takes a fifth of a start, and workers that are
    forked afterwards share what nobody touches.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
