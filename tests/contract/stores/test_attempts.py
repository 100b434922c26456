"""Contract of `Attempts`."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from multi_user_oauth.errors import ConflictError, StoreUnavailableError, TamperedError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.model.attempt import Attempt, Stage
from multi_user_oauth.ports.attempts import Attempts, KeptAttempt
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.backends import Backend
from tests.contract.stores.racers import PATIENCE
from tests.contract.stores.samples import AT, KEY, attempt
from tests.contract.stores.troubles import alter, look
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore

NEW = attempt(stage=Stage.IDLE, handle="", provider_id="")
SENDING = replace(NEW, stage=Stage.SENDING, handle="draft-1")
SENT = replace(SENDING, stage=Stage.SENT, provider_id="message-1")
OTHER = attempt("other", mark="another")
ADDRESSES = (
    "a.!#$%&'*+-/=?^_`{|}~b@sub-domain.example.org",
    '"a b(c),:;<>[\\]"@example.org',
    "anna:other@example.org",
    "..@example.org",
    "__anna__@example.org",
    "änna.日本@bücher.example",
    "%61nna@example.org",
    f"{'a' * 64}@example.org",
)
"""All that may stand before an `@`: one of them for each mistake with names."""


def here(store: Attempts, name: str = NEW.id) -> KeptAttempt:
    """Return the attempt of this id, which must be there."""
    found = store.attempt(name)
    assert found is not None
    return found


def test_without_a_record_there_is_none(activity: ActivityStore) -> None:
    """And looking for it writes none."""
    for _ in range(2):
        assert activity.attempt(NEW.id) is None


@pytest.mark.parametrize("stage", Stage)
def test_what_is_kept_is_what_is_read(
    activity: ActivityStore, backend: Backend, stage: Stage
) -> None:
    """Each field, by every instance, with the version that whoever wrote it was given."""
    for each in (attempt(stage=stage), replace(NEW, id="bare", stage=stage)):
        kept = activity.keep_attempt(None, each)
        assert kept.attempt == each
        assert activity.attempt(each.id) == kept
        assert backend.activity(ManualClock()).attempt(each.id) == kept


def test_a_step_is_written_over_the_one_before(activity: ActivityStore) -> None:
    """Each with what the last gave, none read between; what was known of it before may go again."""
    kept = None
    for each in (NEW, SENDING, SENT, NEW):
        kept = activity.keep_attempt(kept, each)
        assert here(activity) == kept
    assert here(activity).attempt == NEW


def test_of_two_who_create_it_one_is_told(activity: ActivityStore) -> None:
    """The first stays as it wrote it."""
    first = activity.keep_attempt(None, NEW)
    with pytest.raises(ConflictError):
        activity.keep_attempt(None, replace(NEW, fingerprint="another", mark="another"))
    assert here(activity) == first


def test_who_read_before_another_s_write_is_told(activity: ActivityStore) -> None:
    """Whichever of its versions it has; and nothing is changed."""
    first = activity.keep_attempt(None, NEW)
    read = here(activity)
    second = activity.keep_attempt(first, SENDING)
    for old in (first, read):
        with pytest.raises(ConflictError):
            activity.keep_attempt(old, SENT)
    third = activity.keep_attempt(here(activity), SENT)
    for old in (first, second):
        with pytest.raises(ConflictError):
            activity.keep_attempt(old, NEW)
    assert here(activity) == third


def test_a_version_is_of_one_attempt(activity: ActivityStore) -> None:
    """Another's is none of it; where there is no record none is right; and neither is one made up."""
    others, mine = activity.keep_attempt(None, OTHER), activity.keep_attempt(None, NEW)
    made_up = replace(mine, version=None)
    for wrong, after in (
        (others, SENDING),
        (made_up, SENDING),
        (mine, replace(SENDING, id="unknown")),
        (made_up, replace(SENDING, id="unknown")),
    ):
        with pytest.raises(ConflictError):
            activity.keep_attempt(wrong, after)
    assert (here(activity), here(activity, OTHER.id)) == (mine, others)
    assert activity.attempt("unknown") is None


def test_another_key_s_attempt_is_untouched(activity: ActivityStore) -> None:
    """Of the same connection too."""
    others = activity.keep_attempt(None, OTHER)
    activity.keep_attempt(activity.keep_attempt(None, NEW), SENT)
    assert here(activity, OTHER.id) == others
    activity.keep_attempt(others, replace(OTHER, stage=Stage.IDLE))
    assert here(activity).attempt == SENT


def test_one_past_its_time_may_be_written_over(activity: ActivityStore, clock: ManualClock) -> None:
    """By its version, however long it has lain there."""
    old = activity.keep_attempt(None, SENT)
    clock.advance(timedelta(days=30).total_seconds())
    assert here(activity) == old
    again = replace(NEW, mark="new", until=clock() + timedelta(days=1))
    assert activity.keep_attempt(old, again).attempt == again
    assert here(activity).attempt == again


def test_one_that_was_forgotten_and_made_anew_is_another(activity: ActivityStore) -> None:
    """Whoever read the first one does not write over the second."""
    old = activity.keep_attempt(None, NEW)
    assert activity.forget_attempts(KEY) == 1
    with pytest.raises(ConflictError):
        activity.keep_attempt(old, SENDING)
    assert activity.attempt(NEW.id) is None
    new = activity.keep_attempt(None, NEW)
    with pytest.raises(ConflictError):
        activity.keep_attempt(old, SENDING)
    assert here(activity) == new


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_of_many_at_once_one_writes(activity: ActivityStore, *, there: bool) -> None:
    """Sixteen threads with what they all read: one write, fifteen conflicts."""
    before = activity.keep_attempt(None, NEW) if there else None
    start = threading.Barrier(16)

    def claim(number: int) -> KeptAttempt | None:
        start.wait(PATIENCE)
        try:
            return activity.keep_attempt(before, replace(SENDING, mark=str(number)))
        except ConflictError:
            return None

    with ThreadPoolExecutor(16) as pool:
        won = [each for each in pool.map(claim, range(16)) if each]
    assert won == [here(activity)]


@pytest.mark.parametrize("email", ADDRESSES)
def test_a_connection_s_attempts_are_forgotten_by_its_name(
    activity: ActivityStore, email: str
) -> None:
    """Whatever stands in it; another person's stay, and those of the same one's other connections."""
    mine = ConnectionKey(KEY.connector_type, email)
    others = [
        ConnectionKey("microsoft_teams", email),
        ConnectionKey(KEY.connector_type, f"{email}.au"),
        ConnectionKey(KEY.connector_type, f"b{email}"),
        KEY,
    ]
    made = {str(number): replace(NEW, id=str(number), key=mine) for number in range(3)}
    made |= {
        each.document_id: replace(NEW, id=f"of-{n}", key=each) for n, each in enumerate(others)
    }
    for each in made.values():
        assert activity.keep_attempt(None, each).attempt == here(activity, each.id).attempt == each
    assert activity.forget_attempts(mine) == 3
    assert activity.forget_attempts(mine) == 0
    left = [each.key for each in made.values() if activity.attempt(each.id)]
    assert left == others


def test_more_than_a_commit_takes_are_forgotten(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """Firestore takes 500 writes at once; each costs a look at it and a write."""
    for number in range(403):
        activity.keep_attempt(None, replace(NEW, id=f"{number}"))
    meter.reset()
    assert activity.forget_attempts(KEY) == 403
    assert meter.counts() == {"activity.read": 403 + 1, "activity.write": 403}
    assert not any(activity.attempt(f"{number}") for number in range(403))


def test_a_look_is_a_read_and_a_step_a_write(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """Of one that is not there too; what was refused was not written."""
    activity.attempt(NEW.id)
    kept = activity.keep_attempt(None, NEW)
    activity.attempt(NEW.id)
    assert meter.counts() == {"activity.read": 2, "activity.write": 1}
    meter.reset()
    activity.keep_attempt(kept, SENDING)
    with pytest.raises(ConflictError):
        activity.keep_attempt(kept, SENDING)
    with pytest.raises(ConflictError):
        activity.keep_attempt(None, NEW)
    assert meter.counts() == {"activity.write": 1}


def test_a_newer_program_s_fields_are_left(activity: ActivityStore, backend: Backend) -> None:
    """Neither do they keep the record from being read, nor are they lost by a write."""
    activity.keep_attempt(None, NEW)
    alter(backend, "attempts", NEW.id, favourites=["kept"])
    assert here(activity).attempt == NEW
    activity.keep_attempt(here(activity), SENDING)
    assert look(backend, "attempts", NEW.id)["favourites"] == ["kept"]


@pytest.mark.parametrize(
    "damage", [{"schema": 2}, {"stage": "nearly"}, {"until": 7}, {"mark": None}], ids=str
)
def test_a_record_that_can_not_be_read_is_unavailable(
    activity: ActivityStore, backend: Backend, damage: dict[str, Any]
) -> None:
    """One of a newer schema too: it is not taken for a key that nobody has used."""
    activity.keep_attempt(None, NEW)
    alter(backend, "attempts", NEW.id, **damage)
    with pytest.raises(StoreUnavailableError, match=NEW.id):
        activity.attempt(NEW.id)


def test_another_s_record_is_not_this_one_s(activity: ActivityStore, backend: Backend) -> None:
    """Somebody else's, moved to this one's place, does not say what was sent."""
    activity.keep_attempt(None, SENT)
    alter(backend, "attempts", SENT.id, id=OTHER.id)
    with pytest.raises(TamperedError):
        activity.attempt(SENT.id)


def test_its_own_time_is_kept_to_the_microsecond(activity: ActivityStore) -> None:
    """So that two who hold it one after the other are told apart."""
    tick = timedelta(microseconds=1)
    one: Attempt = replace(NEW, held_until=AT + tick, until=AT + timedelta(days=1) + tick)
    activity.keep_attempt(activity.keep_attempt(None, NEW), one)
    assert here(activity).attempt == one
