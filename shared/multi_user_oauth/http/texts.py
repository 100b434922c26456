"""What our pages say, in one place, in plain words."""

from collections.abc import Iterable
from typing import Final

Failure = tuple[str, str, str]

_AGAIN: Final = "Go back and start again."
_ADMIN: Final = "Ask your administrator; there is nothing you can do yourself."
_LATER: Final = "Try again in a few minutes. Nothing was lost."
_INCOMPLETE: Final = (
    "That address is not complete",
    "A part of it was lost or changed on the way. Nothing was changed here.",
    _AGAIN,
)

_FAILURES: Final[dict[str, Failure]] = {
    "access_denied": (
        "You said no",
        "The sign-in was cancelled, or your organisation does not allow it. Nothing was connected.",
        "If that was a mistake, start again and agree there.",
    ),
    "admin_consent_required": (
        "Your administrator must approve this first",
        "Your organisation lets people connect only what an administrator has approved.",
        "Ask your administrator to approve this application, then start again.",
    ),
    "step_up_required": (
        "More proof is needed",
        "What you wanted to do needs a stronger sign-in, and this one did not prove it.",
        "Start again and confirm with your second factor.",
    ),
    "consent_missing_required_scope": (
        "A permission is missing",
        "A box that this connection can not work without was not ticked. Nothing was connected.",
        "Start again and leave the boxes ticked.",
    ),
    "consumer_account_refused": (
        "That is a private account",
        "Only accounts of your organisation can be connected here.",
        "Start again and choose your work account.",
    ),
    "email_mismatch": (
        "That is another account",
        "You signed in with another account than the e-mail that was named. Nothing was connected.",
        "Start again and choose the account that belongs to the e-mail.",
    ),
    "flow_already_used": (
        "This sign-in has been used",
        "Each sign-in counts once. If it ended well the first time, you are connected.",
        "See in your account whether you are connected.",
    ),
    "flow_expired": (
        "That took too long",
        "A sign-in must be finished within ten minutes. Nothing was connected.",
        _AGAIN,
    ),
    "flow_missing": (
        "This sign-in is not open in this browser",
        "It has been finished already, or it began in another browser. Nothing was changed now.",
        "See in your account whether you are connected; if not, start again from there.",
    ),
    "guest_refused": (
        "That is a guest account",
        "Guests of the organisation can not be connected here.",
        "Start again and choose an account of the organisation itself.",
    ),
    "held_by_another_account": (
        "Somebody else's account is connected here",
        "Another person's account is connected under this e-mail. Yours was not connected.",
        "Ask your administrator to release the e-mail, then start again.",
    ),
    "identity_unverified": (
        "We could not be sure who signed in",
        "The provider's proof of who you are was missing or did not verify. Nothing was connected.",
        "Start again; if it happens again, tell your administrator.",
    ),
    "no_refresh_token": (
        "The provider gave no lasting permission",
        "Without it the connection would end within the hour, so nothing was connected.",
        "Remove this application at your Google account's security page, then start again.",
    ),
    "provider_misconfigured": (
        "This connection is not set up correctly",
        "The provider does not accept this application. That is not your doing.",
        _ADMIN,
    ),
    "provider_unavailable": ("The provider does not answer", "Nothing was connected.", _LATER),
    "state_mismatch": (
        "That answer belongs to another sign-in",
        "Nothing was connected.",
        "Start again, and finish in the same window.",
    ),
    "ticket_expired": (
        "This link is too old",
        "A link is good for ten minutes.",
        "Go back to where you got it and ask for a new one.",
    ),
    "ticket_invalid": (
        "This link is not valid",
        "It was not made here, or a part of it was lost on the way.",
        "Go back to where you got it and ask for a new one.",
    ),
    "wrong_tenant": (
        "That account belongs to another organisation",
        "Only accounts of your own organisation can be connected here.",
        "Start again and choose your work account.",
    ),
    "malformed_email": (
        "That is not an e-mail address",
        "Please type the address of your work account, like sarah@company.com.",
        _AGAIN,
    ),
    "unknown_connector_type": ("There is no such connection here", "The link may be old.", _AGAIN),
    "too_many_requests": (
        "Too much at once",
        "More was asked from your network than is served in a minute.",
        "Wait a minute, then try again.",
    ),
    "conflict": (
        "Something else was faster",
        "This connection was changed elsewhere at the same moment.",
        "See in your account how it stands; if it is not connected, start again.",
    ),
    "revocation_pending": (
        "It is still being revoked",
        "This connection was revoked a moment ago, and the provider has not been told yet.",
        _LATER,
    ),
    "store_unavailable": ("Our database does not answer", "Nothing was connected.", _LATER),
    "internal_error": (
        "That is our fault",
        "Something here does not work as it should. Nothing was connected.",
        "Try again; if it happens again, tell your administrator.",
    ),
    **dict.fromkeys(("invalid_request", "unknown_field", "duplicate_parameter"), _INCOMPLETE),
    "csrf": ("That did not come from our page", "Nothing was changed.", "Go to the first page."),
    "not_found": ("There is nothing here", "The address may be mistyped.", "Go to the first page."),
}

_OTHERWISE: Final = ("That did not work", "Nothing was connected.", _LATER)

_SCOPES: Final = {
    "openid": "see who you are",
    "email": "see who you are",
    "profile": "see who you are",
    "user.read": "see who you are",
    "userinfo.email": "see who you are",
    "userinfo.profile": "see who you are",
    "mail.send": "send mail as you",
    "mail.read": "read your mail",
    "mail.readwrite": "read, write and move your mail",
    "gmail.send": "send mail as you",
    "gmail.readonly": "read your mail",
    "files.read": "see and download your files",
    "files.readwrite": "see, change and upload your files",
    "drive.readonly": "see and download your files",
    "drive.file": "see and change the files that this application made or was given",
    "calendars.read": "see your calendar",
    "calendars.readwrite": "see your calendar and make appointments",
    "calendar.events": "see your calendar and make appointments",
    "calendar.events.readonly": "see your calendar",
    "chat.readbasic": "see which chats you are in",
    "chat.read": "read your chats",
    "chat.readwrite": "read and write your chats",
    "chatmessage.send": "send chat messages as you",
    "team.readbasic.all": "see which teams you are in",
    "channel.readbasic.all": "see the channels of your teams",
    "channelmessage.send": "post in channels of your teams as you",
    "offline_access": "stay connected until you say stop",
}
"""The first page says the same: functions/web/assets/texts.js."""


def failure_text(code: str) -> Failure:
    """Return heading, explanation and next step for a problem code."""
    return _FAILURES.get(code, _OTHERWISE)


def scope_text(scope: str) -> str:
    """Return a scope in plain words, or its own last part where we have none."""
    short = scope.rstrip("/").rpartition("/")[2]
    return _SCOPES.get(short.lower(), short)


def permissions(scopes: Iterable[str]) -> list[str]:
    """Return scopes in plain words, each sentence once, in the order of the scopes."""
    return list(dict.fromkeys(map(scope_text, scopes)))
