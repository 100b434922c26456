"""Contract of `FlowMarks`, `Ledger` and `People`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import FlowAlreadyUsedError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.ports import SignOuts
from tests.contract.stores.samples import ANNA, AT, BERT, ledger_entry, mark
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore


def test_a_state_is_spent_once(activity: ActivityStore) -> None:
    """The second time is refused and changes nothing, whatever it says."""
    activity.spend(mark("a"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a", handle="another", outcome="connected"))
    assert activity.by_handle("handle") == (mark("a"),)
    assert activity.by_handle("another") == ()


def test_another_state_is_spent_by_itself(activity: ActivityStore) -> None:
    """Two flows of one handle are two marks."""
    activity.spend(mark("a"))
    activity.spend(mark("b"))
    assert activity.by_handle("handle") == (mark("a"), mark("b"))


def test_a_spent_state_stays_spent_after_its_outcome(activity: ActivityStore) -> None:
    """Noting how the flow ended does not make its state good again."""
    activity.spend(mark("a"))
    activity.note(mark("a", outcome="access_denied"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a"))


def test_a_spent_state_stays_spent_after_its_end(
    activity: ActivityStore, clock: ManualClock
) -> None:
    """For an hour after the flow's end at least, whatever is cleaned meanwhile."""
    activity.spend(mark("a"))
    clock.advance(600 + 3600)
    activity.spend(mark("b"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a"))


def test_the_outcome_is_found_by_the_handle(activity: ActivityStore) -> None:
    """First none, then the one noted last."""
    activity.spend(mark("a"))
    activity.spend(mark("b", handle="another"))
    activity.note(mark("a", outcome="access_denied"))
    assert activity.by_handle("handle") == (mark("a", outcome="access_denied"),)
    activity.note(mark("a", outcome="connected"))
    assert activity.by_handle("handle") == (mark("a", outcome="connected"),)
    assert activity.by_handle("another") == (mark("b", handle="another"),)


def test_an_unknown_handle_has_no_states(activity: ActivityStore) -> None:
    """Nothing was spent."""
    assert activity.by_handle("handle") == ()


def test_the_ledger_keeps_every_disconnect(activity: ActivityStore) -> None:
    """All entries come back whole."""
    other = replace(ledger_entry(), key=ConnectionKey("microsoft_teams", "anna@example.org"))
    entries = {ledger_entry(7), ledger_entry(8), other}
    for entry in entries:
        activity.enter(entry)
    assert set(activity.entries()) == entries


def test_an_empty_ledger_has_no_entries(activity: ActivityStore) -> None:
    """Nobody was disconnected."""
    assert activity.entries() == ()


def test_an_entry_written_again_changes_nothing(activity: ActivityStore) -> None:
    """The first one stays, also where the second names another actor."""
    activity.enter(ledger_entry())
    activity.enter(ledger_entry())
    activity.enter(ledger_entry(actor="person:google:1002"))
    assert activity.entries() == (ledger_entry(),)


def test_somebody_unknown_has_no_sign_outs(activity: ActivityStore) -> None:
    """None at all."""
    assert activity.sign_outs(ANNA) == SignOuts()


def test_ended_sessions_are_named(activity: ActivityStore) -> None:
    """Each person's own, each once."""
    until = AT + timedelta(hours=8)
    activity.sign_out(ANNA, "s1", until)
    activity.sign_out(ANNA, "s2", until)
    activity.sign_out(ANNA, "s1", until)
    activity.sign_out(BERT, "s3", until)
    assert activity.sign_outs(ANNA) == SignOuts(sessions=frozenset({"s1", "s2"}))
    assert activity.sign_outs(BERT) == SignOuts(sessions=frozenset({"s3"}))


def test_an_ended_session_stays_ended_while_it_could_live(
    activity: ActivityStore, clock: ManualClock
) -> None:
    """Up to `until` the entry is there, whatever is cleaned meanwhile."""
    activity.sign_out(ANNA, "s1", AT + timedelta(hours=8))
    clock.advance(8 * 3600)
    activity.spend(mark("a"))
    assert activity.sign_outs(ANNA) == SignOuts(sessions=frozenset({"s1"}))


def test_a_sign_out_noted_again_with_an_earlier_end_is_kept_as_long(
    activity: ActivityStore, clock: ManualClock
) -> None:
    """The later end counts."""
    activity.sign_out(ANNA, "s1", AT + timedelta(days=3))
    activity.sign_out(ANNA, "s1", AT)
    clock.advance(2.5 * 24 * 3600)
    activity.spend(mark("a"))
    assert activity.sign_outs(ANNA) == SignOuts(sessions=frozenset({"s1"}))


def test_all_sessions_are_ended_by_a_time(activity: ActivityStore) -> None:
    """The time comes back exactly; named sessions stay named; nobody else is signed out."""
    activity.sign_out(ANNA, "s1", AT)
    activity.sign_out_everywhere(ANNA, AT)
    assert activity.sign_outs(ANNA) == SignOuts(valid_from=AT, sessions=frozenset({"s1"}))
    assert activity.sign_outs(BERT) == SignOuts()


def test_the_time_of_signing_out_everywhere_never_goes_back(activity: ActivityStore) -> None:
    """A later one counts, an earlier one that arrives late revives no session."""
    later = AT + timedelta(microseconds=1)
    activity.sign_out_everywhere(ANNA, AT)
    activity.sign_out_everywhere(ANNA, later)
    activity.sign_out_everywhere(ANNA, AT)
    assert activity.sign_outs(ANNA).valid_from == later
