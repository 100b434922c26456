"""Files in Google Drive, by the Drive API."""

from typing import Final

from multi_user_oauth.connectors import drive_uploads as uploads
from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.downloads import Held, Passing, most_of, range_header
from multi_user_oauth.connectors.drive_files import (
    EXPORTS,
    FIELDS,
    file_of,
    stored,
    text_literal,
)
from multi_user_oauth.connectors.file_reading import objects, segment, text
from multi_user_oauth.errors.connector import ItemExistsError, ProviderRejectedError
from multi_user_oauth.model import Secret
from multi_user_oauth.model.files import ByteRange, File, FileQuery, NewFile
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.net.door import STREAMED
from multi_user_oauth.ports.connectors import ActingAs, Download, Stream, UploadSession

FILES: Final = "https://www.googleapis.com/drive/v3/files"
_SCOPE: Final = "https://www.googleapis.com/auth/drive"
SEE: Final = (
    *(f"{_SCOPE}.file", f"{_SCOPE}.metadata.readonly", f"{_SCOPE}.readonly"),
    *(f"{_SCOPE}.metadata", _SCOPE),
)
"""With the first alone Drive shows what was made by this application, and nothing else."""
READ: Final = (f"{_SCOPE}.file", f"{_SCOPE}.readonly", _SCOPE)
WRITE: Final = (f"{_SCOPE}.file", _SCOPE)
LARGEST_EXPORT: Final = 10 * 1024 * 1024
"""Drive exports no more ("files.export"); it is read whole, for nobody knows its size before."""
_EVERYWHERE: Final = (("supportsAllDrives", "true"),)


class Drive:
    """One for the process: whose it is comes with each call."""

    write_scopes: tuple[str, ...] = WRITE

    def __init__(self, api: Api) -> None:
        self._api = api

    def files(self, person: ActingAs, query: FileQuery) -> Paged[File]:
        """Return a page of a folder, or of what a search finds in names and contents."""
        paging = () if query.cursor is None else (("pageToken", query.cursor),)
        # By relevance, where it is searched: Drive sorts no full text.
        order = () if query.search is not None else (("orderBy", "folder,name"),)
        asked = (("q", _q(query)), ("pageSize", str(query.limit)), *order, *paging)
        document = self._api.json(person, _list(SEE, f"nextPageToken,files({FIELDS})", asked))
        found = tuple(each for each in map(file_of, objects(document, "files")) if each is not None)
        return Paged(items=found, cursor=text(document.get("nextPageToken")) or None)

    def file(self, person: ActingAs, file_id: str) -> File:
        """Return one file without its bytes; raise `ItemNotFoundError`."""
        asked = (("fields", FIELDS), *_EVERYWHERE)
        call = Call(method="GET", url=_url(file_id), needs=SEE, query=asked)
        return stored(self._api.json(person, call))

    def download(self, person: ActingAs, file_id: str, wanted: ByteRange | None) -> Download:
        """Return its bytes, of at most this range; a document of Google's editors is exported."""
        call = Call(
            method="GET",
            url=_url(file_id),
            needs=READ,
            query=(("alt", "media"), *_EVERYWHERE),
            headers=range_header(wanted),
            seconds=STREAMED,
        )
        try:
            return Passing(self._api.opened(person, call, most=most_of(wanted)), wanted)
        except ProviderRejectedError as refused:
            if refused.reason != "fileNotDownloadable":
                raise
            return self._exported(person, file_id, wanted, refused)

    def upload(self, person: ActingAs, new: NewFile, content: bytes) -> File:
        """Store a small file; raise `ItemExistsError` for a name that was there before."""
        self._require_free(person, new)
        return stored(self._api.json(person, uploads.small_upload(new, content, WRITE)))

    def start_upload(self, person: ActingAs, new: NewFile) -> UploadSession:
        """Begin to store a large file; raise `ItemExistsError` for a name that was there before."""
        self._require_free(person, new)
        return uploads.session_of(self._api.whole(person, uploads.session_call(new, WRITE)))

    def send_chunk(self, url: Secret, first: int, total: int, content: Stream) -> File | int:
        """Send the bytes from `first` on; return the file once it is whole, else the next offset."""
        return uploads.send_chunk(self._api, url, first, total, content)

    def next_offset(self, url: Secret, total: int) -> File | int:
        """Return how far an upload is, or the file; raise `ItemNotFoundError` if it is gone."""
        return uploads.next_offset(self._api, url, total)

    def _exported(
        self,
        person: ActingAs,
        file_id: str,
        wanted: ByteRange | None,
        refused: ProviderRejectedError,
    ) -> Download:
        kind = EXPORTS.get(self.file(person, file_id).content_type or "")
        if kind is None:
            raise refused
        asked = (("mimeType", kind),)
        call = Call(method="GET", url=f"{_url(file_id)}/export", needs=READ, query=asked)
        answer = self._api.opened(person, call, most=LARGEST_EXPORT).whole()
        return Held(answer.body, kind, wanted)

    def _require_free(self, person: ActingAs, new: NewFile) -> None:
        """Look whether the name is taken: Drive itself lets many files have one."""
        folder = text_literal(new.folder_id or "root")
        q = f"name = {text_literal(new.name)} and {folder} in parents and trashed = false"
        document = self._api.json(person, _list(WRITE, "files(id)", (("q", q), ("pageSize", "1"))))
        if objects(document, "files"):
            raise ItemExistsError("there is one of that name")


def _url(file_id: str) -> str:
    return f"{FILES}/{segment(file_id)}"


def _list(needs: tuple[str, ...], fields: str, asked: tuple[tuple[str, str], ...]) -> Call:
    everywhere = (*_EVERYWHERE, ("includeItemsFromAllDrives", "true"))
    return Call(
        method="GET", url=FILES, needs=needs, query=(*asked, ("fields", fields), *everywhere)
    )


def _q(query: FileQuery) -> str:
    if query.search is not None:
        return f"fullText contains {text_literal(query.search)} and trashed = false"
    return f"{text_literal(query.folder_id or 'root')} in parents and trashed = false"
