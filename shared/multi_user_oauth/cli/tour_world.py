"""The tour's world: sandbox and functions on free ports, over a temporary folder, with its own clock."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

import requests
from flask import Flask, Request

from multi_user_oauth.cli.demo import Demo
from multi_user_oauth.cli.demo_sandbox import sandbox_config
from multi_user_oauth.cli.demo_texts import IDENTITY, METADATA_HOST
from multi_user_oauth.cli.files import open_log, provision_deployment
from multi_user_oauth.client import Connectors, metadata_identity
from multi_user_oauth.sandbox.browser import Page, ScriptedBrowser, origin_of
from multi_user_oauth.sandbox.gateway import Gateway
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from multi_user_oauth.sandbox.gateway_server import GatewayServer, listen
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.wiring import build
from multi_user_oauth.wiring.world import World, utc_now

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from multi_user_oauth.http.endpoint import Endpoint

TIMEOUT = 30.0


def direct_session() -> requests.Session:
    """Return a session that goes straight to this machine, whatever proxies are set."""
    session = requests.Session()
    session.trust_env = False
    return session


@dataclass(slots=True)
class Clock:
    """The real time, moved on."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        """Return the time."""
        return utc_now() + self.ahead


@dataclass(frozen=True, slots=True)
class Agent:
    """A program with a service account, as it runs in Google Cloud; it keeps nothing."""

    places: Demo
    email: str

    def get(self, path: str) -> requests.Response:
        """Ask our API, with an identity token that was fetched just now."""
        with direct_session() as session:
            identity = session.get(
                f"{self.places.sandbox_url}{IDENTITY}",
                params={"audience": self.places.origin, "account": self.email},
                headers={"Metadata-Flavor": "Google"},
                timeout=TIMEOUT,
            ).text
            headers = {"Authorization": f"Bearer {identity}"}
            return session.get(
                f"{self.places.origin}/api/v1/oauth/{path}", headers=headers, timeout=TIMEOUT
            )


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, places: Demo, name: str) -> None:
        self.id = name
        self.name = name.capitalize()
        self.email = f"{name}@company.com"
        self.browser = ScriptedBrowser(direct_session())
        self._places = places

    def ask_for_link(self, connector_type: str, intent: str = "connect") -> requests.Response:
        """Ask our API for the link at which this person connects, as any page may."""
        asked = {"user_email": self.email, "connector_type": connector_type, "intent": intent}
        return self.browser.session.post(
            f"{self._places.origin}/api/v1/oauth/user/authorize",
            json=asked,
            timeout=TIMEOUT,
        )

    def press_continue(self, page: Page) -> Page:
        """Press the one button of our page, which leads to the provider."""
        return self.browser.submit(page, page.forms[0])

    def come_back(self, page: Page) -> Page:
        """Walk through the provider's pages; return the page after them."""
        return self.browser.walk(page, self.id)

    def allow(self, connector_type: str, agent: str, *actions: str) -> requests.Response:
        """Press "Cut" beside an agent on our page, or with actions "Allow"."""
        url = f"{self._places.origin}/api/v1/account/delegations"
        word = {"connector_type": connector_type, "user_email": self.email, "agent": agent}
        return self.browser.session.put(
            url,
            json={**word, "actions": actions},
            headers={"Origin": origin_of(url)},
            timeout=TIMEOUT,
        )

    def revoke(self, connector_type: str) -> requests.Response:
        """Press "Revoke" on our page."""
        url = f"{self._places.origin}/api/v1/oauth/user/{connector_type}/{self.email}"
        headers = {"Origin": origin_of(url)}
        return self.browser.session.delete(url, headers=headers, timeout=TIMEOUT)


class TourWorld:
    """Enter it to start everything, leave it to stop and forget everything."""

    def __init__(self, functions: Path) -> None:
        self._functions = functions
        self._clock = Clock()
        self._undo = ExitStack()
        self.people = dict[str, Person]()
        self.places: Demo
        self.sandbox: Sandbox

    def __enter__(self) -> Self:
        with self._undo as undo:
            directory = Path(undo.enter_context(TemporaryDirectory(prefix="multi-user-oauth-")))
            sockets = listen()
            origin = f"http://localhost:{sockets[0].getsockname()[1]}"
            settings = {"PUBLIC_ORIGIN": origin, **provision_deployment(directory)}
            self.sandbox = Sandbox(sandbox_config(settings, None)).start()
            undo.callback(self.sandbox.stop)
            self.places = Demo(
                origin=origin, sandbox_url=self.sandbox.base_url, directory=directory
            )
            log = undo.enter_context(open_log(self.places.log_file))
            world = World(now=self._clock, stream=log)
            values = {
                **settings,
                "SANDBOX_URL": self.places.sandbox_url,
                "WEB_DIR": str(self._functions / "web"),
            }
            gateway = Gateway(
                load_catalogue(self._functions),
                lambda name: application(build(name, values, world=world)),
            )
            server = GatewayServer(gateway, sockets).start()
            undo.callback(server.stop)
            self.people = {n: Person(self.places, n) for n in ("sarah", "john", "maria")}
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def agent(self, email: str) -> Agent:
        """Return the agent of this service account."""
        return Agent(self.places, email)

    def connectors(self, email: str) -> Connectors:
        """Return our API as an agent uses it that never sees a token: by the client that it installs."""
        metadata = f"{self.places.sandbox_url}/{METADATA_HOST}"
        identity = metadata_identity(email, base_url=metadata, now=self._clock)
        return Connectors(self.places.origin, identity)

    def ask_provider(
        self, token: str, path: str, mail: dict[str, object] | None = None
    ) -> requests.Response:
        """Call Graph or Gmail with a person's access token, as the agent would."""
        with direct_session() as session:
            return session.request(
                "GET" if mail is None else "POST",
                f"{self.places.sandbox_url}/{path}",
                headers={"Authorization": f"Bearer {token}"},
                json=mail,
                timeout=TIMEOUT,
            )

    def now(self) -> datetime:
        """Return the time, as everybody here has it."""
        return self._clock()

    def turn_clocks(self, hours: int) -> None:
        """Let time pass, for Microsoft and Google and for us."""
        self.sandbox.advance(hours * 3600)
        self._clock.ahead += timedelta(hours=hours)


def application(endpoint: "Endpoint") -> "WSGIApplication":
    """Return a function as a WSGI application, as functions-framework would wrap it."""
    front = Flask("function", static_folder=None)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with front.request_context(environ):
            response: Callable[..., Iterable[bytes]] = endpoint(Request(environ))
            return response(environ, start_response)

    return answer
