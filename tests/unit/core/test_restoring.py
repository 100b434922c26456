"""Restoring a backup where things go wrong: other files, other databases, runs that were killed."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError, StoreUnavailableError
from multi_user_oauth.ports.backup import BackupKind, OfMain, PuttingBack, Restoration
from tests.support.audit_chains import anchor_line, told, verified
from tests.support.backups import another, backed_up, putting_back, release, restore
from tests.support.checker import check
from tests.support.world import ADA, ADA_ID, BOB, BOB_ID, HOUR, Killed, World

MANY = 12
ELSEWHERE = "6f6a5a1e-0000-4000-8000-00000000ffff"


@pytest.fixture
def lost(tmp_path: Path) -> World:
    """The world that will be lost: Ada has a long history."""
    (tmp_path / "lost").mkdir()
    made = World(tmp_path / "lost")
    made.connect(ADA, ADA_ID)
    made.connect(BOB, BOB_ID)
    for _ in range(MANY):
        made.expire()
        made.refresh(ADA)
    return made


@pytest.fixture
def found(lost: World, tmp_path: Path) -> Iterator[World]:
    """Where it is restored: nothing is there yet."""
    with another(lost, tmp_path / "found") as made:
        yield made
        check(made)


@dataclass
class Dying:
    """A `PuttingBack` at whose so manieth write the process dies, before it or after."""

    back: PuttingBack
    dies_at: int
    before: bool
    writes: int = 0

    def put_back(self, kept: Sequence[OfMain]) -> None:
        """As the port."""
        self._about_to_write()
        self.back.put_back(kept)
        self._wrote()

    def restoration(self) -> Restoration | None:
        """As the port."""
        return self.back.restoration()

    def note_restoration(self, restoration: Restoration) -> None:
        """As the port."""
        self._about_to_write()
        self.back.note_restoration(restoration)
        self._wrote()

    def _about_to_write(self) -> None:
        self.writes += 1
        if self.writes == self.dies_at and self.before:
            raise Killed

    def _wrote(self) -> None:
        if self.writes == self.dies_at:
            raise Killed


@pytest.mark.parametrize("before", [True, False])
def test_killed_anywhere_the_next_run_does_the_rest(
    lost: World, tmp_path: Path, *, before: bool
) -> None:
    """Nothing is released before that; then everything is as if it had been done in one go."""
    data = backed_up(lost)
    for dies_at in count(1):
        back = killed_and_run_again(lost, tmp_path / str(dies_at), data, dies_at, before=before)
        if back.writes < dies_at:
            break
    assert dies_at > 6, "there are many places to die at"


def killed_and_run_again(
    lost: World, path: Path, data: bytes, dies_at: int, *, before: bool
) -> Dying:
    """Restore into a new world, in which the first run is killed; return what counted its writes."""
    with another(lost, path) as found:
        back = Dying(putting_back(found), dies_at, before)
        with suppress(Killed):
            restore(found, data, back=back)
        restoration = back.restoration()
        if restoration is None or restoration.finished_at is None:
            with pytest.raises(ConfigurationError, match=r"Nothing was restored|run it again"):
                release(found)
        found.clock.advance(60)

        restore(found, data)

        assert release(found).released == 2
        for key in (ADA, BOB):
            assert found.actions(key) == [*lost.actions(key), "restored", "released"]
            found.get(key=key)
        assert told(verified(found.peek())[0]) == []
        check(found)
    return back


def test_a_second_run_changes_nothing(lost: World, found: World) -> None:
    """Also where the first had come to its end, and everything was released since."""
    data = backed_up(lost)
    restore(found, data)
    release(found)
    before = [found.record(key) for key in (ADA, BOB)]
    assert restore(found, data).written == 0
    assert [found.record(key) for key in (ADA, BOB)] == before


def test_a_later_ledger_can_be_brought_after_the_restore(lost: World, found: World) -> None:
    """The same file again, with the ledger that turned up."""
    data = backed_up(lost)
    restore(found, data)
    lost.disconnect(ADA)
    assert restore(found, data, backed_up(lost, kind=BackupKind.LEDGER)).ended == 1
    assert release(found).released == 1


def test_who_connected_before_it_was_put_back_keeps_what_is_newer(
    lost: World, found: World
) -> None:
    """Their chain began anew: the backup's records are not put into it."""
    data = backed_up(lost)
    with pytest.raises(Killed):
        restore(found, data, back=Dying(putting_back(found), 2, before=True))
    found.connect(ADA, ADA_ID)  # the function for sign-ins was not stopped
    restored = restore(found, data)
    assert (restored.written, restored.left_alone) == (1, 1)
    assert found.actions(ADA) == ["connected"]
    found.get(key=ADA)
    assert told(verified(found.peek())[0]) == []


def test_only_an_empty_database_is_restored_into(lost: World, found: World) -> None:
    """Whatever is there: it would be mixed up with what was."""
    found.connect(ADA, ADA_ID)
    with pytest.raises(ConfigurationError, match="not empty"):
        restore(found, backed_up(lost))
    assert [each.key for each in found.records()] == [ADA]


def test_no_other_backup_is_put_on_top(lost: World, found: World) -> None:
    """Not even a later one of the same deployment."""
    restore(found, backed_up(lost))
    lost.clock.advance(60)
    with pytest.raises(ConfigurationError, match="Another backup"):
        restore(found, backed_up(lost))


def test_a_backup_of_another_deployment_is_refused(lost: World, found: World) -> None:
    """Its seals would not open here; nothing is written, of a ledger neither."""
    for files in (
        [backed_up(lost, deployment=ELSEWHERE)],
        [backed_up(lost), backed_up(lost, kind=BackupKind.LEDGER, deployment=ELSEWHERE)],
    ):
        with pytest.raises(ConfigurationError, match="another deployment"):
            restore(found, *files)
    assert list(found.records()) == []
    assert putting_back(found).restoration() is None


def test_a_ledger_alone_is_no_backup(lost: World, found: World) -> None:
    """It would look like an empty deployment."""
    with pytest.raises(ConfigurationError, match="ledger alone"):
        restore(found, backed_up(lost, kind=BackupKind.LEDGER))


def test_a_database_that_does_not_answer_ends_it(lost: World, found: World) -> None:
    """The next run does it."""
    data = backed_up(lost)
    found.activity.fail_before("entries")
    with pytest.raises(StoreUnavailableError):
        restore(found, data)
    assert restore(found, data).quarantined == 2


def test_the_log_tells_what_was_lost_by_the_restore(lost: World, found: World) -> None:
    """N93: anchors of after the backup are named as such; what was altered is named as ever."""
    data = backed_up(lost)
    kept = len(lost.actions(ADA))
    for _ in range(3):
        lost.expire()
        lost.refresh(ADA)
    log = [anchor_line(each) for key in (ADA, BOB) for each in lost.peek().audit(key)]
    lost.clock.advance(60)
    restore(found, data)
    release(found)
    log += [anchor_line(each) for each in found.peek().audit(ADA)[kept:]]

    findings = told(verified(found.peek(), log)[0])

    lost_records = [(str(ADA), kept + step, "restored_to_before") for step in (1, 2, 3)]
    assert findings == lost_records


def test_the_audit_s_own_word_excuses_nothing_after_it(lost: World, found: World) -> None:
    """N93: an anchor that is newer than the restore, and is not met, is what it always was."""
    restore(found, backed_up(lost))
    (last,) = found.peek().audit_after(BOB, found.record(BOB).audit.sequence - 1, limit=1)
    later = anchor_line(replace(last, sequence=last.sequence + 1, at=last.at + HOUR))
    assert told(verified(found.peek(), [later])[0]) == [
        (str(BOB), last.sequence + 1, "anchor_not_met")
    ]
