"""An operator is told before an application's last credential ends, at both providers."""

import json
import logging
from dataclasses import replace
from datetime import date, timedelta

import pytest

from multi_user_oauth.model import Provider
from tests.contract.providers.conftest import only
from tests.contract.providers.world import CLIENT_SECRET, World
from tests.support.certificates import KeyPair, key_pair
from tests.support.clock import START

ALARM = "client_secret_expiring"
DAY = 24 * 3600
ENDING = key_pair("ending", until=2026)
LASTING = key_pair("lasting")
DECEMBER = (date(2026, 12, 15) - START.date()).days * DAY
"""Seconds until a fortnight before the certificate ends."""


def alarms(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Which connector type each line was about, and the day that it named."""
    lines = [vars(record) for record in caplog.records if vars(record).get("alarm") == ALARM]
    assert all(line["levelno"] == logging.ERROR for line in lines)
    return [(line["connector_type"], line["reason"]) for line in lines]


def ends_on(world: World, day: date) -> None:
    """Write down when the credential ends."""
    world.connector_type = replace(world.connector_type, client_secret_expires=day)


def use(world: World, *stored: str) -> None:
    """Store these at both sides, newest first."""
    pairs: list[KeyPair] = [pair for pair in (ENDING, LASTING) if pair.pem in stored]
    world.controls.set_credentials(
        "microsoft",
        client_secrets=(CLIENT_SECRET,),
        certificates=tuple(pair.certificate for pair in pairs),
    )
    world.secrets.values = stored


@pytest.mark.parametrize(
    ("days", "told"), [(400, False), (31, False), (30, True), (1, True), (-1, True)]
)
def test_the_day_that_was_written_down_is_told_in_time(
    world: World, caplog: pytest.LogCaptureFixture, days: int, told: bool
) -> None:
    """Thirty days before, counted to its beginning; a day that has passed is still to be mended."""
    day = START.date() + timedelta(days=days)
    world.clock.advance(-9 * 3600)  # the day begins
    ends_on(world, day)

    assert world.sign_in().tokens.refresh_token
    assert alarms(caplog) == [(world.connector_type.name, day.isoformat())] * told


def test_a_secret_of_which_nothing_is_known_is_no_alarm(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Google's do not end, and nobody need write a day down."""
    assert world.sign_in().tokens.refresh_token
    assert alarms(caplog) == []


def test_it_is_said_once_a_day(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """However many sign in and are refreshed; and until it is mended."""
    day = START.date() + timedelta(days=10)
    ends_on(world, day)
    token, _ = world.connected()
    assert world.refresh(token).access_token
    assert len(alarms(caplog)) == 1

    world.clock.advance(DAY)
    assert world.refresh(token).access_token
    ends_on(world, day + timedelta(days=365))
    world.clock.advance(DAY)
    assert world.refresh(token).access_token
    assert len(alarms(caplog)) == 2


def test_each_connector_type_is_told_of(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """One application may serve several, and each may have one of its own."""
    ends_on(world, START.date())
    world.sign_in()
    world.connector_type = replace(world.connector_type, name="another")
    world.sign_in()
    assert [name for name, _ in alarms(caplog)][1:] == ["another"]


@only(Provider.MICROSOFT)
def test_a_certificate_says_itself_when_it_ends(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever was written down of the secret that it took the place of."""
    use(world, ENDING.pem)
    ends_on(world, date(2030, 1, 1))
    assert world.sign_in().tokens.refresh_token
    assert alarms(caplog) == []

    world.clock.advance(DECEMBER)
    assert world.sign_in().tokens.refresh_token
    assert alarms(caplog) == [(world.connector_type.name, "2026-12-31")]


@only(Provider.MICROSOFT)
@pytest.mark.parametrize("other", [LASTING.pem, CLIENT_SECRET], ids=["certificate", "secret"])
def test_where_a_later_one_is_stored_nothing_is_said(
    world: World, caplog: pytest.LogCaptureFixture, other: str
) -> None:
    """The older one is about to be taken away, as it should."""
    use(world, other, ENDING.pem)
    ends_on(world, date(2028, 1, 1))
    world.clock.advance(DECEMBER)
    assert world.sign_in().tokens.refresh_token
    assert alarms(caplog) == []


@only(Provider.MICROSOFT)
def test_what_can_not_be_read_hides_no_end(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A broken one beside it is no later one, and the sign-in works by the one that is left."""
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    use(world, json.dumps({"certificate": broken}), ENDING.private + broken, ENDING.pem)
    world.clock.advance(DECEMBER)
    assert world.sign_in().tokens.refresh_token
    assert alarms(caplog) == [(world.connector_type.name, "2026-12-31")]


@only(Provider.GOOGLE)
def test_what_google_is_never_sent_is_no_later_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A certificate stored by mistake is of no use there."""
    world.secrets.values = (LASTING.pem, CLIENT_SECRET)
    ends_on(world, START.date())
    assert world.sign_in().tokens.refresh_token
    assert len(alarms(caplog)) == 1
