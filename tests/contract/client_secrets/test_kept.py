"""Client secrets are kept for a while, and for no longer."""

from collections import Counter
from collections.abc import Callable

import pytest

from multi_user_oauth.client_secrets.kept import KeptSecrets, OutOfReachError
from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from tests.support.clock import ManualClock

NAME = "teams"


class Place:
    """Somewhere to read from, which can be away."""

    def __init__(self) -> None:
        self.value = "first"
        self.error: KeysUnavailableError | None = None
        self.meanwhile: Callable[[], None] | None = None
        self.asked: Counter[str] = Counter()
        self.clock = ManualClock()
        self.kept = KeptSecrets(self._read, now=self.clock)

    def get(self, name: str = NAME) -> str:
        """Return the newest secret."""
        return self.kept.get(name)[0].reveal()

    def reload(self) -> str:
        """Return the newest secret, read now."""
        return self.kept.reload(NAME)[0].reveal()

    def _read(self, name: str) -> tuple[Secret, ...]:
        self.asked[name] += 1
        if self.meanwhile is not None:
            self.meanwhile()
        if self.error is not None:
            raise self.error
        return (Secret(self.value),)


@pytest.fixture
def place() -> Place:
    """A place."""
    return Place()


def test_what_was_read_is_kept_300_seconds(place: Place) -> None:
    """Then it is read again; each name by itself."""
    place.get()
    place.get("workspace")
    place.value = "second"
    place.clock.advance(299)
    assert place.get() == "first"
    place.clock.advance(1)

    assert place.get() == "second"
    assert place.asked == {NAME: 2, "workspace": 1}


def test_an_outage_is_asked_about_every_30_seconds(place: Place) -> None:
    """Callers do not all wait for a place that does not answer."""
    place.get()
    place.error = OutOfReachError("away")
    place.clock.advance(300)
    assert [place.get() for _ in range(3)] == ["first"] * 3
    assert place.asked[NAME] == 2
    place.clock.advance(30)
    place.get()
    assert place.asked[NAME] == 3


def test_an_outage_ends_unnoticed(place: Place) -> None:
    """The next look finds what is there now, and keeps it."""
    place.get()
    place.error = OutOfReachError("away")
    place.clock.advance(301)
    place.get()
    place.error, place.value = None, "second"
    place.clock.advance(30)
    assert place.get() == "second"
    place.clock.advance(299)
    place.get()
    assert place.asked[NAME] == 3


@pytest.mark.parametrize("seconds", [900, -1], ids=["too old", "clock set back"])
def test_what_is_too_old_is_not_used(place: Place, seconds: int) -> None:
    """However long the outage lasts; and a clock that was set back makes nothing younger."""
    place.get()
    place.error = OutOfReachError("away")
    place.clock.advance(seconds)

    with pytest.raises(OutOfReachError):
        place.get()


def test_a_no_forgets(place: Place) -> None:
    """What may not be read any more is not used any more."""
    place.get()
    place.error = KeysUnavailableError("no")
    place.clock.advance(300)
    with pytest.raises(KeysUnavailableError):
        place.get()

    place.error = OutOfReachError("away")
    with pytest.raises(OutOfReachError):
        place.get()


def test_reload_reads_before_the_time(place: Place) -> None:
    """A provider refused the secret: perhaps it was replaced just now."""
    place.get()
    place.value = "second"
    place.clock.advance(10)

    assert place.reload() == "second"
    assert place.get() == "second"
    assert place.asked[NAME] == 2


def test_reload_is_no_way_to_hammer(place: Place) -> None:
    """A wrong secret, used by everybody, costs one read in ten seconds."""
    place.get()
    place.clock.advance(9)
    place.reload()

    assert place.asked[NAME] == 1


def test_reload_survives_an_outage(place: Place) -> None:
    """What is known is as good as before."""
    place.get()
    place.error = OutOfReachError("away")
    place.clock.advance(10)

    assert place.reload() == "first"


def test_others_do_not_wait_for_who_reads(place: Place) -> None:
    """While one thread reads anew, the others use what there is."""
    place.get()
    place.clock.advance(300)
    seen: list[str] = []

    def others() -> None:
        seen.append(place.get())
        place.value = "second"

    place.meanwhile = others
    assert place.get() == "second"
    assert seen == ["first"]
    assert place.asked[NAME] == 2
