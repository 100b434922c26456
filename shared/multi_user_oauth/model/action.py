"""What a caller may do with a connection."""

from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """The names that policy files, delegations and audit lines use."""

    TOKEN = "token"  # noqa: S105  # reason: the name of a right, not a token
    """Be given the access token itself: whoever holds it can do all that its scopes allow."""
    MAIL_READ = "mail.read"
    MAIL_SEND = "mail.send"
    FILES_READ = "files.read"
    FILES_WRITE = "files.write"
    CALENDAR_READ = "calendar.read"
    CALENDAR_WRITE = "calendar.write"
    CHAT_READ = "chat.read"
    CHAT_SEND = "chat.send"
    PROXY = "proxy"

    SEE = "see"
    END = "end"
    DELEGATE = "delegate"
    READ_AUDIT = "read_audit"
    READ_USAGE = "read_usage"


USES: Final = frozenset(
    {
        Action.TOKEN,
        Action.MAIL_READ,
        Action.MAIL_SEND,
        Action.FILES_READ,
        Action.FILES_WRITE,
        Action.CALENDAR_READ,
        Action.CALENDAR_WRITE,
        Action.CHAT_READ,
        Action.CHAT_SEND,
        Action.PROXY,
    }
)
"""Acting as the person: what the policy allows an agent and a person can leave to it."""


def includes(actions: frozenset[str] | tuple[str, ...], action: Action) -> bool:
    """Return whether these actions cover this one; who is given the token can do all with it."""
    return action in actions or (Action.TOKEN in actions and action in USES)
