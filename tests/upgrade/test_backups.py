"""A backup that a release wrote, restored by the present program."""

from pathlib import Path

from multi_user_oauth.backup.releasing import Part
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.wiring.backup import releasing, restoring
from tests.upgrade.expected import ENDED, QUARANTINED, SERVED, STATUS, UNTOLD, backup, statuses
from tests.upgrade.thaw import Source, thawed


def test_a_backup_of_then_is_restored(source: Source, tmp_path: Path) -> None:
    """Into empty databases, with the ledger beside it; released, everybody is served again."""
    with thawed(source, tmp_path / "restored", empty=True) as records:
        place, parts = records.place, records.place.parts
        restoring(parts).restore(backup(source, "backup"), [backup(source, "ledger")])
        restored = place.store.snapshots(after=None, limit=99)
        assert statuses(each.connection for each in restored) == STATUS
        waiting = {each.connection.key for each in restored if each.connection.quarantined_at}
        ended = {key for key, status in STATUS.items() if status == ENDED and key != UNTOLD}
        assert waiting == {ConnectionKey(*key) for key in STATUS.keys() - ended}
        assert releasing(parts).release(Part()).waiting == 0
        place.clock.advance(60)
        for key in (*SERVED, QUARANTINED):
            assert place.agent().token(*key).status_code == 200, key
