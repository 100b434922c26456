"""JSON lines that can not carry a secret: only fields on an allow-list are written.

Structured as Google Cloud Logging reads them (`severity`, `message`, `time` and the trace's field). All
lines of one request carry what `begin` was told of it.
"""

import http.client
import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TextIO

ALLOWED_FIELDS: Final = frozenset(
    {
        "action", "actor", "alarm", "anchor", "code", "connection", "connector_type",
        "correlation_id", "digest", "duration_ms", "epoch", "error", "error_codes", "function",
        "generation", "method", "min_ttl", "outcome", "path", "provider", "purpose", "reason",
        "request_id", "scopes", "sequence", "status", "suberror", "trace_id", "user_email",
    }
)  # fmt: skip
"""Everything else given as `extra=` is dropped, so that a new field is a decision."""

_SEVERITY: Final = {
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "CRITICAL": "CRITICAL",
    "DEBUG": "DEBUG",
}

TRACE: Final = "logging.googleapis.com/trace"
"""The field by which Google Cloud Logging puts the lines of one request together."""

OURS: Final = "multi_user_oauth"
LEFT_OUT: Final = "(a library's text is left out)"
TALKATIVE: Final = (
    "asyncio", "boto3", "botocore", "google", "google.api_core", "google.auth", "google.cloud", "grpc",
    "h2", "hpack", "httpcore", "httpx", "msal", "oauthlib", "requests", "requests_oauthlib",
    "s3transfer", "urllib3", "waitress", "werkzeug",
)  # fmt: skip
"""Libraries whose DEBUG, or access, lines hold codes and tokens: never below WARNING."""

_request: ContextVar[dict[str, object] | None] = ContextVar("request", default=None)

_encoded: Final = json.JSONEncoder(ensure_ascii=False, default=str).encode


def begin(request_id: str, trace: str = "") -> Token[dict[str, object] | None]:
    """Begin a request: until `end` all lines of this thread carry its id and trace, if it has one."""
    known: dict[str, object] = {"request_id": request_id}
    if trace:
        known[TRACE] = trace
    return _request.set(known)


def name_actor(actor: str) -> None:
    """Let the request's lines from now on say who asks: call it with whom the caller has proved to be."""
    known = _request.get()
    if known is not None:
        known["actor"] = actor


def end(begun: Token[dict[str, object] | None]) -> None:
    """End the request that this `begin` began."""
    _request.reset(begun)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the allowed fields and, of an exception, its type and place only."""

    def format(self, record: logging.LogRecord) -> str:
        """
        Return the line; an exception's text is left out, for libraries put tokens into theirs.

        Of a library's own line only the fixed part of its text is written, no value and no field.
        """
        ours = record.name.startswith(OURS)
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "severity": _SEVERITY.get(record.levelname, "INFO"),
            "logger": record.name,
            "message": record.getMessage() if ours else _template(record),
        }
        line.update(_request.get() or ())
        if ours:
            line.update(allowed(record.__dict__))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["stack"] = _places(record)
        return _encoded(line)


class LineLog:
    """Lines that must be written before what they tell of may happen: flushed, and failing aloud."""

    def __init__(self, stream: TextIO, now: Callable[[], datetime]) -> None:
        self._stream = stream
        self._now = now
        self._lock = threading.Lock()

    def write(self, message: str, fields: Mapping[str, object]) -> None:
        """Write one line; raise `OSError` or `ValueError` if the stream does not take it."""
        line: dict[str, object] = {"time": self._now().isoformat(), "severity": "INFO"}
        line["message"] = message
        text = _encoded(line | (_request.get() or {}) | allowed(fields))
        with self._lock:
            self._stream.write(text + "\n")
            self._stream.flush()


class Alarm(StrEnum):
    """What an operator must look at, by the name that metrics count (docs/operations.md)."""

    BREAKER_OPENED = "breaker_opened"
    DISCOVERY_REFUSED = "discovery_refused"
    CLIENT_SECRET_EXPIRED = "client_secret_expired"  # noqa: S105  # reason: a name of a trouble
    CLIENT_SECRET_EXPIRING = "client_secret_expiring"  # noqa: S105  # reason: the same
    POLICY_REFUSED = "policy_refused"
    TAMPERED = "tampered"


def raise_alarm(alarm: Alarm, message: str, **fields: str) -> None:
    """Write one line at ERROR whose `alarm` says which it is; of the fields, those on the list."""
    logging.getLogger(__name__).error(message, extra={**fields, "alarm": alarm.value})


def allowed(fields: Mapping[str, object]) -> dict[str, object]:
    """Return those fields that may stand in a log line."""
    return {name: value for name, value in fields.items() if name in ALLOWED_FIELDS}


def configure(stream: TextIO, *, level: int = logging.INFO) -> None:
    """
    Send our log to `stream` as JSON lines and keep talkative libraries quiet.

    Whoever gives a library's logger, or the root, another level afterwards hears no more of it than
    its warnings.
    """
    # What no line of ours says need not be found out for each (Python's logging HOWTO, "Optimization").
    logging._srcfile = None  # noqa: SLF001  # reason: the HOWTO names it; findCaller is then left out
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(_is_heard)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # What it says with a debug level is whole requests, tokens and all, by print(): a name of the
    # module's own comes before the built-in one.
    vars(http.client)["print"] = _unsaid


def _is_heard(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.startswith(OURS)


def _template(record: logging.LogRecord) -> str:
    # With arguments the text is the one in the library's source; without it may be made of values.
    return record.msg if record.args and isinstance(record.msg, str) else LEFT_OUT


def _unsaid(*_: object, **__: object) -> None:
    """Take the place of print()."""


def _places(record: logging.LogRecord) -> list[str]:
    places = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places
