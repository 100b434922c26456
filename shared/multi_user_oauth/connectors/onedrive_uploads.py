"""Large files on their way into OneDrive, by upload sessions (Graph, "createUploadSession")."""

import re
from typing import Final

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.downloads import LARGEST_REFUSAL
from multi_user_oauth.connectors.onedrive_items import stored
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import ItemNotFoundError, ProviderRejectedError
from multi_user_oauth.model import Secret
from multi_user_oauth.model.files import File
from multi_user_oauth.net.door import STREAMED, required
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import HttpAnswer, Json
from multi_user_oauth.ports.connectors import Stream, UploadSession

BYTES: Final = Hosts((".sharepoint.com", ".svc.ms"))
"""Where a work account's bytes are ("Microsoft 365 URLs and IP address ranges", SharePoint)."""
_ACCEPTED: Final = 202
_EXPECTED: Final = re.compile(r"(\d{1,16})-\d{0,16}")


def session_of(document: Json) -> UploadSession:
    """Return the session that was begun; raise `ProviderAnswerRefusedError` for one elsewhere."""
    url = document.get("uploadUrl")
    return UploadSession(
        url=Secret(required(url if isinstance(url, str) else "", BYTES)), next_offset=0
    )


def send_chunk(api: Api, url: Secret, first: int, total: int, content: Stream) -> File | int:
    """Send the bytes from `first` on; return the file once it is whole, else the next offset."""
    where = f"bytes {first}-{first + len(content) - 1}/{total}"
    headers = {"Content-Range": where, "Content-Type": "application/octet-stream"}
    answer = _asked(api, "PUT", url, headers=headers, content=content)
    document = _json(answer)
    return _next(document) if answer.status == _ACCEPTED else stored(document)


def next_offset(api: Api, url: Secret) -> int:
    """Return how far it is; a session that has ended, well or not, is not found any more."""
    return _next(_json(_asked(api, "GET", url, headers={}, content=None)))


def _asked(
    api: Api, method: str, url: Secret, *, headers: dict[str, str], content: Stream | None
) -> HttpAnswer:
    call = Call(
        method=method,
        url=url.reveal(),
        needs=(),
        headers=headers,
        body=content,
        seconds=STREAMED,
    )
    try:
        return api.open_without_token(call, BYTES, most=LARGEST_REFUSAL).whole()
    except ProviderRejectedError as refused:
        if refused.reason != "token_refused":
            raise
        # The leave to write is in the address: it has expired, and nobody can renew it.
        raise ItemNotFoundError("the upload session has expired") from None


def _json(answer: HttpAnswer) -> Json:
    document = answer.json()
    if document is None:
        raise ProviderUnavailableError("the provider's answer is not JSON")
    return document


def _next(document: Json) -> int:
    ranges = document.get("nextExpectedRanges")
    first = ranges[0] if isinstance(ranges, list) and ranges else None
    found = _EXPECTED.fullmatch(first) if isinstance(first, str) else None
    if found is None:
        raise ProviderUnavailableError("the provider does not say which bytes it expects")
    return int(found[1])
