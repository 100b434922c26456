"""The packages that load their names at first use offer those that they say, and no others."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

from tests.support.processes import ROOT, environment

PACKAGES = ["multi_user_oauth", "multi_user_oauth.model", "multi_user_oauth.ports"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_there(package: str) -> None:
    """In a fresh interpreter: here somebody may have loaded it by another way."""
    program = (
        f"import json, {package} as package\n"
        "print(json.dumps([n for n in package.__all__ if getattr(package, n, None) is None]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=environment({}), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_another_name_is_missing_as_anywhere(package: str) -> None:
    """`hasattr` and `from ... import` count on this error."""
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'Other'"):
        _ = import_module(package).Other
