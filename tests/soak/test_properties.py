"""The property tests, each with very many examples."""

import subprocess
import sys

import pytest

from tests.plugins.no_secret_in_logs import log_file
from tests.support.processes import ROOT, environment

MODULES = sorted(path.name for path in (ROOT / "tests/property").glob("test_*.py"))
HOURS = 3


@pytest.mark.parametrize("module", MODULES)
def test_the_properties_hold(module: str) -> None:
    """They run as always, but for the number of examples."""
    log = log_file(module)
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"tests/property/{module}"],
            cwd=ROOT, env=environment({"HYPOTHESIS_PROFILE": "soak"}), stdout=output,
            stderr=subprocess.STDOUT, check=False, timeout=HOURS * 3600,
        )  # fmt: skip
    assert done.returncode == 0, log.read_text()[-10_000:]
