"""What the catalogue of functions promises about routes, rights and folders."""

import re

import pytest

from tests.architecture.catalogue import FUNCTIONS, ROOT, Function


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_bare_path_belongs_to_one_route_and_keeps_its_placeholders(function: Function) -> None:
    """Under its own address a function can tell its routes apart and misses no part of the path."""
    bare = [path for route in function.routes for path in route.bare]
    assert len(bare) == len(set(bare))
    for route in function.routes:
        for path in route.bare:
            assert path.startswith("/")
            assert re.findall(r"{\w+}", path) == re.findall(r"{\w+}", route.path)


def test_only_refresh_may_open_refresh_tokens() -> None:
    """The refresh-token key opens for refresh alone, and whom agents reach can not write main."""
    assert [f.name for f in FUNCTIONS if f.keys.refresh in {"decrypt", "both"}] == ["refresh"]
    assert [f.name for f in FUNCTIONS if f.invoker == "iam"] == ["refresh"]
    writers = {f.name for f in FUNCTIONS if f.databases.main == "write"}
    assert writers == {"account", "callback_google", "callback_microsoft", "refresh", "revoke"}


def test_whoever_publishes_has_the_library_for_it() -> None:
    """And nobody else; who ends or makes a connection tells of it, shards are handed on by `refresh`."""
    publishers = {f.name for f in FUNCTIONS if f.publishes}
    assert publishers == {f.name for f in FUNCTIONS if "pubsub" in f.extras}
    assert publishers == {"callback_google", "callback_microsoft", "refresh", "revoke"}
    assert [f.name for f in FUNCTIONS if "sweep" in f.publishes] == ["refresh"]


def test_only_functions_that_exist_are_not_coming() -> None:
    """A folder stands beside the catalogue for every function that is not still to come."""
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert {function.name for function in FUNCTIONS if not function.coming} == folders


def test_requirements_are_pinned_for_the_catalogued_extras() -> None:
    """Each function that exists installs just what the catalogue says that it needs."""
    script = (ROOT / ".requirements/lock").read_text("utf-8")
    pinned = re.findall(r"^pin_function (\w+) ([\w -]+?)(?: #.*)?$", script, re.MULTILINE)
    needed = {f.name: f.extras for f in FUNCTIONS if not f.coming}
    assert {name: extras.split() for name, extras in pinned} == needed
