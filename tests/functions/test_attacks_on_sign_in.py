"""Attacks on a sign-in under way: somebody else's answer, an injected code, a forged proof."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, MARIA, SARAH
from tests.support.functions import (
    AUTHORIZE,
    CALLBACKS,
    FORM,
    GOOGLE,
    MICROSOFT,
    WANTS_JSON,
    Installation,
    Visitor,
    identity,
)
from tests.support.installation import ORIGIN

BOTH = pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
PROVIDERS: Final = {MICROSOFT: "microsoft", GOOGLE: "google"}


def gone(visitor: Visitor, connector_type: str, account: Any = SARAH) -> str:  # noqa: ANN401  # reason: an account
    """Go to the provider and agree; return the address that the browser is to go to now."""
    away = visitor.leave(connector_type, account.email)
    return visitor.at_provider(away.location or "", account)


def back(visitor: Visitor, connector_type: str, address: str, **options: Any) -> TestResponse:  # noqa: ANN401  # reason: of Visitor.call
    """Bring the provider's answer."""
    headers = WANTS_JSON | options.pop("headers", {})
    return visitor.call(CALLBACKS[connector_type], "GET", address, headers=headers, **options)


def why(response: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal, be it a page or a problem."""
    shown = re.search(r'<code id="code">(\w+)</code>', response.text)
    return response.status_code, shown[1] if shown else (response.json or {}).get("code", "")


def exchanges(installation: Installation) -> int:
    """How many codes were sent to a token endpoint."""
    return sum(request["endpoint"] == "token" for request in installation.sandbox.requests())


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Code and path of every refusal in the log."""
    extra = [vars(record) for record in caplog.records if record.message == "request"]
    return [(line["code"], line["path"]) for line in extra if line["code"]]


@BOTH
@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (None, "state_mismatch"),
        ("", "state_mismatch"),
        ("unknown", "state_mismatch"),
        ("0123456789abcdef01." + "0" * 64, "flow_missing"),
        ("0123456789abcdef01." + "0" * 8_000, "flow_missing"),
        ("a" * 10_000, "invalid_request"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_state_that_is_nobodys_is_a_line_in_the_log(
    nothing_stored: Installation,
    caplog: pytest.LogCaptureFixture,
    connector_type: str,
    state: str | None,
    problem: str,
) -> None:
    """N01: 400, no cookie, no code sent, nothing written but the line that says so."""
    before = exchanges(nothing_stored)
    query = "?code=x" + ("" if state is None else f"&state={state}")
    response = back(Visitor(nothing_stored), connector_type, f"/{query}")
    assert why(response) == (400, problem)
    assert response.headers.getlist("Set-Cookie") == []
    assert exchanges(nothing_stored) == before
    assert nothing_stored.meter.counts() == {}
    path = f"/api/v1/oauth/callback/{PROVIDERS[connector_type]}"
    assert lines(caplog) == [(problem, path)]


@BOTH
def test_twenty_answers_at_once_count_once(installation: Installation, connector_type: str) -> None:
    """N03: the same state and code, twenty threads: one success, one exchange."""
    began = Visitor(installation)
    away = began.leave(connector_type, SARAH.email)
    name, value = away.headers["Set-Cookie"].partition(";")[0].split("=", 1)
    address = began.at_provider(away.location or "", SARAH)
    installation.endpoint(CALLBACKS[connector_type])
    before = exchanges(installation)

    def arrive(_: int) -> tuple[int, str]:
        browser = Visitor(installation)
        browser._client.set_cookie(name, value, domain="localhost")  # noqa: SLF001  # reason: as a thief of cookies
        response = back(browser, connector_type, address)
        return why(response) if response.status_code >= 400 else (response.status_code, "")

    with ThreadPoolExecutor(20) as pool:
        ends = sorted(pool.map(arrive, range(20)))
    assert ends == [(303, "")] + [(409, "flow_already_used")] * 19
    assert exchanges(installation) == before + 1
    assert len(installation.sandbox.grants()) == 1


@BOTH
def test_an_attackers_answer_changes_nothing_in_the_victims_browser(
    installation: Installation, connector_type: str
) -> None:
    """N05: login CSRF; the victim stays who they are, and is not connected to the attacker's account."""
    victim = installation.connect(connector_type, MARIA)
    before = victim.session
    lure = gone(Visitor(installation), connector_type, JOHN)
    response = back(victim, connector_type, lure)
    assert why(response) == (400, "flow_missing")
    assert victim.session == before
    assert [user["user_email"] for user in (victim.users().json or {})["users"]] == [MARIA.email]
    assert installation.status(connector_type, JOHN.email) is None


@BOTH
def test_crossed_tabs_are_refused_and_both_can_end(
    installation: Installation, connector_type: str
) -> None:
    """N06: one tab's state with the other tab's cookie; each with its own goes through."""
    visitor = Visitor(installation)
    tabs = [visitor.leave(connector_type, account.email) for account in (SARAH, JOHN)]
    cookies = [tab.headers["Set-Cookie"].partition(";")[0].split("=", 1) for tab in tabs]
    answers = [
        visitor.at_provider(tab.location or "", account)
        for tab, account in zip(tabs, (SARAH, JOHN), strict=True)
    ]
    crossed = Visitor(installation)
    crossed._client.set_cookie(cookies[0][0], cookies[1][1], domain="localhost")  # noqa: SLF001  # reason: as an attacker would
    response = back(crossed, connector_type, answers[0])
    assert why(response) == (400, "state_mismatch")
    assert installation.writes() == 0
    for answer in answers:
        assert back(visitor, connector_type, answer).status_code == 303


@BOTH
def test_an_injected_code_connects_nobody(installation: Installation, connector_type: str) -> None:
    """N08: a stolen code, put into the thief's own flow, meets a verifier that is not its own."""
    stolen = parse_qs(urlsplit(gone(Visitor(installation), connector_type)).query)["code"][0]
    thief = Visitor(installation)
    mine = gone(thief, connector_type)
    own = parse_qs(urlsplit(mine).query)["code"][0]
    response = back(
        thief, connector_type, mine.replace(quote(own, safe=""), quote(stolen, safe=""))
    )
    assert response.status_code in {400, 403, 409}
    assert installation.status(connector_type, SARAH.email) is None
    assert "__Host-session" not in " ".join(response.headers.getlist("Set-Cookie"))
    assert why(back(thief, connector_type, mine)) == (400, "flow_missing")


@BOTH
def test_what_the_provider_says_is_not_repeated(
    installation: Installation, connector_type: str
) -> None:
    """N09: the fixed text of our own page, and the flow is over."""
    visitor = Visitor(installation)
    address = gone(visitor, connector_type)
    state = parse_qs(urlsplit(address).query)["state"][0]
    evil = "<script>alert(1)</script>"
    query = f"?state={state}&error=access_denied&error_description={quote(evil)}&error_uri={quote(evil)}"
    page = visitor.call(CALLBACKS[connector_type], "GET", f"/{query}")
    assert page.mimetype == "text/html"
    assert '<code id="code">access_denied</code>' in page.text
    assert "script" not in page.text
    assert "alert(1)" not in page.text
    assert back(visitor, connector_type, address).status_code == 400
    assert installation.status(connector_type, SARAH.email) is None


@BOTH
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("POST", {}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
        ("GET", {"X-Moz": "prefetch"}),
    ],
    ids=str,
)
def test_a_look_ahead_spends_nothing(
    installation: Installation, connector_type: str, method: str, headers: dict[str, str]
) -> None:
    """N10: 405, and the visit that follows goes through."""
    visitor = Visitor(installation)
    address = gone(visitor, connector_type)
    response = visitor.call(
        CALLBACKS[connector_type], method, address, headers=headers | WANTS_JSON
    )
    assert response.status_code == 405
    assert response.headers.getlist("Set-Cookie") == []
    assert installation.writes() == 0
    assert back(visitor, connector_type, address).status_code == 303


@BOTH
def test_an_answer_of_another_provider_or_issuer_sends_the_code_to_nobody(
    installation: Installation, connector_type: str
) -> None:
    """N11 and N12: the other redirect URI, or another `iss` (RFC 9207), before any token request."""
    visitor = Visitor(installation)
    address = gone(visitor, connector_type)
    other = GOOGLE if connector_type == MICROSOFT else MICROSOFT
    before = exchanges(installation)
    response = back(visitor, other, f"/?{urlsplit(address).query}")
    assert why(response) == (400, "state_mismatch")
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    named = "&".join(
        f"{name}={quote(value, safe='')}"
        for name, value in (query | {"iss": "https://evil.example"}).items()
    )
    response = back(visitor, connector_type, f"/?{named}")
    assert why(response) == (400, "state_mismatch")
    assert exchanges(installation) == before
    assert installation.status(connector_type, SARAH.email) is None


@BOTH
@pytest.mark.parametrize(
    "kind",
    ["missing_id_token", "wrong_nonce", "wrong_aud", "wrong_iss", "wrong_key", "expired_id_token"],
)
def test_a_forged_proof_signs_nobody_in(
    installation: Installation, connector_type: str, kind: str
) -> None:
    """N13: whatever is wrong with the id_token, there is neither a session nor a connection."""
    visitor = Visitor(installation)
    address = gone(visitor, connector_type)
    installation.sandbox.add_fault(provider=PROVIDERS[connector_type], kind=kind)
    response = back(visitor, connector_type, address)
    assert why(response) == (403, "identity_unverified")
    assert "__Host-session" not in " ".join(response.headers.getlist("Set-Cookie"))
    assert installation.status(connector_type, SARAH.email) is None


class Lying(BaseAdapter):
    """The network to the providers, in which a discovery document names another's endpoint."""

    def __init__(self, honest: BaseAdapter, change: dict[str, str]) -> None:
        super().__init__()
        self.honest = honest
        self.change = change

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401  # reason: requests' own
        **options: Any,  # noqa: ANN401  # reason: requests' own
    ) -> requests.Response:
        """Pass it on, and change what comes back."""
        response = self.honest.send(request, *args, **options)
        if "openid-configuration" in (request.url or ""):
            changed = json.dumps(response.json() | self.change).encode()
            lie = requests.Response()
            lie.status_code, lie.url, lie.request = 200, response.url, request
            lie.headers["Content-Type"] = "application/json"
            lie.raw = HTTPResponse(BytesIO(changed), preload_content=False)
            return lie
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://login.evil.example/v2.0"},
        {"token_endpoint": "https://evil.example/token"},
        {"jwks_uri": "https://evil.example/keys"},
    ],
    ids=str,
)
def test_discovery_that_leads_elsewhere_is_refused_at_its_first_use(
    installation: Installation, caplog: pytest.LogCaptureFixture, change: dict[str, str]
) -> None:
    """N16: 503 and a line that an alarm counts; no code is sent, least of all there."""
    honest = installation.world.adapter
    assert honest is not None
    visitor = Visitor(installation)
    address = gone(visitor, MICROSOFT)
    installation.world = replace(installation.world, adapter=Lying(honest, change))
    before = exchanges(installation)
    response = back(visitor, MICROSOFT, address)
    assert why(response) == (503, "provider_misconfigured")
    assert exchanges(installation) == before
    assert installation.status(MICROSOFT, SARAH.email) is None
    assert ("provider_misconfigured", "/api/v1/oauth/callback/microsoft") in lines(caplog)


def test_redirects_after_a_form_are_303(installation: Installation) -> None:
    """N25: a 307 would send the form's fields on to the provider (RFC 9700, 4.12)."""
    visitor = Visitor(installation)
    body = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    link = visitor.call("authorize", "POST", AUTHORIZE, json=body).json or {}
    ticket = parse_qs(urlsplit(link["authorization_url"]).query)["ticket"][0]
    forms: tuple[dict[str, str], ...] = (
        {"ticket": ticket}, body, body | {"connector_type": GOOGLE}, body | {"intent": "sign_in"},
    )  # fmt: skip
    for data in forms:
        response = visitor.call("authorize", "POST", AUTHORIZE, data=data, headers=FORM)
        assert response.status_code == 303
        assert "Location" in response.headers


@BOTH
def test_a_link_for_one_person_connects_nobody_else(
    installation: Installation, caplog: pytest.LogCaptureFixture, connector_type: str
) -> None:
    """N26: an agent has a link made for John; Maria, signed in, opens it and consents."""
    maria = installation.person(identity(connector_type, MARIA), email=MARIA.email)
    before = maria.session
    body = {"user_email": JOHN.email, "connector_type": connector_type}
    link = installation.agent().call("authorize", "POST", AUTHORIZE, json=body).json or {}
    data = {"ticket": parse_qs(urlsplit(link["authorization_url"]).query)["ticket"][0]}
    away = maria.call("authorize", "POST", AUTHORIZE, data=data, headers=FORM)
    address = maria.at_provider(away.location or "", MARIA)
    response = back(maria, connector_type, address)
    assert why(response) == (403, "email_mismatch")
    for account in (JOHN, MARIA):
        assert installation.status(connector_type, account.email) is None
    assert maria.session == before
    path = f"/api/v1/oauth/callback/{PROVIDERS[connector_type]}"
    assert ("email_mismatch", path) in lines(caplog)


def test_no_refresh_token_is_asked_for_once_more_and_then_stored_as_nothing(
    installation: Installation,
) -> None:
    """N28: the second trip asks for consent; without a token again, there is no connection."""
    visitor = Visitor(installation)
    address = gone(visitor, GOOGLE)
    installation.sandbox.add_fault(provider="google", kind="missing_refresh_token", times=2)
    again = back(visitor, GOOGLE, address)
    assert again.status_code == 303
    assert "consent" in parse_qs(urlsplit(again.location or "").query)["prompt"][0]
    assert installation.status(GOOGLE, SARAH.email) is None
    response = back(visitor, GOOGLE, visitor.at_provider(again.location or "", SARAH))
    assert why(response) == (409, "no_refresh_token")
    assert installation.status(GOOGLE, SARAH.email) is None


PAGES: Final = (
    ("web", "/"),
    ("web", "/connect"),
    ("web", "/account"),
    ("web", "/admin"),
    ("authorize", "/?ticket=x"),
    ("callback_microsoft", "/?state=x&code=y"),
    ("callback_microsoft", "/admin-consent?admin_consent=True"),
    ("callback_google", "/?error=access_denied"),
)


@pytest.mark.parametrize(("function", "path"), PAGES)
def test_a_page_runs_loads_and_tells_nothing_foreign(
    nothing_stored: Installation, function: str, path: str
) -> None:
    """N24: no frame around it, no script in it, nothing loaded from elsewhere, nothing kept."""
    page = Visitor(nothing_stored).call(function, "GET", path)
    held_to_policy(page)


def test_the_page_behind_a_link_runs_loads_and_tells_nothing_foreign(
    nothing_stored: Installation,
) -> None:
    """N24: nor does the page with the button."""
    visitor = Visitor(nothing_stored)
    body = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    link = visitor.call("authorize", "POST", AUTHORIZE, json=body).json or {}
    held_to_policy(visitor.call("authorize", "GET", link["authorization_url"]))


def held_to_policy(page: TestResponse) -> None:
    """Fail unless the page keeps itself to itself."""
    assert page.mimetype == "text/html"
    policy = dict(
        rule.strip().partition(" ")[::2]
        for rule in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert page.headers["Cache-Control"] == "no-store"
    # Where a form is, our own page must be told from others (see http/pages.py).
    form = "<form" in page.text
    assert page.headers["Referrer-Policy"] == ("same-origin" if form else "no-referrer")
    for mark in ("src=", "action=", "href="):
        for rest in page.text.split(mark)[1:]:
            target = rest.split(rest[0])[1]
            assert target.startswith(("/", "#")), target
            assert not target.startswith("//")
    assert ORIGIN not in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text
    assert " on" + "click=" not in page.text
