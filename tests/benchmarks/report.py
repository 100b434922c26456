"""Writes docs/benchmarks.md and its charts, wholly, from what the last run kept: `-m` this module."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import charts, costs
from tests.benchmarks.charts import Bar
from tests.benchmarks.results import FILE, load
from tests.support.processes import ROOT

DOCUMENT: Final = ROOT / "docs" / "benchmarks.md"
CHARTS: Final = ROOT / "docs" / "benchmarks"
TEMPLATE: Final = Path(__file__).with_name("report.md")
SECTIONS: Final = (
    "library", "http", "starts", "archives", "first_paint", "refresh", "billing", "scale", "costs",
    "memory", "others",
)  # fmt: skip

Sections = Mapping[str, Any]


def main() -> int:
    """Write the report if every section was measured; else say which were not."""
    if not FILE.exists():
        sys.stdout.write("Nothing was measured yet: make bench\n")
        return 0
    kept = load()
    sections: Sections = kept["sections"]
    missing = [name for name in SECTIONS if name not in sections]
    if missing:
        sys.stdout.write(f"{DOCUMENT.name} stays as it is: {', '.join(missing)} not measured yet\n")
        return 0
    text = TEMPLATE.read_text()
    for name, part in parts(kept["machine"], sections).items():
        text = text.replace(f"{{{{{name}}}}}", part)
    CHARTS.mkdir(exist_ok=True)
    for name, svg in drawn(sections).items():
        (CHARTS / f"{name}.svg").write_text(svg)
    DOCUMENT.write_text(text)
    sys.stdout.write(f"docs/{DOCUMENT.name} and {CHARTS.name}/*.svg are written\n")
    return 0


def parts(machine: Mapping[str, Any], sections: Sections) -> dict[str, str]:
    """Return what stands in each of the template's places."""
    dates = sorted({sections[name]["taken_at"][:10] for name in SECTIONS})
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return {
        "date": " to ".join(dict.fromkeys((dates[0], dates[-1]))),
        "machine": f"{machine['cores']} cores ({machine['processor']}), {machine['system']}, "
        f"Python {machine['python']}; {packages}",
        **{f"figures {name}": figures(sections[name]["figures"]) for name in SECTIONS},
        "summary": summary(sections),
        "archives": archives(sections["archives"]["rows"]),
        "billed": billed(sections["billing"]),
        "costs": dollars(sections["costs"]["dollars"]),
        "assumptions": assumptions(),
        "prices as of": str(costs.prices()["as_of"]),
        "prices": sources(),
    }


def summary(sections: Sections) -> str:
    """Return how many targets were reached, and which were not."""
    found = [figure for name in SECTIONS for figure in sections[name]["figures"]]
    aimed = [figure for figure in found if figure["target"] is not None]
    missed = [figure["name"] for figure in aimed if not _reached(figure)]
    said = f"{len(aimed) - len(missed)} of {len(aimed)} targets were reached."
    return f"{said} Not reached: {'; '.join(missed)}." if missed else said


def figures(found: Sequence[Mapping[str, Any]]) -> str:
    """Return figures as a table."""
    rows = [
        (f["name"], f"{f['value']:,.2f} {f['unit']}", _target(f), _verdict(f), f["detail"])
        for f in found
    ]
    return _table(("figure", "found", "target", "reached", "by"), rows)


def billed(section: Mapping[str, Any]) -> str:
    """Return what each journey is billed, beside its budget."""
    kinds = ("reads", "writes", "kms")
    rows = [
        (name, *(f"{bill[kind]} of {section['budget'][name][kind]}" for kind in kinds))
        for name, bill in section["counted"].items()
    ]
    return _table(("journey", "documents read", "written", "Cloud KMS operations"), rows)


def dollars(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return a month's dollars by service and number of people, for one region and for several."""
    columns = [(place, users) for place in found for users in found[place]]
    heads = [f"{int(users):,}, {place.replace('_', '-')}" for place, users in columns]
    services = list(found["region"][str(costs.USERS[0])])
    rows = [
        (service, *(f"{found[place][users][service]:,.2f}" for place, users in columns))
        for service in services
    ]
    total = ("**all**", *(f"**{sum(found[p][users].values()):,.0f}**" for p, users in columns))
    each = ("for each person", *(f"{sum(found[p][u].values()) / int(u):.4f}" for p, u in columns))
    return _table(("", *heads), [*rows, total, each])


def assumptions() -> str:
    """Return what the month is made of, as a table."""
    return _table(("assumed", ""), [
        (name.replace("_", " "), f"{value:g}")
        for name, value in costs.prices()["assumptions"].items()
    ])  # fmt: skip


def sources() -> str:
    """Return the price table's services with their pages."""
    return "\n".join(
        f"- {name.replace('_', ' ')}: <{each['page']}>"
        + ("" if each["read"] else " (not, or not all, found in a copy of the page: check first)")
        for name, each in costs.prices().items()
        if isinstance(each, dict) and "page" in each
    )


def drawn(sections: Sections) -> dict[str, str]:
    """Return the charts by their file names."""
    reads = [*sections["library"]["figures"], *sections["http"]["figures"]]
    memory = sections["memory"]
    named = {"SQLite": memory["deployment"], "gcp": memory["google_cloud"]}
    return {
        "reads": charts.bars("A token read, in times of its yardstick", _bars(reads)),
        "starts": charts.bars(
            "From start to first real answer, in times of a hello world",
            _bars(sections["starts"]["figures"], "the start of "),
        ),
        "scale": charts.bars(
            "A token read, in times of that among 1,000 connections",
            _bars(sections["scale"]["figures"], "a token "),
        ),
        "memory": charts.lines(
            "Memory of access_token", named, unit="MiB", across="tokens of different people"
        ),
        "costs": charts.bars(
            "A month, all people, one region", _bars(sections["costs"]["figures"], "a month of "),
            unit="dollars",
        ),
    }  # fmt: skip


def _bars(found: Sequence[Mapping[str, Any]], but: str = "") -> list[Bar]:
    return [
        Bar(
            label=f["name"].removeprefix(but),
            value=f["value"],
            target=f["target"],
            at_least=f["at_least"],
        )
        for f in found
        if f["unit"] in {"times", "dollars"}
    ]


def _reached(figure: Mapping[str, Any]) -> bool:
    value: float = figure["value"]
    target: float = figure["target"]
    return value >= target if figure["at_least"] else value <= target


def archives(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what is deployed as a table."""
    told = [
        (
            f"`{row['function']}`",
            f"{row['archive']:.1f} MB",
            str(row["packages"]),
            f"{row['installed']:.0f} MB",
            f"{row['first_answer']:,.0f} ms",
        )
        for row in rows
    ]
    return _table(("function", "archive", "packages", "installed", "first answer"), told)


def _target(figure: Mapping[str, Any]) -> str:
    if figure["target"] is None:
        return "-"
    return f"{'at least' if figure['at_least'] else 'at most'} {figure['target']:g}"


def _verdict(figure: Mapping[str, Any]) -> str:
    if figure["target"] is None:
        return "-"
    return "yes" if _reached(figure) else "**no**"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    raise SystemExit(main())
