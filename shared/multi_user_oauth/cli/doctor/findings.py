"""What a check found, and how it is mended; checks that run side by side, within a bound."""

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from multi_user_oauth.cli.output import Exit
from multi_user_oauth.errors import (
    ConfigurationError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
)

SECONDS: Final = 10.0
"""For all checks that ask somebody, together: they run side by side."""
LATER: Final = "Look whether this machine reaches it (proxy, firewall, DNS), and run doctor again."


NOT_ALLOWED: Final = (
    "This identity may not look, which can be as it should be: then run doctor as one that may."
)
_DENIED: Final = re.compile(r"permission_?denied|forbidden|accessdenied", re.IGNORECASE)


def is_denied(text: str) -> bool:
    """Return whether a cloud says that this identity may not: of the thing itself that says nothing."""
    return _DENIED.search(text) is not None


class Status(StrEnum):
    """How it stands."""

    OK = "ok"
    WARNING = "warning"
    """It works, and will not for ever, or not as somebody may think."""
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be found out now."""
    BY_HAND = "by_hand"
    """Only a person can look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`check` is the theme, `subject` what was looked at, `what` what was seen, `mend` what to do."""

    check: str
    subject: str
    status: Status
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """Makes the findings of one theme about one thing."""

    check: str
    subject: str

    def ok(self, what: str) -> Finding:
        """Return that it is as it should be."""
        return Finding(check=self.check, subject=self.subject, status=Status.OK, what=what)

    def bad(self, what: str, mend: str, *, status: Status = Status.WRONG) -> Finding:
        """Return that something is to be done."""
        return Finding(check=self.check, subject=self.subject, status=status, what=what, mend=mend)

    def error(self, error: MultiUserOAuthError, mend: str = "") -> Finding:
        """Return what an error of ours means; the texts of those hold no secrets."""
        if is_denied(f"{error}"):
            return self.bad(f"{error}", f"{NOT_ALLOWED} {mend}".strip(), status=Status.BY_HAND)
        if isinstance(error, ConfigurationError | ProviderMisconfiguredError):
            return self.bad(f"{error}", mend or "Correct what is named here.")
        return self.bad(f"{error}", mend or LATER, status=Status.UNKNOWN)


Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One look at something that may not answer."""

    theme: Theme
    look: Look


def side_by_side(checks: Sequence[Check], *, seconds: float = SECONDS) -> list[Finding]:
    """Run all; of one that does not end in time, or fails in a way nobody foresaw, say so."""
    running = [_Running(check) for check in checks]
    wait([each.ended for each in running], timeout=seconds)
    return [finding for each in running for finding in each.findings(seconds)]


class _Running:
    """A check in a thread of its own, and what it has found so far."""

    def __init__(self, check: Check) -> None:
        self.ended: Future[None] = Future()
        self._check = check
        self._found: list[Finding] = []
        # Not a pool: at the end of the process it would wait for whoever hangs.
        name = f"doctor-{check.theme.check}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        theme = self._check.theme
        try:
            for finding in self._check.look():
                self._found.append(finding)
        except MultiUserOAuthError as error:
            self._found.append(theme.error(error))
        except Exception as error:  # noqa: BLE001  # reason: one check's end must not be that of the others
            what = f"could not be looked at ({type(error).__name__})"  # its text may hold anything
            self._found.append(theme.bad(what, LATER, status=Status.UNKNOWN))
        finally:
            self.ended.set_result(None)

    def findings(self, seconds: float) -> list[Finding]:
        """Return what was found; and that there was no end, if there was none."""
        found = list(self._found)
        if not self.ended.done():
            what = f"no answer within {seconds:.0f} seconds"
            found.append(self._check.theme.bad(what, LATER, status=Status.UNKNOWN))
        return found


def exit_code(findings: Iterable[Finding]) -> Exit:
    """Return how the command ends."""
    found = {finding.status for finding in findings}
    if Status.WRONG in found:
        return Exit.FAILED
    return Exit.LATER if Status.UNKNOWN in found else Exit.OK
