"""What is installed is pinned, hashed, the same everywhere, and says nothing about this machine."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(main.parent for main in ROOT.glob("functions/*/main.py"))
LOCKS = sorted([*ROOT.glob(".requirements/*.txt"), *ROOT.glob("functions/*/requirements.txt")])
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())

each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))


def lines(lock: Path) -> list[str]:
    """The lock's requirements, each on one line with its hashes."""
    joined = lock.read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


def versions(lock: Path) -> dict[str, str]:
    """The version of each package in the lock."""
    pins = [Requirement(line.split(" --hash=")[0]) for line in lines(lock)]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def wanted() -> list[Requirement]:
    """Everything that pyproject.toml asks for: the client, the extras, the tools."""
    project = PROJECT["project"]
    lists = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    asked = [Requirement(text) for texts in lists for text in texts]
    return [requirement for requirement in asked if requirement.name != project["name"]]


def all_pins() -> dict[str, str]:
    """The versions that the tests ran with, the tool that locks and the one that fuzzes."""
    locks = (versions(ROOT / f".requirements/{name}.txt") for name in ("test", "lock", "soak"))
    return {name: version for lock in locks for name, version in lock.items()}


@each_lock
def test_every_requirement_is_one_version_with_hashes(lock: Path) -> None:
    """Each line of a lock is one exact version and the hashes of its files."""
    assert lines(lock)
    for line in lines(lock):
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+ *", line)


@each_lock
def test_a_lock_names_no_host(lock: Path) -> None:
    """Where the packages come from is the business of the machine that installs them."""
    places = re.compile(r"://|^ *-(i|f|-index|-extra|-find|-trusted)| @ ", re.MULTILINE)
    assert not places.search(lock.read_text())


@each_lock
def test_all_locks_agree(lock: Path) -> None:
    """What the tests ran with is what a function runs with."""
    assert versions(lock).items() <= all_pins().items()


def test_the_locks_satisfy_what_is_asked_for() -> None:
    """A bound that was raised in pyproject.toml is in the locks."""
    pinned = all_pins()
    assert [
        str(requirement)
        for requirement in wanted()
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ] == []


def test_every_function_has_a_lock() -> None:
    """A function that is not locked would be deployed with whatever is newest."""
    assert [folder.name for folder in FUNCTIONS if folder / "requirements.txt" not in LOCKS] == []


def test_the_demo_is_quick_to_install() -> None:
    """The first start waits for no compiled cloud library and no browser."""
    heavy = {"grpcio", "boto3", "playwright", "mypy"}
    assert not heavy & versions(ROOT / ".requirements/demo.txt").keys()
