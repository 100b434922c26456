"""Everything that can talk, talking: each logger at DEBUG, and http.client printing what it sends."""

import http.client
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from multi_user_oauth import log
from multi_user_oauth.sandbox.company import SARAH
from tests.plugins.watch import Hit, Watch
from tests.support.functions import GOOGLE, MICROSOFT, Installation, identity

HOUR_AND_MORE = 3700
KEPT = ("_srcfile", "logThreads", "logProcesses", "logMultiprocessing")
"""What `configure` switches off for the whole process."""


def everybody() -> Iterator[logging.Logger]:
    """Yield the root and every logger there is by now, and those that are silenced by name."""
    names = {*logging.root.manager.loggerDict, *log.TALKATIVE, "google.auth.transport.requests"}
    yield logging.getLogger()
    yield from map(logging.getLogger, sorted(names))


@contextmanager
def loud() -> Iterator[io.StringIO]:
    """Log as production does, then turn everything up; afterwards all is as it was."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {each: each.level for each in everybody()}
    before = http.client.HTTPConnection.debuglevel, vars(http.client).get("print")
    kept = {name: vars(logging)[name] for name in KEPT}
    log.configure(written)
    for each in everybody():
        levels.setdefault(each, logging.NOTSET)
        each.setLevel(logging.DEBUG)
    http.client.HTTPConnection.debuglevel = 1
    try:
        yield written
    finally:
        http.client.HTTPConnection.debuglevel = before[0]
        if before[1] is None:
            vars(http.client).pop("print", None)
        vars(logging).update(kept)
        root.handlers[:] = handlers
        for each, level in levels.items():
            each.setLevel(level)


def journey(installation: Installation) -> None:
    """Sign in, be given a token, refresh it, and disconnect, at both providers."""
    for connector_type in (MICROSOFT, GOOGLE):
        sarah = installation.connect(connector_type, SARAH)
        assert installation.agent().token(connector_type, SARAH.email).status_code == 200
        installation.clock.advance(HOUR_AND_MORE)
        renewed = installation.agent().token(connector_type, SARAH.email, "?purpose=weekly+report")
        assert renewed.status_code == 200, renewed.text
        sarah.set_session(installation.session(identity(connector_type, SARAH)))
        assert sarah.revoke(connector_type, SARAH.email).status_code == 200


def found(installation: Installation, *texts: str) -> list[Hit]:
    """Return which of the secrets that the sandbox knows stand in these texts."""
    watch = Watch()
    for secret in installation.sandbox.secrets():
        watch.know(secret["kind"], secret["value"])
    for text in texts:
        watch.hear("said", text)
    return watch.found()
