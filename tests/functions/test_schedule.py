"""The sweep that `serve` does in its own process, where no scheduler could prove itself."""

import logging
from dataclasses import replace
from datetime import datetime

import pytest

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.wiring.schedule import sweeping
from tests.support.functions import GOOGLE, Installation

HOUR = 3600


def test_whoever_was_used_lately_is_refreshed(installation: Installation) -> None:
    """Ahead of expiry, though nobody asks."""
    installation.connect(GOOGLE, SARAH)
    assert installation.agent().token(GOOGLE, SARAH.email).status_code == 200
    key = ConnectionKey(GOOGLE, SARAH.email)
    before = installation.store.read(key)
    installation.clock.advance(HOUR - 60)

    sweeping(installation.settings, installation.world)()

    after = installation.store.read(key)
    assert before is not None
    assert after is not None
    assert after.connection.generation == before.connection.generation + 1


@pytest.mark.parametrize(
    ("error", "level"),
    [(StoreUnavailableError("scripted"), "WARNING"), (RuntimeError("scripted"), "ERROR")],
)
def test_a_round_that_fails_is_a_line(
    installation: Installation, caplog: pytest.LogCaptureFixture, error: Exception, level: str
) -> None:
    """The next one is due in a minute, and there has to be somebody to begin it."""
    failing: list[Exception] = []

    def now() -> datetime:
        if failing:
            raise failing.pop()
        return installation.clock()

    once = sweeping(installation.settings, replace(installation.world, now=now))
    failing.append(error)
    once()
    once()
    assert [each.levelname for each in caplog.records if each.levelno >= logging.WARNING] == [level]
