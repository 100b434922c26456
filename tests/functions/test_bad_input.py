"""Bad input on every route: a 4xx problem that names the field, nothing stored, never a 500."""

import re
from typing import Any, Final
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.http.paths import CONNECTORS
from multi_user_oauth.sandbox.company import ADMIN, SARAH
from tests.support.api import BUILT, DOCUMENT
from tests.support.functions import (
    API,
    AUTHORIZE,
    FORM,
    GOOGLE,
    MICROSOFT,
    WANTS_JSON,
    Installation,
    Visitor,
    code,
    identity,
)
from tests.support.installation import AGENT, OPERATOR, PUSHER, SCHEDULER

JSON_ROUTES: Final = {
    "authorize": (AUTHORIZE, "AuthorizeRequest"),
    "one": ("/refresh/one", "RefreshOneRequest"),
    "finish": ("/refresh/finish", "FinishRequest"),
    "rewrap": ("/refresh/rewrap", "RewrapRequest"),
    "import": ("/refresh/import", "ImportRequest"),
    "sweep": ("/refresh/sweep", "Empty"),
    "shard": ("/refresh/shard", "PubSubPush"),
    "delegations": ("/api/v1/account/delegations", "DelegationRequest"),
    "offboard": (f"{API}/offboard", "OffboardRequest"),
    "send_email": (f"{CONNECTORS}/send_email", "SendEmailRequest"),
    "start_upload": (f"{CONNECTORS}/files/uploads", "StartUploadRequest"),
    "create_event": (f"{CONNECTORS}/calendar/events", "CreateEventRequest"),
    "chat": (f"{CONNECTORS}/chats/{{chat_id}}/messages", "ChatMessageRequest"),
    "channel": (
        f"{CONNECTORS}/teams/{{team_id}}/channels/{{channel_id}}/messages",
        "ChatMessageRequest",
    ),
}
OTHER_BODIES: Final = {
    f"{CONNECTORS}/files": "any bytes; tests/functions/test_files.py",
    f"{CONNECTORS}/files/uploads/{{upload_id}}": "any bytes; tests/functions/test_uploads.py",
    f"{CONNECTORS}/proxy/{{path}}": "the provider's own; tests/functions/test_proxy.py",
}
"""Routes whose body is not ours to read, and where they are tested."""
GOOD: Final[dict[str, dict[str, Any]]] = {
    "authorize": {"user_email": "sarah@company.com", "connector_type": MICROSOFT},
    "one": {"user_email": "sarah@company.com", "connector_type": MICROSOFT, "min_ttl": 60},
    "finish": {"user_email": "sarah@company.com", "connector_type": GOOGLE, "epoch": 1},
    "rewrap": {"after": "connections", "count_only": True},
    "import": {
        "user_email": "sarah@company.com",
        "connector_type": MICROSOFT,
        "refresh_token": "an-old-token",
    },
    "offboard": {"user_email": "sarah@company.com"},
    "send_email": {"user_email": "sarah@company.com", "to": "john@company.com", "subject": "Hello"},
    "start_upload": {"user_email": "sarah@company.com", "name": "a.bin", "size": 5_000_000},
    "create_event": {
        "user_email": "sarah@company.com",
        "subject": "Planning",
        "from": "2026-01-06T09:00:00Z",
        "to": "2026-01-06T09:30:00Z",
    },
    "chat": {"user_email": "sarah@company.com", "body": "Hello"},
    "channel": {"user_email": "sarah@company.com", "body": "Hello"},
    "sweep": {},
    "shard": {"message": {"attributes": {"shard": "3"}, "publishTime": "2026-01-05T09:00:00Z"}},
    "delegations": {
        "user_email": "sarah@company.com",
        "connector_type": MICROSOFT,
        "agent": AGENT,
        "actions": ["token"],
    },
}
CALLERS: Final = {"rewrap": OPERATOR, "import": OPERATOR, "sweep": SCHEDULER, "shard": PUSHER}
"""Who may, where it is not the agent."""
WRONG: Final = {"string": 7, "array": "text", "integer": "7"}
"""A value of another type."""
EMAILS: Final = (
    "sarah", "sarah@", "@company.com", "sarah@company", "sarah@@company.com", "a b@company.com",
    "sarah@company.com.", "sarah@-company.com", "sarah@com pany.com", ".sarah@company.com",
    "sa..rah@company.com", f"{'a' * 65}@company.com", f"a@{'b' * 260}.com", "sarah@company.com\n",
    "Sarah <sarah@company.com>", "a@b@company.com", "\x00@company.com", "sarah@company.com,x",
)  # fmt: skip


def refused(response: TestResponse, status: int, problem: str, field: str | None = None) -> None:
    """Fail unless this is the refusal, naming the field."""
    assert (response.status_code, code(response)) == (status, problem), response.text
    assert (response.json or {}).get("field") == field


def schemas_of(name: str) -> dict[str, Any]:
    """Return what the document says of a route's body."""
    return {"required": [], **DOCUMENT["components"]["schemas"][JSON_ROUTES[name][1]]}


def properties(name: str) -> dict[str, Any]:
    """Return the documented fields of a route's body."""
    schemas = DOCUMENT["components"]["schemas"]
    found: dict[str, Any] = schemas[JSON_ROUTES[name][1]]["properties"]
    return {
        field: schemas[text["$ref"].rpartition("/")[2]] if "$ref" in text else text
        for field, text in found.items()
    }


def post(nothing_stored: Installation, name: str, **options: Any) -> TestResponse:  # noqa: ANN401  # reason: werkzeug's
    """Send a body to a route as somebody who may."""
    path = JSON_ROUTES[name][0]
    if name == "offboard":
        admin = nothing_stored.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)
        headers = FORM | WANTS_JSON | options.pop("headers", {})
        return admin.call("revoke", "POST", path, headers=headers, **options)
    if name == "delegations":
        sarah = nothing_stored.person(identity(MICROSOFT, SARAH))
        headers = FORM | WANTS_JSON | options.pop("headers", {})
        return sarah.call("account", "PUT", path, headers=headers, **options)
    function = "authorize" if name == "authorize" else "refresh"
    if path.startswith(CONNECTORS):
        function, path = "connectors", re.sub(r"{\w+_id}", "some-id", path)
        path = path.replace("{connector_type}", MICROSOFT)
    asker = nothing_stored.agent(CALLERS.get(name, AGENT))
    visitor = Visitor(nothing_stored) if name == "authorize" else asker
    headers = WANTS_JSON | options.pop("headers", {})
    return visitor.call(function, "POST", path, headers=headers, **options)


def test_every_route_with_a_body_is_tested_here() -> None:
    """A new route with a body must be given to these tests."""
    paths = {
        route.path
        for routes in BUILT.values()
        for route in routes
        if not {"POST", "PUT", "PATCH"}.isdisjoint(route.methods)
    }
    assert paths == {path for path, _ in JSON_ROUTES.values()} | OTHER_BODIES.keys()


@pytest.mark.parametrize("name", JSON_ROUTES)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nothing", b"[]", b"null", b'"text"', b"7", b"\xff\xfe{}", b"\x00",
        b"[" * 10_000, b'{"a":' * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"user_email": NaN}', b'{"min_ttl": Infinity}', b'{"epoch": -Infinity}',
        b'{"user_email": "\\ud800@company.com"}', b'{"\\ud800": 1}', b'{"epoch": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_what_is_no_json_object_is_refused(
    nothing_stored: Installation, name: str, body: bytes
) -> None:
    """N97: neither depth, NaN nor nonsense is more than a 400."""
    response = post(nothing_stored, name, data=body, content_type="application/json")
    refused(response, 400, "invalid_request")


@pytest.mark.parametrize("name", JSON_ROUTES)
def test_a_key_that_stands_twice_is_named(nothing_stored: Installation, name: str) -> None:
    """N97: which of the two is meant is not guessed."""
    body = b'{"user_email": "sarah@company.com", "user_email": "john@company.com"}'
    response = post(nothing_stored, name, data=body, content_type="application/json")
    refused(response, 400, "invalid_request", "user_email")


@pytest.mark.parametrize(
    "name", sorted(JSON_ROUTES.keys() - {"send_email"})
)  # it takes attachments
def test_a_large_body_is_refused(nothing_stored: Installation, name: str) -> None:
    """A megabyte is not read, whether its length is announced or it comes in chunks."""
    large = b'{"user_email": "' + b"a" * 1_000_000 + b'"}'
    refused(
        post(nothing_stored, name, data=large, content_type="application/json"),
        413,
        "body_too_large",
    )
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    response = post(
        nothing_stored, name, data=large, content_type="application/json", environ_base=chunked
    )
    refused(response, 413, "body_too_large")


@pytest.mark.parametrize("name", JSON_ROUTES)
@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/xml", "multipart/form-data; boundary=x", "json"]
)
def test_another_media_type_is_refused(
    nothing_stored: Installation, name: str, content_type: str
) -> None:
    """N97: a simple cross-site form can not pass for JSON."""
    response = post(nothing_stored, name, data=b"{}", content_type=content_type)
    refused(response, 415, "not_json")


@pytest.mark.parametrize("name", JSON_ROUTES)
def test_unknown_missing_and_wrong_fields_are_named(
    nothing_stored: Installation, name: str
) -> None:
    """Every field of the document: left out where it is required, and with a value of another type."""
    good = GOOD[name]
    if name != "shard":  # whose shape is Google's, who may add to it
        unknown = {**good, "colour": 1}
        refused(post(nothing_stored, name, json=unknown), 400, "unknown_field", "colour")
    for field, schema in properties(name).items():
        body = {**good, field: WRONG.get(schema.get("type", "string"), "yes")}
        refused(post(nothing_stored, name, json=body), 400, "invalid_request", field)
        refused(
            post(nothing_stored, name, json={**good, field: None}), 400, "invalid_request", field
        )
    for field in schemas_of(name)["required"]:
        body = {name: value for name, value in good.items() if name != field}
        refused(post(nothing_stored, name, json=body), 400, "invalid_request", field)


@pytest.mark.parametrize("name", [name for name in GOOD if "user_email" in GOOD[name]])
def test_a_malformed_email_is_refused(nothing_stored: Installation, name: str) -> None:
    """In a body."""
    for email in EMAILS:
        response = post(nothing_stored, name, json={**GOOD[name], "user_email": email})
        refused(response, 400, "malformed_email", "user_email")


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("one", "min_ttl", -1), ("one", "min_ttl", 3601), ("one", "min_ttl", 1.5),
        ("one", "min_ttl", True), ("one", "generation", 0), ("one", "generation", 1.5),
        ("one", "claims", "[]"), ("one", "claims", "nothing"), ("finish", "epoch", 0),
        ("finish", "epoch", -5),
        ("import", "refresh_token", ""), ("import", "refresh_token", "t" * 8_193),
        ("import", "refresh_token", "a\nb"), ("import", "refresh_token", "tök"),
        ("import", "replace", 1),
        ("delegations", "agent", ""), ("delegations", "agent", "a" * 255),
        ("delegations", "actions", ["see"]), ("delegations", "actions", ["token"] * 101),
        ("delegations", "expires_at", "soon"), ("delegations", "expires_at", "2099-01-01T00:00:00"),
        ("authorize", "intent", "hack"), ("authorize", "scopes", [7]),
        ("authorize", "scopes", ["Mail.Send"] * 51), ("authorize", "scopes", ["Directory.Read.All"]),
        ("authorize", "return_to", "https://evil.example/"), ("authorize", "return_to", "//evil.example"),
        ("authorize", "return_to", "/a\r\nSet-Cookie: x=y"),
        ("authorize", "return_to", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_is_named(
    nothing_stored: Installation, name: str, field: str, value: object
) -> None:
    """The bounds of the document hold."""
    response = post(nothing_stored, name, json={**GOOD[name], field: value})
    refused(response, 400, "invalid_request", field)


@pytest.mark.parametrize("field", ["client_id", "client_secret", "tenant_id"])
def test_what_our_configuration_decides_is_refused_by_name(
    nothing_stored: Installation, field: str
) -> None:
    """In JSON and in a form, with the reason; to other routes the field is merely unknown."""
    body = {**GOOD["authorize"], field: "anything"}
    as_json = post(nothing_stored, "authorize", json=body)
    as_form = post(nothing_stored, "authorize", data=body, headers=FORM)
    for response in (as_json, as_form):
        refused(response, 400, "forbidden_field", field)
        assert "configuration" in (response.json or {})["detail"]
        assert "anything" not in response.text
    for name in ("one", "finish", "offboard"):
        response = post(nothing_stored, name, json={**GOOD[name], field: "x"})
        refused(response, 400, "unknown_field", field)


@pytest.mark.parametrize(
    ("fields", "status", "problem", "field"),
    [
        ({"user_email": ""}, 400, "invalid_request", "user_email"),
        ({"user_email": "sarah@company.com"}, 400, "invalid_request", "connector_type"),
        ({"user_email": " ", "connector_type": MICROSOFT}, 400, "invalid_request", "user_email"),
        ({**GOOD["authorize"], "intent": "hack"}, 400, "invalid_request", "intent"),
        ({**GOOD["authorize"], "colour": "red"}, 400, "unknown_field", "colour"),
        ({**GOOD["authorize"], "<b>": "red"}, 400, "unknown_field", "?b?"),
        ({**GOOD["authorize"], "user_email": ["a@company.com", "b@company.com"]}, 400,
         "duplicate_parameter", "user_email"),
        ({**GOOD["authorize"], "user_email": "nobody"}, 400, "malformed_email", "user_email"),
        ({**GOOD["authorize"], "connector_type": "x"}, 400, "unknown_connector_type", "connector_type"),
        ({**GOOD["authorize"], "return_to": "/" + "a" * 5_000}, 400, "invalid_request", "return_to"),
        ({**GOOD["authorize"], "return_to": "https://evil.example"}, 400, "invalid_request", "return_to"),
        ({**GOOD["authorize"], "scopes": "Directory.Read.All"}, 400, "invalid_request", "scopes"),
        ({**GOOD["authorize"], "scopes": "Mail.Send " * 51}, 400, "invalid_request", "scopes"),
        ({**GOOD["authorize"], "ticket": "x"}, 400, "unknown_field", "connector_type"),
        ({"ticket": "x"}, 400, "ticket_invalid", None),
        ({"ticket": ""}, 400, "ticket_invalid", None),
        ({"user_email": "a" * 1_000_000}, 413, "body_too_large", None),
        ({f"f{number}": "x" for number in range(101)}, 400, "invalid_request", None),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_a_bad_form_is_refused(
    nothing_stored: Installation,
    fields: dict[str, Any],
    status: int,
    problem: str,
    field: str | None,
) -> None:
    """The fields of the form keep the rules of the JSON body."""
    response = post(nothing_stored, "authorize", data=fields, headers=FORM)
    refused(response, status, problem, field)


def asked(nothing_stored: Installation, function: str, path: str) -> TestResponse:
    """Ask a GET or DELETE route as somebody who may."""
    if function == "access_token":
        return nothing_stored.agent().call(function, "GET", path)
    admin = nothing_stored.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)
    method = "DELETE" if function == "revoke" else "GET"
    return admin.call(function, method, path, headers=FORM | WANTS_JSON)


@pytest.mark.parametrize("function", ["access_token", "revoke"])
def test_a_malformed_email_in_a_path_is_refused(
    nothing_stored: Installation, function: str
) -> None:
    """Under the full and the bare path."""
    for email in set(EMAILS) - {"sarah@company.com\n"}:
        quoted = quote(email)
        for path in (f"{API}/user/{MICROSOFT}/{quoted}", f"/{MICROSOFT}/{quoted}"):
            token = "/token" if function == "access_token" and path.startswith(API) else ""
            response = asked(nothing_stored, function, path + token)
            refused(response, 400, "malformed_email", "user_email")


@pytest.mark.parametrize("function", ["access_token", "revoke"])
@pytest.mark.parametrize("connector_type", ["unknown", "x" * 2_000, "%00", "%F0%28", ".."])
def test_an_unknown_connector_in_a_path_is_not_connected(
    nothing_stored: Installation, function: str, connector_type: str
) -> None:
    """There is no such connection; more is not said."""
    response = asked(nothing_stored, function, f"/{connector_type}/{SARAH.email}")
    refused(response, 404, "not_connected")


QUERIES: Final = {
    "access_token": (
        f"{API}/user/{MICROSOFT}/{SARAH.email}/token",
        ("min_ttl", "scopes", "purpose", "force_refresh", "claims"),
    ),
    "revoke": (f"{API}/user/{MICROSOFT}/{SARAH.email}", ()),
    "list_users": (
        f"{API}/users",
        ("connector_type", "status", "user_email_prefix", "ends_by", "page_token"),
    ),
    "authorize": (AUTHORIZE, ("ticket",)),
    "account": ("/api/v1/account/audit", ("connector_type", "user_email", "page_token")),
    "callback_microsoft": (f"{API}/callback/microsoft", ("state", "code")),
    "callback_google": (f"{API}/callback/google", ("state", "code")),
}  # fmt: skip


@pytest.mark.parametrize("function", QUERIES)
def test_query_parameters_are_known_and_single(nothing_stored: Installation, function: str) -> None:
    """Unknown ones are named, but for what a provider adds to its answers; so are doubles."""
    path, known = QUERIES[function]
    for name in known:
        response = asked(nothing_stored, function, f"{path}?{name}=a&{name}=a")
        refused(response, 400, "duplicate_parameter", name)
        response = asked(nothing_stored, function, f"{path}?{name}={'a' * 10_000}")
        refused(response, 400, "invalid_request", name)
    if not function.startswith("callback"):
        response = asked(nothing_stored, function, f"{path}?user_id=victim")
        refused(response, 400, "unknown_field", "user_id")


@pytest.mark.parametrize("name", JSON_ROUTES)
def test_a_post_takes_no_query(nothing_stored: Installation, name: str) -> None:
    """What belongs into the body is not looked for in the address, where logs would keep it."""
    response = post(nothing_stored, name, json=GOOD[name], query_string="user_email=a@company.com")
    refused(response, 400, "unknown_field", "user_email")
    if name == "authorize":
        response = post(
            nothing_stored, name, data=GOOD[name], headers=FORM, query_string="return_to=/x"
        )
        refused(response, 400, "unknown_field", "return_to")


@pytest.mark.parametrize(
    ("function", "query", "field"),
    [
        *(("access_token", f"min_ttl={value}", "min_ttl")
          for value in ("", "abc", "-1", "1.5", "3601", "9" * 30, "%D9%A3", "+60", "0x10", "1e3")),
        ("access_token", "purpose=" + "a" * 201, "purpose"),
        ("access_token", "purpose=a%0Ab", "purpose"),
        ("access_token", "purpose=%E2%80%A8", "purpose"),
        *(("access_token", f"force_refresh={value}", "force_refresh")
          for value in ("", "1", "True", "yes", "true%20")),
        *(("access_token", f"claims={value}", "claims")
          for value in ("", "x", "[]", "null", "%7B", "W10=", "e30+", "%7B%7D%7B%7D", "%C3%A9",
                        "%7B%22a%22:%22" + "a" * 2_050 + "%22%7D")),
        *(("list_users", f"status={value}", "status") for value in ("", "ACTIVE", "gone")),
        *(("list_users", f"user_email_prefix={value}", "user_email_prefix")
          for value in ("", "%00", "a b", "a%0Ab", "@company.com", "a@b@c", "a" * 255, "%E2%80%A8", "a,b",
                        "a@b%C3%BC-", "a@%C3%BC_", "%3Ca", "%22a", "a@x(")),
        *(("list_users", f"ends_by={value}", "ends_by")
          for value in ("", "soon", "2026-01-05", "2026-01-05T09:00:00", "2026-13-05T09:00:00Z",
                        "1700000000", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00")),
        ("list_users", "ends_by=2026-01-05T09:00:00Z&user_email_prefix=a", "user_email_prefix"),
        ("list_users", "ends_by=2026-01-05T09:00:00Z&status=revoked", "status"),
        ("list_users", "ends_by=2026-01-05T09:00:00Z&status=gone", "status"),
        *(("list_users", f"ends_by=2026-01-05T09:00:00Z&page_token={value}", "page_token")
          for value in ("!", "AA", "MjAyNi0wMS0wNQ", "Z29vZ2xlX3dvcmtzcGFjZTph",
                        "MjAyNi05OS0wNVQwOTowMDowMC4wMDAwMDBaIGE6Yg")),
        *(("list_users", f"page_token={value}", "page_token") for value in ("!", "a", "%FF", "_w", "é")),
    ],
)  # fmt: skip
def test_a_bad_query_value_is_named(
    nothing_stored: Installation, function: str, query: str, field: str
) -> None:
    """Numbers are plain whole numbers, texts are one line."""
    response = asked(nothing_stored, function, f"{QUERIES[function][0]}?{query}")
    refused(response, 400, "invalid_request", field)


def test_claims_without_the_token_that_was_refused_are_refused(
    nothing_stored: Installation,
) -> None:
    """Which token they are to take the place of is not guessed."""
    response = post(nothing_stored, "one", json={**GOOD["one"], "claims": "{}"})
    refused(response, 400, "invalid_request", "generation")


def test_an_unknown_connector_type_is_refused_where_it_filters(
    nothing_stored: Installation,
) -> None:
    """A typing error in a filter is no empty list."""
    response = asked(nothing_stored, "list_users", f"{API}/users?connector_type=microsoft")
    refused(response, 400, "unknown_connector_type", "connector_type")


@pytest.mark.parametrize("handle", ["x", "-", "x-", "x-zz", "a" * 600, "a-" + "f" * 30, "%00-1g"])
def test_what_never_was_a_handle_is_refused(nothing_stored: Installation, handle: str) -> None:
    """A handle carries when it ends."""
    response = Visitor(nothing_stored).call("list_users", "GET", f"/flow/{handle}")
    refused(response, 400, "invalid_request", "handle")
