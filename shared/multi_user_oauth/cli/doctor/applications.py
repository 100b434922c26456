"""Whether the provider knows the application and where it sends people back; nobody signs in for it."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Check, Finding, Status, Theme
from multi_user_oauth.model import ConnectorType, Provider, Secret

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.providers.probing import AuthorizationAnswer

CHECK: Final = "redirect URI"
REQUEST: Final = "sign-in request"
NOBODY_IN: Final = frozenset(
    {"account_selection_required", "consent_required", "interaction_required", "login_required"}
)
"""That nobody is signed in here (OpenID Connect Core, 3.1.2.6): all else was in order."""
PASSING: Final = frozenset({"server_error", "temporarily_unavailable"})
PAGES: Final = {
    Provider.MICROSOFT: (
        "Entra admin center, App registrations, the application, Authentication: under the platform "
        "Web (not SPA, not Mobile) add exactly {uri}"
    ),
    Provider.GOOGLE: (
        "Google Cloud console, Google Auth Platform, Clients, the client: under Authorised redirect "
        "URIs (it takes some minutes to count) add exactly {uri}"
    ),
}
APPLICATION: Final = (
    "Compare `client_id` of {name} with the provider's page of the application, and `tenants` with the "
    "directory that it is registered in."
)
UNKNOWN_APPLICATION: Final = frozenset({"deleted_client", "disabled_client", "invalid_client"})
NOT_IN_TENANT: Final = frozenset({700016, 70001, 90002})
SCOPE_MEND: Final = "Correct the scopes of {name}: see docs/connector-types.md."


def application_checks(bench: "Bench") -> Iterator[Check]:
    """Yield one check for each type."""
    for each in bench.types:
        yield Check(Theme(CHECK, each.name), partial(_application, bench, each))


def _application(bench: "Bench", connector_type: ConnectorType) -> Iterator[Finding]:
    from multi_user_oauth.errors import RetryableError
    from multi_user_oauth.providers.probing import authorization_answer, silent

    uris = _uris(bench, connector_type)
    try:
        url = authorization_url(bench, connector_type, uris[0])
        pages = [bench.probe().get(silent(_with(url, uri))) for uri in uris]
    except RetryableError as error:
        yield from _unanswered(connector_type, uris, f"{error}")
        return
    yield _asked(connector_type, url)
    for uri, page in zip(uris, pages, strict=True):
        yield _judged(connector_type, authorization_answer(page, uri), uri)


def _uris(bench: "Bench", connector_type: ConnectorType) -> list[str]:
    """Return where the provider sends people back to; at Microsoft administrators, too."""
    from multi_user_oauth.http.paths import admin_consent_uri, redirect_uri

    origin = bench.settings.public_origin
    uris = [redirect_uri(origin, connector_type.provider)]
    if connector_type.provider is Provider.MICROSOFT:
        # The page where one approves asks a person. Whether it may lead back here any page tells.
        uris.append(admin_consent_uri(origin))
    return uris


def _unanswered(connector_type: ConnectorType, uris: list[str], why: str) -> Iterator[Finding]:
    """Yield what has to be registered: that is known without the provider."""
    for uri in uris:
        page = PAGES[connector_type.provider].format(uri=uri)
        mend = f"Run doctor again when the provider answers. To be registered: {page}"
        theme = Theme(CHECK, connector_type.name)
        yield theme.bad(f"whether {uri} is registered: {why}", mend, status=Status.UNKNOWN)


def authorization_url(bench: "Bench", connector_type: ConnectorType, uri: str) -> str:
    """Return what a sign-in would begin with, as the function `authorize` writes it."""
    from multi_user_oauth.ports import Trip

    trip = Trip(
        redirect_uri=uri,
        state=Secret(bench.world.draw(16).hex()),
        user_email="",
        scopes=(*connector_type.required_scopes, *connector_type.optional_scopes),
        offline=True,
        consent=False,
    )
    return bench.flow(connector_type.provider).begin(connector_type, trip).authorization_url


def _with(url: str, uri: str) -> str:
    from urllib.parse import parse_qsl, urlencode

    head, _, query = url.partition("?")
    return f"{head}?{urlencode(dict(parse_qsl(query)) | {'redirect_uri': uri})}"


def _asked(connector_type: ConnectorType, url: str) -> Finding:
    """Return whether the request asks for who it is, and for a refresh token."""
    from urllib.parse import parse_qs, urlsplit

    theme = Theme(REQUEST, connector_type.name)
    query = parse_qs(urlsplit(url).query)
    scopes = query["scope"][0].split()
    offline = "offline_access" in scopes or query.get("access_type") == ["offline"]
    named = "openid" in scopes and any(each.endswith(("email", "profile")) for each in scopes)
    if offline and named and query.get("code_challenge_method") == ["S256"]:
        return theme.ok("it asks for the identity, a refresh token and PKCE")
    mend = "This is a mistake of this version: say so to whoever maintains it."
    return theme.bad("it does not ask for the identity, a refresh token and PKCE", mend)


def _judged(connector_type: ConnectorType, answer: "AuthorizationAnswer", uri: str) -> Finding:
    theme = Theme(CHECK, connector_type.name)
    mend = PAGES[connector_type.provider].format(uri=uri)  # at its end: it is there to be copied
    said = answer.error or (f"AADSTS{answer.number}" if answer.number else "")
    if answer.came_back and answer.error in NOBODY_IN | PASSING:
        return theme.ok(f"{uri} is registered")
    if answer.came_back:
        mend = SCOPE_MEND if answer.error == "invalid_scope" else APPLICATION
        what = f"{uri} is registered, but the provider refuses the request: {said or 'no error'}"
        return theme.bad(what, mend.format(name=connector_type.name))
    if answer.is_redirect_uri_unknown:
        return theme.bad(f"{uri} is not registered ({said})", mend)
    if answer.error in UNKNOWN_APPLICATION or answer.number in NOT_IN_TENANT:
        what = f"the provider does not know the application ({said})"
        return theme.bad(what, APPLICATION.format(name=connector_type.name))
    if said:
        what = f"the provider refuses the request: {said}"
        return theme.bad(what, APPLICATION.format(name=connector_type.name))
    what = f"the provider did not say whether {uri} is registered"
    return theme.bad(what, f"Look yourself. {mend}", status=Status.BY_HAND)
