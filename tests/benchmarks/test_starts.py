"""How long a function takes to be ready, against the framework that it stands on."""

import subprocess
import sys

import pytest

from tests.benchmarks.ratios import ratio
from tests.crash.deployment import Deployment
from tests.support.processes import ROOT, environment

FUNCTIONS = sorted(main.parent.name for main in ROOT.glob("functions/*/main.py"))
LONGEST = 6
"""Times the framework alone: a provider's libraries are most of it."""


def run(program: str, settings: dict[str, str]) -> None:
    """Run a program in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment(settings), check=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_starts_little_slower_than_its_framework(
    deployment: Deployment, name: str
) -> None:
    """A cold start that waits for our imports is our doing."""
    settings = {
        **{name: value for name, value in deployment.values.items() if name != "SANDBOX_URL"},
        "REFRESH_URL": "http://127.0.0.1:9",
    }

    def ours() -> None:
        run(
            f"import functions_framework, runpy; runpy.run_path('functions/{name}/main.py')",
            settings,
        )

    def framework() -> None:
        run("import functions_framework", {})

    assert (
        ratio(f"the start of {name}, and of the framework", ours, framework, times=1, rounds=3)
        < LONGEST
    )
