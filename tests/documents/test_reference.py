"""The pages that are made say what the code says, and their links lead somewhere."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from multi_user_oauth.cli.doctor.files import CLOSED
from multi_user_oauth.cli.settings_file import documented
from multi_user_oauth.settings import Settings
from tests.architecture.catalogue import FUNCTIONS, ROOT
from tests.benchmarks.costs import prices
from tests.documents.api_page import examples
from tests.documents.cost_model import counted, journeys, month
from tests.documents.reference import pages
from tests.documents.settings_examples import EXAMPLES, GUARDED
from tests.documents.tables import anchor
from tests.support.api import DOCUMENT
from tests.support.billing import AT_MOST, Billed

DOCS: Final = ROOT / "docs"
MADE: Final = ("api.md", "configuration.md", "costs.md")
LINKED: Final = (*MADE, "setup.md")
ROUTES: Final = [
    (method, route.path)
    for function in FUNCTIONS
    for route in function.routes
    for method in route.methods
]


def text(name: str) -> str:
    """Return a document."""
    return (DOCS / name).read_text("utf-8")


@pytest.fixture(scope="module")
def made() -> Mapping[Path, str]:
    """What the pages should say."""
    return pages()


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_what_is_made_of_the_code(name: str, made: Mapping[Path, str]) -> None:
    """After a change: `make docs`."""
    assert text(name) == made[DOCS / name]


def test_every_route_has_its_place_and_its_line() -> None:
    """Method and path, in the list of routes and at the route; and a line with both to try."""
    page = text("api.md")
    listed = re.findall(r"^\| `([A-Z]+) (/\S*)` \|", page, re.MULTILINE)
    assert listed == ROUTES
    blocks = re.findall(r"^`([A-Z]+) (/\S*)`\n.*?^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert [(method, path) for method, path, _ in blocks] == ROUTES
    for method, path, lines in blocks:
        literal = re.sub(r"\\{\w+\\}", r"[^\\s?]+", re.escape(path))
        assert re.search(rf'"\$API{literal}(?:\?[^"]*)?"', lines), (path, lines)
        assert f"-X {method} " in lines or method in {"GET", "POST"}, (method, lines)


def test_every_operation_has_a_line_and_no_other() -> None:
    """A route that is taken away takes its line with it."""
    paths = DOCUMENT["paths"].values()
    assert {it["operationId"] for item in paths for it in item.values()} == examples().keys()


def test_every_problem_code_is_told() -> None:
    """With its status, its meaning and what to do."""
    schema = DOCUMENT["components"]["schemas"]["Problem"]
    rows = re.findall(r"^\| `(\w+)` \| \d{3} \| .+ \| .+ \|$", text("api.md"), re.MULTILINE)
    assert rows == schema["properties"]["code"]["enum"]


def test_every_setting_has_its_row() -> None:
    """And each that doctor guards says whether it is secret."""
    rows = re.findall(r"^\| `([A-Z][A-Z_]+)` \|", text("configuration.md"), re.MULTILINE)
    assert rows == sorted(documented())
    assert GUARDED.keys() == CLOSED.keys()


def test_every_variable_of_the_deployment_has_its_row() -> None:
    """By its name, in the order of infra/variables.tf."""
    declared = re.findall(
        r'^variable "(\w+)"', (ROOT / "infra/variables.tf").read_text(), re.MULTILINE
    )
    rows = re.findall(r"^\| `([a-z_]+)` \|", text("configuration.md"), re.MULTILINE)
    assert rows == declared


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_accepted(name: str) -> None:
    """Whoever copies it is not refused."""
    here = {"K_SERVICE": "refresh"} if name == "BEHIND_IAM" else {}
    settings = Settings({**here, "BACKEND": "embedded", name: EXAMPLES[name]})
    assert str(getattr(settings, name.lower())) != ""


def test_the_operations_that_are_priced_are_within_their_budget() -> None:
    """What was counted for the page is what tests/cloud allows at most."""
    found = counted()
    assert len(found) > 8
    for name in found.keys() & AT_MOST.keys():
        assert Billed(**found[name]) <= AT_MOST[name], name


def test_a_price_that_doubles_doubles_its_part() -> None:
    """The table of prices is where the page's dollars come from."""
    table = prices()
    dearer = {
        **table,
        "cloud_kms": {
            key: 2 * it if isinstance(it, float) else it for key, it in table["cloud_kms"].items()
        },
    }
    before, after = month(1000, table), month(1000, dearer)
    assert after.pop("Cloud KMS") == pytest.approx(2 * before.pop("Cloud KMS"))
    assert after == before
    refresh = 1e6 * (1 * 0.03e-5 + 3 * 0.09e-5 + 2 * 0.03e-4)
    assert journeys(table)["refresh, cold"] == pytest.approx(refresh)


@pytest.mark.parametrize("name", LINKED)
def test_every_link_leads_somewhere(name: str) -> None:
    """To a file that is there, and to a heading that it has."""
    broken = []
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text(name)):
        place, _, heading = target.partition("#")
        file = (DOCS / place).resolve() if place else DOCS / name
        if not file.exists() or (heading and heading not in headings(file)):
            broken.append(target)
    assert broken == []


def headings(file: Path) -> set[str]:
    """Return the anchors of a document's headings."""
    found = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {anchor(re.sub(r"[`*]", "", each)) for each in found}
