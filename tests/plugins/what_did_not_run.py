"""Say at the end of a run what did not run, why, and what mends it: pytest is silent about it.

With REQUIRE=all, which CI=true implies, a test that did not run fails the run.
"""

import os
from collections.abc import Generator
from typing import NoReturn

import pytest

_MEND = "\n  mend: "


def missing(part: str, *, why: str, mend: str) -> NoReturn:
    """Skip this test, or this module, because a part of the machine is missing.

    ``mend`` is the command that brings the part.
    """
    pytest.skip(f"{part}: {why}{_MEND}{mend}", allow_module_level=True)


class WhatDidNotRun:
    """Collects what was skipped, by reason."""

    def __init__(self, *, required: bool) -> None:
        self._required = required
        self._skipped: dict[str, list[str]] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that skipped itself."""
        self._note(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was skipped; one that is expected to fail did run."""
        if not hasattr(report, "wasxfail"):
            self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that had to be complete."""
        complete = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self._required and self._skipped and session.exitstatus in complete:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Write the block as the last thing above pytest's closing line."""
        yield
        if not self._skipped:
            return
        ending = ", and everything was required" if self._required else ""
        terminalreporter.section(f"Did not run{ending}:", red=self._required, yellow=True)
        for reason, tests in sorted(self._skipped.items()):
            terminalreporter.line(reason)
            terminalreporter.line(f"  tests: {_shortened(tests)}")

    def _note(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            self._skipped.setdefault(reason, []).append(report.nodeid)


def _shortened(tests: list[str]) -> str:
    first, *others = sorted(tests)
    return f"{first} and {len(others)} more" if others else first


def pytest_configure(config: pytest.Config) -> None:
    """Start collecting."""
    required = os.environ.get("REQUIRE") == "all" or os.environ.get("CI") == "true"
    config.pluginmanager.register(WhatDidNotRun(required=required))
