"""The findings as people read them: by theme, a word for each, and below how to mend."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Finding, Status
from multi_user_oauth.cli.output import console

if TYPE_CHECKING:
    from rich.console import Console

WORDS: Final = {
    Status.OK: ("ok", "green"),
    Status.WARNING: ("warning", "yellow"),
    Status.WRONG: ("WRONG", "bold red"),
    Status.UNKNOWN: ("unknown", "magenta"),
    Status.BY_HAND: ("by hand", "cyan"),
}
COUNTED: Final = {
    Status.WRONG: "wrong",
    Status.UNKNOWN: "could not be found out",
    Status.WARNING: "with a warning",
    Status.BY_HAND: "to look at by hand",
    Status.OK: "ok",
}
ORDER: Final = list(COUNTED)


def as_document(findings: Sequence[Finding], *, ok: bool) -> dict[str, object]:
    """Return the same for programs."""
    rows = [
        {
            "check": finding.check.lower().replace(" ", "_"),
            "subject": finding.subject,
            "status": finding.status.value,
            "what": finding.what,
            "mend": finding.mend or None,
        }
        for finding in findings
    ]
    return {"findings": rows, "ok": ok}


def print_findings(findings: Sequence[Finding]) -> None:
    """Print a line for each, by theme; then how to mend what is not ok, the worst first."""
    out = console()
    for theme, group in groupby(findings, key=lambda finding: finding.check):
        out.print(f"\n{theme[:1].upper()}{theme[1:]}", style="bold", markup=False)
        for finding in group:
            _line(out, finding)
    _mends(out, findings)
    numbers = Counter(finding.status for finding in findings)
    counts = [f"{numbers[status]} {words}" for status, words in COUNTED.items() if numbers[status]]
    out.print(f"\n{', '.join(counts)}.", markup=False, soft_wrap=True)


def _mends(out: "Console", findings: Sequence[Finding]) -> None:
    """Print each way to mend once, and what it is good for."""
    ways: dict[tuple[Status, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: ORDER.index(finding.status)):
        if finding.mend:
            ways.setdefault((finding.status, finding.mend), []).append(finding)
    if ways:
        out.print("\nHow to mend", style="bold", markup=False)
    for number, ((status, mend), found) in enumerate(ways.items(), start=1):
        word, style = WORDS[status]
        names = "; ".join(f"{each.check}, {each.subject}" for each in found)
        what = f": {found[0].what}" if len(found) == 1 else ""
        out.print(f"{number}. {word}: ", style=style, end="", markup=False)
        out.print(f"{names}{what}", markup=False, soft_wrap=True)
        out.print(f"   {mend}", markup=False, soft_wrap=True)


def _line(out: "Console", finding: Finding) -> None:
    word, style = WORDS[finding.status]
    out.print(f"  {word:<9}", style=style, end="", markup=False)
    out.print(f"{finding.subject}: {finding.what}", markup=False, soft_wrap=True)
