"""Everything running at once in this process: the sandbox, all functions behind one origin, the clock."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Self

import yaml
from flask import Flask, Response, request

from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.sandbox.gateway import Gateway
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from multi_user_oauth.sandbox.gateway_server import GatewayServer, listen
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.stores.meter import OperationMeter
from multi_user_oauth.wiring import build
from multi_user_oauth.wiring.provision import provision
from multi_user_oauth.wiring.world import World
from tests.plugins.no_secret_in_logs import remember_answer
from tests.support.clock import ManualClock
from tests.support.deployment import CONNECTOR_TYPES, POLICY, SECRETS, sandbox_config
from tests.support.draw import CountingDraw

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FUNCTIONS = Path(__file__).parents[2] / "functions"
TABLES = {
    **dict.fromkeys(("connections", "audit", "revocations", "rescue"), "main"),
    **dict.fromkeys(("flow_marks", "ledger", "people", "sign_outs", "usage"), "activity"),
}
"""Each table, and its database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request that reached our origin, and what of its answer matters to browsers."""

    method: str
    path: str
    referer: str
    status: int
    set_cookies: tuple[str, ...]


class Running:
    """
    A sandbox on 127.0.0.1 and all functions on localhost, on free ports, over one temporary folder.

    Both sides go by `clock`. `exchanges` lists what reached the functions; `meter` counts what the
    stores and keys did. `reset` brings all of it back to the beginning, but for the clock.
    """

    def __init__(self, directory: Path) -> None:
        self.clock = ManualClock()
        self.meter = OperationMeter()
        self.log = StringIO()
        self.exchanges: list[Exchange] = []
        self._directory = directory
        sockets = listen()
        self.origin = f"http://localhost:{sockets[0].getsockname()[1]}"
        self.sandbox = Sandbox(sandbox_config(self.origin), now=self.clock).start()
        world = World(
            now=self.clock,
            sleep=self.clock.sleep,
            monotonic=lambda: self.clock().timestamp(),
            draw=CountingDraw(),
            meter=self.meter,
            stream=self.log,
        )
        values = self._values()
        gateway = Gateway(
            load_catalogue(FUNCTIONS), lambda name: _framed(name, build(name, values, world=world))
        )
        self._server = GatewayServer(_recorded(gateway, self.exchanges), sockets).start()

    def _values(self) -> dict[str, str]:
        files = {
            "CONNECTOR_TYPES_FILE": CONNECTOR_TYPES,
            "CLIENT_SECRETS_FILE": SECRETS,
            "POLICY_FILE": POLICY,
        }
        for name, content in files.items():
            file = self._directory / f"{name.lower()}.yaml"
            file.touch(mode=0o600)
            file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return {
            "PUBLIC_ORIGIN": self.origin,
            "SANDBOX_URL": self.sandbox.base_url,
            "DEPLOYMENT_ID": "6f6a5a1e-0000-4000-8000-000000000002",
            "WEB_DIR": str(FUNCTIONS / "web"),
            **provision(self._directory),
            **{name: str(self._directory / f"{name.lower()}.yaml") for name in files},
        }

    def rows(self, table: str, columns: str = "*") -> list[tuple[object, ...]]:
        """Return what a table holds, read behind the stores' backs; it may not be there yet."""
        return self._sql(table, f"SELECT {columns} FROM {table}")  # noqa: S608  # reason: constants

    def stored(self) -> dict[str, object]:
        """Return how much each table holds, empty ones left out; of spent states, how each ended."""
        found = {table: len(self.rows(table)) for table in TABLES}
        outcomes = sorted(str(outcome) for (outcome,) in self.rows("flow_marks", "outcome"))
        return {table: number for table, number in found.items() if number} | (
            {"flow_marks": outcomes} if outcomes else {}
        )

    def _sql(self, table: str, statement: str) -> list[tuple[object, ...]]:
        file = self._directory / f"{TABLES[table]}.db"
        if not file.exists():
            return []
        with closing(sqlite3.connect(file)) as database, database:
            return database.execute(statement).fetchall()

    def reset(self) -> None:
        """Empty both databases, the sandbox's memory, the counters and what was recorded."""
        for table in TABLES:
            self._sql(table, f"DELETE FROM {table}")  # noqa: S608  # reason: constants
        self.sandbox.reset()
        self.meter.reset()
        self.exchanges.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self.sandbox.stop()


Wsgi = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


def _framed(name: str, endpoint: Endpoint) -> Wsgi:
    """Put a function into Flask, as functions-framework does, but with the settings it was built with."""
    application = Flask(name, static_folder=None)

    def answer(**_: str) -> Response:  # the function looks at the path itself
        return endpoint(request)

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    application.add_url_rule("/", view_func=answer, methods=methods)
    application.add_url_rule("/<path:path>", view_func=answer, methods=methods)
    return application


def _recorded(application: Wsgi, exchanges: list[Exchange]) -> Wsgi:
    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        def noted(status: str, headers: list[tuple[str, str]], *more: object) -> object:
            cookies = tuple(v for n, v in headers if n.lower() == "set-cookie")
            remember_answer(cookies, dict(headers).get("Location", ""))
            exchanges.append(
                Exchange(
                    method=environ["REQUEST_METHOD"],
                    path=environ["PATH_INFO"],
                    referer=environ.get("HTTP_REFERER", ""),
                    status=int(status[:3]),
                    set_cookies=cookies,
                )
            )
            return start(status, headers, *more)  # type: ignore[arg-type]  # reason: passed on as it came

        return application(environ, noted)  # type: ignore[arg-type]  # reason: the same shape as WSGI types it

    return answer
