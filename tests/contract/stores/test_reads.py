"""Contract of `ReadLog`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import Action, ConnectionKey
from multi_user_oauth.ports import KeptRead, Use, read_id
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.samples import AT, KEY
from tests.support.stores import ActivityStore

OTHER = ConnectionKey("google_workspace", f"{KEY.user_email}.au")
USE = Use(
    actor="agent:mail@project.example",
    key=KEY,
    outcome="released",
    purpose="digest",
    scopes=("openid", "mail.read"),
    min_ttl=60,
)
READ = KeptRead(use=USE, at=AT, mark="a1", until=AT + timedelta(days=400))


def later(microseconds: int, **changes: str) -> KeptRead:
    """Return a use of somewhat later."""
    use = replace(USE, **changes)  # type: ignore[arg-type]  # reason: texts all
    return replace(READ, use=use, at=AT + timedelta(microseconds=microseconds))


def test_what_was_kept_is_told_by_its_time(activity: ActivityStore) -> None:
    """All of it, of this connection alone, whatever the order in which it was written."""
    refused = later(1, outcome="needs_sign_in", purpose="")
    last = later(2, actor="agent:é~*[]/`x`", action=Action.MAIL_SEND)
    others = replace(READ, use=replace(USE, key=OTHER))
    for read in (last, READ, others, refused):
        activity.keep_read(read)
    assert activity.kept_reads(KEY, after=None, limit=9) == (READ, refused, last)
    assert activity.kept_reads(OTHER, after=None, limit=9) == (others,)
    assert activity.kept_reads(KEY, after=None, limit=2) == (READ, refused)
    assert activity.kept_reads(KEY, after=refused.document_id, limit=9) == (last,)
    assert activity.kept_reads(KEY, after=last.document_id, limit=9) == ()


def test_a_time_is_a_place_to_begin(activity: ActivityStore) -> None:
    """All that was at this time is after it."""
    for read in (READ, later(1), later(2)):
        activity.keep_read(read)
    begin = read_id(KEY, later(1).at)
    assert activity.kept_reads(KEY, after=begin, limit=9) == (later(1), later(2))


def test_two_uses_at_one_moment_are_two(activity: ActivityStore) -> None:
    """By their mark; the same mark again is refused, and what was there stays."""
    twin = replace(READ, mark="b2")
    for read in (READ, twin):
        activity.keep_read(read)
    again = replace(READ, use=replace(USE, actor="agent:another"))
    with pytest.raises(StoreUnavailableError):
        activity.keep_read(again)
    assert activity.kept_reads(KEY, after=None, limit=9) == (READ, twin)


def test_all_uses_of_a_connection_are_forgotten(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """More than one commit takes, and no other's; it is said how many there were."""
    for number in range(403):
        activity.keep_read(later(number))
    others = replace(READ, use=replace(USE, key=OTHER))
    activity.keep_read(others)
    meter.reset()
    assert activity.forget_reads(KEY) == 403
    assert meter.counts() == {"activity.read": 403 + 1, "activity.write": 403}
    assert activity.forget_reads(KEY) == 0
    assert activity.kept_reads(KEY, after=None, limit=9) == ()
    assert activity.kept_reads(OTHER, after=None, limit=9) == (others,)


def test_a_use_is_one_write_and_each_is_a_read(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """One read at least."""
    for read in (READ, later(1)):
        meter.reset()
        activity.keep_read(read)
        assert meter.counts() == {"activity.write": 1}
    meter.reset()
    activity.kept_reads(KEY, after=None, limit=9)
    activity.kept_reads(OTHER, after=None, limit=9)
    assert meter.counts() == {"activity.read": 3}
