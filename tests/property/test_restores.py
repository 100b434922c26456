"""Whatever happened before and after a backup: who ended is gone, who did not is there.

`HYPOTHESIS_PROFILE=soak` draws many.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multi_user_oauth.errors import NotConnectedError
from multi_user_oauth.model import ConnectionKey, ConnectionStatus, Identity, Person
from multi_user_oauth.ports.backup import BackupKind
from tests.support.audit_chains import told, verified
from tests.support.backups import another, backed_up, release, restore
from tests.support.checker import check
from tests.support.provider import Mode
from tests.support.world import ADA, ADA_DRIVE, ADA_ID, BOB, BOB_ID, CLEO, CLEO_ID, HOUR, World

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
EXAMPLES = 2_000 if SOAK else 50

PEOPLE: Final[dict[ConnectionKey, Identity]] = {
    ADA: ADA_ID, ADA_DRIVE: ADA_ID, BOB: BOB_ID, CLEO: CLEO_ID
}  # fmt: skip
DEEDS: Final = ("connect", "refresh", "disconnect", "finish")
HISTORY: Final = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.sampled_from(tuple(PEOPLE))), max_size=14
)


@dataclass(slots=True)
class Lived:
    """A world that has a history."""

    world: World

    def live(self, history: list[tuple[str, ConnectionKey]]) -> None:
        """Let all of that happen, as far as it can."""
        for deed, key in history:
            self.world.expire()
            status = self.status(key)
            match deed:
                case "connect" if status is not ConnectionStatus.ACTIVE:
                    self.world.connect(key, PEOPLE[key])
                case "refresh" if status is ConnectionStatus.ACTIVE:
                    self.world.refresh(key)
                case "disconnect" if status is ConnectionStatus.ACTIVE:
                    self.world.disconnect(key, who(key))
                case "finish":
                    self.world.finishing().run(self.world.clock() + HOUR)
                case _:
                    pass

    def status(self, key: ConnectionKey) -> ConnectionStatus | None:
        """Return how a connection stands; None if there never was one."""
        found = self.world.peek().read(key)
        return found.connection.status if found else None

    def epochs(self) -> dict[ConnectionKey, int]:
        """Return the epochs of those that are active."""
        return {
            each.key: each.epoch
            for each in self.world.records()
            if each.status is ConnectionStatus.ACTIVE
        }


def who(key: ConnectionKey) -> Person:
    """Return the person of this connection."""
    return Person(identities=frozenset({PEOPLE[key]}), email=key.user_email)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(before=HISTORY, after=HISTORY, mode=st.sampled_from((Mode.STATIC, Mode.LAX)))
def test_a_restore_brings_back_what_was_not_ended_and_nothing_else(
    before: list[tuple[str, ConnectionKey]], after: list[tuple[str, ConnectionKey]], mode: Mode
) -> None:
    """N66: active ones work once released, ended ones stay ended, and the audit is whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lost"
        path.mkdir()
        lived = Lived(World(path, mode=mode))
        lived.live(before)
        then = lived.epochs()
        data = backed_up(lived.world)
        lived.live(after)
        entries = sorted(lived.world.activity.entries(), key=lambda entry: entry.epoch)
        ended = {entry.key: entry.epoch for entry in entries}
        ledger = backed_up(lived.world, kind=BackupKind.LEDGER)
        with another(lived.world, Path(folder) / "found") as found:
            restore(found, data, ledger)
            release(found)
            for key in PEOPLE:
                is_as_it_must_be(found, key, lives=then.get(key, 0) > ended.get(key, 0))
            assert told(verified(found.peek())[0]) == []
            check(found)


def is_as_it_must_be(found: World, key: ConnectionKey, *, lives: bool) -> None:
    """Raise unless the connection works, or is none."""
    found.expire()
    if lives:
        assert str(PEOPLE[key]) in found.get(key=key).value.reveal()
        return
    try:
        found.get(key=key)
    except NotConnectedError:
        return
    raise AssertionError(f"{key} is back")
