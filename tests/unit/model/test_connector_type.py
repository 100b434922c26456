"""What a connector type asks for, and what of it was not granted."""

import pytest

from multi_user_oauth.model import ConnectorType, Provider

TEAMS = ConnectorType(
    name="microsoft_teams",
    provider=Provider.MICROSOFT,
    title="Microsoft 365",
    client_id="33333333-3333-3333-3333-333333333333",
    client_secret_name="teams",
    required_scopes=("openid", "User.Read"),
    optional_scopes=("Mail.Send", "Calendars.Read"),
    allowed_scopes=("Files.Read",),
    tenant_ids=("11111111-1111-1111-1111-111111111111",),
)


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (("openid", "User.Read", "Mail.Send", "Calendars.Read"), ()),
        (("calendars.read", "MAIL.SEND", "user.read", "OpenID"), ()),
        (("openid", "User.Read"), ("Mail.Send", "Calendars.Read")),
        (("openid", "Calendars.Read"), ("User.Read", "Mail.Send")),
        (("openid", "User.Read.All", "Mail.Send", "Calendars.Read"), ("User.Read",)),
        ((), ("openid", "User.Read", "Mail.Send", "Calendars.Read")),
        (("Files.Read", "something"), ("openid", "User.Read", "Mail.Send", "Calendars.Read")),
    ],
)
def test_what_was_not_granted_is_missing(
    granted: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    """
    Required and optional ones, in our order and spelling, whatever the case of the answer; what may
    only be asked for on top is never missed.
    """
    assert TEAMS.missing(granted) == missing
