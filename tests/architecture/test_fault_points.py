"""What tests break the program with is not to be had in production."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from multi_user_oauth.ports import nothing
from multi_user_oauth.settings import Settings
from multi_user_oauth.stores.meter import NoMeter
from multi_user_oauth.wiring.world import World
from tests.architecture.catalogue import ROOT
from tests.support.api import BUILT

PACKAGE: Final = ROOT / "shared/multi_user_oauth"
PASSED_ON: Final = frozenset({"point", "self._point", "world.point", "parts.world.point"})


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Yield every module that is shipped; the sandbox's own faults are the providers', not ours."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if not path.is_relative_to(PACKAGE / "sandbox"):
            yield path, ast.parse(path.read_text("utf-8"))


def filled(tree: ast.AST) -> Iterator[str]:
    """Yield what fault points are filled with, where it is not the one that came in from outside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "point":
            value = ast.unparse(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {ast.unparse(target) for target in targets}
            if names.isdisjoint({"point", "self._point"}) or node.value is None:
                continue
            value = ast.unparse(node.value)
        else:
            continue
        if value not in PASSED_ON | {"nothing"}:
            yield value


def test_in_production_a_fault_point_does_nothing() -> None:
    """N100: the world that a function is built with has none filled, and counts nothing."""
    assert World().point is nothing
    assert isinstance(World().meter, NoMeter)
    assert World().adapter is None
    assert not [name for name in dir(Settings) if "point" in name or "fault" in name]


def test_nothing_fills_a_fault_point() -> None:
    """N100: no setting, header or flag: each hands on what came in, and production hands in nothing."""
    found = {path.name: list(filled(tree)) for path, tree in trees()}
    assert {name: values for name, values in found.items() if values} == {}
    worlds = {
        (path.relative_to(PACKAGE).as_posix(), ast.unparse(node))
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "World" and node.keywords
    }
    assert {call for _, call in worlds if "point" in call} == set()


@pytest.mark.parametrize("name", BUILT)
def test_a_function_is_built_from_its_settings_alone(name: str) -> None:
    """N100: its main.py hands over the environment, and no world of its own."""
    tree = ast.parse((ROOT / f"functions/{name}/main.py").read_text("utf-8"))
    (call,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("build")
    ]
    assert [each.arg for each in call.keywords] == []
    assert len(call.args) == 2
    assert ast.unparse(call.args[0]) == repr(name)


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("Use(point=world.point)", False),
        ("def f(point: Point = nothing): self._point = point", False),
        ("Use(point=getattr(faults, values['FAULT']))", True),
        ("self._point = print", True),
        ("point: Point = request.headers['X']", True),
    ],
)
def test_the_search_for_filled_points_finds_them(code: str, caught: bool) -> None:
    """A search that finds nothing would be no proof."""
    assert bool(list(filled(ast.parse(code)))) == caught
