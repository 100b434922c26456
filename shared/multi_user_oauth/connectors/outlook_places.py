"""Where Outlook is in Microsoft Graph, and what every call of it says."""

from typing import Final

from multi_user_oauth.connectors.call import Call
from multi_user_oauth.net.hosts import Hosts

ME: Final = "https://graph.microsoft.com/v1.0/me"
"""Whose it is says the token alone: no address names a person."""
UPLOADS: Final = Hosts(("outlook.office.com", "outlook.office365.com"))
"""Where large attachments go ("Attach large files to Outlook messages"); no token goes there."""
IMMUTABLE: Final = {"Prefer": 'IdType="ImmutableId"'}
"""Ids that stay when a mail moves to another folder ("Get immutable identifiers")."""


def posted(url: str, body: bytes, *, needs: tuple[str, ...], sends: bool = False) -> Call:
    """Return a call whose body, JSON, is written already."""
    headers = {"Content-Type": "application/json", **IMMUTABLE}
    return Call(method="POST", url=url, needs=needs, headers=headers, body=body, sends=sends)
