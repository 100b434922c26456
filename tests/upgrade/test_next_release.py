"""A release that raises SCHEMA, beside this one: what docs/upgrading.md promises of it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import ManualClock
from tests.support.processes import ROOT
from tests.upgrade import next_release
from tests.upgrade.next_release import PEOPLE, backend, read, write

REFUSED = "refused: store_unavailable"


Program = subprocess.Popen[str]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[int, Program]]:
    """The release that reads schema 2 and writes 1 still, and the one after it, by what they write."""
    folder = tmp_path_factory.mktemp("releases")
    with ExitStack() as running:
        started = {
            writes: running.enter_context(
                program(next_release.make(folder / str(writes), writes=writes))
            )
            for writes in (1, 2)
        }
        yield started


@contextmanager
def program(release: Path) -> Iterator[Program]:
    """Run another release, which does what it is told."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.upgrade.next_release"],
        env={"PYTHONPATH": f"{release}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


@pytest.fixture(params=["sqlite", "firestore"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Empty databases."""
    if request.param == "sqlite":
        return {"directory": str(tmp_path)}
    address: str = request.getfixturevalue("firestore_emulator")
    return {"address": address, "project": request.getfixturevalue("firestore_project")}


def run(release: Program, place: dict[str, str], **told: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: JSON
    """Let another release do this, and return what it found."""
    assert release.stdin is not None
    assert release.stdout is not None
    release.stdin.write(json.dumps({"place": place, "write": [], "claim": [], **told}) + "\n")
    release.stdin.flush()
    found: dict[str, Any] = json.loads(release.stdout.readline() or "{}")
    return found


def test_two_releases_lead_to_another_schema(
    releases: Mapping[int, Program], place: dict[str, str]
) -> None:
    """Each reads what the one before wrote, and what the one after writes but two releases on."""
    this = backend(place).main(ManualClock())
    for name in PEOPLE:
        write(this, name)
    # The first reads schema 1 as if it were schema 2, and what it writes this program still reads.
    first = run(releases[1], place, write=["anna"])
    assert first == {"schema": 1, "read": ["made up", "made up"]}
    assert [read(this, name) for name in PEOPLE] == ["made up", "None"]
    # The second writes schema 2, which the first reads and this program refuses: 503, nothing else.
    second = run(releases[2], place, write=["anna"])
    assert second == {"schema": 2, "read": ["made up", "made up"]}
    assert run(releases[1], place)["read"] == ["made up", "made up"]
    assert [read(this, name) for name in PEOPLE] == [REFUSED, "None"]
    # Rolled back by one release, and what it then writes is schema 1 again.
    assert run(releases[1], place, write=["anna"])["read"] == ["made up", "made up"]
    assert [read(this, name) for name in PEOPLE] == ["made up", "None"]


def test_a_few_fields_written_alone_change_no_schema(
    releases: Mapping[int, Program], place: dict[str, str]
) -> None:
    """A newer program's lease, come and gone: the document is of the schema that it was."""
    this = backend(place).main(ManualClock())
    for name in PEOPLE:
        write(this, name)
    assert run(releases[2], place, claim=list(PEOPLE))["read"] == ["made up", "made up"]
    assert [read(this, name) for name in PEOPLE] == ["None", "None"]
