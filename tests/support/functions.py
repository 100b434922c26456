"""All functions in this process over one sandbox, one clock and one meter, and those who call them."""

import io
import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from threading import RLock
from typing import Any, Final

import requests
from flask import Flask, Response, request
from werkzeug.test import Client, TestResponse

from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.paths import SESSION_COOKIE
from multi_user_oauth.http.sessions import SessionSigner
from multi_user_oauth.model import ConnectionKey, ConnectionStatus, Identity, Limits
from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.company import Account, google_identity, microsoft_identity
from multi_user_oauth.sandbox.reach import InProcessAdapter
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.settings import Settings
from multi_user_oauth.stores.meter import OperationMeter
from multi_user_oauth.wiring import build
from multi_user_oauth.wiring.backend import MainStore
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.support import api
from tests.support.clock import START, ManualClock
from tests.support.draw import CountingDraw
from tests.support.installation import AGENT, ORIGIN, SANDBOX, write_settings

SANDBOX_URL: Final = "http://127.0.0.1:8085"
"""Where the browser is sent; nobody listens there, the scripted browser asks the sandbox itself."""

API: Final = "/api/v1/oauth"
AUTHORIZE: Final = f"{API}/user/authorize"
FORM: Final = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
WANTS_JSON: Final = {"Accept": "application/problem+json"}
MICROSOFT, GOOGLE = "microsoft_teams", "google_workspace"
CALLBACKS: Final = {MICROSOFT: "callback_microsoft", GOOGLE: "callback_google"}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
_FUNCTION: Final = "tests.function"
_COOKIE_FLAGS: Final = {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}


class Installation:
    """The functions as wired in production, but for the world that they are given."""

    def __init__(
        self,
        directory: Path,
        keys: Mapping[str, str],
        changes: Mapping[str, str] | None = None,
        *,
        clock: ManualClock | None = None,
    ) -> None:
        self.clock = clock or ManualClock()
        self.meter = OperationMeter()
        self.log = io.StringIO()
        self.sandbox = Sandbox(
            SANDBOX, now=self.clock, sleep=self.clock.sleep, draw=CountingDraw("sandbox")
        )
        self.elsewhere: dict[str, Any] = {}
        """What stands at other addresses than the sandbox's, by URL."""
        self.settings = write_settings(directory, keys, SANDBOX_URL) | dict(changes or {})
        self.world = World(
            now=self.clock,
            sleep=self.clock.sleep,
            draw=CountingDraw("functions"),
            monotonic=self.monotonic,
            meter=self.meter,
            adapter=InProcessAdapter(self._outside),
            stream=self.log,
        )
        self._endpoints: dict[str, Endpoint] = {}
        self._apps: dict[str, Flask] = {}
        self._building = RLock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  # reason: PEP 3333
        """Pass a request on to the function that the visitor named."""
        return self.app(environ[_FUNCTION])(environ, start_response)

    def app(self, name: str) -> Flask:
        """Return a function as a web application, one for all who ask at the same time."""
        with self._building:
            if name not in self._apps:
                self._apps[name] = flask_app(self.endpoint(name))
            return self._apps[name]

    def _outside(self, environ: Any, start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  # reason: PEP 3333
        url = f"https:/{environ['PATH_INFO']}"
        if url not in self.elsewhere:
            return self.sandbox.app(environ, start_response)
        body = Response(json.dumps(self.elsewhere[url]), content_type="application/json")
        return body(environ, start_response)

    def endpoint(self, name: str) -> Endpoint:
        """Return a function, built when it is first asked for: opening a key file takes its time."""
        with self._building:
            if name not in self._endpoints:
                self._endpoints[name] = build(name, self.settings, world=self.world)
            return self._endpoints[name]

    def monotonic(self) -> float:
        """Return the seconds that have passed on the clock."""
        return (self.clock() - START).total_seconds()

    @property
    def store(self) -> MainStore:
        """The main database, to look into."""
        return Parts("tests", Settings(self.settings), self.world).main

    def status(self, connector_type: str, user_email: str) -> ConnectionStatus | None:
        """Return the status of a connection, None where there is none."""
        found = self.store.read(ConnectionKey(connector_type, user_email))
        return found.connection.status if found else None

    def agent(self, name: str = AGENT, audience: str = ORIGIN) -> "Visitor":
        """Return an agent with a fresh token of its own."""
        return Visitor(self, bearer=self.sandbox.identity_token(audience, name))

    def person(self, *identities: str, email: str = "sarah@company.com") -> "Visitor":
        """Return somebody with a session that holds these proved identities."""
        visitor = Visitor(self)
        visitor.set_session(self.session(*identities, email=email))
        return visitor

    def session(self, *identities: str, email: str = "sarah@company.com") -> str:
        """Return the cookie of a session that the callbacks could have signed now."""
        signer = SessionSigner(
            Path(self.settings["SESSION_SIGNING_KEY_FILE"]),
            audience=ORIGIN,
            now=self.clock,
            draw=self.world.draw,
            limits=Limits(),
        )
        session = None
        for identity in identities:
            session = signer.session_for(Identity.parse(identity), email, session)
        assert session is not None
        return signer.sign(session).reveal()

    def connect(self, connector_type: str, account: Account, **options: Any) -> "Visitor":  # noqa: ANN401  # reason: of sign_in
        """Let a person sign in with a new browser, and return it."""
        visitor = Visitor(self)
        response = visitor.sign_in(connector_type, account, **options)
        assert response.status_code == 303, response.text
        self.meter.reset()
        return visitor

    def writes(self) -> int:
        """Return how many writes were counted since the last reset."""
        return sum(n for name, n in self.meter.counts().items() if name.endswith(".write"))


class Visitor:
    """Somebody who calls the functions: a browser with its cookies, or a program with a token."""

    def __init__(self, installation: Installation, *, bearer: str | None = None) -> None:
        self.installation = installation
        self.bearer = bearer
        self._client = Client(installation)

    def call(
        self,
        function: str,
        method: str,
        path: str,
        /,
        *,
        host: str = ORIGIN,
        **options: Any,  # noqa: ANN401  # reason: werkzeug's
    ) -> TestResponse:
        """Send a request to a function; fail unless its answer keeps the rules of every answer."""
        headers = dict(options.pop("headers", {}))
        if self.bearer:
            headers.setdefault("Authorization", f"Bearer {self.bearer}")
        response = self._client.open(
            path,
            method=method,
            base_url=host,
            headers=headers,
            environ_overrides={_FUNCTION: function},
            **options,
        )
        path_info = response.request.path
        api.check(function, method, path_info, response)
        check_rules(response)
        secrets = self.installation.sandbox.secrets()
        kept = [s["value"] for s in secrets if s["kind"] in {"refresh_token", "client_secret"}]
        assert not [value for value in kept if value in response.text], "a refresh token left"
        return response

    def set_session(self, value: str) -> None:
        """Hold this session cookie."""
        self.set_cookie(SESSION_COOKIE, value)

    def set_cookie(self, name: str, value: str) -> None:
        """Hold this cookie."""
        self._client.set_cookie(name, value, domain="localhost")

    @property
    def session(self) -> str:
        """The session cookie that the browser holds."""
        cookie = self._client.get_cookie(SESSION_COOKIE, domain="localhost")
        assert cookie is not None
        return cookie.value

    def leave(self, connector_type: str, user_email: str, **fields: str) -> TestResponse:
        """Press the button of our own page."""
        data = {"user_email": user_email, "connector_type": connector_type, **fields}
        return self.call("authorize", "POST", AUTHORIZE, data=data, headers=FORM)

    def at_provider(
        self,
        location: str,
        account: Account,
        *,
        accept: bool = True,
        unticked: Collection[str] = (),
    ) -> str:
        """Walk through the sandbox's pages and return the address that leads back to us."""
        assert location.startswith(SANDBOX_URL)
        with requests.Session() as session:
            session.mount("https://", self.installation.sandbox.in_process_adapter())
            browser = ScriptedBrowser(session, stop_at=ORIGIN)
            url = f"https:/{location.removeprefix(SANDBOX_URL)}"
            page = browser.sign_in(url, account.id, accept=accept, unticked=unticked)
        return page.url.removeprefix(ORIGIN)

    def sign_in(
        self,
        connector_type: str,
        account: Account,
        *,
        user_email: str | None = None,
        fields: Mapping[str, str] | None = None,
        accept: bool = True,
        unticked: Collection[str] = (),
    ) -> TestResponse:
        """Go to the provider and back; return the callback's answer."""
        away = self.leave(connector_type, user_email or account.email, **(fields or {}))
        assert away.status_code == 303, away.text
        back = self.at_provider(away.location or "", account, accept=accept, unticked=unticked)
        return self.call(CALLBACKS[connector_type], "GET", back)

    def token(self, connector_type: str, user_email: str, query: str = "") -> TestResponse:
        """Ask for an access token."""
        return self.call(
            "access_token", "GET", f"{API}/user/{connector_type}/{user_email}/token{query}"
        )

    def revoke(self, connector_type: str, user_email: str) -> TestResponse:
        """Disconnect, as our own page would ask for it."""
        path = f"{API}/user/{connector_type}/{user_email}"
        return self.call("revoke", "DELETE", path, headers=FORM)

    def users(self, query: str = "") -> TestResponse:
        """List the connections."""
        return self.call("list_users", "GET", f"{API}/users{query}")


def flask_app(endpoint: Endpoint) -> Flask:
    """Return one function as a web application of its own, with every path and method routed to it."""
    app = Flask("tests", static_folder=None)

    def serve(**_: str) -> Response:
        return endpoint(request)

    app.add_url_rule("/", view_func=serve, methods=METHODS, provide_automatic_options=False)
    app.add_url_rule(
        "/<path:path>", view_func=serve, methods=METHODS, provide_automatic_options=False
    )
    return app


def check_rules(response: TestResponse) -> None:
    """Fail unless headers and cookies are as on every answer of every function."""
    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    # With no-referrer the browser sends `Origin: null` with a form.
    policies = {"no-referrer", "same-origin"} if "<form" in response.text else {"no-referrer"}
    assert headers["Referrer-Policy"] in policies
    assert headers["Cache-Control"] in {"no-store", "public, max-age=300"}
    kept = headers["Cache-Control"] != "no-store"
    assert not kept or response.request.path.startswith(("/assets/", "/connect."))
    policy = headers["Content-Security-Policy"]
    assert re.match(r"default-src '(none|self)'", policy)
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "X-Problem-Code" not in headers
    shared = [name for name in headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118  # reason: pairs otherwise
    assert response.request.path.startswith("/connect.") or not shared
    assert "ETag" not in headers
    assert "Traceback" not in response.text
    if response.status_code == 405:
        assert headers["Allow"]
    if response.status_code == 503:
        assert int(headers["Retry-After"]) >= 1
    if response.status_code == 401:
        assert headers["WWW-Authenticate"] == "Bearer"
    for cookie in headers.getlist("Set-Cookie"):
        check_cookie(cookie)


def check_cookie(cookie: str) -> None:
    """Fail unless the cookie is this host's alone and no script's."""
    name, *attributes = (part.strip() for part in cookie.split(";"))
    assert name.startswith(("__Host-session=", "__Host-flow-"))
    assert set(attributes) >= _COOKIE_FLAGS
    assert not [attribute for attribute in attributes if attribute.lower().startswith("domain")]
    assert len(cookie) <= 4096, "browsers drop longer ones"


def code(response: TestResponse) -> str:
    """Return the problem's code."""
    body: dict[str, str] = response.json or {}
    return body["code"]


def identity(connector_type: str, account: Account) -> str:
    """Return who an account is for this connector type."""
    return (microsoft_identity if connector_type == MICROSOFT else google_identity)(account)
