"""Contract of `KeyVersionNotes`."""

from datetime import UTC, datetime, timedelta, timezone

from multi_user_oauth.model import Kind
from tests.contract.stores.samples import AT
from tests.support.stores import ActivityStore

NAME = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/"


def test_what_was_seen_is_noted(activity: ActivityStore) -> None:
    """Each version with its time, to the microsecond and in UTC; of one kind alone."""
    activity.saw_key_versions(Kind.ACCESS, ["1", "2"], AT)
    activity.saw_key_versions(Kind.REFRESH, {"1"}, AT + timedelta(hours=1))
    assert activity.key_versions(Kind.ACCESS) == {"1": AT, "2": AT}
    assert activity.key_versions(Kind.REFRESH) == {"1": AT + timedelta(hours=1)}
    assert all(at.tzinfo is UTC for at in activity.key_versions(Kind.ACCESS).values())


def test_nothing_seen_is_nothing_noted(activity: ActivityStore) -> None:
    """Before the first walk, and after one that found no record."""
    assert activity.key_versions(Kind.ACCESS) == {}
    activity.saw_key_versions(Kind.ACCESS, [], AT)
    assert activity.key_versions(Kind.ACCESS) == {}


def test_a_time_never_moves_back(activity: ActivityStore) -> None:
    """A later one counts; a walk that began earlier and ends later changes nothing."""
    later = AT + timedelta(microseconds=1)
    activity.saw_key_versions(Kind.ACCESS, ["1"], AT)
    activity.saw_key_versions(Kind.ACCESS, ["1", "2"], later)
    activity.saw_key_versions(Kind.ACCESS, ["1"], AT)
    assert activity.key_versions(Kind.ACCESS) == {"1": later, "2": later}


def test_a_time_of_another_zone_is_that_time(activity: ActivityStore) -> None:
    """Which of two is the later does not depend on how it looks."""
    elsewhere = (AT - timedelta(hours=1)).astimezone(timezone(timedelta(hours=5)))
    activity.saw_key_versions(Kind.ACCESS, ["1"], AT)
    activity.saw_key_versions(Kind.ACCESS, ["1"], elsewhere)
    assert activity.key_versions(Kind.ACCESS) == {"1": AT}
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)
    activity.saw_key_versions(Kind.ACCESS, ["1"], last)
    assert activity.key_versions(Kind.ACCESS) == {"1": last}


def test_a_version_may_be_called_anything(activity: ActivityStore) -> None:
    """It is stored data: a slash or an escape in it names no other version's note."""
    versions = [
        f"{NAME}1",
        f"{NAME}10",
        "a/b",
        "a%2Fb",
        "a%2fb",
        "..",
        ".",
        "__x__",
        "é ü",
        "",
        "-",
    ]
    activity.saw_key_versions(Kind.ACCESS, versions, AT)
    activity.saw_key_versions(Kind.REFRESH, versions[:1], AT + timedelta(days=1))
    assert activity.key_versions(Kind.ACCESS) == dict.fromkeys(versions, AT)
    assert set(activity.key_versions(Kind.REFRESH)) == {f"{NAME}1"}
