"""The function `account`: the session, and a person's word on the agents that use their connections."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import ADMIN, JOHN, SARAH
from tests.support.functions import (
    FORM,
    GOOGLE,
    MICROSOFT,
    Installation,
    Visitor,
    code,
    identity,
)
from tests.support.installation import AGENT, ORIGIN, SARAHS_AGENT, UNLISTED_AGENT

ACCOUNT = "/api/v1/account"
SESSION = f"{ACCOUNT}/session"
DELEGATIONS = f"{ACCOUNT}/delegations"
WHO = identity(MICROSOFT, SARAH)
SARAHS = f"connector_type={MICROSOFT}&user_email={SARAH.email}"
READS = (
    SESSION,
    DELEGATIONS,
    f"{ACCOUNT}/audit?{SARAHS}",
    f"{ACCOUNT}/audit/verification?{SARAHS}",
    f"{ACCOUNT}/usage?{SARAHS}",
)
CROSS_SITE: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    FORM | {"Sec-Fetch-Site": "cross-site"},
    FORM | {"Sec-Fetch-Site": "same-site"},
]


def body(response: TestResponse) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json or {}
    return found


def get(visitor: Visitor, path: str, **options: Any) -> TestResponse:  # noqa: ANN401  # reason: werkzeug's
    """Ask the account."""
    return visitor.call("account", "GET", path, **options)


def put(
    visitor: Visitor,
    agent: str = AGENT,
    *actions: str,
    headers: dict[str, str] = FORM,
    **more: Any,  # noqa: ANN401  # reason: JSON
) -> TestResponse:
    """Say what an agent may do with Sarah's Microsoft."""
    asked = {"connector_type": MICROSOFT, "user_email": SARAH.email, "agent": agent}
    return visitor.call(
        "account", "PUT", DELEGATIONS, json={**asked, "actions": actions, **more}, headers=headers
    )


def delete(visitor: Visitor, path: str, headers: dict[str, str] = FORM) -> TestResponse:
    """Ask for something to end."""
    return visitor.call("account", "DELETE", path, headers=headers)


@pytest.fixture
def sarah(installation: Installation) -> Visitor:
    """Sarah, who has just connected."""
    return installation.connect(MICROSOFT, SARAH)


# -- the session --------------------------------------------------------------------------------------


def test_the_session_says_who_it_is(installation: Installation) -> None:
    """Identities, e-mail, what the person is here, and both ends."""
    answer = get(installation.person(WHO), SESSION)
    now = installation.clock()
    assert body(answer) == {
        "identities": [WHO],
        "user_emails": [SARAH.email],
        "roles": ["person"],
        "delegations_required": False,
        "expires_at": (now + timedelta(minutes=30)).isoformat().replace("+00:00", "Z"),
        "ends_at": (now + timedelta(hours=8)).isoformat().replace("+00:00", "Z"),
    }
    admin = installation.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)
    assert body(get(admin, SESSION))["roles"] == ["person", "admin"]


def test_a_session_is_renewed_once_a_minute_at_most(installation: Installation) -> None:
    """N18: each renewal is a signature and a cookie; one of seconds ago is good enough."""
    visitor = installation.person(WHO)
    installation.clock.advance(59)
    assert get(visitor, SESSION).headers.getlist("Set-Cookie") == []
    installation.clock.advance(1)
    (cookie,) = get(visitor, SESSION).headers.getlist("Set-Cookie")
    assert f"Max-Age={8 * 3600 - 60}" in cookie


def test_another_site_keeps_no_session_alive(installation: Installation) -> None:
    """N18: it can send the browser here, but that is not the person's doing."""
    visitor = installation.person(WHO)
    installation.clock.advance(600)
    for site in ("cross-site", "same-site", "none"):
        answer = get(visitor, SESSION, headers={"Sec-Fetch-Site": site})
        assert answer.headers.getlist("Set-Cookie") == []
    answer = get(visitor, SESSION, headers={"Sec-Fetch-Site": "same-origin"})
    assert len(answer.headers.getlist("Set-Cookie")) == 1


def test_signing_out_ends_this_session(installation: Installation) -> None:
    """N18: the cookie is deleted, and sent again it is worth nothing, on every function."""
    one, two = installation.person(WHO, identity(GOOGLE, SARAH)), installation.person(WHO)
    kept = one.session
    installation.meter.reset()
    answer = delete(one, SESSION)
    assert (answer.status_code, answer.data) == (204, b"")
    assert installation.meter.counts() == {"activity.read": 2, "activity.write": 1}
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=;")
    assert "Max-Age=0" in cookie
    one.set_session(kept)
    for function, method, path in (
        ("account", "GET", SESSION),
        ("list_users", "GET", "/"),
        ("revoke", "DELETE", f"/{MICROSOFT}/{SARAH.email}"),
    ):
        assert one.call(function, method, path, headers=FORM).status_code == 401
    assert get(two, SESSION).status_code == 200


def test_signing_out_everywhere_ends_every_session_of_each_identity(
    installation: Installation,
) -> None:
    """N18: also those that hold only one of them; a new sign-in counts."""
    both = installation.person(WHO, identity(GOOGLE, SARAH))
    others = [installation.person(WHO), installation.person(identity(GOOGLE, SARAH))]
    john = installation.person(identity(MICROSOFT, JOHN), email=JOHN.email)
    installation.clock.advance(1)
    assert delete(both, f"{SESSION}?everywhere=true").status_code == 204
    assert [get(other, SESSION).status_code for other in others] == [401, 401]
    assert get(john, SESSION).status_code == 200
    installation.clock.advance(1)
    assert get(installation.person(WHO), SESSION).status_code == 200


@pytest.mark.parametrize("value", ["", "1", "yes", "TRUE", "false,true"])
def test_everywhere_is_true_or_false(nothing_stored: Installation, value: str) -> None:
    """What else it could mean is not guessed."""
    answer = delete(nothing_stored.person(WHO), f"{SESSION}?everywhere={value}")
    assert (answer.status_code, code(answer)) == (400, "invalid_request")
    assert (answer.json or {})["field"] == "everywhere"


def test_every_cookie_of_every_route_is_strict(installation: Installation) -> None:
    """N19: `__Host-`, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain: sign-in, renewal, sign-out."""
    visitor = Visitor(installation)
    away = visitor.leave(MICROSOFT, SARAH.email)
    back = visitor.at_provider(away.location or "", SARAH)
    answers = [away, visitor.call("callback_microsoft", "GET", back)]
    installation.clock.advance(600)
    answers += [get(visitor, SESSION), delete(visitor, SESSION)]
    for answer in answers:  # `Visitor.call` has looked at each of them too
        cookies = answer.headers.getlist("Set-Cookie")
        assert cookies
        for cookie in cookies:
            name, *attributes = cookie.split("; ")
            assert name.startswith(("__Host-session=", "__Host-flow-"))
            assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
            assert "domain" not in cookie.lower()


# -- who is let in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
def test_a_change_from_another_page_is_refused(
    installation: Installation, sarah: Visitor, headers: dict[str, str]
) -> None:
    """N22: neither signed out, nor delegated, nor cut; nothing is written."""
    for answer in (
        delete(sarah, SESSION, headers),
        delete(sarah, f"{SESSION}?everywhere=true", headers),
        put(sarah, AGENT, "token", headers=headers),
        delete(sarah, f"{DELEGATIONS}?{SARAHS}", headers),
    ):
        assert (answer.status_code, code(answer)) == (403, "csrf")
    assert installation.writes() == 0
    assert get(sarah, SESSION).status_code == 200


@pytest.mark.parametrize("beside_a_session", [False, True])
def test_an_agent_has_no_account(
    installation: Installation, sarah: Visitor, beside_a_session: bool
) -> None:
    """N39: its token is nothing here, and a session beside one is nothing either."""
    visitor = sarah if beside_a_session else Visitor(installation)
    for token in (installation.sandbox.identity_token(ORIGIN), "anything"):
        visitor.bearer = token
        answers = [get(visitor, path) for path in READS]
        answers += [delete(visitor, SESSION), put(visitor, AGENT, "token")]
        answers.append(delete(visitor, f"{DELEGATIONS}?{SARAHS}"))
        assert {(answer.status_code, code(answer)) for answer in answers} == {
            (401, "unauthenticated")
        }
    assert installation.writes() == 0


def test_no_other_header_opens_the_account(nothing_stored: Installation) -> None:
    """N39: a name in a header is a name that anybody can write."""
    names = ("X-User-Id", "X-Forwarded-User", "X-Goog-Authenticated-User-Email")
    for name in names:
        for path in READS:
            answer = get(Visitor(nothing_stored), path, headers={name: SARAH.email})
            assert answer.status_code == 401


@pytest.mark.usefixtures("sarah")
def test_anothers_connection_is_not_there(installation: Installation) -> None:
    """N37: on every route, for another person, the answer is that for a name nobody has."""
    john = installation.person(identity(MICROSOFT, JOHN), email=JOHN.email)
    same_mail = installation.person(identity(GOOGLE, SARAH), email=SARAH.email)
    unknown = f"connector_type={MICROSOFT}&user_email=nobody@company.com"
    answers = []
    for visitor in (john, same_mail):
        for key in (SARAHS, unknown):
            names = ("audit", "audit/verification", "usage")
            answers += [get(visitor, f"{ACCOUNT}/{name}?{key}") for name in names]
            answers.append(delete(visitor, f"{DELEGATIONS}?{key}"))
            answers.append(delete(visitor, f"{DELEGATIONS}?{key}&agent={AGENT}"))
        answers.append(put(visitor, AGENT, "token"))
        answers.append(put(visitor, AGENT, "token", user_email="nobody@company.com"))
        assert body(get(visitor, DELEGATIONS)) == {"delegations": [], "agents": []}
    assert {(answer.status_code, answer.data) for answer in answers} == {(404, answers[0].data)}
    assert code(answers[0]) == "not_connected"
    assert installation.writes() == 0


def test_an_admin_says_nothing_in_another_ones_name(
    installation: Installation, sarah: Visitor
) -> None:
    """N41d: an admin looks, and ends; whom a person lets in is the person's own."""
    admin = installation.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)
    for answer in (put(admin, AGENT, "token"), delete(admin, f"{DELEGATIONS}?{SARAHS}")):
        assert (answer.status_code, code(answer)) == (404, "not_connected")
    assert get(admin, f"{ACCOUNT}/audit?{SARAHS}").status_code == 200
    assert get(admin, f"{ACCOUNT}/usage?{SARAHS}").status_code == 200
    assert admin.token(MICROSOFT, SARAH.email).status_code == 401
    assert sarah.token(MICROSOFT, SARAH.email).status_code == 401


# -- delegations --------------------------------------------------------------------------------------


def test_an_agent_that_is_cut_gets_nothing_from_then_on(
    installation: Installation, sarah: Visitor
) -> None:
    """N34: also where it got a token a moment ago; it is told where it can be left again."""
    agent = installation.agent()
    assert agent.token(MICROSOFT, SARAH.email).status_code == 200
    assert delete(sarah, f"{DELEGATIONS}?{SARAHS}&agent={AGENT}").status_code == 204
    refused = agent.token(MICROSOFT, SARAH.email)
    assert (refused.status_code, code(refused)) == (403, "delegation_required")
    assert (refused.json or {})["delegate_url"] == (
        f"{ORIGIN}/account?connector_type={MICROSOFT}&user_email=sarah%40company.com#agents"
    )
    assert installation.agent(SARAHS_AGENT).token(MICROSOFT, SARAH.email).status_code == 200
    assert put(sarah, AGENT, "token").status_code == 200
    assert agent.token(MICROSOFT, SARAH.email).status_code == 200


def test_all_agents_are_cut_at_once(installation: Installation, sarah: Visitor) -> None:
    """Those with leave of their own too; then one of them is let in again."""
    assert put(sarah, AGENT, "token").status_code == 200
    assert delete(sarah, f"{DELEGATIONS}?{SARAHS}").status_code == 204
    agents = (installation.agent(), installation.agent(SARAHS_AGENT))
    assert [a.token(MICROSOFT, SARAH.email).status_code for a in agents] == [403, 403]
    assert put(sarah, SARAHS_AGENT, "token").status_code == 200
    assert [a.token(MICROSOFT, SARAH.email).status_code for a in agents] == [403, 200]
    told = body(get(sarah, DELEGATIONS))["delegations"]
    assert [(each["agent"], each["actions"]) for each in told] == [
        ("*", []),
        (SARAHS_AGENT, ["token"]),
    ]


def test_leave_without_the_token_gives_none(installation: Installation, sarah: Visitor) -> None:
    """Whoever may only send mail is not given what can do everything."""
    assert put(sarah, AGENT, "mail.send").status_code == 200
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 403


def test_leave_ends_with_its_date(installation: Installation, sarah: Visitor) -> None:
    """To the second; then the agent is cut, whatever the policy says."""
    until = installation.clock() + timedelta(minutes=10)
    assert put(sarah, AGENT, "token", expires_at=until.isoformat()).status_code == 200
    installation.clock.advance(599)
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 200
    installation.clock.advance(1)
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 403
    told = body(get(sarah, DELEGATIONS))
    assert [each["over"] for each in told["delegations"]] == [True]
    assert [each["actions"] for each in told["agents"] if each["agent"] == AGENT] == [[]]


def test_a_person_sees_who_could_use_what_is_theirs(
    installation: Installation, sarah: Visitor
) -> None:
    """Also agents on which they never said a word; those of others they do not see."""
    agents = body(get(sarah, DELEGATIONS))["agents"]
    assert [(a["agent"], a["delegated"], "token" in a["actions"]) for a in agents] == [
        (AGENT, False, True),
        (SARAHS_AGENT, False, True),
    ]
    put(sarah, AGENT, "mail.send", "calendar.read")
    agents = body(get(sarah, f"{DELEGATIONS}?connector_type={MICROSOFT}"))["agents"]
    assert [a["actions"] for a in agents if a["delegated"]] == [["calendar.read", "mail.send"]]
    assert "token" in agents[0]["policy_actions"]
    assert body(get(sarah, f"{DELEGATIONS}?connector_type={GOOGLE}")) == {
        "delegations": [],
        "agents": [],
    }
    john = installation.connect(MICROSOFT, JOHN)
    assert [a["agent"] for a in body(get(john, DELEGATIONS))["agents"]] == [AGENT]


def test_what_is_asked_for_wrongly_is_named(installation: Installation, sarah: Visitor) -> None:
    """And nothing is written."""
    past = (installation.clock() - timedelta(seconds=1)).isoformat()
    wrong = [
        (put(sarah, UNLISTED_AGENT, "token"), "agent"),
        (put(sarah, "", "token"), "agent"),
        (put(sarah, "a" * 255, "token"), "agent"),
        (put(sarah, AGENT, "mail.sned"), "actions"),
        (put(sarah, AGENT, "see"), "actions"),
        (put(sarah, AGENT, "<script>"), "actions"),
        (put(sarah, AGENT, *["token"] * 101), "actions"),
        (put(sarah, AGENT, "token", expires_at=past), "expires_at"),
        (put(sarah, AGENT, "token", expires_at="2099-01-01T00:00:00"), "expires_at"),
        (put(sarah, AGENT, "token", expires_at="9999-12-31T23:59:59-12:00"), "expires_at"),
        (put(sarah, AGENT, "token", expires_at="soon"), "expires_at"),
        (delete(sarah, f"{DELEGATIONS}?connector_type={MICROSOFT}"), "user_email"),
        (delete(sarah, f"{DELEGATIONS}?user_email={SARAH.email}"), "connector_type"),
        (delete(sarah, f"{DELEGATIONS}?{SARAHS}&agent="), "agent"),
        (delete(sarah, f"{DELEGATIONS}?{SARAHS}&agent={UNLISTED_AGENT}"), "agent"),
        (get(sarah, f"{ACCOUNT}/audit"), "connector_type"),
        (get(sarah, f"{ACCOUNT}/audit?{SARAHS}&page_token=1"), "page_token"),
        (get(sarah, f"{ACCOUNT}/audit?{SARAHS}&page_token=1-{'0' * 64}"), "page_token"),
        (get(sarah, f"{ACCOUNT}/audit?{SARAHS}&page_token=0-{'0' * 64}"), "page_token"),
    ]
    for answer, field in wrong:
        assert (answer.status_code, code(answer)) == (400, "invalid_request"), answer.text
        assert (answer.json or {})["field"] == field
    assert "mail.sned" in wrong[3][0].text
    assert "<" not in wrong[5][0].text
    assert code(put(sarah, AGENT, "token", colour="red")) == "unknown_field"
    assert code(get(sarah, f"{DELEGATIONS}?connector_type=x")) == "unknown_connector_type"
    for path in (*READS, f"{DELEGATIONS}?{SARAHS}"):
        mark = "&" if "?" in path else "?"
        assert code(get(sarah, f"{path}{mark}colour=red")) == "unknown_field"
    assert installation.writes() == 0


# -- what happened ------------------------------------------------------------------------------------


def test_the_audit_tells_of_every_word_on_an_agent(sarah: Visitor) -> None:
    """The newest first: who, what, and the reason names the agent and its actions."""
    put(sarah, AGENT, "mail.send")
    put(sarah, AGENT, "mail.send", "mail.read")
    delete(sarah, f"{DELEGATIONS}?{SARAHS}")
    records = body(get(sarah, f"{ACCOUNT}/audit?{SARAHS}"))["records"]
    assert [(r["event"], r.get("reason")) for r in records] == [
        ("delegation_cut", "*: nothing"),
        ("delegated", f"{AGENT}: mail.read, mail.send"),
        ("delegation_limited", f"{AGENT}: mail.send"),
        ("connected", None),
    ]
    assert {record["actor"] for record in records} == {f"person:{WHO}"}
    assert [record["hash"] for record in records[1:]] == [
        record["previous_hash"] for record in records[:-1]
    ]


def test_a_person_sees_who_used_their_connection(
    installation: Installation, sarah: Visitor
) -> None:
    """Which agent, what for and when; one refused did not use it."""
    installation.agent().token(MICROSOFT, SARAH.email, "?purpose=weekly+report")
    used_at = installation.clock()
    installation.clock.advance(60)
    installation.agent(SARAHS_AGENT).token(MICROSOFT, SARAH.email)
    installation.agent(UNLISTED_AGENT).token(MICROSOFT, SARAH.email)
    uses = body(get(sarah, f"{ACCOUNT}/usage?{SARAHS}"))["usage"]
    assert [(use["agent"], use["action"], use["purpose"]) for use in uses] == [
        (SARAHS_AGENT, "token", ""),
        (AGENT, "token", "weekly report"),
    ]
    assert uses[1]["last_used_at"] == used_at.isoformat().replace("+00:00", "Z")


@pytest.mark.usefixtures("sarah")
def test_a_use_is_written_down_once_an_hour(installation: Installation) -> None:
    """One activity write then, else none; nobody waits for it a second time."""
    agent = installation.agent()
    agent.token(MICROSOFT, SARAH.email)
    for seconds, writes in ((0, 0), (3599, 0), (1, 1), (1, 0)):
        installation.clock.advance(seconds)
        agent = installation.agent()
        installation.meter.reset()
        assert agent.token(MICROSOFT, SARAH.email, "?min_ttl=0").status_code == 200
        assert installation.meter.counts().get("activity.write", 0) == writes
