"""What every database does for a backup: walking over what people left, and putting back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import ConnectionKey, Lease
from multi_user_oauth.ports import LastUse
from multi_user_oauth.ports.backup import (
    ActivityWalk,
    PuttingBack,
    Restoration,
    SignedOut,
    UsedBy,
)
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.backends import Backend
from tests.contract.stores.samples import (
    ANNA,
    AT,
    BERT,
    FAILURE,
    KEY,
    change,
    connection,
    get,
    rescue,
    revocation,
)
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore, MainStore

OTHER = ConnectionKey("google_workspace", "bert@example.org")
TODAY = datetime.combine(AT, datetime.min.time(), UTC)


@pytest.fixture
def back(backend: Backend, clock: ManualClock, meter: OperationMeter) -> PuttingBack:
    """What writes a backup into the main database."""
    return backend.putting_back(clock, meter)


@pytest.fixture
def walk(backend: Backend, clock: ManualClock, meter: OperationMeter) -> ActivityWalk:
    """What walks over the activity database."""
    return backend.activity_walk(clock, meter)


def test_what_is_put_back_is_found_as_it_was(
    back: PuttingBack, store: MainStore, meter: OperationMeter
) -> None:
    """Each where its own port looks for it; a write for each."""
    new = replace(connection(), quarantined_at=AT, failure=FAILURE)
    record = change(None, new).audit
    kept = rescue(new)
    owed = revocation(new)
    meter.reset()

    back.put_back((new, record, kept, owed))

    assert meter.counts() == {"main.write": 4}
    assert get(store).connection == new
    assert store.audit(KEY) == (record,)
    assert store.rescued(KEY, new.epoch, new.generation) == kept
    found = store.revocation(KEY, new.epoch)
    assert found is not None
    assert replace(found, version=None) == owed
    assert store.by_identity(ANNA)[0].connection == new


def test_what_was_put_back_can_be_written_like_any_other(
    back: PuttingBack, store: MainStore
) -> None:
    """Its version is a version."""
    back.put_back((connection(),))
    claimed = store.claim(get(store), "lease")
    store.release(claimed, None)
    assert get(store).connection.lease is None


def test_a_lease_that_was_put_back_is_nobody_s(back: PuttingBack, store: MainStore) -> None:
    """It is there, for it says that there may be a rescue; it has no age."""
    back.put_back((replace(connection(), lease=Lease("of old")),))
    assert get(store).connection.lease == Lease("of old")
    assert get(store).lease_age is None


@pytest.mark.parametrize("there", range(4))
def test_nothing_is_put_over_what_is_there(back: PuttingBack, store: MainStore, there: int) -> None:
    """All or nothing: the others of the same commit are not there then."""
    new = connection()
    all_of_it = (new, change(None, new).audit, rescue(new), revocation(new))
    back.put_back(all_of_it[there : there + 1])
    other = connection(OTHER, identity=BERT)
    with pytest.raises(ConflictError):
        back.put_back((other, *all_of_it))
    assert store.read(OTHER) is None


def test_nothing_can_be_put_back(back: PuttingBack, store: MainStore) -> None:
    """An empty backup has nothing."""
    back.put_back(())
    assert store.snapshots(after=None, limit=5) == ()


def test_a_restoration_is_noted_once_and_again(back: PuttingBack) -> None:
    """First that it began, then that it ended."""
    assert back.restoration() is None
    begun = Restoration(digest="d1", began_at=AT)
    back.note_restoration(begun)
    assert back.restoration() == begun
    ended = replace(begun, finished_at=AT + timedelta(hours=1))
    back.note_restoration(ended)
    assert back.restoration() == ended


def test_everybody_who_signed_out_is_walked_over(
    activity: ActivityStore, walk: ActivityWalk, meter: OperationMeter
) -> None:
    """By their identities; of a session at least the day is known."""
    activity.sign_out_everywhere(ANNA, AT)
    activity.sign_out(BERT, "s2", AT)
    activity.sign_out(BERT, "s1", AT)
    meter.reset()

    (first,) = walk.all_sign_outs(after=None, limit=1)
    (second,) = walk.all_sign_outs(after=str(first.identity), limit=5)

    assert first == SignedOut(identity=ANNA, valid_from=AT)
    assert (second.identity, second.valid_from) == (BERT, None)
    assert [session for session, _ in second.sessions] == ["s1", "s2"]
    for _, until in second.sessions:
        assert AT <= until < TODAY + timedelta(days=1)
    assert meter.counts() == {"activity.read": 2}
    assert walk.all_sign_outs(after=str(BERT), limit=5) == ()


def test_all_uses_are_walked_over(
    activity: ActivityStore, walk: ActivityWalk, meter: OperationMeter
) -> None:
    """By the connections; a read for each."""
    uses = [LastUse(agent=name, action="read", purpose="p", at=AT) for name in ("a", "b")]
    for use in uses:
        activity.note_use(KEY, use)
    activity.note_use(OTHER, uses[0])
    meter.reset()

    (first,) = walk.all_uses(after=None, limit=1)
    (second,) = walk.all_uses(after=first.key.document_id, limit=5)

    assert first == UsedBy(key=KEY, uses=tuple(uses))
    assert second == UsedBy(key=OTHER, uses=(uses[0],))
    assert meter.counts() == {"activity.read": 2}
