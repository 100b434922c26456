"""Until when a connection lives, and why it would then die, as things stand."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from multi_user_oauth.model.connection import Connection, ConnectionStatus
from multi_user_oauth.model.connector_type import ConnectorType
from multi_user_oauth.model.identity import Provider


class Ending(StrEnum):
    """Why a connection would die."""

    UNUSED_90_DAYS = "unused_90_days"
    """Microsoft: no refresh for so long. The sweep sees to it that there is one."""
    UNUSED_6_MONTHS = "unused_6_months"
    """Google: the same."""
    GRANT_EXPIRES = "grant_expires"
    """The provider named the end of the grant: then the person has to sign in again."""
    CLIENT_SECRET_EXPIRES = "client_secret_expires"  # noqa: S105  # reason: a name of an ending
    """The application's: an operator has to replace it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The earliest end that is known of."""

    until: datetime
    reason: Ending


UNUSED: Final = {
    Provider.MICROSOFT: (timedelta(days=90), Ending.UNUSED_90_DAYS),
    Provider.GOOGLE: (timedelta(days=181), Ending.UNUSED_6_MONTHS),
}
"""
How long a refresh token lives unused ("Refresh tokens in the Microsoft identity platform", default
lifetime; Google's "Using OAuth 2.0", refresh token expiration). No six months have fewer days.
"""


def forecast(connection: Connection, connector_type: ConnectorType | None) -> Forecast | None:
    """
    Return how a connection will end unless something is done; None if it does not serve now.

    `connector_type` is None where it is no longer configured. The day on which a client secret expires
    counts from its beginning.
    """
    if connection.status is not ConnectionStatus.ACTIVE:
        return None
    unused, reason = UNUSED[connection.identity.provider]
    used_at = connection.refreshed_at or connection.connected_at
    ends = [Forecast(until=used_at + unused, reason=reason)]
    if connection.refresh_token_expires_at is not None:
        ends.append(
            Forecast(until=connection.refresh_token_expires_at, reason=Ending.GRANT_EXPIRES)
        )
    if connector_type is not None and connector_type.client_secret_expires is not None:
        day = datetime.combine(connector_type.client_secret_expires, time(), UTC)
        ends.append(Forecast(until=day, reason=Ending.CLIENT_SECRET_EXPIRES))
    return min(ends, key=lambda end: end.until)
