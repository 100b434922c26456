"""What every `ClientSecrets` does."""

import json
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from tests.contract.client_secrets.places import AwsPlace, GooglePlace, LocalPlace, Place
from tests.support.aws import moto_aws
from tests.support.certificates import key_pair
from tests.support.clock import ManualClock

STORED = {"teams": ("newest-of-teams", "older-of-teams"), "workspace": ("only-one",)}


@pytest.fixture(params=["local", "google", "aws"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Each place that we have, with two applications' secrets."""
    with ExitStack() as stack:
        place: Place
        match request.param:
            case "local":
                place = LocalPlace(tmp_path)
            case "google":
                place = GooglePlace(request.getfixturevalue("cloud"))
            case _:
                stack.enter_context(moto_aws())
                place = AwsPlace()
        place.store(STORED)
        yield place


@pytest.fixture
def clock() -> ManualClock:
    """A clock."""
    return ManualClock()


@pytest.mark.parametrize("name", STORED)
def test_the_newest_comes_first(place: Place, clock: ManualClock, name: str) -> None:
    """While a secret is being changed both are live: the newest is tried first."""
    assert place.reader(clock).get(name) == tuple(Secret(value) for value in STORED[name])


def test_an_unknown_name_is_named(place: Place, clock: ManualClock) -> None:
    """It is our side that is not ready, 503, and the message says which secret is missing."""
    with pytest.raises(KeysUnavailableError, match="outlook"):
        place.reader(clock).get("outlook")


def test_a_rotated_secret_is_taken_up_within_300_seconds(place: Place, clock: ManualClock) -> None:
    """No restart is needed."""
    secrets = place.reader(clock)
    secrets.get("teams")
    place.store({"teams": ("brand-new", "newest-of-teams")})
    clock.advance(301)

    assert secrets.get("teams") == (Secret("brand-new"), Secret("newest-of-teams"))
    with pytest.raises(KeysUnavailableError, match="workspace"):
        secrets.get("workspace")


def test_a_secret_replaced_just_now_is_reloaded(place: Place, clock: ManualClock) -> None:
    """After a provider's `invalid_client` nobody waits for 300 s; the next one finds it too."""
    secrets = place.reader(clock)
    secrets.get("teams")
    place.store({"teams": ("brand-new", "newest-of-teams")})
    clock.advance(10)

    assert secrets.reload("teams") == (Secret("brand-new"), Secret("newest-of-teams"))
    assert secrets.get("teams") == (Secret("brand-new"), Secret("newest-of-teams"))


@pytest.mark.parametrize(
    "document",
    [
        key_pair("vault").pem,
        f"\n{key_pair('vault').pem}\n\n",
        json.dumps({"certificate": key_pair("vault").certificate}, indent=2) + "\n",
    ],
    ids=["PEM", "PEM with empty lines", "JSON"],
)
def test_pem_and_json_may_end_in_a_new_line(
    place: Place, clock: ManualClock, document: str
) -> None:
    """As openssl and editors write them; a secret of the older form may stand beside them."""
    place.store({"teams": (document, "older-of-teams")})

    found = place.reader(clock).get("teams")
    assert found == (Secret(document.strip()), Secret("older-of-teams"))


def test_a_place_that_is_away_comes_back(place: Place, clock: ManualClock) -> None:
    """503 while it is away, and nothing to restart when it is back."""
    secrets = place.reader(clock)
    place.lose()
    clock.advance(301)
    with pytest.raises(KeysUnavailableError):
        secrets.get("teams")

    place.store(STORED)
    assert secrets.get("teams")[0] == Secret("newest-of-teams")


def test_no_error_shows_a_secret(place: Place, clock: ManualClock) -> None:
    """Nor does anything behind the error."""
    with pytest.raises(KeysUnavailableError) as refusal:
        place.reader(clock).get("outlook")
    shown = "".join(traceback.format_exception(refusal.value))

    assert not any(value in shown for values in STORED.values() for value in values)
