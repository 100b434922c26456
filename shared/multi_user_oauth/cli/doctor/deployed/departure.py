"""Where the deployment really sends a browser that wants to sign in, and with which cookie."""

import hmac
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from multi_user_oauth.cli.doctor.applications import authorization_url
from multi_user_oauth.cli.doctor.deployed.visiting import JSON, Answer, Visitor
from multi_user_oauth.cli.doctor.findings import LATER, Check, Finding, Status, Theme
from multi_user_oauth.cli.output import tame
from multi_user_oauth.http.flow_cookies import PREFIX
from multi_user_oauth.http.paths import AUTHORIZE, redirect_uri
from multi_user_oauth.model import ConnectorType

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.cli.doctor.deployed.addresses import Addresses

CHECK: Final = "sign-in as deployed"
SEE_OTHER: Final = 303
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500
SAME: Final = ("response_type", "client_id", "redirect_uri", "code_challenge_method")
"""What the same settings make the same of, each time."""
DRAWN: Final = ("state", "nonce", "code_challenge")
"""What is drawn for each sign-in (RFC 9700, 2.1.1 and 4.7)."""
LEAST: Final = 32  # characters: 128 bits however they are written
_ATTRIBUTES: Final = {"secure", "httponly", "path=/", "samesite=lax"}
DEPLOY: Final = (
    "Deploy the connector types that are meant (gcloud secrets versions add oauth-connector-types "
    "--data-file=FILE), or let CONNECTOR_TYPES_FILE here name those that are deployed."
)
ORIGIN: Final = "Set PUBLIC_ORIGIN of the functions to {origin} (`terraform -chdir=infra apply`)."
STRANGER: Final = (
    "Find out what answers there, and how it came to run: nobody may sign in until it is ours."
)
REPORT: Final = (
    "Take it off the net, and report it: SECURITY.md. Look whether the code that runs is ours."
)
CHANGED: Final = "Look what stands before the function `authorize` and changes `Set-Cookie`."
SHARED: Final = "Signing in needs a name of its own: infra/README.md, Front doors."


def departure_checks(bench: "Bench", addresses: "Addresses") -> Iterator[Check]:
    """Yield one check for each type."""
    for each in () if addresses.is_shared else bench.types:
        yield Check(Theme(CHECK, each.name), partial(_departure, bench, addresses.origin, each))


def departure_findings(addresses: "Addresses") -> Iterator[Finding]:
    """Yield that nobody can sign in, where that is so."""
    if addresses.is_shared:
        what = "on Google's shared host nobody can sign in"
        yield Theme(CHECK, "all").bad(what, SHARED, status=Status.BY_HAND)


def _departure(bench: "Bench", origin: str, connector_type: ConnectorType) -> Iterator[Finding]:
    """Begin two sign-ins, as the form of our page does; neither goes on."""
    theme = Theme(CHECK, connector_type.name)
    visitor = Visitor(bench.world.monotonic)
    domain = next(iter(connector_type.hosted_domains), "doctor.invalid")
    form = {"connector_type": connector_type.name, "user_email": f"nobody@{domain}"}
    headers = {**JSON, "Origin": origin, "Sec-Fetch-Site": "same-origin"}
    answers = []
    for _ in range(2):
        answer = visitor.ask("POST", origin + AUTHORIZE, headers, form)
        if answer.status != SEE_OTHER:
            yield _refused(theme, answer)
            return
        answers.append(answer)
    yield _cookie(theme, answers[0])
    yield from _request(bench, theme, origin, connector_type, answers)


def _refused(theme: Theme, answer: Answer) -> Finding:
    what = f"it does not send anybody to the provider: {answer.said}"
    if answer.status == TOO_MANY or (answer.status >= SERVER_ERROR and not answer.is_ours):
        return theme.bad(what, LATER, status=Status.UNKNOWN)
    if answer.status >= SERVER_ERROR:
        return theme.bad(what, "Look into the log of the function `authorize`.")
    if answer.code == "cross_site_request":
        return theme.bad(
            what, "PUBLIC_ORIGIN of the function `authorize` is another one than here."
        )
    return theme.bad(what, DEPLOY if answer.code else STRANGER)


def _request(
    bench: "Bench",
    theme: Theme,
    origin: str,
    connector_type: ConnectorType,
    answers: list[Answer],
) -> Iterator[Finding]:
    """Compare it with the request that the same code makes here of the settings."""
    place, sent = _parted(answers[0].headers.get("Location", ""))
    _, again = _parted(answers[1].headers.get("Location", ""))
    meant, expected = _expected(bench, origin, connector_type)
    if place != meant:
        yield _elsewhere(theme, place, meant)
        return
    other = [name for name in SAME if sent.get(name) != expected.get(name)]
    # Of a value that is not drawn anew an attacker has one, too (RFC 6749, 10.12).
    weak = [name for name in DRAWN if not _is_drawn(sent.get(name, ""), again.get(name, ""))]
    if other:
        shown = "; ".join(f"{name} is {tame(sent.get(name, 'missing'))[:200]}" for name in other)
        mend = ORIGIN.format(origin=origin) if other == ["redirect_uri"] else DEPLOY
        yield theme.bad(f"the request is another one: {shown}", mend)
    if weak:
        yield theme.bad(f"missing, short or the same twice: {', '.join(weak)}", REPORT)
    if not other and not weak:
        what = f"it sends people back to {expected['redirect_uri']}, with PKCE, state and nonce"
        yield theme.ok(what)
    yield from _scopes(theme, sent.get("scope", ""), expected["scope"])


def _elsewhere(theme: Theme, place: str, meant: str) -> Finding:
    to = tame(urlsplit(place).netloc)[:100] or "nowhere"
    what = f"it sends people to {to}, and not to {meant}"
    # The same host is another tenant's page: a matter of the connector type.
    return theme.bad(what, DEPLOY if to == urlsplit(meant).netloc else STRANGER)


def _is_drawn(once: str, twice: str) -> bool:
    return len(once) >= LEAST and not hmac.compare_digest(once.encode(), twice.encode())


def _scopes(theme: Theme, sent: str, expected: str) -> Iterator[Finding]:
    differing = sorted(map(tame, set(expected.split()) ^ set(sent.split())))
    if differing:
        what = f"what is deployed differs in its scopes: {', '.join(differing)[:300]}"
        yield theme.bad(what, DEPLOY, status=Status.WARNING)


def _expected(
    bench: "Bench", origin: str, connector_type: ConnectorType
) -> tuple[str, Mapping[str, str]]:
    from multi_user_oauth.wiring.outside import through_sandbox

    url = authorization_url(bench, connector_type, redirect_uri(origin, connector_type.provider))
    sandbox_url = bench.settings.sandbox_url
    return _parted(through_sandbox(sandbox_url, url) if sandbox_url else url)


def _parted(url: str) -> tuple[str, Mapping[str, str]]:
    place, _, query = url.partition("?")
    return place, dict(parse_qsl(query))


def _cookie(theme: Theme, answer: Answer) -> Finding:
    """Return whether the sign-in is bound to this browser alone (RFC 6265bis, 4.1.3.2)."""
    ours = [each for each in answer.cookies if each.startswith(PREFIX)]
    names = [tame(each.partition("=")[0])[:60] for each in answer.cookies]
    if len(ours) != 1 or len(names) != 1:
        what = f"it sets {', '.join(names) or 'no cookie'}, and not one cookie {PREFIX}..."
        return theme.bad(what, CHANGED)
    attributes = {re.sub(r"\s", "", each).lower() for each in ours[0].split(";")[1:]}
    missing = sorted(_ATTRIBUTES - attributes)
    if missing or any(each.startswith("domain=") for each in attributes):
        what = f"its cookie is not what it is sent as: {', '.join(missing) or 'it has a domain'}"
        return theme.bad(what, CHANGED)
    return theme.ok("its cookie is for this host alone: __Host-, Secure, HttpOnly, SameSite=Lax")
