"""Files in OneDrive, by Microsoft Graph."""

from typing import Final
from urllib.parse import quote

from multi_user_oauth.connectors import onedrive_uploads as uploads
from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call, json_call
from multi_user_oauth.connectors.downloads import Passing, most_of, range_header
from multi_user_oauth.connectors.file_reading import segment
from multi_user_oauth.connectors.onedrive_items import (
    SELECT,
    following,
    page_of,
    stored,
)
from multi_user_oauth.model import Secret
from multi_user_oauth.model.files import ByteRange, File, FileQuery, NewFile
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.net.door import STREAMED
from multi_user_oauth.ports.connectors import ActingAs, Download, Stream, UploadSession

DRIVE: Final = "https://graph.microsoft.com/v1.0/me/drive"
READ: Final = ("Files.Read", "Files.ReadWrite", "Files.Read.All", "Files.ReadWrite.All")
WRITE: Final = ("Files.ReadWrite", "Files.ReadWrite.All")
CONFLICT: Final = "@microsoft.graph.conflictBehavior"


class OneDrive:
    """One for the process: whose it is comes with each call."""

    write_scopes: tuple[str, ...] = WRITE

    def __init__(self, api: Api) -> None:
        self._api = api

    def files(self, person: ActingAs, query: FileQuery) -> Paged[File]:
        """Return a page of a folder, or of what a search finds in names and contents."""
        url = _list_url(query)
        if query.cursor is None:
            asked = (("$top", str(query.limit)), ("$select", SELECT))
            call = Call(method="GET", url=url, needs=READ, query=asked)
        else:
            call = Call(method="GET", url=following(query.cursor, url), needs=READ)
        return page_of(self._api.json(person, call), url)

    def file(self, person: ActingAs, file_id: str) -> File:
        """Return one file without its bytes; raise `ItemNotFoundError`."""
        url = f"{DRIVE}/items/{segment(file_id)}"
        call = Call(method="GET", url=url, needs=READ, query=(("$select", SELECT),))
        return stored(self._api.json(person, call))

    def download(self, person: ActingAs, file_id: str, wanted: ByteRange | None) -> Download:
        """Return its bytes, of at most this range, from where Graph's redirect leads to."""
        call = Call(
            method="GET",
            url=f"{DRIVE}/items/{segment(file_id)}/content",
            needs=READ,
            headers=range_header(wanted),
            seconds=STREAMED,
        )
        incoming = self._api.opened(person, call, elsewhere=uploads.BYTES, most=most_of(wanted))
        return Passing(incoming, wanted)

    def upload(self, person: ActingAs, new: NewFile, content: bytes) -> File:
        """Store a small file; raise `ItemExistsError`. OneDrive goes by the name for its type."""
        call = Call(
            method="PUT",
            url=f"{_place(new)}/content",
            needs=WRITE,
            query=((CONFLICT, "fail"),),
            headers={"Content-Type": new.content_type},
            body=content,
        )
        return stored(self._api.json(person, call))

    def start_upload(self, person: ActingAs, new: NewFile) -> UploadSession:
        """Begin to store a large file; raise `ItemExistsError`."""
        item = {"item": {CONFLICT: "fail", "name": new.name}}
        call = json_call("POST", f"{_place(new)}/createUploadSession", item, needs=WRITE)
        return uploads.session_of(self._api.json(person, call))

    def send_chunk(self, url: Secret, first: int, total: int, content: Stream) -> File | int:
        """Send the bytes from `first` on; return the file once it is whole, else the next offset."""
        return uploads.send_chunk(self._api, url, first, total, content)

    def next_offset(self, url: Secret, total: int) -> File | int:
        """Return how far an upload is; raise `ItemNotFoundError` if it has ended or is gone."""
        return uploads.next_offset(self._api, url)


def _list_url(query: FileQuery) -> str:
    if query.search is not None:
        words = quote(query.search.replace("'", "''"), safe="")
        return f"{DRIVE}/root/search(q='{words}')"
    if query.folder_id is not None:
        return f"{DRIVE}/items/{segment(query.folder_id)}/children"
    return f"{DRIVE}/root/children"


def _place(new: NewFile) -> str:
    folder = "root" if new.folder_id is None else f"items/{segment(new.folder_id)}"
    return f"{DRIVE}/{folder}:/{quote(new.name, safe='')}:"
