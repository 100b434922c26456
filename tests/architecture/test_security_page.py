"""docs/security.md says what is so: its tests exist, and its table of rights is the catalogue's."""

import re
from typing import Final

from tests.architecture.catalogue import FUNCTIONS, ROOT
from tests.architecture.documented import NAMED, docstrings

PAGE: Final = (ROOT / "docs/security.md").read_text("utf-8")
CLIENT_OF_OAUTH: Final = frozenset(
    {"10.1.1", "10.1.2", "10.2.1", "10.2.2", "10.2.3"}
    | {f"10.5.{number}" for number in range(1, 6)}
)
"""The requirements of ASVS 5.0 for clients of OAuth and OpenID Connect."""


def section(title: str) -> str:
    """Return what stands below a heading."""
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_named_test_exists() -> None:
    """A promise whose test is gone, or has another name, is none."""
    named = NAMED.findall(PAGE)
    assert len(named) > 50
    assert [name for name in named if name not in docstrings()] == []


def test_every_function_has_the_rights_of_the_catalogue() -> None:
    """Row for row: databases, keys and secrets."""
    rows = re.findall(
        r"^\| `\w+` \|.+$", section("What is secret, and who may read it"), re.MULTILINE
    )
    assert rows == [
        f"| `{function.name}` | {function.databases.main} | {function.databases.activity} "
        f"| {function.keys.access} | {function.keys.refresh} "
        f"| {', '.join(function.secrets).replace('_', ' ')} |"
        for function in FUNCTIONS
    ]


def test_every_requirement_names_its_test() -> None:
    """Of RFC 9700 each line; of ASVS each but those that are said not to be offered."""
    for title in ("RFC 9700", "OWASP ASVS 5.0"):
        rows = re.findall(r"^\| [\d., to]+ \|.+$", section(title), re.MULTILINE)
        assert len(rows) > 10
        assert [row for row in rows if not NAMED.search(row) and "not offered" not in row] == []


def test_all_that_is_asked_of_a_client_is_answered() -> None:
    """Chapter 10 of ASVS, as far as it is about clients."""
    answered = set(re.findall(r"^\| (10\.\d\.\d) \|", section("OWASP ASVS 5.0"), re.MULTILINE))
    assert answered == CLIENT_OF_OAUTH


def test_there_are_nine_promises_and_each_names_its_tests() -> None:
    """A promise is a sentence and a proof."""
    promises = re.split(r"^\d\. ", section("What we promise"), flags=re.MULTILINE)[1:]
    assert len(promises) == 9
    assert [promise for promise in promises if not NAMED.search(promise)] == []
