"""The tree keeps its shape: few names at the top, short modules, nothing of one machine in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = {
    *("pyproject.toml", "Makefile", "cloudbuild.yaml", "README.md", "SECURITY.md"),
    *("functions", "shared", "infra", "tests", "docs"),
}
MADE = {"__pycache__", "htmlcov", "test-results"}  # by a run; .gitignore names them too
OUR_DOT_FOLDERS = {".ci", ".requirements"}
LONGEST_MODULE = 220  # lines; aim at 200

# In pieces, so that this file is not one of those that it looks for.
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com")
ONE_MACHINE = re.compile(r"(?<![\w.:}])/(?:work|root|home|Users)" + r"/\w|/opt/\w*venv")


def files(folder: Path) -> Iterator[Path]:
    """The files below the folder that are, or would be, committed."""
    for path in sorted(folder.iterdir()):
        hidden = path.is_dir() and path.name.startswith(".") and path.name not in OUR_DOT_FOLDERS
        if path.name in MADE or hidden or path.name == ".git":
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def names(path: Path) -> str:
    """The path as a person would write it."""
    return str(path.relative_to(ROOT))


TEXTS = [path for path in files(ROOT) if b"\0" not in path.read_bytes()[:8192]]


def test_the_top_level_holds_only_what_belongs_there() -> None:
    """A newcomer sees eleven names, not a heap; dot-files are for tools."""
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert visible - MADE <= TOP


@pytest.mark.parametrize("folder", ["shared", "functions"])
def test_a_module_fits_in_a_head(folder: str) -> None:
    """What does not fit in a few screens is two modules."""
    modules = [path for path in files(ROOT / folder) if path.suffix == ".py"]
    lengths = {names(path): len(path.read_text().splitlines()) for path in modules}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the business of the machine that installs them."""
    naming = [names(p) for p in TEXTS if any(host in p.read_text("utf-8") for host in REGISTRIES)]
    assert naming == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """The tree works wherever it is cloned to."""
    assert [names(path) for path in TEXTS if ONE_MACHINE.search(path.read_text("utf-8"))] == []
