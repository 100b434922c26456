"""The functions `callback_microsoft` and `callback_google`: they seal, and open nothing."""

from collections.abc import Mapping

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.http.callback import CallbackRoutes
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.pages import Pages
from multi_user_oauth.http.paths import redirect_uri
from multi_user_oauth.model import Provider
from multi_user_oauth.providers.answers import refuse_answer
from multi_user_oauth.sign_in.callback import Callback
from multi_user_oauth.wiring.authorize import departure
from multi_user_oauth.wiring.connecting import connecting
from multi_user_oauth.wiring.outside import Outside
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import persons, signer


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    provider = Provider(parts.name.removeprefix("callback_"))
    outside = Outside(parts, with_secrets=True)
    pages = Pages(form_targets=parts.form_targets())
    routes = CallbackRoutes(
        provider=provider,
        callback=_callback(parts, outside, provider),
        signer=signer(parts),
        persons=persons(parts, with_policy=False),
        pages=pages,
        limits=parts.world.limits,
        now=parts.world.now,
        approval_url=outside.approval_url,
        origin=parts.settings.public_origin,
    )
    return parts.endpoint(routes.routes(), error_page=pages.error)


def _callback(parts: Parts, outside: Outside, provider: Provider) -> Callback:
    return Callback(
        provider=provider,
        arrivals=outside.microsoft if provider is Provider.MICROSOFT else outside.google,
        refuse=_refusal,
        connector_types=parts.connector_types,
        connecting=connecting(parts),
        departure=departure(parts, outside, provider),
        marks=parts.activity,
        box=parts.box,
        redirect_uri=redirect_uri(parts.settings.public_origin, provider),
        now=parts.world.now,
        point=parts.world.point,
    )


def _refusal(provider: Provider, parameters: Mapping[str, str]) -> MultiUserOAuthError:
    try:
        refuse_answer(provider, parameters["error"], parameters.get("error_description", ""))
    except MultiUserOAuthError as refused:
        return refused
