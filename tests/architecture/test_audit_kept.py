"""No function of ours deletes or overwrites an audit record."""

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.test_custody import TREES, calls, named

MAY_DELETE: Final = {"stores/firestore_erasure.py", "stores/sqlite_erasure.py"}
"""For an operator who erases a person for good; see `Erasure`."""

STATEMENT: Final = re.compile(r"\b(DELETE\s+FROM|UPDATE|REPLACE\s+INTO)\s+audit\b", re.IGNORECASE)
OVERWRITING: Final = ("delete", "drop", "put", "set", "update")


def ends_records(tree: ast.AST) -> Iterator[str]:
    """What deletes or overwrites in the audit: SQL statements, and calls that name the collection."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (match[0] for match in STATEMENT.finditer(node.value))
    for name in OVERWRITING:
        for call in calls(tree, name):
            if any(
                named(each) == "AUDIT" or getattr(each, "value", None) == "audit"
                for each in call.args
            ):
                yield ast.unparse(call)


def importers(module: str) -> set[str]:
    """Return the files that import this module, or something out of it."""
    found = set()
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if module in names:
                found.add(file)
    return found


def test_audit_records_are_created_and_read() -> None:
    """N93: nothing else is done with them, but where a person is erased."""
    ending = {file for file, tree in TREES.items() if any(ends_records(tree))}
    assert ending - MAY_DELETE == set()
    creating = {
        file
        for file, tree in TREES.items()
        for call in calls(tree, "create")
        if any(named(each) == "AUDIT" for each in call.args)
    }
    assert creating == {"stores/firestore_writes.py"}


def test_no_function_can_erase() -> None:
    """N93: only the command line knows what can, and no function loads that."""
    erasing = {file for file, tree in TREES.items() if any(calls(tree, "erase"))}
    assert {file for file in erasing if not file.startswith(("stores/", "cli/"))} <= {"erasing.py"}
    asking = importers("multi_user_oauth.erasing")
    asking |= {
        file
        for each in asking
        for file in importers(f"multi_user_oauth.{each[:-3].replace('/', '.')}")
    }
    assert not [file for file in asking if not file.startswith(("cli/", "wiring/erasing"))]


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("x = 'DELETE FROM audit WHERE id = ?'", True),
        ("x = 'insert or replace into audit values (1)'", True),
        ("writes.delete(AUDIT, name, version)", True),
        ("database.put('audit', name, {}, {})", True),
        ("x = 'INSERT INTO audit VALUES (1)'", False),
        ("writes.create(AUDIT, name, {})", False),
        ("x = 'DELETE FROM audits_of_others'", False),
    ],
)
def test_the_search_finds_what_ends_records(code: str, caught: bool) -> None:
    """A search that finds nothing would be no proof."""
    assert any(ends_records(ast.parse(code))) == caught
