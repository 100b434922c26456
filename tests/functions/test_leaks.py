"""What leaves a function besides its answer: nothing secret, however much is switched on."""

import http.client
import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from multi_user_oauth.log import ALLOWED_FIELDS, LEFT_OUT, TRACE, LineLog, begin, configure, end
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.sandbox.reach import SandboxAdapter
from tests.architecture.catalogue import ROOT
from tests.support.clock import ManualClock
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, identity
from tests.support.installation import ORIGIN
from tests.support.loud import HOUR_AND_MORE, found, journey, loud

EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
ALWAYS: Final = {"time", "severity", "logger", "message"}
NAMES_PEOPLE: Final = {"actor", "connection", "user_email"}
MARKER: Final = "marker-4f1c9d3b"


@pytest.fixture
def over_http(installation: Installation) -> Iterator[Installation]:
    """An installation that reaches the sandbox through requests, urllib3 and http.client."""
    installation.sandbox.start()
    adapter = SandboxAdapter(installation.sandbox.base_url)
    installation.world = replace(installation.world, adapter=adapter)
    yield installation
    adapter.close()
    installation.sandbox.stop()


def lines(text: str) -> list[dict[str, Any]]:
    """Return what was logged."""
    return [json.loads(line) for line in text.splitlines()]


def test_with_everything_at_debug_nothing_secret_is_said(
    over_http: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    """N57: root and all libraries at DEBUG, http.client printing: sign-in, token, refresh, revoke."""
    with loud() as written:
        journey(over_http)
    printed = capfd.readouterr()
    assert len(lines(written.getvalue())) > 10
    said = (written.getvalue(), over_http.log.getvalue(), printed.out, printed.err)
    assert found(over_http, *said) == []


def test_without_that_it_would_have_been_said(
    over_http: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    """N57: the libraries do print tokens and codes, else silence would prove nothing."""
    with loud():
        del vars(http.client)["print"]
        journey(over_http)
    kinds = {hit.kind for hit in found(over_http, *capfd.readouterr())}
    assert {"refresh_token", "client_secret", "code", "code_verifier"} <= kinds


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What production writes, with everything turned up."""
    with loud() as stream:
        yield stream


@pytest.mark.parametrize(
    "name", ["msal.oauth2cli", "urllib3.connectionpool", "httpx", "some", None]
)
def test_of_a_librarys_line_no_value_is_written(written: io.StringIO, name: str | None) -> None:
    """N57: neither below WARNING, nor its arguments, its fields, or a text that may be made of values."""
    logger = logging.getLogger(name)
    for level in (logging.DEBUG, logging.INFO):
        logger.log(level, "sent %s", MARKER)
    logger.warning("sent %s", MARKER, extra={"reason": MARKER})
    logger.error(f"sent {MARKER}")  # noqa: G004  # reason: libraries do
    logger.error({"sent": MARKER})
    try:
        int(MARKER)
    except ValueError:
        logger.exception("it failed: %s", MARKER)
    told = lines(written.getvalue())
    assert [line["message"] for line in told] == [*("sent %s", LEFT_OUT, LEFT_OUT, "it failed: %s")]
    assert told[-1]["error"] == "ValueError"
    assert MARKER not in written.getvalue()


def test_a_line_that_must_be_written_carries_the_request_too() -> None:
    """The line of a token's use is found by the id that its answer carries."""
    stream = io.StringIO()
    log = LineLog(stream, ManualClock())
    begun = begin("0123", "projects/p/traces/t")
    log.write("token", {"outcome": "served", "secret": MARKER})
    end(begun)
    log.write("token", {"outcome": "served"})
    first, second = lines(stream.getvalue())
    assert (first["request_id"], first[TRACE]) == ("0123", "projects/p/traces/t")
    assert "secret" not in first
    assert {"request_id", TRACE}.isdisjoint(second)


def test_production_logs_json_lines_that_google_cloud_reads() -> None:
    """`severity`, `message` and `time` in every line, on one line, whatever the text."""
    with loud():
        stream = io.StringIO()
        configure(stream)
        logging.getLogger("multi_user_oauth.x").warning("so", extra={"reason": "a\nb", "other": 1})
    (line,) = lines(stream.getvalue())
    assert (line["severity"], line["message"], line["reason"]) == ("WARNING", "so", "a\nb")
    assert set(line) == ALWAYS | {"reason"}
    assert line["time"].endswith("+00:00")


def test_every_field_is_on_the_list_and_people_are_named_in_few(installation: Installation) -> None:
    """N64: in all lines of a whole journey; an e-mail stands in those that are about whose it is."""
    with loud() as written:
        journey(installation)
    told = lines(written.getvalue() + installation.log.getvalue())
    fields = {name for line in told for name in line}
    assert fields <= ALLOWED_FIELDS | ALWAYS | {TRACE, "stack"}
    for line in told:
        for name, value in line.items():
            if name not in NAMES_PEOPLE:
                assert not EMAIL.search(str(value)), f"{line['message']}: {name}"
                assert identity(MICROSOFT, SARAH).rpartition(":")[2] not in str(value)
    requests = [line for line in told if line["message"] == "request"]
    assert {line["outcome"] for line in requests} == {"ok"}
    actors = {(line["function"], line.get("actor", "").partition(":")[0]) for line in requests}
    assert {("access_token", "agent"), ("revoke", "person"), ("authorize", "")} <= actors
    assert len({line["request_id"] for line in requests}) == len(requests)


def test_the_documents_explain_every_field() -> None:
    """Each field that can stand in a line has its place in the table, and no other."""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    section = text.split("### What a log line holds\n", 1)[1].split("\n## ", 1)[0]
    named = set(
        re.findall(r"`([a-z_./]+)`", "".join(re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)))
    )
    assert named | {"request_id"} == ALLOWED_FIELDS | {TRACE, "stack"}
    assert all(f"`{name}`" in section for name in ALWAYS | {"request_id"})


@pytest.mark.parametrize(
    ("connector_type", "provider"), [(MICROSOFT, "microsoft"), (GOOGLE, "google")]
)
def test_what_a_provider_says_of_our_token_is_not_repeated(
    installation: Installation, connector_type: str, provider: str
) -> None:
    """N59: its error, codes and trace id are logged; its description, with our token in it, is not."""
    installation.connect(connector_type, SARAH)
    token = next(
        secret["value"]
        for secret in reversed(installation.sandbox.secrets())
        if secret["kind"] == "refresh_token"
    )
    numbers = {"aadsts": 70008} if provider == "microsoft" else {}
    installation.sandbox.add_fault(
        provider=provider,
        kind="oauth_error",
        error="invalid_grant",
        error_description=f"AADSTS70008: {MARKER} the token {token} is over",
        grant_type="refresh_token",
        **numbers,
    )
    installation.clock.advance(HOUR_AND_MORE)
    with loud() as written:
        answer = installation.agent().token(connector_type, SARAH.email)
    assert answer.status_code == 409, answer.text
    said = written.getvalue() + installation.log.getvalue() + answer.text
    assert MARKER not in said
    assert found(installation, said) == []
    (line,) = [
        each for each in lines(written.getvalue()) if each["message"] == "a provider refused"
    ]
    assert (line["error"], line["provider"]) == ("invalid_grant", provider)
    if provider == "microsoft":
        assert line["error_codes"] == [70008]
        assert re.fullmatch(r"[0-9a-f-]{36}", line["trace_id"])


def test_the_providers_see_no_secret_in_an_address(installation: Installation) -> None:
    """N60: tokens, codes and client secrets come to them in bodies and headers alone."""
    journey(installation)
    served = installation.sandbox.requests()
    assert {each["endpoint"] for each in served} >= {"token", "authorize", "revoke"}
    assert [each["path"] for each in served if each["leak"]] == []


def test_the_answer_with_a_token_is_kept_by_nobody(installation: Installation) -> None:
    """N63: no cache may keep it, nothing names its version, no other origin may read it."""
    installation.connect(MICROSOFT, SARAH)
    agent = installation.agent()
    path = f"/api/v1/oauth/user/{MICROSOFT}/{SARAH.email}/token"
    for origin in ("https://evil.example", "null", ORIGIN):
        headers = {"Origin": origin, "If-None-Match": "*"}
        answer = agent.call("access_token", "GET", path, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        names = {name.lower() for name, _ in answer.headers}
        assert names.isdisjoint({"etag", "last-modified", "expires", "set-cookie", "location"})
        assert not [name for name in names if name.startswith("access-control-")]


def test_an_answer_can_be_quoted_by_its_id(installation: Installation) -> None:
    """A refusal too; what the caller sends as an id is not taken for one."""
    for visitor in (Visitor(installation), installation.agent()):
        with loud() as written:
            answer = visitor.call(
                "access_token", "GET", "/x/y@company.com/token", headers={"X-Request-Id": MARKER}
            )
        number = answer.headers["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{16}", number)
        assert {line["request_id"] for line in lines(written.getvalue())} == {number}
