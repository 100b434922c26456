"""The tour, in this process."""

import json
import shutil
from pathlib import Path

import pytest

from multi_user_oauth.cli.files import find_functions

from .conftest import Run


def test_the_tour_holds(run: Run) -> None:
    """Thirteen steps, all checks held, exit code 0."""
    done = run("tour", "--json")
    document = json.loads(done.stdout)
    assert (done.exit_code, document["ok"], document["failed"]) == (0, True, None)
    assert len(document["steps"]) == 13
    assert all(check["ok"] for step in document["steps"] for check in step["checks"])


def test_the_tour_is_told_in_words(run: Run) -> None:
    """Each check has its tick; no token is shown."""
    done = run("tour")
    assert done.exit_code == 0
    assert "All of it held." in done.stdout
    assert done.stdout.count("✓") > 30
    assert "✗" not in done.stdout


def without(functions: Path, name: str, place: Path) -> Path:
    """Return a copy of the functions in which one is still to come."""
    folder = shutil.copytree(functions, place / "functions")
    catalogue = folder / "functions.yaml"
    entry = f"  - name: {name}\n"
    text = catalogue.read_text("utf-8")
    catalogue.write_text(text.replace(entry, f"{entry}    coming: true\n"), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("function", "failed", "steps"),
    [
        ("revoke", "Maria says stop", 9),
        ("connectors", "An agent sends Sarah's mail without her token", 10),
        ("authorize", "Sarah connects her Microsoft account", 1),
    ],
)
def test_a_step_that_fails_is_named(
    function: str, failed: str, steps: int, run: Run, tmp_path: Path
) -> None:
    """With one function missing the tour stops at the step that needs it, with exit code 1."""
    folder = without(find_functions(None), function, tmp_path)
    done = run("tour", "--functions", folder, "--json")
    assert done.stdout, f"it told nothing: {done.exception!r} {done.stderr}"
    document = json.loads(done.stdout)
    assert (done.exit_code, document["ok"], document["failed"]) == (1, False, failed)
    assert len(document["steps"]) == steps


def test_a_failure_is_told_in_words_too(run: Run, tmp_path: Path) -> None:
    """Which step, and which check."""
    folder = without(find_functions(None), "authorize", tmp_path)
    done = run("tour", "--functions", folder)
    assert done.exit_code == 1
    assert "✗ our API gave a link" in done.stdout
    assert "This step failed: Sarah connects her Microsoft account" in done.stdout
