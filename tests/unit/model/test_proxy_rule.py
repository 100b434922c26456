"""What is passed on: targets that mean one thing, rules that cover them, and what no rule can open."""

import pytest

from multi_user_oauth.model import Agent, AgentRule, Identity, Person, Policy
from multi_user_oauth.model.proxy_rule import HOSTS, ProxyRule
from multi_user_oauth.model.proxy_target import LONGEST, ProxyTarget
from tests.support.addresses import DISGUISED, INSIDE

GRAPH = "graph.microsoft.com"
GMAIL = "gmail.googleapis.com"
CALENDARS = "www.googleapis.com/calendar/v3/calendars"
SARAH = Person(identities=frozenset({Identity.google("1")}), email="sarah@company.com")
EVERYTHING = (
    *(f"* {host}/**" for host in HOSTS if host != "www.googleapis.com"),
    *(f"* www.googleapis.com/{api}/**" for api in ("calendar", "drive", "gmail", "upload/drive")),
)
"""The widest file that can be written."""


def allows(rules: tuple[str, ...], call: str) -> bool:
    """Return whether a policy with these rules passes `METHOD host/path` on for a person."""
    method, _, text = call.partition(" ")
    policy = Policy(proxy=tuple(ProxyRule.parse(rule) for rule in rules))
    return policy.passes_on(SARAH, ProxyTarget.read(method, text))


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        (f"GET {GRAPH}/v1.0/me", f"GET {GRAPH}/v1.0/me"),
        (f"GET {GRAPH}/v1.0/me/*", f"GET {GRAPH}/v1.0/me/messages"),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GRAPH}/v1.0/me"),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GRAPH}/v1.0/me/mailFolders/AAMk%3D/messages"),
        (f"* {GRAPH}/v1.0/me/events/*", f"DELETE {GRAPH}/v1.0/me/events/AAMk="),
        (f"GET {GRAPH}/v1.0/me/mail", f"GET {GRAPH}/v1.0/%6De/mail"),
        (
            f"GET {GRAPH}/v1.0/me/**",
            f"GET {GRAPH}/v1.0/me/drive/root:/M%C3%BCll%20%231.txt:/content",
        ),
        (f"POST {GMAIL}/gmail/v1/users/me/drafts", f"POST {GMAIL}/gmail/v1/users/me/drafts"),
        (f"GET {GMAIL}/gmail/v1/users/**", f"GET {GMAIL}/gmail/v1/users/me/labels"),
        (f"GET {CALENDARS}/*/events", f"GET {CALENDARS}/primary/events"),
        (f"GET {CALENDARS}/team@group.com/*", f"GET {CALENDARS}/team%40group.com/events"),
    ],
)
def test_what_a_rule_lists_is_passed_on(rule: str, call: str) -> None:
    """`*` is one segment, `**` at the end any number, none too; literals are what the path says."""
    assert allows((rule,), call)


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        (f"GET {GRAPH}/v1.0/me", f"POST {GRAPH}/v1.0/me"),
        (f"GET {GRAPH}/v1.0/me", f"GET {GRAPH}/v1.0/me/messages"),
        (f"GET {GRAPH}/v1.0/me/*", f"GET {GRAPH}/v1.0/me"),
        (f"GET {GRAPH}/v1.0/me/*", f"GET {GRAPH}/v1.0/me/messages/1"),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GRAPH}/v1.0/meetings"),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GRAPH}/beta/me"),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GRAPH}/v1.0/Me/messages"),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GMAIL}/v1.0/me"),
        (f"GET {CALENDARS}/*/events", f"GET {CALENDARS}/team%40group.com/events"),
        (f"GET {CALENDARS}/**", f"GET {CALENDARS}/john%40company.com/events"),
        (f"GET {CALENDARS}/a@b.com/**", f"GET {CALENDARS}/c@b.com/events"),
    ],
)
def test_nothing_else_is(rule: str, call: str) -> None:
    """Not another method, host, version, case or depth; and no other calendar than is named."""
    assert not allows((rule,), call)
    assert not allows((), call)


@pytest.mark.parametrize(
    "call",
    [
        *(f"GET {GRAPH}/v1.0/users", f"GET {GRAPH}/v1.0/users/john@company.com/messages"),
        *(f"GET {GRAPH}/v1.0/Users/x", f"GET {GRAPH}/v1.0/%75sers/x", f"GET {GRAPH}/beta/USERS/x"),
        *(f"GET {GRAPH}/v1.0/users('x')", f"GET {GRAPH}/v1.0/users(id='x')/drive"),
        *(f"GET {GRAPH}/v1.0/users%28%27x%27%29", f"GET {GRAPH}/v1.0/%20users%20/x"),
        *(f"GET {GRAPH}/v1.0/u%C5%BFers/x", f"GET {GRAPH}/v1.0/%EF%BD%95sers/x"),
        *(f"GET {GRAPH}/users/x", f"GET {GRAPH}/v1.0/company.com/users/x"),
        *(f"POST {GRAPH}/v1.0/$batch", f"POST {GRAPH}/v1.0/%24batch", f"POST {GRAPH}/$BATCH"),
        f"GET {GRAPH}/v1.0/directoryObjects/x",
        *(f"GET {GMAIL}/gmail/v1/users/john@company.com/messages", f"GET {GMAIL}/gmail/v1/users"),
        *(f"GET {GMAIL}/gmail/v1/users/Me/messages", f"GET {GMAIL}/gmail/v1/users/me%20/labels"),
        *(f"POST {GMAIL}/batch/gmail/v1", f"POST {GMAIL}/batch", f"POST {GMAIL}/Batch/x"),
        "GET www.googleapis.com/gmail/v1/users/john@company.com/messages",
        "GET www.googleapis.com/calendar/v3/users/john/calendarList",
        *("POST www.googleapis.com/batch/drive/v3", "POST www.googleapis.com/oauth2/v4/token"),
        *("GET www.googleapis.com/storage/v1/b", "POST www.googleapis.com/upload/storage/v1/b/x/o"),
        *("GET www.googleapis.com/upload", "GET www.googleapis.com/admin/directory/v1/groups"),
        f"GET {CALENDARS}/john@company.com/events",
    ],
)
def test_no_rule_opens_what_names_somebody_else(call: str) -> None:
    """N40: Whatever the wildcards say, in every spelling; nor a batch, nor where tokens are made."""
    assert not allows(EVERYTHING, call)


@pytest.mark.parametrize("host", [host for host in (*INSIDE, *DISGUISED) if host])
def test_no_rule_opens_another_host(host: str) -> None:
    """N71: It is no target, or none that any rule is of; and no rule can be written for it."""
    try:
        target = ProxyTarget.read("GET", f"{host}/v1.0/me")
    except ValueError:
        target = None
    if target is not None:
        assert target.host not in HOSTS
        assert not any(ProxyRule.parse(rule).allows(target) for rule in EVERYTHING)
    with pytest.raises(ValueError, match="METHOD host/path"):
        ProxyRule.parse(f"GET {host}/v1.0/me")


@pytest.mark.parametrize(
    "text",
    [
        *("", GRAPH, f"{GRAPH}/", f"/{GRAPH}/v1.0", f"{GRAPH}//v1.0", f"{GRAPH}/v1.0/"),
        *(f"{GRAPH}/v1.0/me/../users/x", f"{GRAPH}/v1.0/./me", f"{GRAPH}/v1.0/me/.."),
        *(f"{GRAPH}/v1.0/me/%2e%2e/users", f"{GRAPH}/v1.0/me/.%2E/users", f"{GRAPH}/%2e"),
        *(f"{GRAPH}/v1.0/me%2fmessages", f"{GRAPH}/v1.0/me%2Fmessages", f"{GRAPH}/a%5cb"),
        *(f"{GRAPH}/a\\b", f"{GRAPH}/a;b", f"{GRAPH}/a%3bb", f"{GRAPH}/a%252e", f"{GRAPH}/%2525"),
        *(f"{GRAPH}/a%0ab", f"{GRAPH}/a%00", f"{GRAPH}/a%7f", f"{GRAPH}/a\nb", f"{GRAPH}/a b"),
        *(f"{GRAPH}/\u00e4", f"{GRAPH}/%e4", f"{GRAPH}/%c0%ae", f"{GRAPH}/%C2%85", f"{GRAPH}/%zz"),
        *(f"{GRAPH}/a%", f"{GRAPH}/a?b", f"{GRAPH}/a#b", f'{GRAPH}/"', f"{GRAPH}/[1]"),
        *(f"https://{GRAPH}/v1.0", f"{GRAPH}\\/v1.0", f"{GRAPH}/{'a' * LONGEST}"),
        *("file:///etc/passwd", "gopher://127.1/_x", "[::1]/x", f"{GRAPH}/%E2%80%AE"),
    ],
)
def test_what_can_be_read_in_two_ways_is_no_target(text: str) -> None:
    """N71: Encoded slashes, dots, semicolons, escapes of escapes, controls, bytes that are no text."""
    with pytest.raises(ValueError, match=r"path|utf-8"):
        ProxyTarget.read("GET", text)


def test_a_target_is_sent_as_it_was_written() -> None:
    """And compared as what it says."""
    target = ProxyTarget.read("GET", f"{GRAPH}/v1.0/me/drive/root:/M%c3%bcll%20(1).txt:/content")
    assert target.path == "/v1.0/me/drive/root:/M%c3%bcll%20(1).txt:/content"
    assert target.segments[3:] == ("root:", "M\u00fcll (1).txt:", "content")
    assert "ll" not in repr(target)


@pytest.mark.parametrize(
    "text",
    [
        *("", f"GET {GRAPH}", f"GET {GRAPH}/", f"get {GRAPH}/me", f"HEAD {GRAPH}/me"),
        *(f"GET  {GRAPH}/me", f"GET https://{GRAPH}/me", f"GET {GRAPH}/a/**/b", f"GET {GRAPH}/a*"),
        *(f"GET {GRAPH}/***", f"GET {GRAPH}//me", f"GET {GRAPH}/me/..", f"GET {GRAPH}/me%2F"),
        *(f"GET {GRAPH}/a;b", f"GET {GRAPH}/a?b", "GET *.googleapis.com/x", "GET example.com/x"),
        *("POST oauth2.googleapis.com/token", "POST sts.googleapis.com/v1/token"),
        "POST iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/x:generateAccessToken",
        *("GET cloudresourcemanager.googleapis.com/v1/projects", "GET admin.googleapis.com/x"),
        *("GET www.googleapis.com/**", "GET www.googleapis.com/oauth2/v2/userinfo"),
        *(
            "GET www.googleapis.com/upload/**",
            f"GET {GRAPH}/v1.0/users/*",
            f"POST {GRAPH}/*/$batch",
        ),
        *(f"GET {GMAIL}/gmail/v1/users/sarah@company.com/*", f"POST {GMAIL}/batch/**"),
    ],
)
def test_a_rule_that_could_let_nothing_pass_is_a_mistake(text: str) -> None:
    """Better said at the start than wondered about."""
    with pytest.raises(ValueError, match=r"METHOD|segments|a path"):
        ProxyRule.parse(text)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (f"* {GRAPH}/v1.0/me/**", f"GET {GRAPH}/v1.0/me", True),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GRAPH}/v1.0/me/*/x/**", True),
        (f"GET {GRAPH}/v1.0/*", f"GET {GRAPH}/v1.0/me", True),
        (f"GET {CALENDARS}/**", f"GET {CALENDARS}/*/events", True),
        (f"GET {GRAPH}/v1.0/me/**", f"* {GRAPH}/v1.0/me/x", False),
        (f"GET {GRAPH}/v1.0/me/*", f"GET {GRAPH}/v1.0/me/**", False),
        (f"GET {GRAPH}/v1.0/me/*", f"GET {GRAPH}/v1.0/me/x/**", False),
        (f"GET {GRAPH}/v1.0/me/x", f"GET {GRAPH}/v1.0/me/*", False),
        (f"GET {GRAPH}/v1.0/me/**", f"GET {GRAPH}/v1.0/**", False),
        (f"GET {GRAPH}/**", f"GET {GMAIL}/**", False),
        (f"GET {CALENDARS}/*/events", f"GET {CALENDARS}/a@b.com/events", False),
    ],
)
def test_a_rule_includes_a_narrower_one(wide: str, narrow: str, expected: bool) -> None:
    """Whatever the narrower one allows, it allows."""
    assert ProxyRule.parse(wide).includes(ProxyRule.parse(narrow)) is expected
    assert ProxyRule.parse(wide).includes(ProxyRule.parse(wide))
    assert str(ProxyRule.parse(narrow)) == narrow


def test_an_agents_own_list_narrows_what_all_may() -> None:
    """And so does that of each agent that acts for another; an empty one leaves nothing."""
    reading = ProxyRule.parse(f"GET {GRAPH}/v1.0/me/**")

    def agent(name: str, *rules: str) -> AgentRule:
        own = tuple(ProxyRule.parse(rule) for rule in rules)
        return AgentRule(name=name, connector_types=frozenset(), users=frozenset(), proxy=own)

    wide = AgentRule(name="wide", connector_types=frozenset(), users=frozenset())
    rules = [wide, agent("narrow", f"GET {GRAPH}/v1.0/me"), agent("none")]
    policy = Policy(proxy=(reading,), agents={rule.name: rule for rule in rules})
    me = ProxyTarget.read("GET", f"{GRAPH}/v1.0/me")
    mail = ProxyTarget.read("GET", f"{GRAPH}/v1.0/me/messages")
    answers = {
        name: (policy.passes_on(Agent(name=name), me), policy.passes_on(Agent(name=name), mail))
        for name in policy.agents
    }
    assert answers == {"wide": (True, True), "narrow": (True, False), "none": (False, False)}
    by_narrow = Agent(name="wide", actors=("narrow",))
    assert policy.passes_on(by_narrow, me)
    assert not policy.passes_on(by_narrow, mail)
