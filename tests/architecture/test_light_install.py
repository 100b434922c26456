"""What `pip install multi-user-oauth` brings: the client's library and what that needs, nothing else."""

import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.processes import ROOT

CLIENT: Final = {"requests", "certifi", "charset-normalizer", "idna", "urllib3"}
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SERVER: Final = ("grpcio", "msal", "google", "flask", "cryptography", "boto")


def needed(requirements: Iterable[str], extra: str = "") -> set[str]:
    """Return the names of all that these requirements bring here, by what is installed."""
    found: set[str] = set()
    waiting = list(wanted(requirements, extra))
    while waiting:
        each = waiting.pop()
        name = canonicalize_name(each.name)
        if name in found:
            continue
        found.add(name)
        theirs = distribution(name).requires or ()
        for its_extra in ("", *each.extras):
            waiting += wanted(theirs, its_extra)
    return found


def wanted(requirements: Iterable[str], extra: str) -> Iterator[Requirement]:
    """Yield those that hold on this machine for this extra."""
    for each in map(Requirement, requirements):
        if each.marker is None or each.marker.evaluate({"extra": extra}):
            yield each


def test_the_bare_installation_is_requests_and_its_four() -> None:
    """By the metadata of what is installed, from top to bottom: no grpc, no msal, nothing of Google's."""
    closure = needed(PROJECT["dependencies"])
    assert closure == CLIENT
    assert [name for name in closure if name.startswith(SERVER)] == []


@pytest.mark.parametrize("extra", ["cli", "httpx"])
def test_the_small_extras_bring_no_server(extra: str) -> None:
    """The command line for mail, files and calendars, and the client of other libraries."""
    brought = needed(PROJECT["optional-dependencies"][extra])
    assert [name for name in brought if name.startswith(SERVER)] == []


def test_the_walk_sees_what_an_extra_of_a_library_brings() -> None:
    """It goes through extras and markers: else it would find too little, and be content."""
    assert "grpcio" in needed(["google-api-core[grpc]"])
    assert "grpcio" not in needed(["google-api-core"])
    assert "colorama" not in needed(["click"]) or sys.platform == "win32"
