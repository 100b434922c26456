"""docs/costs.md, made from the counted operations, the assumptions and the table of prices."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.benchmarks.costs import prices
from tests.documents.cost_model import counted, journeys, month, variations
from tests.documents.settings_page import HERE
from tests.documents.tables import table

PEOPLE: Final = (100, 1_000, 10_000, 100_000)
_OF_WHAT_IF: Final = 10_000
_WORDS: Final = ("page", "note", "read")


def cost_page() -> str:
    """Return the whole page."""
    text = (HERE / "costs.head.md").read_text("utf-8")
    for name, part in _parts(prices()).items():
        text = text.replace(f"{{{name}}}", part)
    return text


def _parts(priced: Mapping[str, Any]) -> Mapping[str, str]:
    assumed = {**priced["assumptions"], **priced["also"]["assumptions"]}
    return {
        "as of": str(priced["as_of"]),
        "month": _by_people(priced),
        "fixed": _fixed(priced),
        "variations": _variations(priced),
        "journeys": _journeys(priced),
        "assumptions": table(
            ("assumed", ""), [(name.replace("_", " "), f"{it:g}") for name, it in assumed.items()]
        ),
        "prices": table(
            ("service", "price", "dollars", "read in a copy of the page"), _rows(priced)
        ),
        "pages": "\n".join(f"- {name}: <{page}>" for name, page in _pages(priced).items()),
    }


def _by_people(priced: Mapping[str, Any]) -> str:
    found = {people: month(people, priced) for people in PEOPLE}
    rows = [
        (service, *(f"{found[people][service]:,.2f}" for people in PEOPLE))
        for service in found[PEOPLE[0]]
    ]
    total = ("**all**", *(f"**{sum(found[people].values()):,.0f}**" for people in PEOPLE))
    each = ("for each", *(f"{sum(found[people].values()) / people:.4f}" for people in PEOPLE))
    return table(("", *(f"{people:,}" for people in PEOPLE)), [*rows, total, each])


def _fixed(priced: Mapping[str, Any]) -> str:
    nobody, some, many = (month(people, priced) for people in (0, *PEOPLE[-2:]))
    more = PEOPLE[-1] - PEOPLE[-2]
    rows = [
        (
            service,
            f"{nobody[service]:,.2f}",
            f"{1000 * (many[service] - some[service]) / more:,.2f}",
        )
        for service in nobody
    ]
    end = (
        "**all**",
        f"**{sum(nobody.values()):,.2f}**",
        f"**{1000 * (sum(many.values()) - sum(some.values())) / more:,.2f}**",
    )
    return table(("", "nobody is connected", "each 1,000 people more, above 10,000"), [*rows, end])


def _variations(priced: Mapping[str, Any]) -> str:
    rows = [(name, f"{more:+,.2f}") for name, more in variations(_OF_WHAT_IF, priced).items()]
    return table(("what is otherwise", "dollars"), rows)


def _journeys(priced: Mapping[str, Any]) -> str:
    dollars = journeys(priced)
    rows = [
        (name, *(str(count[kind]) for kind in ("reads", "writes", "kms")), f"{dollars[name]:.2f}")
        for name, count in counted().items()
    ]
    return table(("operation", "read", "written", "Cloud KMS", "dollars for a million"), rows)


def _rows(priced: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for name, service in _services(priced):
        said = "yes" if service["read"] else "no, or not all of it"
        for price, value in _flat(service):
            yield name, price, f"{value:.7f}".rstrip("0").rstrip("."), said


def _flat(service: Mapping[str, Any], of: str = "") -> Iterator[tuple[str, float]]:
    for name, value in service.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ".replace("_", " "))
        elif name not in _WORDS:
            yield of + name.replace("_", " "), value


def _services(priced: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in (priced, priced["also"]):
        for name, service in part.items():
            if isinstance(service, Mapping) and "page" in service:
                yield name.replace("_", " "), service


def _pages(priced: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: service["page"] for name, service in _services(priced)}
