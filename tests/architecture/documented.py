"""What the tests say that they prove: their names and docstrings, read without running them."""

import ast
import re
from functools import cache
from typing import Final

from tests.architecture.catalogue import ROOT

NUMBER: Final = re.compile(r"\bN\d{2,3}[a-d]?\b")
NAMED: Final = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
"""How a page names a test."""


@cache
def docstrings() -> dict[str, str]:
    """Return every test's docstring by `path::name`."""
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                name = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
                found[name] = ast.get_docstring(node) or ""
    return found


def numbers(docstring: str) -> set[str]:
    """Return the attacks that a test says it is about."""
    return set(NUMBER.findall(docstring))
