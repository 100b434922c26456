"""A run tells at its end what did not run."""

import pytest

from tests.plugins import what_did_not_run

pytest_plugins = ["pytester"]

PARTLY = """
import pytest
from tests.plugins.what_did_not_run import missing

def test_that_runs(): pass
def test_without_an_emulator(): missing("emulator tests", why="no java", mend="install java")
def test_without_it_again(): missing("emulator tests", why="no java", mend="install java")
@pytest.mark.skip(reason="not on this day")
def test_that_is_skipped(): pass
@pytest.mark.xfail(reason="known")
def test_that_fails_as_expected(): raise ValueError
"""
WHOLLY = "def test_that_runs(): pass"
MODULE = """
from tests.plugins.what_did_not_run import missing
missing("browser tests", why="no browser", mend="install one")
"""


@pytest.fixture(autouse=True)
def no_requirement(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run inside the test is not the run that CI asked for."""
    monkeypatch.delenv("REQUIRE", raising=False)
    monkeypatch.delenv("CI", raising=False)


def run(pytester: pytest.Pytester, code: str) -> pytest.RunResult:
    """Run a file of tests with the plugin."""
    pytester.makepyfile(code)
    return pytester.runpytest_inprocess("-p", "no:randomly", plugins=[what_did_not_run])


def test_each_reason_is_told_once_above_the_closing_line(pytester: pytest.Pytester) -> None:
    """The block is the last thing above the closing line, each reason once with its tests."""
    result = run(pytester, PARTLY)

    assert result.ret == pytest.ExitCode.OK
    told = result.outlines[result.outlines.index(block(result)) + 1 : -1]
    assert [line.replace(f"{pytester.path.name[:-1]}.py::", "") for line in told if line] == [
        "emulator tests: no java",
        "  mend: install java",
        "  tests: test_without_an_emulator and 1 more",
        "not on this day",
        "  tests: test_that_is_skipped",
    ]


def test_a_module_that_skips_itself_is_told(pytester: pytest.Pytester) -> None:
    """A part that is missing for a whole module is told like any other."""
    result = run(pytester, MODULE)

    result.stdout.fnmatch_lines(["*Did not run*", "browser tests: no browser", "  mend: install *"])


def test_a_complete_run_says_nothing(pytester: pytest.Pytester) -> None:
    """Nobody reads a block that is always there."""
    run(pytester, WHOLLY).stdout.no_fnmatch_line("*Did not run*")


@pytest.mark.parametrize(("name", "value"), [("REQUIRE", "all"), ("CI", "true")])
def test_a_run_that_must_be_complete_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """In CI a test that did not run is a failure."""
    monkeypatch.setenv(name, value)

    result = run(pytester, PARTLY)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "everything was required" in block(result)


def test_a_complete_run_that_must_be_complete_passes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUIRE=all asks for no more than that everything ran."""
    monkeypatch.setenv("REQUIRE", "all")

    assert run(pytester, WHOLLY).ret == pytest.ExitCode.OK


def block(result: pytest.RunResult) -> str:
    """The heading of the block."""
    return next(line for line in result.outlines if "Did not run" in line)
