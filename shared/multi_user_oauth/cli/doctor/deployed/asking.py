"""Which route of a function a stranger asks, and as whom."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.deployed.forged import forged_identities

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.sandbox.gateway_catalogue import Function, Route

NOBODY: Final = "a caller without an identity"
REFUSED: Final = frozenset({401, 403})
"""Of Cloud Run: 403 to whoever has no identity, 401 to one that can not be verified."""
NOT_THERE: Final = 404
ERROR: Final = 400
SERVER_ERROR: Final = 500
HARMLESS: Final = ("GET", "PUT", "PATCH", "DELETE", "POST")


def asked_route(function: "Function") -> "Route":
    """Return the route to ask: one that needs an identity, best one that only reads."""
    routes = sorted(function.routes, key=lambda each: (is_open(each), "GET" not in each.methods))
    return routes[0]


def harmless_method(route: "Route") -> str:
    """Return a method that the route does not have: whoever is let in, nothing is done."""
    return next(each for each in HARMLESS if each not in route.methods)


def is_open(route: "Route") -> bool:
    """Return whether nobody needs an identity there."""
    return not {"anyone", "browser"}.isdisjoint(route.who)


def identities(bench: "Bench", function: "Function", url: str) -> Mapping[str, str]:
    """Return identities of somebody whom the policy lets in: only the signature speaks against them."""
    policy, settings = bench.policy, bench.settings
    if function.invoker == "iam":
        listed = {
            who for each in (policy.refresh_callers if policy else {}).values() for who in each
        }
        known = settings.refresh_audience != settings.public_origin
        audience = settings.refresh_audience if known else "/".join(url.split("/")[:3])
    else:
        listed = {who for who in (policy.agents if policy else ()) if "/" not in who}
        audience = settings.public_origin
    somebody = min(listed, default="doctor@doctor.iam.gserviceaccount.com")
    world = bench.world
    return forged_identities(
        audience=audience, email=somebody, now=world.now(), draw=world.draw
    )  # fmt: skip


def bearing(bearer: str) -> dict[str, str]:
    """Return the headers with this identity, or none."""
    return {"Authorization": f"Bearer {bearer}"} if bearer else {}
