"""Until when a connection lives, and why it would die."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from multi_user_oauth.model import (
    ConnectionStatus,
    ConnectorType,
    Identity,
    Provider,
)
from multi_user_oauth.model.forecast import Ending, Forecast, forecast
from tests.unit.model.samples import GOOGLE, NOON

DAY = timedelta(days=1)
MICROSOFT = replace(
    GOOGLE,
    identity=Identity.microsoft(
        "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
    ),
)
TYPE = ConnectorType(
    name="any",
    provider=Provider.GOOGLE,
    title="Any",
    client_id="client",
    client_secret_name="secret",
    required_scopes=("mail",),
)
ENDS_IN_MAY = replace(TYPE, client_secret_expires=date(2026, 5, 1))


def test_an_unused_refresh_token_dies_after_its_providers_time() -> None:
    """Counted from the last refresh, or from the sign-in; the same day whatever the type says else."""
    assert forecast(MICROSOFT, TYPE) == Forecast(
        until=NOON + 90 * DAY, reason=Ending.UNUSED_90_DAYS
    )
    assert forecast(GOOGLE, TYPE) == Forecast(until=NOON + 181 * DAY, reason=Ending.UNUSED_6_MONTHS)
    later = replace(MICROSOFT, refreshed_at=NOON + 3 * DAY)
    assert forecast(later, None) == Forecast(until=NOON + 93 * DAY, reason=Ending.UNUSED_90_DAYS)


@pytest.mark.parametrize("month", range(1, 13))
def test_no_six_months_have_fewer_days_than_are_counted(month: int) -> None:
    """It errs to the early side, whichever day a grant was used last."""
    first = date(2026, month, 1)
    halfway = date(2026 + (month > 6), (month + 5) % 12 + 1, 1)
    end = forecast(GOOGLE, TYPE)
    assert end is not None
    assert end.until - NOON <= halfway - first


def test_the_earliest_end_is_told() -> None:
    """Of the grant, of the client secret, of patience: what comes first is the reason."""
    week = replace(GOOGLE, refresh_token_expires_at=NOON + 7 * DAY)
    decade = replace(GOOGLE, refresh_token_expires_at=NOON + 3650 * DAY)
    may = datetime(2026, 5, 1, tzinfo=UTC)

    assert forecast(week, ENDS_IN_MAY) == Forecast(
        until=NOON + 7 * DAY, reason=Ending.GRANT_EXPIRES
    )
    assert forecast(decade, ENDS_IN_MAY) == Forecast(until=may, reason=Ending.CLIENT_SECRET_EXPIRES)
    told = forecast(replace(MICROSOFT, refreshed_at=NOON - DAY), ENDS_IN_MAY)
    assert told == Forecast(until=NOON + 89 * DAY, reason=Ending.UNUSED_90_DAYS)
    ended = forecast(decade, TYPE)
    assert ended is not None
    assert ended.reason is Ending.UNUSED_6_MONTHS


@pytest.mark.parametrize("status", set(ConnectionStatus) - {ConnectionStatus.ACTIVE})
def test_what_does_not_serve_has_no_forecast(status: ConnectionStatus) -> None:
    """Of one that waits for its person, or has ended, there is nothing to foretell."""
    assert forecast(replace(GOOGLE, status=status), ENDS_IN_MAY) is None
