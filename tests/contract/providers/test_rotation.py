"""Client credentials that change while people sign in and tokens are refreshed."""

import logging
from collections.abc import Callable, Iterator

import pytest

from multi_user_oauth.errors import (
    GrantRefusedError,
    KeysUnavailableError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.model import Provider
from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.contract.client_secrets.places import GooglePlace
from tests.contract.providers.conftest import Refused, only
from tests.contract.providers.world import CLIENT_SECRET, World
from tests.support.certificates import key_pair
from tests.support.cloud import Cloud

NEW = "sandbox-client-secret-new-0002"
WRONG = "a-secret-that-nobody-knows"


def registered(world: World, *secrets: str) -> None:
    """Let these be what the provider knows."""
    world.controls.set_credentials(str(world.provider), client_secrets=secrets)  # type: ignore[arg-type]  # reason: the sandbox's names are ours


def replaced(world: World, *values: str) -> Callable[[], None]:
    """Return what stores these in place of what was stored."""

    def store() -> None:
        world.secrets.values = values

    return store


def test_what_was_stored_meanwhile_is_read_once_more(world: World) -> None:
    """N77: Our copy was old: one more request, and the refresh token was used once."""
    token, _ = world.connected()
    registered(world, NEW)
    world.secrets.reloading = replaced(world, NEW, CLIENT_SECRET)

    assert world.refresh(token).access_token
    assert (world.requests("token"), world.secrets.reloads) == (2, 1)
    assert [grant["uses"] for grant in world.controls.grants() if grant["parent"] is None] == [1]


def test_a_code_is_exchanged_with_it_too(world: World) -> None:
    """The provider refused the application before it looked at the code (RFC 6749, 5.2)."""
    registered(world, NEW)
    world.secrets.reloading = replaced(world, NEW)

    assert world.sign_in().tokens.refresh_token
    assert (world.requests("token"), world.secrets.reloads) == (2, 1)


def test_what_was_refused_is_not_tried_again(world: World, refused: Refused) -> None:
    """Two live ones, the same two after reading anew: two requests, and the operator's business."""
    token, _ = world.connected()
    registered(world, NEW)
    world.secrets.values = (WRONG, CLIENT_SECRET)
    world.secrets.reloading = replaced(world, CLIENT_SECRET, WRONG)

    with refused(ProviderMisconfiguredError):
        world.refresh(token)
    assert (world.requests("token"), world.secrets.reloads) == (2, 1)


def test_they_are_read_anew_once(world: World, refused: Refused) -> None:
    """However often they change: what is refused then stays refused."""
    token, _ = world.connected()
    registered(world, NEW)
    world.secrets.reloading = replaced(world, WRONG, CLIENT_SECRET)

    with refused(ProviderMisconfiguredError):
        world.refresh(token)
    assert (world.requests("token"), world.secrets.reloads) == (2, 1)


def test_if_they_can_not_be_read_the_refusal_stands(world: World, refused: Refused) -> None:
    """No error of Secret Manager takes the place of the provider's answer."""
    token, _ = world.connected()
    registered(world, NEW)

    def away() -> None:
        raise KeysUnavailableError("away")

    world.secrets.reloading = away
    with refused(ProviderMisconfiguredError):
        world.refresh(token)
    assert world.requests("token") == 1


@pytest.mark.parametrize("error", ["invalid_grant", "unauthorized_client", "invalid_request"])
def test_no_other_refusal_reads_them_anew(world: World, error: str) -> None:
    """The token may have been looked at."""
    token, _ = world.connected()
    world.fault("oauth_error", error=error)

    with pytest.raises((GrantRefusedError, ProviderMisconfiguredError)):
        world.refresh(token)
    assert (world.requests("token"), world.secrets.reloads) == (1, 0)


def test_nothing_is_sent_when_the_lease_runs_out(world: World, refused: Refused) -> None:
    """Reading took too long: another worker may be at it, so it is for the next time."""
    token, _ = world.connected()
    registered(world, NEW)

    def slowly() -> None:
        world.clock.advance(6)
        world.secrets.values = (NEW,)

    world.secrets.reloading = slowly
    with refused(ProviderUnavailableError):
        world.refresh(token, within=5)
    assert world.requests("token") == 1
    assert world.refresh(token).access_token


def test_the_second_credential_waits_for_the_next_time_too(world: World, refused: Refused) -> None:
    """A slow refusal has eaten up the time."""
    token, _ = world.connected()
    world.secrets.values = (WRONG, CLIENT_SECRET)
    world.fault("slow", delay=7.0)

    with refused(ProviderUnavailableError):
        world.refresh(token, within=5)
    assert world.requests("token") == 1


@only(Provider.MICROSOFT)
@pytest.mark.parametrize("older", [(), (CLIENT_SECRET,)], ids=["alone", "with an older one"])
def test_an_expired_secret_is_an_alarm(
    world: World, refused: Refused, caplog: pytest.LogCaptureFixture, older: tuple[str, ...]
) -> None:
    """N78: Told apart from a wrong one, also where another credential still works."""
    token, _ = world.connected()
    world.controls.set_credentials("microsoft", client_secrets=older, expired_secrets=[NEW])
    world.secrets.values = (NEW, *older)
    if older:
        assert world.refresh(token).access_token
    else:
        with refused(ProviderMisconfiguredError):
            world.refresh(token)

    alarms = [vars(record).get("alarm") for record in caplog.records]
    assert alarms.count("client_secret_expired") == 1
    lines = [record for record in caplog.records if vars(record).get("alarm")]
    assert [record.levelno for record in lines] == [logging.ERROR]


@only(Provider.MICROSOFT)
def test_a_wrong_secret_is_no_such_alarm(
    world: World, refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    """7000215 is for whoever stored it."""
    token, _ = world.connected()
    world.secrets.values = (WRONG,)
    with refused(ProviderMisconfiguredError):
        world.refresh(token)
    assert not [record for record in caplog.records if "alarm" in vars(record)]


@only(Provider.GOOGLE)
def test_google_is_sent_no_private_key(world: World, refused: Refused) -> None:
    """A certificate stored for Google is passed over; alone, nothing is sent."""
    token, _ = world.connected()
    world.secrets.values = (key_pair("vault").pem, CLIENT_SECRET)
    assert world.refresh(token).access_token
    assert world.requests("token") == 1

    world.secrets.values = (key_pair("vault").pem,)
    with refused(KeysUnavailableError):
        world.refresh(token)
    assert world.requests("token") == 1


@pytest.fixture(scope="module")
def running_cloud() -> Iterator[Cloud]:
    """The local cloud, where Secret Manager is."""
    with Cloud() as cloud:
        yield cloud


class Rotation:
    """Two instances that read Secret Manager at different times, and somebody who uses both."""

    def __init__(self, world: World, place: GooglePlace, name: str) -> None:
        self.world = world
        self.place = place
        self.name = name
        self.versions: dict[str, str] = {}
        self._token = world.connected()[0]
        self.flows = [world.new_flow(self.place.reader(world.clock)) for _ in range(2)]

    def store(self, value: str) -> None:
        """Add a version to Secret Manager."""
        self.versions[value] = self.place.add(self.name, value.encode())

    def disable(self, value: str) -> None:
        """Take a version back."""
        client = self.place.cloud.secrets("operator")
        client.disable_secret_version(request={"name": self.versions[value]})

    def used_for(self, minutes: int) -> None:
        """Sign in and refresh at each instance, every minute and a bit; nothing may fail."""
        for minute in range(minutes):
            for flow in self.flows[: 1 + minute % 2]:
                self.world.flow = flow
                assert self.world.sign_in(JOHN).tokens.refresh_token
                answer = self.world.refresh(self._token, SARAH)
                self._token = answer.refresh_token or self._token
            self.world.clock.advance(61)


def test_during_a_whole_rotation_nothing_fails(world: World, running_cloud: Cloud) -> None:
    """
    Not one sign-in or refresh: the new secret at the provider, then in Secret Manager, the old one
    removed at the provider, in Secret Manager; then a new one that is taken back.
    """
    place, name = GooglePlace(running_cloud), world.connector_type.client_secret_name
    place.create(name)
    place.add(name, CLIENT_SECRET.encode())
    rotation = Rotation(world, place, name)
    third = "sandbox-client-secret-third-0003"
    rotation.used_for(2)
    registered(world, CLIENT_SECRET, NEW)
    rotation.store(NEW)
    rotation.used_for(1)
    registered(world, NEW)  # long before the 300 s of either instance have passed
    rotation.used_for(7)
    registered(world, NEW, third)
    rotation.store(third)
    rotation.used_for(7)
    registered(world, NEW)  # the third one got out: first it dies at the provider
    rotation.used_for(3)
    rotation.disable(third)
    rotation.used_for(7)

    found = [value.reveal() for value in place.reader(world.clock).get(name)]
    assert found[0] == NEW
