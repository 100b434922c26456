"""Attachments on their way to a draft in Outlook: small ones at once, large ones in chunks."""

from typing import Final

import msgspec

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call, json_call
from multi_user_oauth.connectors.item_ids import in_path
from multi_user_oauth.connectors.lists import text_of
from multi_user_oauth.connectors.outlook_letter import file
from multi_user_oauth.connectors.outlook_places import ME, UPLOADS, posted
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.model.mail import Attachment
from multi_user_oauth.ports.connectors import ActingAs

IN_CHUNKS: Final = 3 * 1024 * 1024
"""Bytes from which on Outlook wants an upload session ("attachment: createUploadSession")."""
CHUNK: Final = 10 * 320 * 1024  # at most 4 MB each, in multiples of 320 KiB
LARGEST_ANSWER: Final = 64 * 1024
CREATED: Final = 201


def attach(
    api: Api, person: ActingAs, draft: str, attachment: Attachment, *, needs: tuple[str, ...]
) -> None:
    """Add this attachment to a draft; raise as `Api.whole` does."""
    place = f"{ME}/messages/{in_path(draft)}/attachments"
    if len(attachment.content) < IN_CHUNKS:
        api.whole(person, posted(place, msgspec.json.encode(file(attachment)), needs=needs))
        return
    announced = {
        "AttachmentItem": {
            "attachmentType": "file",
            "name": attachment.name,
            "contentType": attachment.content_type,
            "size": len(attachment.content),
        }
    }
    begin = json_call("POST", f"{place}/createUploadSession", announced, needs=needs)
    _upload(api, text_of(api.json(person, begin), "uploadUrl"), attachment.content)


def _upload(api: Api, url: str, content: bytes) -> None:
    """Send the bytes to a pre-authenticated address, in order; the last answer says that all came."""
    status = 0
    for first in range(0, len(content), CHUNK):
        chunk = content[first : first + CHUNK]
        span = f"bytes {first}-{first + len(chunk) - 1}/{len(content)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Range": span}
        call = Call(method="PUT", url=url, needs=(), headers=headers, body=chunk)
        status = api.open_without_token(call, UPLOADS, most=LARGEST_ANSWER).whole().status
    if status != CREATED:
        raise ProviderUnavailableError("Outlook did not take all of an attachment")
