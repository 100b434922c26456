"""doctor --deployed: what runs is asked from outside; what is open and should be closed is found."""

import base64
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from multi_user_oauth.cli.demo_sandbox import sandbox_config
from multi_user_oauth.cli.doctor.bench import Bench
from multi_user_oauth.cli.doctor.deployed import deployed_checks, deployed_findings
from multi_user_oauth.cli.doctor.deployed.addresses import Addresses, Outputs
from multi_user_oauth.cli.doctor.deployed.tls import greeting
from multi_user_oauth.cli.doctor.findings import Finding, Status, side_by_side
from multi_user_oauth.cli.files import provision_deployment
from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.model import Policy
from multi_user_oauth.ports import Clock
from multi_user_oauth.sandbox.door import SandboxAdapter
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.settings import Settings
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.settings.policy import load_policy
from multi_user_oauth.wiring.world import World, utc_now
from tests.support.clock import START

from .doctor_platform import (
    COOKIE,
    END,
    FUNCTIONS,
    PAGE,
    Asked,
    Authority,
    PlayedDeployment,
    Reply,
    authority,
    platform,
    problem,
    serving,
)
from .processes import free_ports

ACCOUNT = "scheduler@company-project.iam.gserviceaccount.com"
OURS = problem(401, "unauthenticated")
PASSED_BY = [
    (OURS, Status.WRONG),
    (problem(405, "method_not_allowed"), Status.WRONG),
    (Reply(status=200), Status.WRONG),
    (Reply(status=403, headers={"X-Request-Id": "0123456789abcdef"}), Status.WRONG),
    (platform(404), Status.UNKNOWN),
    (platform(503), Status.UNKNOWN),
]
"""What `refresh` may be answered with, that is no refusal by IAM."""


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom doctor trusts."""
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def served(signer: Authority) -> Iterator[PlayedDeployment]:
    """One server for all tests here."""
    with serving(signer.context("localhost")) as played:
        yield played


@pytest.fixture(scope="module")
def providers(provisioned: Path) -> Iterator[SandboxAdapter]:
    """Microsoft and Google; their addresses are the real ones."""
    settings = {"PUBLIC_ORIGIN": "http://localhost:8084", **provision_deployment(provisioned)}
    with Sandbox(sandbox_config(settings, None)) as started:
        yield SandboxAdapter(started.base_url)


@pytest.fixture
def played(
    served: PlayedDeployment, signer: Authority, monkeypatch: pytest.MonkeyPatch
) -> PlayedDeployment:
    """A deployment of which nothing is wrong, until the test breaks it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(signer.file))
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    served.answering.clear()
    served.asked.clear()
    return served


def bench(
    env_file: Path, played: PlayedDeployment, world: World, changes: Mapping[str, str]
) -> Bench:
    """Settings of that deployment."""
    here = {"PUBLIC_ORIGIN": played.origin, "REFRESH_URL": played.behind}
    values = {**read_settings(env_file), **here, "REFRESH_AUDIENCE": played.behind, **changes}
    settings = Settings(values)
    types = load_connector_types(settings.connector_types_file)
    callers = {"sweep": frozenset({ACCOUNT})}
    policy = Policy(agents=load_policy(settings.policy_file).agents, refresh_callers=callers)
    return Bench(
        values=values, settings=settings, world=world, policy=policy,
        types=tuple(types.values()), all_types=frozenset(types),
    )  # fmt: skip


Look = Callable[..., list[Finding]]
"""Takes the themes to look at, none for all; `addresses`, and settings to change."""


@pytest.fixture
def look(env_file: Path, played: PlayedDeployment, providers: SandboxAdapter) -> Look:
    """Return what looks at that deployment."""

    def looked(
        *checks: str,
        addresses: Addresses | None = None,
        now: Clock = utc_now,
        **changes: str,
    ) -> list[Finding]:
        where = addresses or played.addresses()
        made = bench(env_file, played, World(adapter=providers, now=now), changes)
        found = [*deployed_findings(made, where)]
        asking = deployed_checks(made, where)
        found += side_by_side([each for each in asking if not checks or each.theme.check in checks])
        return [each for each in found if not checks or each.check in checks]

    return looked


def one(found: list[Finding], subject: str) -> Finding:
    """The only trouble, which is about this."""
    trouble = [each for each in found if each.status is not Status.OK]
    assert [each.subject for each in trouble] == [subject], [each.what for each in trouble]
    assert trouble[0].mend
    return trouble[0]


def claims(bearer: str) -> tuple[dict[str, object], dict[str, object], str]:
    """A token's header, its claims, and its signature."""
    header, body, signature = bearer.split(".")
    read = (json.loads(base64.urlsafe_b64decode(each + "==")) for each in (header, body))
    return next(read), next(read), signature


def test_of_a_deployment_as_it_should_be_nothing_is_wrong(look: Look) -> None:
    """Each function at each of its addresses, the front door, and both sign-ins."""
    found = look()
    assert [(each.what, each.status) for each in found if each.status is not Status.OK] == []
    about = {(each.check, each.subject) for each in found}
    names = {each.name for each in FUNCTIONS}
    assert {("platform", "refresh"), ("front door", "certificate")} <= about
    assert {("forged identities", name) for name in names - {"refresh"}} <= about
    assert {("platform", f"{name} past the front door") for name in names - {"refresh"}} <= about
    assert {("sign-in as deployed", "microsoft_teams"), ("front door", "plain http")} <= about


def test_what_is_sent_is_forged_and_asks_for_nothing_that_refresh_does(
    look: Look, played: PlayedDeployment
) -> None:
    """In the name of an account that the policy lets in: only the signature speaks against it."""
    look("platform")
    behind = [each for each in played.asked if each.host == "127.0.0.1" and "refresh" in each.path]
    assert {each.method for each in behind} == {"GET"}
    assert {each.path for each in behind} == {"/refresh/one", "/oauth-refresh/one"}
    forged = [claims(each.bearer) for each in behind if each.path == "/refresh/one" and each.bearer]
    assert sum(1 for each in behind if not each.bearer) == 2
    assert [header["alg"] for header, _, _ in forged] == ["none", "RS256", "RS256"]
    assert {(str(body["email"]), str(body["aud"])) for _, body, _ in forged} == {
        (ACCOUNT, played.behind)
    }
    signatures = [signature for _, _, signature in forged]
    assert (signatures[0], signatures[2]) == ("", "SIGNATURE_REMOVED_BY_GOOGLE")
    assert len(signatures[1]) == 342


def test_forged_agents_are_those_of_the_policy_and_the_audience_is_right(
    look: Look, env_file: Path, played: PlayedDeployment
) -> None:
    """Else a function that believes every signature would refuse them for another reason."""
    look("forged identities")
    forged = [claims(each.bearer) for each in played.asked if each.bearer]
    agents = load_policy(Settings(read_settings(env_file)).policy_file).agents
    assert {str(body["aud"]) for _, body, _ in forged} == {played.origin}
    assert {str(body["email"]) for _, body, _ in forged} <= set(agents)
    assert len(forged) == 3 * 5
    assert {each.method for each in played.asked if each.bearer} == {"GET", "DELETE"}
    deleted = [each.path for each in played.asked if each.method == "DELETE"]
    assert {path.rpartition("/")[2] for path in deleted} == {"nobody@doctor.invalid"}


@pytest.mark.parametrize(("reply", "status"), PASSED_BY)
def test_a_platform_that_lets_strangers_in_is_found_though_our_code_refuses_them(
    look: Look, played: PlayedDeployment, reply: Reply, status: Status
) -> None:
    """Our own 401 is proof that IAM is off; a 404 or 503 is no proof of anything."""
    played.says(reply, path="/refresh/", host="127.0.0.1")
    found = one(look("platform"), "refresh")
    assert found.status is status
    assert status is Status.UNKNOWN or "lets a caller without an identity in at" in found.what
    assert status is Status.UNKNOWN or "roles/run.invoker" in found.mend


@pytest.mark.parametrize("number", [0, 1, 2])
def test_one_kind_of_forged_identity_that_is_let_in_is_enough(
    look: Look, played: PlayedDeployment, number: int
) -> None:
    """Whatever else is refused."""
    kinds = [
        ("none", ""),
        ("RS256", "made up"),
        ("RS256", "SIGNATURE_REMOVED_BY_GOOGLE"),
    ]

    def answer(asked: Asked) -> Reply | None:
        if not asked.bearer or not asked.path.startswith("/refresh/"):
            return None
        header, _, signature = claims(asked.bearer)
        known = {"", "SIGNATURE_REMOVED_BY_GOOGLE"}
        seen = (header["alg"], signature if signature in known else "made up")
        return OURS if seen == kinds[number] else None

    played.answering.append(answer)
    found = one(look("platform"), "refresh")
    words = ["unsigned", "made-up signature", "said to be checked"]
    assert (found.status, words[number] in found.what) == (Status.WRONG, True)


def test_the_other_address_of_refresh_has_to_be_closed_too(
    look: Look, played: PlayedDeployment
) -> None:
    """A function of the 2nd generation has two."""
    played.says(OURS, path="/oauth-refresh/", host="127.0.0.1")
    found = one(look("platform"), "refresh")
    assert f"{played.behind}/oauth-refresh" in found.what


def test_a_front_door_that_is_down_does_not_hide_that_refresh_is_open(
    look: Look, played: PlayedDeployment
) -> None:
    """Each address is looked at by itself."""
    played.says(OURS, path="/refresh/", host="127.0.0.1")
    gone = f"https://localhost:{free_ports()[0]}"
    urls = {"refresh": f"{gone}/oauth-refresh"}
    outputs = Outputs(public_origin=gone, refresh_url=played.behind, function_urls=urls)
    found = look("platform", addresses=played.addresses(origin=gone, outputs=outputs))
    told = [each.status for each in found if each.subject == "refresh"]
    assert sorted(told) == ["unknown", "unknown", "wrong"]


def test_a_front_door_that_leads_to_refresh_is_found(look: Look, played: PlayedDeployment) -> None:
    """The load balancer would bring strangers to it."""
    played.says(problem(405, "method_not_allowed"), path="/refresh/")
    found = one(look("platform"), "refresh")
    assert (found.status, "front door leads to it" in found.what) == (Status.WRONG, True)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (problem(404, "not_found"), Status.WRONG),
        (OURS, Status.WRONG),
        (Reply(status=200), Status.WRONG),
        (platform(503), Status.UNKNOWN),
    ],
)
def test_a_function_that_answers_past_the_load_balancer_is_found(
    look: Look, played: PlayedDeployment, reply: Reply, status: Status
) -> None:
    """Whatever it answers: no rate of Cloud Armor holds there."""
    played.says(reply, path="/oauth-connectors", host="127.0.0.1")
    found = one(look("platform"), "connectors past the front door")
    assert found.status is status
    assert status is Status.UNKNOWN or "ALLOW_INTERNAL_AND_GCLB" in found.mend


@pytest.mark.parametrize(
    ("reply", "status", "said"),
    [
        (Reply(status=200, headers=PAGE), Status.WRONG, "took an unsigned token"),
        (problem(404, "not_connected"), Status.WRONG, "did not refuse an unsigned token as such"),
        (problem(403, "forbidden"), Status.WRONG, "did not refuse an unsigned token as such"),
        (platform(401), Status.WRONG, "lets nobody in"),
        (platform(403), Status.WRONG, "lets nobody in"),
        (platform(404), Status.WRONG, "something else"),
        (platform(302), Status.WRONG, "took an unsigned token"),
        (platform(502), Status.UNKNOWN, "answers 502"),
        (problem(429, "too_many_requests"), Status.UNKNOWN, "too_many_requests"),
    ],
)
def test_whatever_is_not_our_own_401_to_a_forged_identity_is_found(
    look: Look, played: PlayedDeployment, reply: Reply, status: Status, said: str
) -> None:
    """Nobody's token is asked for: it would be looked up only by a function that believed it."""
    played.says(reply, path="/api/v1/oauth/user/", method="GET DELETE")
    played.says(problem(400, "invalid_request"), path="/api/v1/oauth/user/authorize", method="GET")
    played.says(OURS, path="/api/v1/oauth/user/", method="DELETE")
    found = one(look("forged identities"), "access_token")
    assert (found.status, said in found.what) == (status, True), found.what


def test_a_platform_that_refuses_a_public_function_is_found(
    look: Look, played: PlayedDeployment
) -> None:
    """Nobody would come back from the provider; and 401 of ours is no answer to whoever comes back."""
    for reply, said in ((platform(403), "lets nobody in"), (OURS, "refuses whoever asks")):
        played.answering.clear()
        played.says(reply, path="/api/v1/oauth/callback/google")
        found = one(look("forged identities"), "callback_google")
        assert said in found.what


def test_nobody_there_is_not_called_wrong(look: Look) -> None:
    """Nothing is known of it; but nothing is called right either."""
    gone = f"https://localhost:{free_ports()[0]}"
    where = Addresses(origin=gone, functions=FUNCTIONS, refresh_url=gone)
    found = look(addresses=where)
    told = {(each.check, each.subject): each.status for each in found}
    assert told.pop(("platform", "ingress")) is Status.BY_HAND
    assert told.pop(("front door", "plain http")) is Status.OK
    assert set(told.values()) == {Status.UNKNOWN}


# --- the front door


Elsewhere = Callable[..., Finding]


@pytest.fixture
def elsewhere(look: Look) -> Elsewhere:
    """Return what looks at the certificate of another server."""

    def seen(context: ssl.SSLContext, now: datetime = START) -> Finding:
        with serving(context) as other:
            found = look("front door", addresses=other.addresses(), now=lambda: now)
        (about,) = [each for each in found if each.subject == "certificate"]
        return about

    return seen


@pytest.mark.parametrize(("days", "status"), [(22, Status.OK), (20, Status.WARNING)])
def test_the_days_of_the_certificate_are_counted(
    elsewhere: Elsewhere, signer: Authority, days: int, status: Status
) -> None:
    """Three weeks before its end a managed one should have been renewed."""
    found = elsewhere(signer.context("localhost"), END - timedelta(days=days, hours=1))
    assert (found.status, f"until 2040-01-01: {days} days" in found.what) == (status, True)


def test_a_certificate_that_has_ended_or_is_another_ones_proves_nothing(
    elsewhere: Elsewhere, signer: Authority, tmp_path: Path
) -> None:
    """With OpenSSL's word for it, and what to do."""
    stranger = authority(tmp_path / "stranger")
    ended = datetime(2025, 1, 1, tzinfo=UTC)
    for context, said in (
        (signer.context("localhost", ends=ended), "expired"),
        (signer.context("vault.company.com"), "Hostname mismatch"),
        (signer.context("localhost", signed_by=stranger), "certificate signature failure"),
    ):
        found = elsewhere(context)
        assert (found.status, said in found.what) == (Status.WRONG, True), found.what
        assert "a certificate for localhost" in found.mend


def test_a_host_without_a_certificate_is_told_from_one_that_is_not_there(look: Look) -> None:
    """Google's load balancer has none until the name leads to it."""
    with saying(bytes.fromhex("15030300020228")) as port:  # alert: handshake_failure
        where = Addresses(origin=f"https://localhost:{port}", functions=FUNCTIONS)
        found = look("front door", addresses=where)
    (told,) = [each for each in found if each.subject == "certificate"]
    assert (told.status, "has no certificate" in told.what) == (Status.WRONG, True)


@contextmanager
def saying(answer: bytes) -> Iterator[int]:
    """Listen, and answer whoever greets with these bytes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with closing(caller):
                    if caller.recv(5):
                        caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (bytes.fromhex("160302003102"), Status.WRONG),  # ServerHello
        (bytes.fromhex("15030200020246"), Status.OK),  # alert: protocol_version
        (b"", Status.OK),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Status.OK),
    ],
)
def test_a_host_that_still_speaks_tls_1_1_is_found(
    look: Look, played: PlayedDeployment, answer: bytes, status: Status
) -> None:
    """It goes on with the greeting; others refuse, or hang up."""
    with saying(answer) as port:
        where = played.addresses(origin=f"https://localhost:{port}")
        found = look("front door", addresses=where)
    (told,) = [each for each in found if each.subject == "old TLS"]
    assert told.status is status


def test_the_greeting_is_one_that_tls_understands() -> None:
    """OpenSSL reads it to its end, and refuses the version alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(greeting("connect.company.com", bytes(32)))
    with pytest.raises(ssl.SSLError) as refused:
        server.do_handshake()
    assert refused.value.reason == "UNSUPPORTED_PROTOCOL"
    assert outgoing.read()[-1] == 70  # protocol_version (RFC 5246, 7.2.2)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(status=200), Status.WRONG),
        (OURS, Status.WRONG),
        (Reply(status=301, headers={"Location": "http://localhost/"}), Status.WRONG),
        (Reply(status=301, headers={"Location": "https://localhost.evil.example/"}), Status.WRONG),
        (Reply(status=301), Status.WRONG),
        (platform(403), Status.OK),
    ],
)
def test_plain_http_has_to_lead_to_https_or_nowhere(
    look: Look, played: PlayedDeployment, reply: Reply, status: Status
) -> None:
    """To our own name, and to no other that begins like it."""
    played.says(reply, path="/", host="http")
    found = look("front door")
    assert {each.status for each in found if each.subject == "plain http"} == {status}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in PAGE if name not in {"X-Request-Id", "Content-Type"}),
        (
            "Content-Security-Policy",
            PAGE["Content-Security-Policy"] + "; style-src 'unsafe-inline'",
        ),
        ("Content-Security-Policy", "default-src 'none'"),
        ("Strict-Transport-Security", "max-age=60"),
        ("Referrer-Policy", "unsafe-url"),
        ("Cache-Control", "public, max-age=300"),
    ],
)
def test_a_header_that_does_not_arrive_as_it_is_sent_is_named(
    look: Look, played: PlayedDeployment, name: str, value: str
) -> None:
    """It is all of what protects the pages."""
    changed = {key: text for key, text in {**PAGE, name: value}.items() if text}
    played.says(Reply(status=200, headers=changed), path="/", method="GET")
    played.says(problem(404, "not_found"), path="/doctor/")
    found = one(look("front door"), "pages")
    assert (found.status, found.what.endswith(f": {name}")) == (Status.WRONG, True)


@pytest.mark.parametrize(
    ("name", "value", "warned"),
    [
        ("Server", "nginx/1.25.3", True),
        ("X-Powered-By", "Express", True),
        ("Server", "Google Frontend", False),
    ],
)
def test_what_tells_strangers_which_software_runs_is_a_warning(
    look: Look, played: PlayedDeployment, name: str, value: str, *, warned: bool
) -> None:
    """It is where they begin."""
    played.says(Reply(status=200, headers={**PAGE, name: value}), path="/", method="GET")
    played.says(problem(404, "not_found"), path="/doctor/")
    found = look("front door")
    assert [each.status for each in found if name in each.what] == [Status.WARNING] * warned


@pytest.mark.parametrize(
    ("reply", "status", "said"),
    [
        (Reply(status=404, headers=PAGE, body=b"Traceback (most recent call last)"), Status.WRONG,
         "how the code looks inside"),
        (Reply(status=200, headers=PAGE), Status.WRONG, "with 200"),
        (platform(404), Status.WRONG, "with 404"),
        (platform(502), Status.UNKNOWN, "502"),
    ],
)  # fmt: skip
def test_an_unknown_path_is_our_404(
    look: Look, played: PlayedDeployment, reply: Reply, status: Status, said: str
) -> None:
    """And tells nothing."""
    played.says(reply, path="/doctor/")
    found = one(look("front door"), "unknown path")
    assert (found.status, said in found.what) == (status, True)


def test_a_first_page_of_somebody_else_is_found(look: Look, played: PlayedDeployment) -> None:
    """The name leads somewhere else; or the platform can not start it now."""
    for reply, status in ((Reply(status=200), Status.WRONG), (platform(503), Status.UNKNOWN)):
        played.answering.clear()
        played.says(reply, path="/", method="GET")
        played.says(problem(404, "not_found"), path="/doctor/")
        assert one(look("front door"), "pages").status is status


# --- signing in


GOOGLE = "google_workspace"


def departing(played: PlayedDeployment, **changes: str) -> None:
    """Send people to Google with another request; empty takes a parameter out."""

    def answer(asked: Asked) -> Reply | None:
        is_google = GOOGLE.encode() in asked.body
        return played.departure(asked, **changes) if is_google else None

    played.answering.append(answer)


@pytest.mark.parametrize(
    ("changes", "said", "mend"),
    [
        ({"redirect_uri": "https://evil.example/"}, "is https://evil.example/", "Set PUBLIC_ORIGIN"),
        ({"client_id": "another"}, "client_id is another", "oauth-connector-types"),
        ({"code_challenge_method": "plain"}, "code_challenge_method is plain", ""),
        ({"code_challenge_method": ""}, "code_challenge_method is missing", ""),
        ({"response_type": "token"}, "response_type is token", ""),
        ({"code_challenge": ""}, "the same twice: code_challenge", "SECURITY.md"),
        ({"state": ""}, "the same twice: state", "SECURITY.md"),
        ({"nonce": "1"}, "the same twice: nonce", "SECURITY.md"),
        ({"state": "1" * 64}, "the same twice: state", "SECURITY.md"),
        ({"nonce": "1" * 64}, "the same twice: nonce", "SECURITY.md"),
    ],
)  # fmt: skip
def test_a_sign_in_that_does_not_go_as_it_should_is_found(
    look: Look, played: PlayedDeployment, changes: dict[str, str], said: str, mend: str
) -> None:
    """As the deployment begins it, not as our settings would."""
    departing(played, **changes)
    found = one(look("sign-in as deployed"), GOOGLE)
    assert (found.status, said in found.what, mend in found.mend) == (Status.WRONG, True, True)


def test_what_is_drawn_and_short_can_be_guessed(look: Look, played: PlayedDeployment) -> None:
    """Though it is another each time."""
    numbers = iter(range(10))

    def answer(asked: Asked) -> Reply | None:
        is_google = GOOGLE.encode() in asked.body
        return played.departure(asked, nonce=f"{next(numbers):020}") if is_google else None

    played.answering.append(answer)
    assert one(look("sign-in as deployed"), GOOGLE).what.endswith("the same twice: nonce")


def test_what_is_drawn_is_never_printed(look: Look, played: PlayedDeployment) -> None:
    """A state is a secret while it lives, and so is the sealed flow."""
    departing(played, state="s" * 64)
    told = " ".join(each.what + each.mend for each in look())
    assert [text for text in ("s" * 32, "0" * 32, "sealed;") if text in told] == []


def test_scopes_that_differ_are_a_warning(look: Look, played: PlayedDeployment) -> None:
    """What is deployed is of another day than the file here."""
    departing(played, scope="openid")
    found = one(look("sign-in as deployed"), GOOGLE)
    assert (found.status, "gmail.send" in found.what) == (Status.WARNING, True)


@pytest.mark.parametrize(
    ("location", "mend"),
    [
        ("https://accounts.google.example/o/oauth2/v2/auth?state=1", "Find out what answers"),
        ("https://accounts.google.com/signin", "oauth-connector-types"),
        ("", "Find out what answers"),
    ],
)
def test_a_deployment_that_sends_people_to_a_stranger_is_found(
    look: Look, played: PlayedDeployment, location: str, mend: str
) -> None:
    """They would type their password there."""
    headers = {"Location": location, "Set-Cookie": COOKIE}
    played.answering.append(
        lambda asked: Reply(status=303, headers=headers) if GOOGLE.encode() in asked.body else None
    )
    found = one(look("sign-in as deployed"), GOOGLE)
    assert (found.status, mend in found.mend) == (Status.WRONG, True)


@pytest.mark.parametrize(
    "cookie",
    [
        COOKIE.replace("; Secure", ""),
        COOKIE.replace("; HttpOnly", ""),
        COOKIE.replace("; SameSite=Lax", ""),
        COOKIE.replace("SameSite=Lax", "SameSite=None"),
        COOKIE.replace("Path=/", "Path=/api"),
        f"{COOKIE}; Domain=company.com",
        COOKIE.replace("__Host-", ""),
        "",
    ],
)
def test_a_cookie_that_is_not_for_this_host_alone_is_found(
    look: Look, played: PlayedDeployment, cookie: str
) -> None:
    """Something before us changed it; its value is not shown."""

    def answer(asked: Asked) -> Reply | None:
        if GOOGLE.encode() not in asked.body:
            return None
        right = played.departure(asked)
        headers = {**right.headers, "Set-Cookie": cookie}
        return Reply(status=303, headers={name: text for name, text in headers.items() if text})

    played.answering.append(answer)
    found = one(look("sign-in as deployed"), GOOGLE)
    assert (found.status, "sealed" in found.what) == (Status.WRONG, False)


@pytest.mark.parametrize(
    ("reply", "status", "mend"),
    [
        (problem(400, "unknown_connector_type"), Status.WRONG, "oauth-connector-types"),
        (problem(403, "cross_site_request"), Status.WRONG, "PUBLIC_ORIGIN"),
        (problem(500, "internal_error"), Status.WRONG, "log of the function"),
        (Reply(status=200), Status.WRONG, "Find out what answers"),
        (problem(429, "too_many_requests"), Status.UNKNOWN, ""),
        (platform(503), Status.UNKNOWN, ""),
    ],
)
def test_why_nobody_is_sent_to_the_provider_is_told(
    look: Look, played: PlayedDeployment, reply: Reply, status: Status, mend: str
) -> None:
    """By what `authorize` says."""
    played.answering.append(lambda asked: reply if GOOGLE.encode() in asked.body else None)
    found = one(look("sign-in as deployed"), GOOGLE)
    assert (found.status, mend in found.mend) == (status, True)


def test_what_terraform_says_otherwise_than_the_settings_is_wrong(
    look: Look, played: PlayedDeployment
) -> None:
    """All that follows would be about another deployment."""
    outputs = Outputs(public_origin="https://other.company.com", refresh_url="https://r.run.app")
    where = played.addresses(outputs=outputs)
    found = look("deployment", addresses=where)
    assert {each.subject: each.status for each in found} == dict.fromkeys(
        ("PUBLIC_ORIGIN", "REFRESH_URL", "REFRESH_AUDIENCE"), Status.WRONG
    )
