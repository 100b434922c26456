"""All of the product over one folder and one sandbox; what processes of it can be started from."""

import shutil
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml
from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from multi_user_oauth.custody import Credentials
from multi_user_oauth.keys.local_versions import LocalKeyVersions
from multi_user_oauth.manager import MultiUserOAuthManager
from multi_user_oauth.model import ConnectionKey, Kind, Secret
from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.company import (
    ACCOUNTS,
    COMPANY_DOMAIN,
    COMPANY_TENANT,
    DEFAULT_AGENT,
    Account,
    colleague,
)
from multi_user_oauth.sandbox.records import ProviderName, Registration, SandboxConfig, Token
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.sandbox.state import State
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring import build
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.plugins.watch import Watch
from tests.support.processes import PATIENCE, ROOT, Process, SharedClock

ORIGIN: Final = "http://localhost"
API: Final = "/api/v1/oauth"
CALLBACKS: Final = {name: f"{API}/callback/{name}" for name in ("microsoft", "google")}
CLIENT_SECRETS: Final = {
    "microsoft": "made-up-microsoft-client-secret",
    "google": "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",
}
MICROSOFT: Final = "microsoft_teams"
GOOGLE: Final = "google_workspace"
PROVIDERS: Final[Mapping[str, ProviderName]] = {MICROSOFT: "microsoft", GOOGLE: "google"}
CONNECTOR_TYPES: Final = {
    MICROSOFT: {
        "provider": "microsoft",
        "title": "Microsoft 365",
        "client_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, "client")),
        "client_secret": "microsoft",
        "tenants": [COMPANY_TENANT],
        "required_scopes": ["User.Read", "Mail.Send"],
        "optional_scopes": ["Files.Read"],
    },
    GOOGLE: {
        "provider": "google",
        "title": "Google Workspace",
        "client_id": "1234.apps.googleusercontent.com",
        "client_secret": "google",
        "hosted_domains": [COMPANY_DOMAIN],
        "required_scopes": ["https://www.googleapis.com/auth/gmail.send"],
    },
}
LOOKING: Final = {
    "outlook": CONNECTOR_TYPES[MICROSOFT] | {"required_scopes": ["Mail.Send", "Mail.ReadWrite"]},
    "gmail": CONNECTOR_TYPES[GOOGLE]
    | {
        "required_scopes": [
            f"https://www.googleapis.com/auth/gmail.{s}" for s in ("send", "readonly")
        ]
    },
}
"""The same applications with leave to look whether a mail was sent."""
POLICY: Final = {
    "agents": {
        DEFAULT_AGENT: {
            "connector_types": [MICROSOFT, GOOGLE, *LOOKING],
            "users": [f"*@{COMPANY_DOMAIN}"],
        }
    },
    "refresh_callers": {
        "one": [DEFAULT_AGENT],
        "finish": [DEFAULT_AGENT],
        "sweep": [DEFAULT_AGENT],
    },
}
HOUR: Final = timedelta(hours=1)
LEASE_OVER: Final = timedelta(seconds=41)
"""A lease lives 40 s: with clocks that leap, the real default is waited for."""


class Held:
    """A `Sleep` that holds whoever comes, until the test lets them go on."""

    def __init__(self) -> None:
        self._came = threading.Semaphore(0)
        self._may_go = threading.Semaphore(0)

    def __call__(self, seconds: float) -> None:
        """Say that somebody is there, and wait."""
        del seconds
        self._came.release()
        self._may_go.acquire(timeout=PATIENCE)

    def wait(self) -> None:
        """Return when somebody is there; fail if nobody comes."""
        assert self._came.acquire(timeout=PATIENCE), "nobody came"

    def let_go(self) -> None:
        """Let one go on."""
        self._may_go.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A browser that is about to come back from a provider: where to, and its flow's cookie."""

    path: str
    cookies: dict[str, str]


class Deployment:
    """
    The sandbox in this process, where it survives every kill, and the functions over one folder.

    All go by `clock`. Only databases lie in `data`; `values` are the settings of every function.
    A provider's answer that is told to be slow is `held`.
    """

    name = "sqlite"

    def __init__(self, folder: Path, keys: Path, people: tuple[Account, ...] = ()) -> None:
        self.clock = SharedClock(folder / "clock")
        self.data = folder / "data"
        self.keys = folder / "keys"
        shutil.copytree(keys, self.keys)
        registered = {
            name: Registration(
                client_id=str(CONNECTOR_TYPES[kind]["client_id"]),
                client_secrets=(CLIENT_SECRETS[name],),
                redirect_uris=(ORIGIN + CALLBACKS[name],),
            )
            for kind, name in PROVIDERS.items()
        }
        config = SandboxConfig(**registered, accounts=(*ACCOUNTS, *people))  # type: ignore[arg-type]  # reason: named by provider
        self.held = Held()
        self.environment: dict[str, str] = {}
        self.processes: list[Process] = []
        self.sandbox = Sandbox(config, now=self.clock, sleep=self.held).start()
        self.values = self._values(folder)

    def _values(self, folder: Path) -> dict[str, str]:
        files = {
            "CLIENT_SECRETS_FILE": CLIENT_SECRETS,
            "CONNECTOR_TYPES_FILE": CONNECTOR_TYPES | LOOKING,
            "POLICY_FILE": POLICY,
        }
        for name, content in files.items():
            file = folder / name
            file.touch(mode=0o600)
            file.write_text(yaml.safe_dump(content))
        secrets = self.keys / "secrets"
        return {
            "PUBLIC_ORIGIN": ORIGIN,
            "DEPLOYMENT_ID": "6f6a5a1e-0000-4000-8000-000000000003",
            "SANDBOX_URL": self.sandbox.base_url,
            "DATA_DIR": str(self.data),
            "KEY_DIR": str(self.keys / "keys"),
            "FLOW_KEYS_FILE": str(secrets / "flow_keys.json"),
            "LINK_KEYS_FILE": str(secrets / "link_keys.json"),
            "SESSION_SIGNING_KEY_FILE": str(secrets / "session_signing_key.json"),
            "SESSION_PUBLIC_KEYS_FILE": str(secrets / "session_public_keys.json"),
            **{name: str(folder / name) for name in files},
        }

    @cached_property
    def _web(self) -> Flask:
        return web(self.values, World(now=self.clock))

    def client(self) -> FlaskClient:
        """Return a new browser, without the pages, at the functions in this process."""
        return self._web.test_client()

    @cached_property
    def manager(self) -> MultiUserOAuthManager:
        """What agents ask, in this process: the next caller after whatever happened to another."""
        return MultiUserOAuthManager.from_settings(
            self.values, agent=DEFAULT_AGENT, world=World(now=self.clock)
        )

    @cached_property
    def parts(self) -> Parts:
        """The parts that the settings name."""
        return self.parts_with()

    def parts_with(self, **changes: str) -> Parts:
        """Return the parts that the settings, so changed, name."""
        return Parts("test", Settings({**self.values, **changes}), World(now=self.clock))

    @cached_property
    def credentials(self) -> Credentials:
        """What opens both tokens of a connection."""
        return Credentials(
            deployment=self.parts.settings.deployment_id,
            access_opener=self.parts.opener(Kind.ACCESS),
            access_sealer=self.parts.sealer(Kind.ACCESS),
            refresh_opener=self.parts.opener(Kind.REFRESH),
            refresh_sealer=self.parts.sealer(Kind.REFRESH),
        )

    def end_leases(self) -> None:
        """Let every lease have run out."""
        self.clock.advance(LEASE_OVER)

    def hear_stored(self, watch: Watch) -> None:
        """Let everything be searched that lies in the databases, their side files too."""
        files = [file for file in self.data.iterdir() if file.is_file()]
        for file in files:
            watch.hear_file(file)
        assert {file.name for file in files} >= {"main.db", "activity.db"}

    def rotate_key(self, kind: Kind) -> tuple[str, str]:
        """Make a new version of a key the primary one; return the old one and the new one."""
        versions = LocalKeyVersions(Path(self.values["KEY_DIR"]), kind)
        return versions.primary(), versions.rotate()

    def destroy_key(self, kind: Kind, version: str) -> None:
        """Destroy a version of a key."""
        LocalKeyVersions(Path(self.values["KEY_DIR"]), kind).destroy(version)

    def move(self) -> None:
        """Let the settings name other databases, where nothing is yet; the keys stay."""
        self.data = self.data.with_name("moved")
        self.values |= {"DATA_DIR": str(self.data)}

    def stop(self) -> None:
        """Stop what runs in this process, and what a test that failed left behind."""
        for process in self.processes:
            process.stop()
        self.sandbox.stop()

    def arrival(self, client: FlaskClient, account: Account, connector_type: str) -> Arrival:
        """Let a person press the button and go through the provider's pages."""
        answer = client.post(
            f"{API}/user/authorize",
            data={"user_email": account.email, "connector_type": connector_type},
            headers={"Origin": ORIGIN},
        )
        return self._walk(answer, account)

    def _walk(self, answer: TestResponse, account: Account) -> Arrival:
        browser = ScriptedBrowser(stop_at=ORIGIN)
        page = browser.sign_in(answer.headers["Location"], account.id)
        name, _, value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")
        return Arrival(path=page.url.removeprefix(ORIGIN), cookies={name: value})

    def sign_in(self, account: Account, connector_type: str) -> FlaskClient:
        """Connect a person; return their browser."""
        client = self.client()
        answer = client.get(self.arrival(client, account, connector_type).path)
        if not answer.headers["Location"].startswith(f"{ORIGIN}/"):
            # Google gives a refresh token only with a fresh consent: once more.
            answer = client.get(self._walk(answer, account).path)
        assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (303, "/")
        return client

    def sign_in_long_ago(self, *people: tuple[Account, str]) -> None:
        """Connect people so that their access tokens have run out by now."""
        self.clock.set(-2 * HOUR)
        for account, connector_type in people:
            self.sign_in(account, connector_type)
        self.clock.set(timedelta(0))
        self.sandbox.clear_requests()

    def sign_in_lately(self, account: Account, connector_type: str) -> FlaskClient:
        """Connect a person so that their access token has run out, and their session has not."""
        provider = PROVIDERS[connector_type]
        self.sandbox.set(provider, expires_in=300)
        client = self.sign_in(account, connector_type)
        self.sandbox.set(provider, expires_in=3600)
        self.clock.advance(timedelta(minutes=10))
        return client

    def hold_provider(self, account: Account, connector_type: str, **fault: Any) -> None:  # noqa: ANN401  # reason: the fields of a fault
        """Let this person's next refresh wait at the provider, which has the request by then."""
        self.sandbox.add_fault(
            **{
                "provider": PROVIDERS[connector_type], "kind": "slow", "delay": 1.0,
                "account": account.email, "grant_type": "refresh_token", **fault,
            }
        )  # fmt: skip

    def set_mode(self, **modes: str) -> None:
        """Let the provider of a connector type rotate refresh tokens this way."""
        for connector_type, mode in modes.items():
            self.sandbox.set(PROVIDERS[connector_type], refresh_mode=mode)

    @property
    def state(self) -> State:
        """The sandbox's memory."""
        state: State = self.sandbox.app.extensions["sandbox"]
        return state

    def sandbox_token(self, value: Secret) -> Token | None:
        """Return the provider's own record of a token, if it is alive."""
        token = self.state.find(value.reveal())
        return token if self.state.alive(token) else None

    def asked(self, email: str, grant_type: str = "refresh_token") -> int:
        """Return how often the provider was asked to trade this person's token, or code."""
        return sum(
            (served["account"], served["grant_type"]) == (email, grant_type)
            for served in self.sandbox.requests()
        )


def web(values: Mapping[str, str], world: World) -> Flask:
    """Return the functions that people and other functions reach, behind one origin."""
    app = Flask("functions", static_folder=None)

    def serve(name: str, path: str, *methods: str) -> None:
        function = build(name, {**values, "WEB_DIR": str(ROOT / "functions/web")}, world=world)

        def view(**_: str) -> Response:
            return function(request)

        app.add_url_rule(path, name, view, methods=methods)

    serve("authorize", f"{API}/user/authorize", "GET", "POST")
    serve("callback_microsoft", CALLBACKS["microsoft"], "GET")
    serve("callback_google", CALLBACKS["google"], "GET")
    serve("connectors", "/api/v1/connectors/<kind>/send_email", "POST")
    serve("revoke", f"{API}/user/<kind>/<email>", "DELETE")
    serve("refresh", "/refresh/<route>", "POST")
    return app


def key_of(account: Account, connector_type: str) -> ConnectionKey:
    """Return the name of a person's connection."""
    return ConnectionKey(connector_type, account.email)


def people(*names: str) -> dict[str, Account]:
    """Return a colleague for each name."""
    return {name: colleague(f"{name} Test") for name in names}
