"""The attachments of a mail: as they came with the request, or out of the person's own files."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import msgspec

from multi_user_oauth.http.acting import Asked
from multi_user_oauth.http.large_bodies import LargeBodies
from multi_user_oauth.http.mail_body import (
    LARGEST_ATTACHMENTS,
    LONGEST_NAME,
    NewAttachment,
    SendEmail,
    too_large,
)
from multi_user_oauth.model import Action
from multi_user_oauth.model.mail import Attachment, OutgoingMail

ANY_BYTES: Final = "application/octet-stream"


def with_attachments(
    mail: OutgoingMail, said: SendEmail, asked: Asked, large: LargeBodies, held: ExitStack
) -> OutgoingMail:
    """
    Return the mail with its attachments; what a file takes in memory is counted until `held` ends.

    Raise `BodyTooLargeError`, and whatever reading a file raises: it is another action, for which the
    caller needs another right.
    """
    left = LARGEST_ATTACHMENTS - sum(len(each.content or b"") for each in said.attachments)
    found = []
    for each in said.attachments:
        if each.content is not msgspec.UNSET:
            found.append(_given(each, each.content))
            continue
        found.append(_fetched(each, asked, large, held, left))
        left -= len(found[-1].content)
    return replace(mail, attachments=tuple(found))


def _given(new: NewAttachment, content: bytes) -> Attachment:
    kind = new.content_type or ANY_BYTES
    return Attachment(name=new.name or "", content_type=kind, content=content)


def _fetched(
    new: NewAttachment, asked: Asked, large: LargeBodies, held: ExitStack, left: int
) -> Attachment:
    person, files = asked.acting_for(Action.FILES_READ), asked.services.files
    name = new.name or _cleaned(files.file(person, new.file_id or "").name)
    download = files.download(person, new.file_id or "", None)
    try:
        if download.total > left:
            raise too_large()
        held.enter_context(large.held(download.total))
        content = b"".join(download.chunks())
    finally:
        download.close()
    # Without parameters: what is left of a type is `type/subtype`.
    kind = new.content_type or download.content_type.partition(";")[0].strip()
    return Attachment(name=name, content_type=kind, content=content)


def _cleaned(name: str) -> str:
    """Return a file's name as one that an attachment may have; in Drive it may be anything."""
    kept = "".join(each if each.isprintable() and each not in "/\\" else "_" for each in name)
    return kept[:LONGEST_NAME].strip(". ") or "file"
