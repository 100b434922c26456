"""A file or folder as Google Drive writes it (drive.v3, File), and what Google's editors give out."""

from typing import Final

from multi_user_oauth.connectors.file_reading import count, moment, page_address, text
from multi_user_oauth.errors.connector import ProviderAnswerRefusedError
from multi_user_oauth.model.files import File, NewFile
from multi_user_oauth.net.http_answer import Json

FIELDS: Final = "id,name,mimeType,size,modifiedTime,webViewLink"
_EDITORS: Final = "application/vnd.google-apps."
_FOLDER: Final = f"{_EDITORS}folder"
_PDF: Final = "application/pdf"
EXPORTS: Final = {
    f"{_EDITORS}document": _PDF,
    f"{_EDITORS}drawing": _PDF,
    f"{_EDITORS}presentation": _PDF,
    f"{_EDITORS}spreadsheet": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""As what a document without bytes is read ("Export MIME types for Google Workspace documents")."""


def file_of(item: Json) -> File | None:
    """Return the file, None without an id; the size of an editor's document is none of its bytes."""
    kind = text(item.get("mimeType"))
    item_id = text(item.get("id"))
    if not item_id:
        return None
    return File(
        id=item_id,
        name=text(item.get("name")),
        folder=kind == _FOLDER,
        size=None if kind.startswith(_EDITORS) else count(item.get("size")),
        content_type=kind or None,
        modified_at=moment(item.get("modifiedTime")),
        web_url=page_address(item.get("webViewLink")),
    )


def stored(item: Json) -> File:
    """Return the one file that an answer is; raise `ProviderAnswerRefusedError` if it is none."""
    found = file_of(item)
    if found is None:
        raise ProviderAnswerRefusedError("a file without an id")
    return found


def metadata(new: NewFile) -> dict[str, object]:
    """Return what is said of a file that is to be."""
    parents = {} if new.folder_id is None else {"parents": [new.folder_id]}
    return {"name": new.name, "mimeType": new.content_type, **parents}


def text_literal(value: str) -> str:
    """Return a text as `q` takes it ("Search for files and folders")."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
