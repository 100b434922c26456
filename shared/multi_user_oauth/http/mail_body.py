"""A mail as a request describes it, checked: addresses, headers, names of attachments."""

import re
from typing import Annotated, Final

import msgspec

from multi_user_oauth.errors import RequestError
from multi_user_oauth.errors.request import BodyTooLargeError
from multi_user_oauth.http.reading import learned
from multi_user_oauth.http.words import line
from multi_user_oauth.model import normalise_email
from multi_user_oauth.model.mail import OutgoingMail

MOST_RECIPIENTS: Final = 500
LONGEST_SUBJECT: Final = 998
LONGEST_NAME: Final = 255
LARGEST_ATTACHMENTS: Final = 23 * 1024 * 1024
"""Bytes: in base64, four for three, they fit into the 32 MiB of a request, and into a mail."""
_TYPE: Final = re.compile(
    r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}", re.ASCII
)

OneOrMore = str | Annotated[list[str], msgspec.Meta(max_length=MOST_RECIPIENTS)]


@learned
class NewAttachment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Its bytes, or a file of the person's that has them."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    content_type: str | msgspec.UnsetType = msgspec.UNSET
    content: bytes | msgspec.UnsetType = msgspec.UNSET
    file_id: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | msgspec.UnsetType = (
        msgspec.UNSET
    )


@learned
class SendEmail(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A mail to be sent."""

    user_email: str
    subject: str
    to: OneOrMore = ()  # type: ignore[assignment]  # reason: an empty list that nobody can change
    cc: OneOrMore = ()  # type: ignore[assignment]  # reason: as above
    bcc: OneOrMore = ()  # type: ignore[assignment]  # reason: as above
    reply_to: OneOrMore = ()  # type: ignore[assignment]  # reason: as above
    body: str | msgspec.UnsetType = msgspec.UNSET
    html: str | msgspec.UnsetType = msgspec.UNSET
    attachments: Annotated[tuple[NewAttachment, ...], msgspec.Meta(max_length=100)] = ()
    purpose: str = ""


def outgoing(asked: SendEmail) -> OutgoingMail:
    """
    Return the mail without its attachments, which are checked nevertheless.

    Raise `MalformedEmailError` or `RequestError`, naming the field; `BodyTooLargeError`.
    """
    mail = OutgoingMail(
        to=_addresses(asked.to, "to"),
        cc=_addresses(asked.cc, "cc"),
        bcc=_addresses(asked.bcc, "bcc"),
        reply_to=_addresses(asked.reply_to, "reply_to"),
        subject=line(asked.subject, "subject", LONGEST_SUBJECT),
        text=None if asked.body is msgspec.UNSET else asked.body,
        html=None if asked.html is msgspec.UNSET else asked.html,
    )
    recipients = len(mail.to) + len(mail.cc) + len(mail.bcc)
    if not 1 <= recipients <= MOST_RECIPIENTS:
        message = f"to, cc and bcc name together 1 to {MOST_RECIPIENTS} addresses"
        raise RequestError(message, field="to")
    for each in asked.attachments:
        _check(each)
    if sum(len(each.content or b"") for each in asked.attachments) > LARGEST_ATTACHMENTS:
        raise too_large()
    return mail


def too_large() -> BodyTooLargeError:
    """Return the refusal of attachments that are together too large."""
    message = f"attachments may hold {LARGEST_ATTACHMENTS} bytes together"
    return BodyTooLargeError(message, field="attachments")


def is_name(name: str) -> bool:
    """Return whether this is a file's name, without a folder and all on one line."""
    return bool(name) and name not in (".", "..") and not {"/", "\\"} & set(name)


def _check(attachment: NewAttachment) -> None:
    if (attachment.content is msgspec.UNSET) == (attachment.file_id is msgspec.UNSET):
        message = "each of attachments has either content or file_id"
        raise RequestError(message, field="attachments")
    if attachment.name is msgspec.UNSET and attachment.file_id is msgspec.UNSET:
        raise RequestError("attachments with content have a name", field="attachments")
    if attachment.name is not msgspec.UNSET:
        line(attachment.name, "attachments", LONGEST_NAME)
        if not is_name(attachment.name):
            raise RequestError("attachments have names without a folder", field="attachments")
    kind = attachment.content_type
    if kind is not msgspec.UNSET and not _TYPE.fullmatch(kind):
        raise RequestError("attachments have a content_type like text/csv", field="attachments")


def _addresses(given: OneOrMore, field: str) -> tuple[str, ...]:
    listed = (given,) if isinstance(given, str) else given
    return tuple(normalise_email(each, field=field) for each in listed)
