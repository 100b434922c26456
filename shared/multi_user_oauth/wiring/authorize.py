"""The function `authorize`: no database, no client secret."""

from multi_user_oauth.http.authorize import AuthorizeRoutes
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.pages import Pages
from multi_user_oauth.http.paths import redirect_uri
from multi_user_oauth.model import Provider
from multi_user_oauth.sign_in.authorize import Authorize, Departure
from multi_user_oauth.wiring.outside import Outside
from multi_user_oauth.wiring.parts import Parts


def departure(parts: Parts, outside: Outside, *providers: Provider) -> Departure:
    """Return what sends browsers away, to these providers."""
    world = parts.world
    return Departure(
        providers={provider: outside.departures(provider) for provider in providers},
        connector_types=parts.connector_types,
        redirect_uris={p: redirect_uri(parts.settings.public_origin, p) for p in providers},
        box=parts.box,
        now=world.now,
        draw=world.draw,
        limits=world.limits,
    )


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    world, settings = parts.world, parts.settings
    outside = Outside(parts, with_secrets=False)
    policy = parts.policy
    pages = Pages(form_targets=parts.form_targets())
    authorize = Authorize(
        connector_types=parts.connector_types,
        box=parts.box,
        origin=settings.public_origin,
        return_origins=settings.return_origins,
        step_up=lambda: policy().step_up,
        now=world.now,
        draw=world.draw,
        limits=world.limits,
    )
    routes = AuthorizeRoutes(
        authorize=authorize,
        departure=departure(parts, outside, *Provider),
        pages=pages,
        origin=settings.public_origin,
        limits=world.limits,
    )
    return parts.endpoint(routes.routes(), error_page=pages.error)
