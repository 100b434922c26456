"""Contract of `Usage`, and of the audit read in pages."""

from dataclasses import replace
from datetime import timedelta

from multi_user_oauth.model import Batch, ConnectionKey
from multi_user_oauth.ports import LastUse
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.samples import AT, KEY, change, connection, get, put, refreshed
from tests.support.stores import ActivityStore, MainStore

OTHER = ConnectionKey("microsoft_teams", "o'hara+x@example.org")
MAIL = LastUse(agent="mail@project.example", action="token", purpose="digest", at=AT)
REPORT = LastUse(agent="report@project.example", action="mail.send", purpose="", at=AT)


def test_a_connection_that_nobody_used_has_no_uses(activity: ActivityStore) -> None:
    """None at all."""
    assert activity.uses(KEY) == ()


def test_the_last_use_of_each_agent_is_kept(activity: ActivityStore) -> None:
    """Each agent's own, each connection's own, the latest first."""
    later = replace(REPORT, at=AT + timedelta(microseconds=1))
    for key, use in ((KEY, MAIL), (KEY, later), (OTHER, REPORT)):
        activity.note_use(key, use)
    assert activity.uses(KEY) == (later, MAIL)
    assert activity.uses(OTHER) == (REPORT,)


def test_a_later_use_takes_the_place_of_the_one_before(activity: ActivityStore) -> None:
    """What it was for, too; the other agents' stay as they were."""
    later = replace(MAIL, at=AT + timedelta(hours=1), purpose="", action="calendar.read")
    for use in (MAIL, REPORT, later):
        activity.note_use(KEY, use)
    assert activity.uses(KEY) == (later, REPORT)


def test_an_agent_may_be_called_anything(activity: ActivityStore) -> None:
    """Names with a database's own signs in them are names."""
    names = (
        "a.b/c",
        "__name__",
        "`x`",
        "github/repo:org/a:ref:refs/heads/main",
        "é*~[]",
        "x" * 254,
    )
    for name in names:
        activity.note_use(KEY, replace(MAIL, agent=name))
        activity.note_use(KEY, replace(MAIL, agent=name, purpose="again"))
    assert {(use.agent, use.purpose) for use in activity.uses(KEY)} == {
        (name, "again") for name in names
    }


def test_a_use_is_one_write_and_all_uses_are_one_read(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """The first and every other; however many agents there are."""
    for use in (MAIL, MAIL, REPORT):
        meter.reset()
        activity.note_use(KEY, use)
        assert meter.counts() == {"activity.write": 1}
    meter.reset()
    activity.uses(KEY)
    activity.uses(OTHER)
    assert meter.counts() == {"activity.read": 2}


def test_the_audit_is_read_from_any_place_on(store: MainStore, meter: OperationMeter) -> None:
    """As many as are asked for, those that follow; of this connection alone."""
    for key in (KEY, OTHER, ConnectionKey(KEY.connector_type, f"x{KEY.user_email}")):
        put(store, connection(key))
        for _ in range(4):
            before = get(store, key)
            store.commit(Batch(changes=(change(before, refreshed(before)),)))
    whole = store.audit(KEY)
    assert [record.sequence for record in whole] == [1, 2, 3, 4, 5]
    meter.reset()
    assert store.audit_after(KEY, 0, limit=9) == whole
    assert store.audit_after(KEY, 1, limit=2) == whole[1:3]
    assert meter.counts() == {"main.read": 5 + 2}
    assert store.audit_after(KEY, 4, limit=9) == whole[4:]
    assert store.audit_after(KEY, 5, limit=9) == ()
