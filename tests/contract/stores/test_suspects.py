"""Contract of `Suspects`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.ports.breakers import Suspect
from tests.contract.stores.backends import Backend
from tests.contract.stores.samples import AT, KEY, suspect
from tests.contract.stores.troubles import alter
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore

TYPE = KEY.connector_type


def of(name: str, kind: str = TYPE) -> Suspect:
    """Return somebody who was told to sign in again."""
    return suspect(key=ConnectionKey(kind, f"{name}@example.org"))


def all_of(activity: ActivityStore, kind: str = TYPE) -> tuple[Suspect, ...]:
    """Return the suspects of this type."""
    return activity.suspects(kind, after=None, limit=50)


def test_each_connector_type_has_its_suspects(activity: ActivityStore, backend: Backend) -> None:
    """By their connections' ids, page by page; every instance finds them."""
    people = [of(name) for name in ("anna", "bert", "cora")]
    other = of("anna", "microsoft_teams")
    for each in (people[2], other, people[0], people[1]):
        activity.suspect(each)
    assert all_of(backend.activity(ManualClock())) == tuple(people)
    assert all_of(activity, "microsoft_teams") == (other,)
    assert all_of(activity, "another") == ()
    assert activity.suspects(TYPE, after=None, limit=2) == tuple(people[:2])
    after = people[1].key.document_id
    assert activity.suspects(TYPE, after=after, limit=2) == (people[2],)
    assert activity.suspects(TYPE, after=people[2].key.document_id, limit=2) == ()


def test_a_connection_is_suspect_once(activity: ActivityStore) -> None:
    """What was written last stands."""
    later = replace(suspect(2), epoch=8, at=AT + timedelta(hours=1))
    for each in (suspect(), later):
        activity.suspect(each)
    assert all_of(activity) == (later,)


def test_who_is_cleared_is_no_suspect(activity: ActivityStore) -> None:
    """Nobody else is cleared by it; and once more it changes nothing."""
    for name in ("anna", "bert"):
        activity.suspect(of(name))
    for _ in range(2):
        activity.clear_suspect(of("anna"))
    assert all_of(activity) == (of("bert"),)


@pytest.mark.parametrize("newer", [suspect(2), replace(suspect(), epoch=8)], ids=["again", "anew"])
def test_who_is_suspect_again_is_not_cleared_by_the_one_before(
    activity: ActivityStore, newer: Suspect
) -> None:
    """It was read, the person signed in, and was told again: nobody has been told of that yet."""
    activity.suspect(suspect())
    activity.suspect(newer)
    activity.clear_suspect(suspect())
    assert all_of(activity) == (newer,)
    activity.clear_suspect(replace(newer, at=AT + timedelta(hours=1)))
    assert all_of(activity) == ()


def test_what_can_not_be_read_holds_up_nobody(
    activity: ActivityStore, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named in the log and left out; written again it is read."""
    for name in ("anna", "bert"):
        activity.suspect(of(name))
    name = of("anna").key.document_id
    alter(backend, "suspects", name, at="secret-thing")
    caplog.clear()
    assert all_of(activity) == (of("bert"),)
    (line,) = (each for each in caplog.records if each.levelname == "ERROR")
    assert vars(line)["connection"] == name
    assert "secret-thing" not in caplog.text
    activity.suspect(of("anna"))
    assert all_of(activity) == (of("anna"), of("bert"))
