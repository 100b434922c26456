"""What a run of the benchmarks found: printed as it comes, and kept for the report."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tests.support.processes import ROOT

FILE: Final = ROOT / "test-results" / "benchmarks.json"
VERSIONS: Final = ("flask", "functions-framework", "gunicorn", "google-cloud-firestore", "msgspec")

Section = dict[str, Any]
"""`figures`, and under other names what charts and tables are made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number, and what it should be at most (or, with `at_least`, at least); None: only shown."""

    name: str
    value: float
    unit: str = "times"
    target: float | None = None
    at_least: bool = False
    detail: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether it is as good as it should be."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


class Results:
    """What was measured in this run; after a `whole` one nothing of earlier runs stays in the file."""

    def __init__(self, file: Path = FILE, *, whole: bool) -> None:
        self._file = file
        self._whole = whole
        self._found: dict[str, Section] = {}

    def add(self, section: str, *figures: Figure, **data: object) -> None:
        """Print the figures and keep them, with the data beside them."""
        kept = self._found.setdefault(section, {"taken_at": _now(), "figures": []})
        kept["figures"] += [asdict(figure) for figure in figures]
        kept.update(data)
        for figure in figures:
            sys.stdout.write(f"\n  {_line(figure)}")
        sys.stdout.flush()

    def save(self) -> None:
        """Write the file, if anything was measured."""
        if not self._found:
            return
        kept = self._file.exists() and not self._whole
        sections = load(self._file)["sections"] if kept else {}
        for name, found in self._found.items():
            sections[name] = _merged(sections.get(name, {"figures": []}), found)
        self._file.parent.mkdir(exist_ok=True)
        document = {"machine": machine(), "sections": sections}
        self._file.write_text(json.dumps(document, indent=1) + "\n")


def load(file: Path = FILE) -> dict[str, Any]:
    """Return what is kept: the machine, and the sections by name."""
    document: dict[str, Any] = json.loads(file.read_text())
    return document


def machine() -> Mapping[str, object]:
    """Return what the figures depend on."""
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in VERSIONS},
    }


def _merged(before: Section, found: Section) -> Section:
    figures = {figure["name"]: figure for figure in (*before["figures"], *found["figures"])}
    return {**before, **found, "figures": list(figures.values())}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _line(figure: Figure) -> str:
    said = f"{figure.name}: {figure.value:.2f} {figure.unit}"
    if figure.target is not None:
        bound = "at least" if figure.at_least else "at most"
        reached = "reached" if figure.reached else "NOT reached"
        said += f" ({bound} {figure.target:g}: {reached})"
    return f"{said}; {figure.detail}" if figure.detail else said


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="minutes")  # noqa: TID251  # reason: the date of the report
