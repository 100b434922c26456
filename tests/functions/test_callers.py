"""Who is let in where: agents by a token, persons by their session, admins by their identity."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from multi_user_oauth.sandbox.company import ADMIN, JOHN, MARIA, PAT, SARAH
from tests.support.functions import (
    API,
    FORM,
    GOOGLE,
    MICROSOFT,
    Installation,
    Visitor,
    code,
    identity,
)
from tests.support.installation import (
    AGENT,
    FINISHER,
    ORIGIN,
    REFRESHER,
    SARAHS_AGENT,
    UNLISTED_AGENT,
)

UNKNOWN = "nobody@company.com"


def body(response: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: werkzeug's answer
    """Return the JSON object of an answer."""
    found: dict[str, Any] = response.json
    return found


def fault(installation: Installation, kind: str) -> str:
    """A service account's token that is spoilt in this way."""
    installation.sandbox.add_fault(provider="google", kind=kind, endpoint="identity")
    return installation.sandbox.identity_token(ORIGIN)


def expired(installation: Installation) -> str:
    """A token of two hours ago."""
    token = installation.sandbox.identity_token(ORIGIN)
    installation.clock.advance(7200)
    return token


def without_signature(installation: Installation) -> str:
    """A token as the platform passes it on behind IAM."""
    header, payload, _ = installation.sandbox.identity_token(ORIGIN).split(".")
    return f"{header}.{payload}.SIGNATURE_REMOVED_BY_GOOGLE"


def algorithm_none(installation: Installation) -> str:
    """A token that claims to need no signature."""
    payload = installation.sandbox.identity_token(ORIGIN).split(".")[1]
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{payload}."


def issued(kind: str) -> Callable[[Installation], str]:
    """What a provider itself issued for Sarah: no token passthrough."""

    def find(installation: Installation) -> str:
        for connector_type in (MICROSOFT, GOOGLE):
            installation.connect(connector_type, SARAH)
        values = [s["value"] for s in installation.sandbox.secrets() if s["kind"] == kind]
        assert values
        return values[-1]

    return find


BAD_TOKENS: dict[str, Callable[[Installation], str]] = {
    "text": lambda _: "anything",
    "not ascii": lambda _: "é.é.é",
    "deep": lambda _: base64.urlsafe_b64encode(b"[" * 3_000).decode() + ".e30.AA",
    "another audience": lambda i: i.sandbox.identity_token("https://other.example"),
    "audience with a path": lambda i: i.sandbox.identity_token(f"{ORIGIN}/"),
    "wrong issuer": lambda i: fault(i, "wrong_iss"),
    "wrong key": lambda i: fault(i, "wrong_key"),
    "unverified e-mail": lambda i: fault(i, "unverified_email"),
    "no e-mail": lambda i: fault(i, "missing_email"),
    "expired": expired,
    "stripped signature": without_signature,
    "alg none": algorithm_none,
    "a person's id_token": issued("id_token"),
    "a person's access token": issued("access_token"),
    "a refresh token": issued("refresh_token"),
    "a session": lambda i: i.session(identity(MICROSOFT, ADMIN)),
}


@pytest.mark.parametrize("bad", BAD_TOKENS)
def test_a_token_that_proves_no_service_account_is_refused(
    installation: Installation, bad: str
) -> None:
    """N38: On every route that takes a token, before anything is read."""
    visitor = Visitor(installation, bearer=BAD_TOKENS[bad](installation))
    installation.meter.reset()
    asked = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    for response in (
        visitor.token(MICROSOFT, SARAH.email),
        visitor.users(),
        visitor.revoke(MICROSOFT, SARAH.email),
        visitor.call("refresh", "POST", "/refresh/one", json=asked),
        visitor.call("refresh", "POST", "/refresh/finish", json={**asked, "epoch": 1}),
    ):
        assert (response.status_code, code(response)) == (401, "unauthenticated")
    assert installation.meter.counts() == {}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "{token}", "Bearer {token} x", "Token {token}"],
)
def test_only_a_bearer_header_counts(nothing_stored: Installation, header: str) -> None:
    """RFC 6750, 2.1; nothing is guessed."""
    token = nothing_stored.sandbox.identity_token(ORIGIN)
    visitor = Visitor(nothing_stored)
    path = f"/{MICROSOFT}/{SARAH.email}"
    headers = {"Authorization": header.format(token=token)}
    response = visitor.call("access_token", "GET", path, headers=headers)
    assert response.status_code == 401


@pytest.mark.parametrize(
    "name",
    ["X-User-Id", "X-User-Email", "X-Forwarded-User", "X-Goog-Authenticated-User-Email",
     "X-Goog-Authenticated-User-Id", "X-Goog-IAP-JWT-Assertion", "X-Serverless-Authorization",
     "X-Forwarded-Authorization", "Proxy-Authorization", "From"],
)  # fmt: skip
def test_no_other_header_names_a_caller(nothing_stored: Installation, name: str) -> None:
    """N39: Neither alone, nor beside an identity that was proved."""
    token = nothing_stored.sandbox.identity_token(ORIGIN)
    for value in (ADMIN.email, AGENT, f"Bearer {token}", token):
        nobody = Visitor(nothing_stored)
        for function, method, path in (
            ("access_token", "GET", f"/{MICROSOFT}/{SARAH.email}"),
            ("list_users", "GET", "/"),
            ("revoke", "DELETE", f"/{MICROSOFT}/{SARAH.email}"),
            ("refresh", "POST", "/one"),
        ):
            response = nobody.call(function, method, path, headers=FORM | {name: value})
            assert response.status_code == 401, f"{function} believes {name}"
        sarah = nothing_stored.person(identity(MICROSOFT, SARAH))
        listed = sarah.call("list_users", "GET", "/", headers={name: value})
        assert body(listed)["as"] == {"kind": "person", "name": SARAH.email}
    narrow = nothing_stored.agent(SARAHS_AGENT)
    response = narrow.call("list_users", "GET", "/", headers={name: AGENT})
    assert body(response)["as"] == {"kind": "agent", "name": SARAHS_AGENT}


@pytest.mark.parametrize("who", [SARAH, ADMIN])
def test_a_session_gets_no_token(installation: Installation, who: Any) -> None:  # noqa: ANN401  # reason: an account
    """N39, N41d: Not the person's own, not an admin's, and not beside an agent's token either."""
    installation.connect(MICROSOFT, SARAH)
    visitor = installation.person(identity(MICROSOFT, who), email=who.email)
    assert visitor.token(MICROSOFT, SARAH.email).status_code == 401
    visitor.bearer = installation.sandbox.identity_token(ORIGIN)
    assert visitor.token(MICROSOFT, SARAH.email).status_code == 401


def test_an_agent_sees_no_difference_between_not_its_business_and_not_there(
    installation: Installation,
) -> None:
    """
    N37: The same status and body, but for the names that were asked for; what is
    logged says no more.
    """
    installation.connect(MICROSOFT, JOHN)
    narrow = installation.agent(SARAHS_AGENT)
    answers = [
        narrow.token(MICROSOFT, email).text.replace(email.replace("@", "%40"), "X")
        for email in (JOHN.email, UNKNOWN, SARAH.email)
    ]
    assert len(set(answers)) == 1
    unlisted = installation.agent(UNLISTED_AGENT).token(MICROSOFT, JOHN.email)
    assert unlisted.text.replace("john%40company.com", "X") == answers[0]
    assert (unlisted.status_code, code(unlisted)) == (404, "not_connected")
    url = f"{ORIGIN}/connect?connector_type={MICROSOFT}&user_email=john%40company.com"
    assert body(unlisted)["reauthorize_url"] == url


def test_a_rule_holds_for_its_connector_types_only(installation: Installation) -> None:
    """Sarah's Microsoft is not her Google."""
    installation.connect(GOOGLE, SARAH)
    assert installation.agent(SARAHS_AGENT).token(GOOGLE, SARAH.email).status_code == 404
    assert installation.agent().token(GOOGLE, SARAH.email).status_code == 200


def test_a_scope_that_was_not_granted(installation: Installation) -> None:
    """N35: Is refused as RFC 6750, 3.1 has it; nobody asks the provider."""
    installation.connect(MICROSOFT, SARAH)
    installation.sandbox.clear_requests()
    response = installation.agent().token(
        MICROSOFT, SARAH.email, "?scopes=Mail.Send+Files.ReadWrite"
    )
    assert (response.status_code, code(response)) == (403, "insufficient_scope")
    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
    assert [r for r in installation.sandbox.requests() if r["endpoint"] == "token"] == []
    granted = installation.agent().token(MICROSOFT, SARAH.email, "?scopes=mail.send&purpose=report")
    assert granted.status_code == 200


def test_every_use_is_a_line_before_the_token_leaves(installation: Installation) -> None:
    """Who, as whom, what for, or why not; and never the token."""
    installation.connect(MICROSOFT, SARAH)
    token = body(installation.agent().token(MICROSOFT, SARAH.email, "?purpose=report"))
    installation.agent(SARAHS_AGENT).token(MICROSOFT, JOHN.email)
    lines = [json.loads(line) for line in installation.log.getvalue().splitlines()]
    assert [
        (line["actor"], line["connection"], line["outcome"], line["purpose"]) for line in lines
    ] == [
        (f"agent:{AGENT}", f"{MICROSOFT}/{SARAH.email}", "released", "report"),
        (f"agent:{SARAHS_AGENT}", f"{MICROSOFT}/{JOHN.email}", "not_connected", ""),
    ]
    assert token["access_token"] not in installation.log.getvalue()
    installation.log.close()
    response = installation.agent().token(MICROSOFT, SARAH.email)
    assert response.status_code >= 500
    assert token["access_token"] not in response.text


def test_a_person_ends_their_own_connection_and_no_other(installation: Installation) -> None:
    """N37: Another's is answered, byte for byte, as one that does not exist, and one that is ended."""
    for account in (SARAH, JOHN):
        installation.connect(MICROSOFT, account)
    maria = installation.person(identity(MICROSOFT, MARIA), email=MARIA.email)
    others = [maria.revoke(MICROSOFT, JOHN.email), maria.revoke(MICROSOFT, UNKNOWN)]
    same_mail = installation.person(identity(GOOGLE, JOHN), email=JOHN.email)
    others.append(same_mail.revoke(MICROSOFT, JOHN.email))
    john = installation.person(identity(MICROSOFT, JOHN), email=JOHN.email)
    mine = john.revoke(MICROSOFT, JOHN.email)
    assert (mine.status_code, body(mine)["status"]) == (200, "revoked")
    others.append(john.revoke(MICROSOFT, JOHN.email))
    others.append(installation.agent().revoke(MICROSOFT, SARAH.email))
    assert {(answer.status_code, answer.data) for answer in others} == {(404, others[0].data)}
    assert code(others[0]) == "not_connected"
    assert installation.status(MICROSOFT, SARAH.email) == "active"
    assert installation.agent().token(MICROSOFT, JOHN.email).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        FORM | {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_disconnect_from_another_page_is_refused(
    installation: Installation, headers: dict[str, str]
) -> None:
    """N22: The session alone is not enough to change something."""
    visitor = installation.connect(MICROSOFT, SARAH)
    path = f"{API}/user/{MICROSOFT}/{SARAH.email}"
    response = visitor.call("revoke", "DELETE", path, headers=headers)
    assert (response.status_code, code(response)) == (403, "csrf")
    assert installation.status(MICROSOFT, SARAH.email) == "active"
    assert installation.writes() == 0


def test_an_admin_by_identity_sees_and_ends_all(installation: Installation) -> None:
    """N29: By either provider's identity; an e-mail makes nobody an admin."""
    for account in (SARAH, JOHN):
        installation.connect(MICROSOFT, account)
    impostor = installation.person(identity(MICROSOFT, MARIA), email=ADMIN.email)
    assert body(impostor.users())["users"] == []
    assert impostor.revoke(MICROSOFT, SARAH.email).status_code == 404
    for connector_type, account in ((MICROSOFT, SARAH), (GOOGLE, JOHN)):
        admin = installation.person(identity(connector_type, ADMIN), email=ADMIN.email)
        listed = body(admin.users())
        assert listed["as"] == {"kind": "admin", "name": ADMIN.email}
        assert {user["user_email"] for user in listed["users"]} == {SARAH.email, JOHN.email}
        assert admin.revoke(MICROSOFT, account.email).status_code == 200


def test_each_sees_what_is_theirs(installation: Installation) -> None:
    """A person their own, an agent those that its rule covers, an unlisted agent none."""
    for account in (SARAH, JOHN):
        for connector_type in (MICROSOFT, GOOGLE):
            installation.connect(connector_type, account)

    def seen(visitor: Visitor, query: str = "") -> list[tuple[str, str]]:
        users = body(visitor.users(query))["users"]
        return [(user["user_email"].partition("@")[0], user["connector_type"]) for user in users]

    assert seen(installation.person(identity(MICROSOFT, JOHN))) == [("john", MICROSOFT)]
    assert seen(installation.agent(SARAHS_AGENT)) == [("sarah", MICROSOFT)]
    assert seen(installation.agent(UNLISTED_AGENT)) == []
    assert sorted(seen(installation.agent())) == sorted(
        (name, kind) for name in ("john", "sarah") for kind in (MICROSOFT, GOOGLE)
    )
    assert seen(installation.agent(), f"?connector_type={GOOGLE}") == [
        ("john", GOOGLE),
        ("sarah", GOOGLE),
    ]
    john = installation.person(identity(GOOGLE, JOHN), email=JOHN.email)
    assert john.revoke(GOOGLE, JOHN.email).status_code == 200
    assert seen(installation.agent(), "?status=revoked") == [("john", GOOGLE)]
    assert seen(installation.agent(), f"?status=active&connector_type={GOOGLE}") == [
        ("sarah", GOOGLE)
    ]
    assert seen(installation.person(identity(MICROSOFT, JOHN)), "?status=revoked") == []
    assert seen(john, "?status=revoked") == [("john", GOOGLE)]
    assert seen(installation.agent(), "?status=needs_sign_in") == []


@pytest.mark.parametrize(
    ("caller", "one", "finish"),
    [
        (REFRESHER, 404, 403),
        (FINISHER, 403, 200),
        (UNLISTED_AGENT, 403, 403),
        (SARAHS_AGENT, 403, 403),
    ],
)
def test_each_route_of_refresh_has_its_list(
    installation: Installation, caller: str, one: int, finish: int
) -> None:
    """Known is not enough; an admin's session, alone or beside a token, is nothing here."""
    asked = {"user_email": UNKNOWN, "connector_type": GOOGLE}
    agent = installation.agent(caller)
    for path, extra, expected in (("/one", {}, one), ("/refresh/finish", {"epoch": 1}, finish)):
        response = agent.call("refresh", "POST", path, json=asked | extra)
        assert response.status_code == expected
        if expected == 403:
            assert code(response) == "forbidden"
        admin = installation.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)
        assert (
            admin.call("refresh", "POST", path, json=asked | extra, headers=FORM).status_code == 401
        )
        admin.bearer = agent.bearer
        assert admin.call("refresh", "POST", path, json=asked | extra).status_code == 401


def test_the_upn_is_a_name_of_the_person_too(installation: Installation) -> None:
    """Pat's mail address differs from what Pat signs in with."""
    assert installation.connect(MICROSOFT, PAT).users().status_code == 200
    assert installation.agent().token(MICROSOFT, PAT.email).status_code == 200
