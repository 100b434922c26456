"""At the edge: other origins' scripts, rates, other issuers' tokens, the platform's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from multi_user_oauth.errors import UnauthenticatedError
from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.providers.platform_token import REMOVED
from multi_user_oauth.sandbox.company import JOHN, SARAH, microsoft_identity
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import listed_callers
from tests.support.functions import API, AUTHORIZE, MICROSOFT, Installation, Visitor, code
from tests.support.installation import AGENT, ORIGIN, POLICY, REFRESHER

APP = "https://app.company.com"
ASKED = {"user_email": SARAH.email, "connector_type": MICROSOFT}
KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
ISSUERS = """
issuers:
  github:
    kind: agent
    issuer: https://token.actions.githubusercontent.com
    audience: https://connect.company.com
    jwks_uri: https://keys.example/github
    subject: "{sub}"
  intranet:
    kind: person
    issuer: https://id.company.com
    audience: vault
    jwks_uri: https://keys.example/intranet
    subject: "microsoft:{tid}:{oid}"
"""
PIPELINES = """
  github/repo:company/reports:
    connector_types: [microsoft_teams]
    users: ['*@company.com']
  github/relay:
    connector_types: [microsoft_teams]
    users: [john@company.com]
admins:"""


class Gate:
    """A function's own answer, seen with all its headers: no rule of this test's other answers."""

    def __init__(self, installation: Installation, name: str) -> None:
        self._client = installation.app(name).test_client()

    def __call__(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # reason: werkzeug's
        """Send a request to our own host."""
        return self._client.open(path, method=method, base_url=ORIGIN, **options)


@pytest.fixture
def shared(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """An installation that one other origin may use by script."""
    return Installation(tmp_path, keys, {"CORS_ORIGINS": APP})


def test_a_listed_origins_script_starts_a_sign_in_and_asks_how_it_ended(
    shared: Installation,
) -> None:
    """The browser asks first, then sends; both answers may be read, and no cookie goes along."""
    asks = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    authorize, listing = Gate(shared, "authorize"), Gate(shared, "list_users")
    first = authorize("OPTIONS", AUTHORIZE, headers=asks)
    assert first.status_code == 204
    assert first.headers["Access-Control-Allow-Origin"] == APP
    assert first.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert "POST" in first.headers["Access-Control-Allow-Methods"]
    started = authorize("POST", AUTHORIZE, headers={"Origin": APP}, json=ASKED)
    assert started.status_code == 200
    handle = started.json["flow_handle"]
    status = listing("GET", f"{API}/flow/{handle}", headers={"Origin": APP})
    for answer in (first, started, status):
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", APP + ".evil.example"])
def test_no_other_origins_script_reads_anything(shared: Installation, origin: str) -> None:
    """N63: the answer is the same, and its browser keeps it from the page."""
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    authorize = Gate(shared, "authorize")
    assert authorize("OPTIONS", AUTHORIZE, headers=asks).status_code == 405
    for answer in (
        authorize("POST", AUTHORIZE, headers={"Origin": origin}, json=ASKED),
        Gate(shared, "list_users")("GET", f"{API}/users", headers={"Origin": APP}),
        Gate(shared, "access_token")(
            "GET", f"{API}/user/{MICROSOFT}/{SARAH.email}/token", headers={"Origin": APP}
        ),
        Gate(shared, "access_token")(
            "OPTIONS", f"{API}/user/{MICROSOFT}/{SARAH.email}/token", headers=asks | {"Origin": APP}
        ),
    ):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


def test_every_answer_carries_the_headers_that_protect_it(untouched: Installation) -> None:
    """Also the refusals: TLS only, no sniffing, no foreign frame, reader or opener."""
    for name, path in (("web", "/"), ("web", "/none"), ("access_token", "/a/b/token")):
        headers = Gate(untouched, name)("GET", path).headers
        assert int(headers["Strict-Transport-Security"].removeprefix("max-age=")) >= 31536000
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_whoever_asks_too_often_is_told_when_to_come_back(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """N41d: 429 with Retry-After, for one agent and one person; others are not concerned."""
    installation = Installation(tmp_path, keys, {"RATE_PER_PERSON": "2/hour"})
    for account in (SARAH, JOHN):
        installation.connect(MICROSOFT, account)
    agent = installation.agent()
    for _ in range(2):
        assert agent.token(MICROSOFT, SARAH.email).status_code == 200
    refused = agent.token(MICROSOFT, SARAH.email)
    assert (refused.status_code, code(refused)) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert agent.token(MICROSOFT, JOHN.email).status_code == 200


def test_an_address_that_asks_too_often_gets_no_further(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """Before anything is read or proved; the browser gets a page."""
    installation = Installation(tmp_path, keys, {"RATE_PER_ADDRESS": "1/hour"})
    visitor = Visitor(installation)
    assert visitor.call("authorize", "POST", AUTHORIZE, json=ASKED).status_code == 200
    refused = visitor.call("authorize", "POST", AUTHORIZE, json=ASKED)
    assert (refused.status_code, code(refused)) == (429, "too_many_requests")
    page = visitor.leave(MICROSOFT, SARAH.email)
    assert (page.status_code, page.mimetype) == (429, "text/html")


@pytest.fixture
def issuing(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """A policy with issuers; the sandbox's address book does not know them, so their keys are set."""
    file = tmp_path / "issuers.yaml"
    file.write_text(POLICY.replace("\nadmins:", PIPELINES) + ISSUERS, "utf-8")
    file.chmod(0o600)
    installation = Installation(tmp_path, keys, {"POLICY_FILE": str(file)})
    for name in ("github", "intranet"):
        url = f"https://keys.example/{name}"
        installation.elsewhere[url] = {"keys": [KEY.as_dict(private=False)]}
    installation.connect(MICROSOFT, SARAH)
    return installation


def bearer(installation: Installation, **claims: object) -> Visitor:
    """Somebody with a token of GitHub's, with these claims."""
    now = int(installation.clock().timestamp())
    said = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "https://connect.company.com",
        "iat": now,
        "exp": now + 600,
        "sub": "repo:company/reports",
    }
    token = jwt.encode({"alg": "RS256", "kid": "1"}, said | claims, KEY)
    return Visitor(installation, bearer=token)


def test_another_issuers_agent_is_given_what_its_rule_says(issuing: Installation) -> None:
    """And no more; an agent of the same name by Google's word is somebody else."""
    assert bearer(issuing).token(MICROSOFT, SARAH.email).status_code == 200
    assert code(bearer(issuing, sub=AGENT).token(MICROSOFT, SARAH.email)) == "not_connected"
    assert bearer(issuing, aud="other").token(MICROSOFT, SARAH.email).status_code == 401


def test_where_one_agent_acts_by_another_both_must_be_allowed(issuing: Installation) -> None:
    """N41: the relay may not act for Sarah, so nobody may through it; both stand in the log."""
    act = {"act": {"sub": "relay"}}
    refused = bearer(issuing, **act).token(MICROSOFT, SARAH.email)
    assert code(refused) == "not_connected"
    line = issuing.log.getvalue().splitlines()[-1]
    assert "agent:github/repo:company/reports by agent:github/relay" in line


def test_a_person_by_a_bearer_token_sees_and_ends_their_own(issuing: Installation) -> None:
    """N41d: and is given no token, is never admin, and has no session's routes."""
    _, tid, oid = microsoft_identity(SARAH).split(":")
    person = {"iss": "https://id.company.com", "aud": "vault", "tid": tid, "oid": oid}
    sarah = bearer(issuing, **person)
    assert [user["user_email"] for user in (sarah.users().json or {})["users"]] == [SARAH.email]
    assert code(sarah.token(MICROSOFT, SARAH.email)) == "forbidden"
    gone = sarah.call("account", "GET", "/api/v1/account/session")
    assert gone.status_code == 403
    stranger = bearer(issuing, **person | {"oid": "0" * 8 + oid[8:]})
    assert code(stranger.revoke(MICROSOFT, SARAH.email)) == "not_connected"
    assert sarah.revoke(MICROSOFT, SARAH.email).status_code == 200
    assert issuing.status(MICROSOFT, SARAH.email) is ConnectionStatus.REVOKED


def test_refresh_admits_tokens_for_its_own_address_where_it_has_one(issuing: Installation) -> None:
    """Behind IAM: what an agent sends to us is no use there, nor what is sent there to us."""
    own = "https://oauth-refresh-1.europe-west1.run.app"
    settings = issuing.settings | {"REFRESH_AUDIENCE": own}
    callers = listed_callers(Parts("refresh", Settings(settings), issuing.world))

    def ask(audience: str) -> str:
        token = issuing.sandbox.identity_token(audience, REFRESHER)
        environ = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        with issuing.app("refresh").test_request_context(environ_overrides=environ) as context:
            return callers.require(context.request, "one").name

    assert ask(own) == REFRESHER
    with pytest.raises(UnauthenticatedError):
        ask(ORIGIN)
    replayed = Visitor(issuing, bearer=issuing.sandbox.identity_token(own, REFRESHER))
    assert replayed.token(MICROSOFT, SARAH.email).status_code == 401


def test_a_token_without_its_signature_counts_behind_iam_only(issuing: Installation) -> None:
    """N38: and there too with everything else right; every other function answers 401."""
    head, body, _ = issuing.sandbox.identity_token(ORIGIN, REFRESHER).split(".")
    stripped = f"{head}.{body}.{REMOVED}"
    path = "/refresh/one"
    json = {"connector_type": MICROSOFT, "user_email": SARAH.email}
    refused = Visitor(issuing, bearer=stripped).call("refresh", "POST", path, json=json)
    assert refused.status_code == 401
    assert Visitor(issuing, bearer=stripped).token(MICROSOFT, SARAH.email).status_code == 401

    settings = issuing.settings | {"BEHIND_IAM": "yes", "K_SERVICE": "refresh", "SANDBOX_URL": ""}
    callers = listed_callers(Parts("refresh", Settings(settings), issuing.world))
    environ = {"HTTP_AUTHORIZATION": f"Bearer {stripped}"}
    with issuing.app("refresh").test_request_context(environ_overrides=environ) as context:
        assert callers.require(context.request, "one").name == REFRESHER
    foreign = f"{head}.{body}.{'A' * 86}"
    other = issuing.sandbox.identity_token("https://other.example", REFRESHER).rpartition(".")[0]
    issuing.clock.advance(7200)
    for token in (stripped, foreign, f"{other}.{REMOVED}"):
        environ = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        with (
            issuing.app("refresh").test_request_context(environ_overrides=environ) as context,
            pytest.raises(Exception, match="bearer token"),
        ):
            callers.require(context.request, "one")


def test_behind_iam_nobody_is_believed_beside_a_second_identity(issuing: Installation) -> None:
    """
    N39: where two are sent, Cloud Run checks `X-Serverless-Authorization`, and not `Authorization`.

    Who may invoke `refresh` at all could else be whomever they please there.
    """
    head, body, _ = issuing.sandbox.identity_token(ORIGIN, REFRESHER).split(".")
    settings = issuing.settings | {"BEHIND_IAM": "yes", "K_SERVICE": "refresh", "SANDBOX_URL": ""}
    callers = listed_callers(Parts("refresh", Settings(settings), issuing.world))
    forged = {"HTTP_AUTHORIZATION": f"Bearer {head}.{body}.{REMOVED}"}
    for own in ("Bearer a.b.c", ""):
        environ = forged | {"HTTP_X_SERVERLESS_AUTHORIZATION": own}
        with (
            issuing.app("refresh").test_request_context(environ_overrides=environ) as context,
            pytest.raises(UnauthenticatedError),
        ):
            callers.require(context.request, "one")
