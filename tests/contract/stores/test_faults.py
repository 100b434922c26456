"""The tests' own faulty stores: what they inject is what the use-case tests rely on."""

from pathlib import Path

import pytest

from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model import Batch, Lease
from tests.contract.stores.samples import (
    ANNA,
    AT,
    FAILURE,
    KEY,
    change,
    connection,
    get,
    ledger_entry,
    mark,
    put,
    rescue,
    revocation,
)
from tests.support.clock import START, ManualClock
from tests.support.draw import CountingDraw
from tests.support.stores import FaultyActivityStore, FaultyStore, activity_store, main_store


@pytest.fixture
def faulty(tmp_path: Path) -> FaultyStore:
    """A faulty store with one connection in it."""
    store = FaultyStore(main_store(tmp_path, ManualClock()))
    put(store, connection())
    return store


def test_a_call_that_fails_before_does_nothing(faulty: FaultyStore) -> None:
    """And the next one goes through."""
    before = get(faulty)
    faulty.fail_before("claim")
    with pytest.raises(StoreUnavailableError):
        faulty.claim(before, "lease")
    assert get(faulty) == before
    assert faulty.claim(before, "lease").connection.lease == Lease("lease")


def test_a_call_that_fails_after_was_done(faulty: FaultyStore) -> None:
    """So many times, with the error that was asked for."""
    faulty.fail_after("rescue", ConflictError("scripted"), times=2)
    for _ in range(2):
        with pytest.raises(ConflictError, match="scripted"):
            faulty.rescue(rescue(connection()))
    faulty.rescue(rescue(connection()))
    assert faulty.rescued(KEY, connection().epoch, 1) == rescue(connection())


def test_somebody_else_can_be_faster(faulty: FaultyStore) -> None:
    """The hook happens once, between the caller's read and its write."""
    before = get(faulty)
    faulty.meanwhile("claim", lambda: faulty.claim(before, "theirs"))
    with pytest.raises(ConflictError):
        faulty.claim(before, "ours")
    assert faulty.calls.count("claim") == 2
    assert get(faulty).connection.lease == Lease("theirs")


def test_without_a_script_every_port_goes_through(tmp_path: Path, faulty: FaultyStore) -> None:
    """The faulty stores are whole stores."""
    opened = revocation(connection())
    claimed = faulty.claim(faulty.by_identity(ANNA)[0], "lease")
    faulty.release(claimed, FAILURE)
    step = connection(step=2)
    faulty.commit(Batch(changes=(change(get(faulty), step),), opens=opened))
    found = faulty.revocation(KEY, opened.epoch)
    assert found is not None
    faulty.finish_revocation(faulty.claim_revocation(found, "lease"))
    assert len(faulty.audit(KEY)) == 2
    page = faulty.page(connector_type=None, status=None, after=None, limit=5)
    assert page.connections == (step,)
    activity = FaultyActivityStore(activity_store(tmp_path, ManualClock()))
    activity.spend(mark("a"))
    activity.note(mark("a", outcome="connected"))
    assert activity.by_handle("handle")[0].outcome == "connected"
    activity.enter(ledger_entry())
    assert activity.entries() == (ledger_entry(),)
    activity.sign_out(ANNA, "s1", AT)
    activity.sign_out_everywhere(ANNA, AT)
    assert activity.sign_outs(ANNA).sessions == {"s1"}


def test_a_sleep_passes_at_once() -> None:
    """The time goes on by it, then others act."""
    clock = ManualClock()
    seen = []
    clock.meanwhile = lambda: seen.append(clock())
    clock.sleep(1.5)
    clock.meanwhile = None
    clock.sleep(2)
    assert clock.slept == [1.5, 2]
    assert [(moment - START).total_seconds() for moment in seen] == [1.5]
    assert (clock() - START).total_seconds() == 3.5


def test_draws_differ_and_repeat() -> None:
    """Each call another value, of the length asked for; the same in every run."""
    first, second = CountingDraw(), CountingDraw()
    drawn = [first(n) for n in (16, 16, 32)]
    assert [len(each) for each in drawn] == [16, 16, 32]
    assert len({each[:16] for each in drawn}) == 3
    assert drawn == [second(n) for n in (16, 16, 32)]
    assert CountingDraw("other")(16) != drawn[0]
