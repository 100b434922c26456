"""A person's way: our page, the button, the provider's pages, the callback; and every way to fail."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.company import (
    CONSUMER,
    GUEST,
    JOHN,
    MALLORY,
    SARAH,
    Account,
)
from tests.support.functions import (
    API,
    AUTHORIZE,
    CALLBACKS,
    FORM,
    GOOGLE,
    MICROSOFT,
    SANDBOX_URL,
    WANTS_JSON,
    Installation,
    Visitor,
    code,
)
from tests.support.installation import ORIGIN, SCOPE

BOTH = pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])


def link(visitor: Visitor, **fields: str) -> dict[str, str]:
    """Ask for a link, as a back end does."""
    body = {"user_email": SARAH.email, "connector_type": MICROSOFT, **fields}
    response = visitor.call("authorize", "POST", AUTHORIZE, json=body)
    assert response.status_code == 200, response.text
    found: dict[str, str] = response.json or {}
    return found


def flow_cookies(visitor: Visitor) -> list[str]:
    """Return the names of the flow cookies that the browser holds."""
    held = visitor._client._cookies or {}  # noqa: SLF001  # reason: werkzeug lists cookies nowhere else
    return sorted(key[2] for key in held if key[2].startswith("__Host-flow-"))


@BOTH
def test_a_person_signs_in_and_an_agent_gets_a_token(
    installation: Installation, connector_type: str
) -> None:
    """From the button to a token that an agent holds; nothing but a clean address is left behind."""
    visitor = Visitor(installation)
    response = visitor.sign_in(connector_type, SARAH)
    assert response.status_code == 303
    target = urlsplit(response.location or "")
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{ORIGIN}/"
    assert set(parse_qs(target.query)) == {"connector_type", "flow_handle"}
    assert flow_cookies(visitor) == []
    assert installation.agent().token(connector_type, SARAH.email).status_code == 200


def test_starting_touches_no_store(installation: Installation) -> None:
    """JSON, the page behind the link, its button and our own form: not one operation is counted."""
    visitor = Visitor(installation)
    ticket = urlsplit(link(visitor)["authorization_url"]).query
    page = visitor.call("authorize", "GET", f"{AUTHORIZE}?{ticket}")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert SARAH.email in page.text
    data = {"ticket": parse_qs(ticket)["ticket"][0]}
    assert visitor.call("authorize", "POST", AUTHORIZE, data=data, headers=FORM).status_code == 303
    assert visitor.leave(GOOGLE, SARAH.email).status_code == 303
    assert installation.meter.counts() == {}
    assert installation.sandbox.grants() == []


def test_the_link_holds_nothing_of_a_flow(installation: Installation) -> None:
    """Whoever has a link starts a flow of their own; state, nonce and verifier come with the button."""
    visitor = Visitor(installation)
    answer = link(visitor, return_to="/done")
    assert answer["authorization_url"].startswith(f"{ORIGIN}{AUTHORIZE}?ticket=")
    assert flow_cookies(visitor) == []
    status = visitor.call("list_users", "GET", f"{API}/flow/{answer['flow_handle']}")
    assert status.json == {"status": "pending"}
    installation.clock.advance(1801)
    status = visitor.call("list_users", "GET", f"{API}/flow/{answer['flow_handle']}")
    assert status.json == {"status": "expired"}


def test_two_trips_share_nothing(installation: Installation) -> None:
    """N07: State, nonce and challenge are new each time, and no verifier travels in an address."""
    visitor = Visitor(installation)
    one, two = (
        parse_qs(urlsplit(visitor.leave(MICROSOFT, SARAH.email).location or "").query)
        for _ in range(2)
    )
    for name in ("state", "nonce", "code_challenge"):
        assert one[name] != two[name]
    assert one["code_challenge_method"] == ["S256"]
    assert "code_verifier" not in one
    assert "client_secret" not in one


def test_a_browser_holds_at_most_four_flows(installation: Installation) -> None:
    """The oldest gives way; the newest four can still be finished."""
    visitor = Visitor(installation)
    first = None
    for _ in range(7):
        response = visitor.leave(MICROSOFT, SARAH.email)
        assert response.status_code == 303
        first = first or response.location
        installation.clock.advance(1)
        assert len(flow_cookies(visitor)) <= 4
    back = visitor.at_provider(first or "", SARAH)
    response = visitor.call("callback_microsoft", "GET", back, headers=WANTS_JSON)
    assert (response.status_code, code(response)) == (400, "flow_missing")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{ORIGIN}/"},
        {"Origin": "http://localhost"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "none"},
        {"Referer": f"{ORIGIN}/"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
def test_a_form_of_another_page_starts_nothing(
    nothing_stored: Installation, headers: dict[str, str]
) -> None:
    """N22: Else a page elsewhere could sign somebody in as somebody."""
    data = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    visitor = Visitor(nothing_stored)
    response = visitor.call("authorize", "POST", AUTHORIZE, data=data, headers=headers | WANTS_JSON)
    assert (response.status_code, code(response)) == (403, "csrf")
    assert response.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize(
    "ticket", ["x", "a.b.c.d.e", "e30.e30.e30.e30.e30", "é", "x" * 8192, "%00"]
)
def test_a_forged_link_opens_nothing(nothing_stored: Installation, ticket: str) -> None:
    """A page says so; a link of ten minutes ago says that it is too old."""
    visitor = Visitor(nothing_stored)
    path = f"{AUTHORIZE}?ticket={ticket}"
    response = visitor.call("authorize", "GET", path, headers=WANTS_JSON)
    assert (response.status_code, code(response)) == (400, "ticket_invalid")
    assert visitor.call("authorize", "GET", path).mimetype == "text/html"


def test_a_link_dies_after_ten_minutes(installation: Installation) -> None:
    """N27: Both the page and its button say so."""
    visitor = Visitor(installation)
    query = urlsplit(link(visitor)["authorization_url"]).query
    installation.clock.advance(600)
    response = visitor.call("authorize", "GET", f"{AUTHORIZE}?{query}", headers=WANTS_JSON)
    assert (response.status_code, code(response)) == (410, "ticket_expired")
    data = {"ticket": parse_qs(query)["ticket"][0]}
    response = visitor.call("authorize", "POST", AUTHORIZE, data=data, headers=FORM | WANTS_JSON)
    assert (response.status_code, code(response)) == (410, "ticket_expired")


def test_a_flow_is_no_ticket_and_a_session_neither(installation: Installation) -> None:
    """What we sealed or signed for one purpose opens for no other."""
    visitor = Visitor(installation)
    away = visitor.leave(MICROSOFT, SARAH.email)
    flow = away.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    for text in (flow, installation.session("google:1")):
        response = visitor.call(
            "authorize", "GET", f"{AUTHORIZE}?ticket={text}", headers=WANTS_JSON
        )
        assert (response.status_code, code(response)) == (400, "ticket_invalid")


@BOTH
def test_an_answer_counts_once(installation: Installation, connector_type: str) -> None:
    """N02: Even for the browser that kept the flow's cookie: the second time the code goes nowhere."""
    visitor = Visitor(installation)
    away = visitor.leave(connector_type, SARAH.email)
    name, value = away.headers["Set-Cookie"].partition(";")[0].split("=", 1)
    back = visitor.at_provider(away.location or "", SARAH)
    assert visitor.call(CALLBACKS[connector_type], "GET", back).status_code == 303
    before = (
        installation.sandbox.grants(),
        installation.store.page(connector_type=None, status=None, after=None, limit=9),
    )
    visitor._client.set_cookie(name, value, domain="localhost")  # noqa: SLF001  # reason: as a thief of cookies
    response = visitor.call(CALLBACKS[connector_type], "GET", back)
    assert response.status_code == 409
    assert "flow_already_used" in response.text
    assert before == (
        installation.sandbox.grants(),
        installation.store.page(connector_type=None, status=None, after=None, limit=9),
    )


@BOTH
def test_an_answer_that_came_too_early_may_come_again(
    installation: Installation, connector_type: str
) -> None:
    """What was out of reach before the code was sent costs no sign-in: the page is loaded again."""
    provider = "microsoft" if connector_type == MICROSOFT else "google"
    visitor = Visitor(installation)
    away = visitor.leave(connector_type, SARAH.email)
    back = visitor.at_provider(away.location or "", SARAH)
    installation.sandbox.add_fault(provider=provider, endpoint="keys", kind="status", status=503)
    response = visitor.call(CALLBACKS[connector_type], "GET", back)
    assert response.status_code == 503
    assert len(flow_cookies(visitor)) == 1
    installation.clock.advance(60)
    assert visitor.call(CALLBACKS[connector_type], "GET", back).status_code == 303
    assert flow_cookies(visitor) == []


@BOTH
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("other_browser", "flow_missing"),
        ("other_endpoint", "state_mismatch"),
        ("other_state", "state_mismatch"),
        ("no_state", "state_mismatch"),
        ("long_state", "invalid_request"),
        ("two_states", "duplicate_parameter"),
    ],
)
def test_an_answer_that_is_not_this_browsers_is_refused(
    installation: Installation, connector_type: str, change: str, problem: str
) -> None:
    """
    N01, N05, N11: Before anything is spent: no code is exchanged, nothing written, the
    session stays as it was.
    """
    visitor = Visitor(installation)
    away = visitor.leave(connector_type, SARAH.email)
    back = visitor.at_provider(away.location or "", SARAH)
    function = CALLBACKS[connector_type]
    if change == "other_browser":
        visitor = Visitor(installation)
    if change == "other_endpoint":
        function = CALLBACKS[GOOGLE if connector_type == MICROSOFT else MICROSOFT]
    response = visitor.call(function, "GET", changed(back, change), headers=WANTS_JSON)
    assert code(response) == problem
    assert installation.writes() == 0
    assert installation.sandbox.grants() == []
    assert response.headers.getlist("Set-Cookie") == []


def changed(back: str, change: str) -> str:
    """Return the provider's answer, under the bare path, with its state changed in this way."""
    query = back.partition("?")[2]
    state = parse_qs(query)["state"][0]
    other = state[:-1] + ("0" if state[-1] != "0" else "1")
    queries = {
        "other_state": query.replace(state, other),
        "no_state": "code=x",
        "long_state": f"state={'a' * 10_000}&code=x",
        "two_states": f"{query}&state={state}",
    }
    return f"/?{queries.get(change, query)}"


def ended(installation: Installation, response: Any, problem: str) -> None:  # noqa: ANN401  # reason: of werkzeug
    """Fail unless the sign-in ended on a page that says this, with nothing stored but the state."""
    assert response.mimetype == "text/html"
    assert f'<code id="code">{problem}</code>' in response.text
    counts = installation.meter.counts()
    assert counts.get("main.write", 0) == 0
    assert counts.get("activity.write", 0) <= 2
    assert "__Host-session" not in " ".join(response.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    ("connector_type", "account", "user_email", "problem"),
    [
        (MICROSOFT, JOHN, SARAH.email, "email_mismatch"),
        (GOOGLE, JOHN, SARAH.email, "email_mismatch"),
        (MICROSOFT, MALLORY, MALLORY.email, "wrong_tenant"),
        (GOOGLE, MALLORY, MALLORY.email, "wrong_tenant"),
        (MICROSOFT, GUEST, GUEST.email, "guest_refused"),
        (MICROSOFT, CONSUMER, CONSUMER.email, "consumer_account_refused"),
        (GOOGLE, CONSUMER, CONSUMER.email, "consumer_account_refused"),
    ],
)
def test_the_wrong_account_is_refused(
    installation: Installation,
    connector_type: str,
    account: Account,
    user_email: str,
    problem: str,
) -> None:
    """N15, N31: With a page that says what to do; the provider may let anybody in, we do not."""
    installation.sandbox.set("microsoft", lenient_tenant=True)
    response = Visitor(installation).sign_in(connector_type, account, user_email=user_email)
    ended(installation, response, problem)


@BOTH
def test_pressing_cancel_is_no_error(installation: Installation, connector_type: str) -> None:
    """
    N09: The page says so; whoever polls the handle learns the code; what the provider said
    is not shown.
    """
    visitor = Visitor(installation)
    away = visitor.leave(connector_type, SARAH.email)
    back = visitor.at_provider(away.location or "", SARAH, accept=False)
    evil = "&error_description=%3Cscript%3Ealert(1)%3C/script%3E&x=marker-in-the-query"
    if "error_description" in back:
        evil = evil[evil.index("&x=") :]
    response = visitor.call(CALLBACKS[connector_type], "GET", back + evil)
    ended(installation, response, "access_denied")
    assert "<script" not in response.text
    assert "alert(1)" not in response.text
    assert "marker-in-the-query" not in response.text
    assert flow_cookies(visitor) == []


def test_a_required_box_left_unticked(installation: Installation) -> None:
    """N28: Nothing is stored: a connection that can not work is none. (Microsoft has no boxes.)"""
    response = Visitor(installation).sign_in(GOOGLE, SARAH, unticked=[f"{SCOPE}gmail.send"])
    ended(installation, response, "consent_missing_required_scope")


def test_an_optional_box_left_unticked(installation: Installation) -> None:
    """N28: Is stored, and told to agents and in the list."""
    visitor = installation.connect(GOOGLE, SARAH, unticked=[f"{SCOPE}drive.file"])
    token = installation.agent().token(GOOGLE, SARAH.email)
    assert (token.json or {})["missing_scopes"] == [f"{SCOPE}drive.file"]
    assert (visitor.users().json or {})["users"][0]["missing_scopes"] == [f"{SCOPE}drive.file"]


@BOTH
def test_a_flow_of_ten_minutes_ago(installation: Installation, connector_type: str) -> None:
    """N04: Is over, though its cookie is still there."""
    visitor = Visitor(installation)
    away = visitor.leave(connector_type, SARAH.email)
    back = visitor.at_provider(away.location or "", SARAH)
    installation.clock.advance(601)
    ended(installation, visitor.call(CALLBACKS[connector_type], "GET", back), "flow_expired")


def test_the_handle_tells_how_it_ended(installation: Installation) -> None:
    """To whoever started the sign-in by JSON: connected, or the code of the failure."""
    for accept, expected in (
        (False, {"status": "failed", "code": "access_denied"}),
        (True, {"status": "connected"}),
    ):
        visitor = Visitor(installation)
        answer = link(visitor)
        ticket = parse_qs(urlsplit(answer["authorization_url"]).query)["ticket"][0]
        away = visitor.call("authorize", "POST", AUTHORIZE, data={"ticket": ticket}, headers=FORM)
        back = visitor.at_provider(away.location or "", SARAH, accept=accept)
        visitor.call("callback_microsoft", "GET", back)
        status = Visitor(installation).call("list_users", "GET", f"/flow/{answer['flow_handle']}")
        assert status.json == expected


@BOTH
def test_identity_only_sign_in_writes_no_connection(
    installation: Installation, connector_type: str
) -> None:
    """It proves who somebody is: a session, and no connection."""
    visitor = Visitor(installation)
    response = visitor.sign_in(connector_type, SARAH, fields={"intent": "sign_in"})
    assert response.status_code == 303
    assert installation.meter.counts().get("main.write", 0) == 0
    assert (visitor.users().json or {})["users"] == []
    assert installation.sandbox.grants() == []


@pytest.mark.parametrize(
    ("return_to", "expected"),
    [
        ("/settings", "/settings?"),
        ("/settings?tab=2", "/settings?tab=2&"),
        ("/settings#top", "/settings?"),
        (f"{ORIGIN}/x", "/x?"),
    ],
)
def test_return_to_is_kept_with_the_flow(
    installation: Installation, return_to: str, expected: str
) -> None:
    """N21: What stands in the callback's own address changes nothing."""
    visitor = Visitor(installation)
    away = visitor.leave(MICROSOFT, SARAH.email, return_to=return_to)
    back = visitor.at_provider(away.location or "", SARAH)
    response = visitor.call("callback_microsoft", "GET", f"{back}&return_to=https://evil.example")
    location = response.location or ""
    assert location.startswith(ORIGIN + expected)
    assert location.endswith("#top") is ("#" in return_to)


@pytest.mark.parametrize(
    "refusal",
    [
        {"error": "consent_required", "error_description": "AADSTS65001: nobody has consented"},
        {"error": "access_denied", "error_description": "AADSTS90094: an admin has to"},
        {"error": "access_denied", "error_description": "AADSTS90095: an admin was asked"},
    ],
    ids=lambda refusal: refusal["error_description"][:11],
)
def test_where_an_admin_must_approve_there_is_a_link_to_send(
    installation: Installation, refusal: dict[str, str]
) -> None:
    """The page says who, the admin approves behind the link, and the person then gets through."""
    visitor = Visitor(installation)
    away = visitor.leave(MICROSOFT, SARAH.email).location or ""
    state = parse_qs(urlsplit(away).query)["state"][0]
    answer = urlencode({**refusal, "state": state})
    page = visitor.call("callback_microsoft", "GET", f"{API}/callback/microsoft?{answer}")
    assert page.status_code == 403
    assert "global administrators" in page.text
    link = re.search(r'<a id="approve" href="([^"]+)"', page.text)
    assert link is not None
    url = unescape(link[1])
    asked = parse_qs(urlsplit(url).query)
    assert asked["redirect_uri"] == [f"{ORIGIN}{API}/callback/microsoft/admin-consent"]
    assert "https://graph.microsoft.com/Mail.Send" in asked["scope"][0].split()

    with requests.Session() as session:
        session.mount("https://", installation.sandbox.in_process_adapter())
        browser = ScriptedBrowser(session, stop_at=ORIGIN)
        consent = browser.open(f"https:/{url.removeprefix(SANDBOX_URL)}")
        back = browser.submit(consent, consent.forms[0], ("decision", "accept"))
    said = visitor.call("callback_microsoft", "GET", back.url.removeprefix(ORIGIN))
    assert "Approved for your organisation" in said.text
    assert "start their sign-in again" in said.text
    assert visitor.sign_in(MICROSOFT, SARAH).status_code == 303


def test_at_google_there_is_no_admin_to_send_a_link_to(installation: Installation) -> None:
    """Its refusals are the person's, or the Workspace's own matter."""
    visitor = Visitor(installation)
    away = visitor.leave(GOOGLE, SARAH.email).location or ""
    state = parse_qs(urlsplit(away).query)["state"][0]
    answer = urlencode({"error": "access_denied", "error_description": "x", "state": state})
    page = visitor.call("callback_google", "GET", f"{API}/callback/google?{answer}")
    assert "approve" not in page.text


def test_an_admins_consent_ends_on_a_page(nothing_stored: Installation) -> None:
    """It proves nothing and changes nothing."""
    path = f"{API}/callback/microsoft/admin-consent"
    visitor = Visitor(nothing_stored)
    good = visitor.call(
        "callback_microsoft", "GET", f"{path}?admin_consent=True&tenant=%3Cscript%3E"
    )
    assert "Approved for your organisation" in good.text
    bad = visitor.call(
        "callback_microsoft", "GET", f"{path}?error=access_denied&admin_consent=True"
    )
    assert "Not approved" in bad.text
    assert "script" not in good.text
