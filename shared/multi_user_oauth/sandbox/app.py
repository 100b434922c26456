"""The whole sandbox as one WSGI application: every provider's hosts, the faults, the log."""

import logging
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, ClassVar, Final

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue, RouteCallable
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from waitress.channel import ClientDisconnected
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from .admin import admin_blueprint, mailbox_blueprint
from .gate import Gate
from .gmail import gmail_blueprint
from .google_routes import google_blueprint
from .graph import graph_blueprint
from .microsoft_routes import microsoft_blueprint
from .office.blueprints import office_blueprints
from .records import DROP, Clock, Draw, SandboxConfig, Sleep
from .service_accounts import service_accounts_blueprint
from .state import State

LARGEST_BODY: Final = 36_700_160
"""35 MB, as much as Gmail takes in one mail."""

logger = logging.getLogger(__name__)


class DroppedError(ClientDisconnected):
    """The connection ends without an answer: waitress closes it, the adapter raises."""


def utc_now() -> datetime:
    """Give the real time."""
    return datetime.now(UTC)


def create_app(
    config: SandboxConfig,
    *,
    now: Clock = utc_now,
    sleep: Sleep = time.sleep,
    draw: Draw = secrets.token_bytes,
) -> Flask:
    """Make the WSGI application; its memory is `app.extensions["sandbox"]`, a State."""
    # Authlib writes whole tokens at DEBUG.
    logging.getLogger("authlib").setLevel(logging.INFO)
    state = State(config, now=now, draw=draw)
    app = SandboxApp(state, sleep)
    for blueprint in (
        microsoft_blueprint(state),
        google_blueprint(state),
        graph_blueprint(state),
        gmail_blueprint(state),
        service_accounts_blueprint(state),
        admin_blueprint(state),
        mailbox_blueprint(state),
        *office_blueprints(state),
    ):
        app.register_blueprint(blueprint)
    app.keep_routes()
    return app


class CompiledPages(BytecodeCache):
    """The pages' templates, as Jinja compiled them, in memory."""

    def __init__(self) -> None:
        self._pages: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was kept, if anything was."""
        if page := self._pages.get(bucket.key):
            bucket.bytecode_from_string(page)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a page."""
        self._pages[bucket.key] = bucket.bytecode_to_string()


class SandboxApp(Flask):
    """
    Flask with one lock around every view, and faults in front of it.

    Compiling routes and pages takes longer than all else; a process does it once, for they never change.
    """

    routes: ClassVar[Map | None] = None
    jinja_options: dict[str, Any] = {"bytecode_cache": CompiledPages()}  # noqa: RUF012  # reason: declared so by Flask

    def __init__(self, state: State, sleep: Sleep) -> None:
        super().__init__(__name__, template_folder="pages", static_folder="pages/static")
        self.url_map = self.routes or self.url_map
        self.state = state
        self.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
        gate = Gate(state, sleep)
        self.extensions["sandbox"] = state
        self.json.sort_keys = False  # type: ignore[attr-defined]  # reason: Flask's default provider has it
        self.before_request(gate.before)
        self.after_request(gate.after)
        self.register_error_handler(HTTPException, _http_error)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,  # noqa: FBT001  # reason: Flask's signature
        **options: Any,  # noqa: ANN401  # reason: Flask's signature
    ) -> None:
        """Add a route; where all are compiled, only say which view answers at it."""
        if self.routes is None or endpoint is None or view_func is None:
            super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
        else:
            self.view_functions[endpoint] = view_func

    def keep_routes(self) -> None:
        """Let the next application of this process have the routes of this one."""
        type(self).routes = self.url_map

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  # reason: PEP 3333
        """Serve one request, or end the connection without a word if a fault says so."""
        body = super().wsgi_app(environ, start_response)
        if environ.get(DROP):
            raise DroppedError
        return body

    def dispatch_request(self) -> ResponseReturnValue:
        """Call the view alone: two refreshes with one token are told apart in order."""
        with self.state.lock:
            try:
                return super().dispatch_request()
            finally:
                if request.method != "GET":
                    self.state.save()

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Log what failed and where, never the values that went wrong."""
        kind, _, trace = exc_info
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = trace.tb_frame.f_code if trace else None
        where = f"{place.co_filename}:{trace.tb_lineno}" if place and trace else "?"
        logger.error("sandbox failed: %s at %s", kind.__name__ if kind else "?", where)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    name = error.name.lower().replace(" ", "_")
    allowed = {"Allow": ", ".join(getattr(error, "valid_methods", None) or ())}
    headers = allowed if allowed["Allow"] else {}
    return jsonify(error=name, error_description=error.description), error.code or 500, headers
