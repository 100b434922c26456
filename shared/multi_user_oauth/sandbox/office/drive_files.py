"""A file as Google Drive writes it, and as a caller describes one that is to be."""

import mimetypes
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import abort

from ..apis import google_error
from ..company import Account, google_digits
from ..state import State
from .drive_callers import Caller, invalid
from .drive_seeds import FOLDER, new_id
from .drives import Item


class Metadata(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """What may be said about a file; anything else is refused, so that a mistake is seen."""

    id: str | None = None
    kind: str | None = None
    name: str | None = None
    mime_type: str | None = None
    description: str | None = None
    parents: list[str] | None = None
    app_properties: dict[str, str] | None = None
    trashed: bool | None = None


def metadata_of(body: bytes) -> Metadata:
    """Read a caller's JSON; an empty body says nothing."""
    try:
        return msgspec.json.decode(body or b"{}", type=Metadata)
    except msgspec.DecodeError:
        abort(google_error(400, "Parse Error", "parseError"))


def at(seconds: float) -> str:
    """Give a time as Drive writes it (RFC 3339)."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user(account: Account) -> dict[str, Any]:
    """Give a person as Drive describes the owner of a file."""
    return {
        "kind": "drive#user",
        "displayName": account.name,
        "me": True,
        "permissionId": google_digits(f"permission/{account.id}"),
        "emailAddress": account.email,
    }


def native(item: Item) -> bool:
    """Tell whether it lives in one of Google's editors, or is a folder: it has no bytes."""
    return item.mime_type.startswith("application/vnd.google-apps.")


def as_file(account: Account, item: Item) -> dict[str, Any]:
    """Give all fields of a file."""
    kind = "folders" if item.folder else "file"
    shown: dict[str, Any] = {
        "kind": "drive#file",
        "id": item.id,
        "name": item.name,
        "mimeType": item.mime_type,
        "starred": False,
        "trashed": item.trashed,
        "explicitlyTrashed": item.trashed,
        "spaces": ["drive"],
        "version": str(item.version),
        "webViewLink": f"https://drive.google.com/{kind}/{item.id}/view",
        "createdTime": at(item.created_at),
        "modifiedTime": at(item.modified_at),
        "modifiedByMe": True,
        "owners": [user(account)],
        "lastModifyingUser": user(account),
        "ownedByMe": True,
        "shared": False,
        "quotaBytesUsed": "0" if native(item) else str(item.size),
    }
    if item.parent:
        shown["parents"] = [item.parent]
    if item.description:
        shown["description"] = item.description
    if item.app_properties:
        shown["appProperties"] = item.app_properties
    if not native(item):
        shown["size"] = str(item.size)
        shown["originalFilename"] = item.name
        shown["fileExtension"] = item.name.rpartition(".")[2] if "." in item.name else ""
        shown["headRevisionId"] = f"{item.id}-{item.version}"
    return shown


def drafted(state: State, caller: Caller, told: Metadata, content_type: str) -> Item:
    """Give the file that is to be; a wrong id or folder is refused."""
    if len(told.parents or ()) > 1:
        words = "A file cannot have more than one parent."
        abort(google_error(403, words, "teamDrivesParentLimit"))
    parent = caller.find(told.parents[0]) if told.parents else caller.tree.root
    if not parent.folder:
        words = "The specified parent is not a folder."
        abort(google_error(403, words, "parentNotAFolder"))
    name = told.name or "Untitled"
    guessed = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    now = state.now()
    return Item(
        id=_own_id(state, caller, told.id) if told.id else new_id(state, "google"),
        parent=parent.id,
        name=name,
        mime_type=told.mime_type or guessed,
        folder=told.mime_type == FOLDER,
        created_at=now,
        modified_at=now,
        client_id=caller.client_id,
        description=told.description or "",
        app_properties=told.app_properties or {},
    )


def _own_id(state: State, caller: Caller, wanted: str) -> str:
    if caller.tree.get(wanted):
        abort(google_error(409, "A file already exists with the provided ID.", "fileIdInUse"))
    if wanted not in state.office.drives.generated.get(caller.account.id, ()):
        abort(invalid("The provided file ID is not usable.", "invalid"))
    return wanted


def changed(state: State, item: Item, told: Metadata, content_type: str = "") -> Item:
    """Give a file with what its owner says about it from now on; its bytes stay."""
    if told.parents is not None or told.id not in (None, item.id):
        words = "The parents field is not directly writable in update requests."
        abort(google_error(403, words, "fieldNotWritable"))
    properties = item.app_properties if told.app_properties is None else told.app_properties
    kind = item.mime_type if native(item) else told.mime_type or content_type or item.mime_type
    return replace(
        item,
        name=told.name or item.name,
        mime_type=kind,
        description=item.description if told.description is None else told.description,
        app_properties=properties,
        trashed=item.trashed if told.trashed is None else told.trashed,
        modified_at=state.now(),
        version=item.version + 1,
    )
