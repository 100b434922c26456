"""A process that dies while it takes an older system's tokens in leaves whole connections or none."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, works
from tests.crash.child import RECEIVED
from tests.crash.deployment import GOOGLE, MICROSOFT, PROVIDERS, Deployment, key_of, people
from tests.crash.killing import Deploy, start
from tests.support.memory import MEMORY
from tests.support.old_tokens import as_answer, old_token, write_old

WRITTEN: Final = "main.write"
"""The commit has landed, and nobody was told."""
PLACES: Final = ("prepared", RECEIVED, "answered", WRITTEN, "imported")
STORED: Final = (WRITTEN, "imported")
UNSTORED: Final = (RECEIVED, "answered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """An import of three files that was killed at the second one, and begun again."""

    deployment: Deployment
    files: list[tuple[Account, str]]
    there: list[bool]
    """Which of them were connected when it was dead."""
    asked: list[int]
    """How often the provider had been asked for each by then."""
    told: list[list[str]]
    """What the second run said of each."""


@pytest.fixture(scope="module")
def killed(deploy: Deploy) -> Iterator[dict[str, Killed]]:
    """Kill one import for each place, all at the same time."""
    with apart() as folder:
        yield kill_imports(deploy, Path(folder))


def apart() -> TemporaryDirectory[str]:
    """Return a folder that is not searched for secrets: these files hold them."""
    return TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)


def kill_imports(deploy: Deploy, folder: Path) -> dict[str, Killed]:
    """Kill one import for each place, all at the same time, then begin each again."""
    persons = people(*(f"{place.replace('.', '-')}-{n}" for place in PLACES for n in "abc"))
    deployment = deploy(*persons.values())
    files = {}
    for number, place in enumerate(PLACES):
        its = list(persons.values())[3 * number : 3 * number + 3]
        # In the order of the files: Google's folder comes first.
        files[place] = list(zip(its, (GOOGLE, GOOGLE, MICROSOFT), strict=True))
        for account, connector_type in files[place]:
            value = old_token(deployment.state, PROVIDERS[connector_type], account)
            write_old(folder / place, connector_type, account.email, as_answer(value))
    run(deployment, folder, nth=2)
    stood = {
        place: [deployment.parts.main.read(key_of(*file)) is not None for file in files[place]]
        for place in PLACES
    }
    asked = {place: [deployment.asked(who.email) for who, _ in files[place]] for place in PLACES}
    told = run(deployment, folder)
    return {
        place: Killed(
            deployment=deployment, files=files[place], there=stood[place], asked=asked[place],
            told=told[place],
        )
        for place in PLACES
    }  # fmt: skip


def run(deployment: Deployment, folder: Path, *, nth: int = 0) -> dict[str, Any]:
    """Import each folder in a process of its own; `nth`: until it is at its place for that time."""
    processes = {
        place: start(
            deployment, do="import", folder=str(folder / place), place=place if nth else "", nth=nth
        )
        for place in PLACES
    }
    told = {}
    for place, process in processes.items():
        if not nth:
            told[place] = process.hear()
        assert process.ended() == (-SIGKILL if nth else 0)
        process.stop()
    return told


@pytest.mark.parametrize("place", PLACES)
def test_killed_anywhere_each_is_whole_or_absent_and_the_next_run_finishes(
    killed: dict[str, Killed], place: str
) -> None:
    """SIGKILL in the second of three: nothing half-done; run again, all are there, each once."""
    this = killed[place]
    assert this.there == [True, place in STORED, False]
    assert this.asked == [1, int(place != "prepared"), 0]

    left_alone, taken_in = ["left_alone", "already_connected"], ["taken_in", ""]
    assert [each[1:] for each in this.told] == [
        left_alone if stood else taken_in for stood in this.there
    ]
    deployment = this.deployment
    keys = [key_of(*file) for file in this.files]
    asked = [deployment.asked(account.email) for account, _ in this.files]
    assert asked == [1, 2 if place in UNSTORED else 1, 1]
    for key in keys:
        works(deployment, key)
        assert record(deployment, key).status is ConnectionStatus.ACTIVE
        assert [each.action for each in deployment.parts.main.audit(key)] == ["imported"]
        check(deployment, key)
