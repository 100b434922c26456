"""Calls that are passed on: what the policy lists, as one person, and nothing beside."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import AGENT_PROJECT, JOHN, SARAH
from tests.support.addresses import DISGUISED, INSIDE
from tests.support.connectors import CONNECTORS, agent_for, connected, wide
from tests.support.functions import (
    FORM,
    GOOGLE,
    MICROSOFT,
    Installation,
    Visitor,
    code,
    identity,
)
from tests.support.installation import UNLISTED_AGENT

PROXY = agent_for("proxy")
NARROW = f"narrow@{AGENT_PROJECT}.iam.gserviceaccount.com"
SCOPED = f"scoped@{AGENT_PROJECT}.iam.gserviceaccount.com"
POLICY = """
proxy:
  - "* graph.microsoft.com/**"
  - "* gmail.googleapis.com/**"
  - "GET www.googleapis.com/calendar/v3/**"
"""
AGENTS = f"""
  {NARROW}:
    connector_types: [{MICROSOFT}]
    users: ['*@company.com']
    actions: [proxy]
    proxy: ["GET graph.microsoft.com/v1.0/me/messages/**"]
  {SCOPED}:
    connector_types: [{MICROSOFT}]
    users: ['*@company.com']
    actions: [proxy]
    scopes: [Mail.ReadWrite]
"""
GRAPH = "graph.microsoft.com/v1.0"
MAIL = f"{GRAPH}/me/messages"


def listing(directory: Path, keys: Mapping[str, str]) -> Installation:
    """Everything of either provider's work hosts is listed, and Sarah and John are connected."""
    installation = wide(directory, keys)
    file = Path(installation.settings["POLICY_FILE"])
    text = file.read_text("utf-8").replace("agents:", f"agents:{AGENTS.rstrip()}", 1) + POLICY
    file.write_text(text, "utf-8")
    return connected(installation, SARAH, JOHN)


@pytest.fixture
def office(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """One for each test."""
    return listing(tmp_path, keys)


@pytest.fixture(scope="module")
def one_office(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """One for all tests in which nothing may be sent."""
    return listing(tmp_path_factory.mktemp("one_office"), keys)


@pytest.fixture
def untouched_office(one_office: Installation) -> Iterator[Installation]:
    """One for all tests in which nothing may be sent; that it was not is looked at."""
    before = sent(one_office)
    yield one_office
    assert sent(one_office) == before


def said(response: TestResponse) -> Any:  # noqa: ANN401  # reason: the provider's JSON, or ours
    """Return the body."""
    return response.json


def call(
    visitor: Visitor,
    method: str,
    text: str,
    query: str = "",
    *,
    connector_type: str = MICROSOFT,
    user_email: str = SARAH.email,
    **options: Any,  # noqa: ANN401  # reason: werkzeug's
) -> TestResponse:
    """Have a call passed on."""
    path = f"{CONNECTORS}/{connector_type}/proxy/{text}?user_email={user_email}"
    return visitor.call("connectors", method, path + query, **options)


def sent(installation: Installation) -> int:
    """How many requests the sandbox's APIs have got."""
    apis = {"graph", "gmail", "drive", "google_calendar"}
    return sum(each["endpoint"] in apis for each in installation.sandbox.requests())


def test_a_call_is_passed_on_as_the_person(office: Installation) -> None:
    """The provider's own answer comes back, of that person; the use is written down."""
    agent = office.agent(PROXY)
    for account in (SARAH, JOHN):
        response = call(agent, "GET", f"{GRAPH}/me", user_email=account.email)
        assert response.status_code == 200
        assert said(response)["mail"] == account.email
        response.close()
    page = call(agent, "GET", MAIL, "&purpose=weekly%20report&$top=2&$select=id,subject")
    assert len(said(page)["value"]) == 2
    assert set(said(page)["value"][0]) >= {"id", "subject"}
    line = next(line for line in office.log.getvalue().splitlines() if "weekly report" in line)
    used = json.loads(line)
    assert (used["action"], used["actor"]) == ("proxy", f"agent:{PROXY}")
    assert used["connection"] == f"{MICROSOFT}/{SARAH.email}"


def test_a_call_with_a_body_does_what_it_says(office: Installation) -> None:
    """By a session only from our own page."""
    letter = {
        "message": {
            "subject": "Passed on",
            "body": {"contentType": "Text", "content": "Hello"},
            "toRecipients": [{"emailAddress": {"address": JOHN.email}}],
        }
    }
    sarah = office.person(identity(MICROSOFT, SARAH))
    refused = call(sarah, "POST", f"{GRAPH}/me/sendMail", json=letter)
    assert (refused.status_code, code(refused)) == (403, "csrf")
    response = call(sarah, "POST", f"{GRAPH}/me/sendMail", json=letter, headers=FORM)
    assert (response.status_code, response.data) == (202, b"")
    found = call(sarah, "GET", MAIL, "&$search=%22Passed%20on%22")
    assert [each["subject"] for each in said(found)["value"]] == ["Passed on"]


def test_google_is_passed_on_to_as_well(office: Installation) -> None:
    """Its `me` and `primary` are the person."""
    agent = office.agent(PROXY)
    labels = call(
        agent, "GET", "gmail.googleapis.com/gmail/v1/users/me/profile", connector_type=GOOGLE
    )
    assert said(labels)["emailAddress"] == SARAH.email
    events = "www.googleapis.com/calendar/v3/calendars/primary/events"
    assert call(agent, "GET", events, connector_type=GOOGLE).status_code == 200


@pytest.mark.parametrize(
    ("connector_type", "text"),
    [
        (MICROSOFT, f"{GRAPH}/users/{JOHN.email}/messages"),
        (MICROSOFT, f"{GRAPH}/Users('{JOHN.email}')/messages"),
        (MICROSOFT, f"{GRAPH}/users"),
        (MICROSOFT, "graph.microsoft.com/beta/%75sers/x"),
        (MICROSOFT, f"{GRAPH}/$batch"),
        (GOOGLE, f"gmail.googleapis.com/gmail/v1/users/{JOHN.email}/messages"),
        (GOOGLE, f"www.googleapis.com/calendar/v3/calendars/{JOHN.email}/events"),
        (GOOGLE, "gmail.googleapis.com/batch/gmail/v1"),
        (GOOGLE, "www.googleapis.com/drive/v3/files"),
        (GOOGLE, "oauth2.googleapis.com/token"),
        (GOOGLE, f"{GRAPH}/me"),
        (MICROSOFT, "gmail.googleapis.com/gmail/v1/users/me/profile"),
    ],
)
def test_what_is_not_listed_or_names_somebody_else_is_refused(
    untouched_office: Installation, connector_type: str, text: str
) -> None:
    """N40: 403, whatever the wildcards say; nothing is sent."""
    response = call(untouched_office.agent(PROXY), "GET", text, connector_type=connector_type)
    assert (response.status_code, code(response)) == (403, "forbidden")


@pytest.mark.parametrize("host", [host for host in (*INSIDE, *DISGUISED) if host])
def test_no_other_host_in_any_spelling(untouched_office: Installation, host: str) -> None:
    """N71: Refused before anything is sent; the text does not come back."""
    for written in {quote(host, safe="@:[]%"), quote(host, safe="")}:
        response = call(untouched_office.agent(PROXY), "GET", f"{written}/v1.0/me")
        assert (response.status_code, code(response)) in {
            (400, "invalid_request"),
            (403, "forbidden"),
        }
        assert "169.254" not in response.text


@pytest.mark.parametrize(
    ("agent", "text", "answered"),
    [
        (NARROW, MAIL, (200, None)),
        (NARROW, f"{GRAPH}/me", (403, "forbidden")),
        (SCOPED, f"{GRAPH}/me", (403, "insufficient_scope")),
        (agent_for("mail.read"), f"{GRAPH}/me", (403, "forbidden")),
        (UNLISTED_AGENT, f"{GRAPH}/me", (404, "not_connected")),
    ],
)
def test_each_agent_reaches_as_far_as_its_rule(
    office: Installation, agent: str, text: str, answered: tuple[int, str | None]
) -> None:
    """By the action `proxy`, by a list of its own, and with the whole token or not at all."""
    response = call(office.agent(agent), "GET", text)
    assert response.status_code == answered[0]
    assert answered[1] is None or code(response) == answered[1]


def test_a_person_acts_as_themselves_alone(office: Installation) -> None:
    """What is another's does not exist."""
    john = office.person(identity(MICROSOFT, JOHN), email=JOHN.email)
    assert said(call(john, "GET", f"{GRAPH}/me", user_email=JOHN.email))["mail"] == JOHN.email
    response = call(john, "GET", f"{GRAPH}/me")
    assert (response.status_code, code(response)) == (404, "not_connected")


def test_a_person_may_have_to_leave_it_to_the_agent(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """As for all that is done in a person's name."""
    installation = connected(wide(tmp_path, keys, policy=f"delegations: required\n{POLICY}"), SARAH)
    response = call(installation.agent(PROXY), "GET", f"{GRAPH}/me")
    assert (response.status_code, code(response)) == (403, "delegation_required")
    assert said(response)["delegate_url"]


def test_without_a_list_nothing_is_passed_on(tmp_path: Path, keys: Mapping[str, str]) -> None:
    """That is how it begins."""
    installation = connected(wide(tmp_path, keys), SARAH)
    response = call(installation.agent(PROXY), "GET", f"{GRAPH}/me")
    assert (response.status_code, code(response)) == (403, "forbidden")


def test_a_token_that_the_api_refuses_is_renewed_once(office: Installation) -> None:
    """N89: With the claims that it asks for; refused again it is an error, and no loop."""
    fault = {"provider": "microsoft", "endpoint": "graph", "kind": "insufficient_claims"}
    office.sandbox.add_fault(**fault, times=1)
    agent = office.agent(PROXY)
    assert call(agent, "GET", f"{GRAPH}/me").status_code == 200
    office.clock.advance(120)
    office.sandbox.add_fault(**fault, times=-1)
    before = sent(office)
    response = call(agent, "GET", f"{GRAPH}/me")
    assert (response.status_code, code(response)) == (422, "provider_rejected")
    assert said(response)["reason"] == "token_refused"
    assert sent(office) == before + 2


def test_who_is_throttled_hears_when_to_come_back(office: Installation) -> None:
    """Nothing is repeated here."""
    office.sandbox.add_fault(
        provider="microsoft", endpoint="graph", kind="status", status=429, retry_after=7, times=-1
    )
    response = call(office.agent(PROXY), "GET", f"{GRAPH}/me")
    assert (response.status_code, code(response)) == (429, "provider_throttled")
    assert response.headers["Retry-After"] == "7"


def test_a_refusal_of_the_providers_is_its_own(office: Installation) -> None:
    """Its status and its words; ours would be a problem."""
    response = call(office.agent(PROXY), "GET", f"{MAIL}/none")
    assert response.status_code in {400, 404}
    assert response.mimetype == "application/json"
    assert "error" in said(response)


@pytest.mark.parametrize(
    ("method", "query", "options", "answered"),
    [
        ("GET", "&user_email=john%40company.com", {}, (400, "duplicate_parameter", "user_email")),
        ("GET", "&%75ser_email=john%40company.com", {}, (400, "duplicate_parameter", "user_email")),
        ("GET", "&purpose=a&purpose=b", {}, (400, "duplicate_parameter", "purpose")),
        ("GET", "&purpose=%ff", {}, (400, "invalid_request", "purpose")),
        ("GET", "&access_token=x", {}, (400, "invalid_request", "access_token")),
        ("GET", "&a=1;Access_Token=x", {}, (400, "invalid_request", "access_token")),
        ("GET", "&ke%79=x", {}, (400, "invalid_request", "key")),
        ("GET", "&$top=%zz", {}, (400, "invalid_request", "query")),
        ("GET", f"&x={'a' * 5000}", {}, (400, "invalid_request", "query")),
        ("GET", "", {"data": b"x"}, (400, "invalid_request", None)),
        ("DELETE", "", {"data": b"x"}, (400, "invalid_request", None)),
        ("POST", "", {"data": bytes(8 * 2**20 + 1)}, (413, "body_too_large", None)),
    ],
)
def test_what_can_not_be_passed_on_is_named(
    untouched_office: Installation,
    method: str,
    query: str,
    options: dict[str, Any],
    answered: tuple[int, str, str | None],
) -> None:
    """Whose it is, is said once and to us; nothing is sent."""
    response = call(untouched_office.agent(PROXY), method, MAIL, query, **options)
    assert (response.status_code, code(response), said(response).get("field")) == answered


def test_nobody_is_meant_where_nobody_is_named(untouched_office: Installation) -> None:
    """And Google's own parameters for headers and methods are not passed on."""
    agent = untouched_office.agent(PROXY)
    nobody = agent.call("connectors", "GET", f"{CONNECTORS}/{MICROSOFT}/proxy/{MAIL}")
    assert (nobody.status_code, said(nobody)["field"]) == (400, "user_email")
    gmail = "gmail.googleapis.com/gmail/v1/users/me/profile"
    for query in ("&$httpHeaders=Authorization:x", "&%24httpMethod=DELETE"):
        response = call(agent, "GET", gmail, query, connector_type=GOOGLE)
        assert (response.status_code, code(response)) == (400, "invalid_request")
