"""Fail a run in whose logs or stores a secret turned up: token, code, state, verifier, client secret.

It listens to every logger of this process at DEBUG, as text and as our JSON line, to what tests print,
and to the files into which tests have the processes that they start write. A test that lets one slip
fails. At the end it looks through what the run stored as well (places.py), and once more through all
that was said, for secrets that became known later. It knows every secret of
every sandbox in this process and, from the answers of every Flask application, cookies and tickets;
tests that start a sandbox or functions of their own tell it with `remember_sandbox` and `remember`.
"""

import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import pytest

from tests.plugins.places import hear_emulator, hear_environment, hear_folder
from tests.plugins.watch import Hit, Watch

if TYPE_CHECKING:
    from flask import Response

ROOT: Final = Path(__file__).parents[2]
LIBRARIES: Final = (
    "google", "http", "msal", "oauthlib", "requests", "requests_oauthlib", "urllib3",
)  # fmt: skip
OURS: Final = str(ROOT / "shared/multi_user_oauth")
TESTS: Final = str(ROOT / "tests")
BROWSER: Final = str(ROOT / "shared/multi_user_oauth/sandbox/browser.py")
PIPES: Final = {
    str(ROOT / f"shared/multi_user_oauth/sandbox/{name}.py") for name in ("door", "reach")
}
_OWN_FIELDS: Final = frozenset(logging.makeLogRecord({}).__dict__)
"""What every log record has; all else came by `extra=`, and another handler may write it."""
SECRETS: Final = "secrets-in-logs"
IN_URLS: Final = {"code": "code", "state": "state", "ticket": "ticket", "nonce": "nonce"}

_watch = Watch()
_files: list[Path] = []
_folder: list[Path] = []
_stored: list[Path] = []
_projects: list[str] = []


def log_file(name: str) -> Path:
    """Return a new file for a process to log into; it is searched at the end of the run."""
    if not _folder:
        _folder.append(Path(tempfile.mkdtemp(prefix="logs-")))
    path = _folder[0] / f"{name}-{len(_files)}.log"
    path.touch(mode=0o600)
    _files.append(path)
    return path


def remember_project(project: str) -> str:
    """Return the project; its databases in the emulator are searched before the emulator ends."""
    _projects.append(project)
    return project


def search_emulator(address: str) -> None:
    """Search the databases of every project of this run."""
    while _projects:
        hear_emulator(_watch, address, _projects.pop())


@pytest.fixture(scope="session", autouse=True)
def _searched(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have everything below the run's temporary folder searched at its end."""
    _stored.append(tmp_path_factory.getbasetemp())


def remember(kind: str, value: str | None) -> None:
    """Let a secret be looked for."""
    _watch.know(kind, value)


def remember_sandbox(base_url: str) -> None:
    """Let every secret of a sandbox in another process be looked for; call it before it stops."""
    with urlopen(f"{base_url}/_sandbox/secrets", timeout=10) as answer:  # noqa: S310  # reason: a test's own
        for secret in json.load(answer):
            _watch.know(secret["kind"], secret["value"])


def remember_answer(set_cookies: Iterable[str], location: str = "") -> None:
    """Let the cookies of an answer, and what its `Location` carries, be looked for."""
    for cookie in set_cookies:
        name, _, value = cookie.partition(";")[0].partition("=")
        if name.startswith("__Host-"):  # the sandbox's own only says who chose to be whom
            _watch.know(f"cookie {name[:14]}", value)
    for name, value in parse_qsl(urlsplit(location).query):
        if name in IN_URLS:
            _watch.know(IN_URLS[name], value)


class Listener(logging.Handler):
    """Hears every record as text and as the line that production writes."""

    def __init__(self) -> None:
        from multi_user_oauth.log import JsonFormatter  # noqa: PLC0415  # reason: measured by coverage

        super().__init__(logging.DEBUG)
        self._json = JsonFormatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Hear it, unless it is the test's own browser that speaks through a library."""
        library = record.name.partition(".")[0] in LIBRARIES
        if library and not _ours_speaks():
            return
        _watch.hear(f"logger {record.name}", record.getMessage())
        _watch.hear(f"logger {record.name} as JSON", self._json.format(record))
        for name, value in record.__dict__.items():
            # Google's clients give whole messages along, for a handler of Google's that is not ours.
            if name not in _OWN_FIELDS and not library:
                _watch.hear(f"logger {record.name}, field {name}", str(value))
        if record.exc_info and record.exc_info[1] is not None:
            _watch.hear(f"logger {record.name}, exception", repr(record.exc_info[1]))

    def attach(self) -> None:
        """Listen, also after a test has configured logging its own way."""
        root = logging.getLogger()
        if self not in root.handlers:
            root.addHandler(self)
        root.setLevel(logging.DEBUG)
        for name in ("multi_user_oauth", *LIBRARIES):
            logging.getLogger(name).setLevel(logging.DEBUG)


def _ours_speaks() -> bool:
    """Tell whether the product, not a test, is the nearest caller of the library that logs."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # reason: the way to the caller
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(TESTS) and not file.startswith(f"{TESTS}/plugins"):
            return False
        if file.startswith(OURS) and file not in PIPES:
            return file != BROWSER
        frame = frame.f_back
    return True


class NoSecretInLogs:
    """The hooks of one run."""

    def __init__(self) -> None:
        from flask import request_finished  # noqa: PLC0415  # reason: only in a run of tests

        from multi_user_oauth.sandbox.ledger import SecretLedger  # noqa: PLC0415  # reason: only in a run of tests

        self._listener = Listener()
        self._hits: list[Hit] = []
        self._slipped = False
        SecretLedger.sinks.append(_watch.know)
        request_finished.connect(self._answered)
        self._listener.attach()

    def _answered(self, _: object, response: "Response", **__: object) -> None:
        remember_answer(
            response.headers.getlist("Set-Cookie"), response.headers.get("Location", "")
        )
        if response.is_json and not response.direct_passthrough:
            answer = response.get_json(silent=True)
            url = answer.get("authorization_url") if isinstance(answer, dict) else None
            remember_answer((), str(url))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Listen to fixtures."""
        self._listener.attach()
        yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """Listen to the test."""
        self._listener.attach()
        yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        """Fail the test that said what was secret by then."""
        yield
        hits = _watch.found_lately()
        if hits:
            self._slipped = True
            told = "; ".join(f"{hit.source}: {hit.kind}" for hit in hits)
            pytest.fail(f"secrets in logs: {told}", pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Do not repeat, below that failure, what was said."""
        report = yield
        if self._slipped:
            self.pytest_runtest_logreport(report)
            report.sections.clear()
            self._slipped = False
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear what was printed."""
        for name, text in report.sections:
            if "log" not in name:
                _watch.hear(f"{name} of {report.nodeid}", text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Compare all that was heard and stored with all that is secret."""
        for path in _files:
            _watch.hear_file(path)
        for folder in _stored:
            hear_folder(_watch, folder)
        hear_environment(_watch)
        self._hits += _watch.found()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[SECRETS] = [(hit.source, hit.kind) for hit in self._hits]
        if self._hits:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if session.exitstatus == pytest.ExitCode.OK:
            for folder in _folder:
                shutil.rmtree(folder)  # after a failure they tell what went wrong

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401  # reason: xdist has no types
        """Take over what another process of this run found; all have ended before the run does."""
        self._hits += [Hit(*told) for told in getattr(node, "workeroutput", {}).get(SECRETS, ())]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name who said what kind of secret."""
        if self._hits:
            terminalreporter.section("Secrets in logs", red=True)
        for hit in self._hits:
            terminalreporter.line(f"{hit.source}: {hit.kind}")


def pytest_configure(config: pytest.Config) -> None:
    """Start listening."""
    config.pluginmanager.register(NoSecretInLogs(), "no-secret-in-logs")
