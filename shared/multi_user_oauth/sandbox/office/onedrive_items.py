"""A file or folder as Microsoft Graph writes it: the driveItem resource of v1.0."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from flask import abort, request

from ..apis import graph_error
from ..company import Account, stable_guid
from ..state import State
from .drives import Item, Tree
from .onedrive_addresses import HOST, download_url, home

V1: Final = "https://graph.microsoft.com/v1.0"
DOWNLOAD: Final = "@microsoft.graph.downloadUrl"
QUOTA: Final = 1_099_511_627_776
_WORDS: Final = (
    "audio bundle cTag children content createdBy createdByUser createdDateTime deleted description"
    " eTag file fileSystemInfo folder id image lastModifiedBy lastModifiedByUser"
    " lastModifiedDateTime location malware name package parentReference permissions photo"
    " publication remoteItem root searchResult shared sharepointIds size specialFolder"
    " subscriptions thumbnails versions video webDavUrl webUrl"
)
_PROPERTIES: Final = frozenset(_WORDS.split())
"""What $select may name (driveItem resource type, v1.0)."""


def at(seconds: float) -> str:
    """Give a time as Graph writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def drive_id(account: Account) -> str:
    """Give the id of a person's OneDrive."""
    return f"b!{stable_guid(f'drive/{account.id}').replace('-', '')}"


def as_drive(account: Account, tree: Tree) -> dict[str, Any]:
    """Give a person's OneDrive as Graph describes it."""
    used = tree.size(tree.root)
    quota = {"deleted": 0, "remaining": QUOTA - used, "state": "normal", "total": QUOTA}
    return {
        "@odata.context": f"{V1}/$metadata#drives/$entity",
        "id": drive_id(account),
        "driveType": "business",
        "name": "OneDrive",
        "createdDateTime": at(tree.root.created_at),
        "lastModifiedDateTime": at(max(item.modified_at for item in tree)),
        "webUrl": f"https://{HOST}/personal/{home(account)}/Documents",
        "owner": {"user": _user(account)},
        "quota": quota | {"used": used},
    }


def as_drive_item(
    state: State, account: Account, tree: Tree, item: Item, wanted: frozenset[str] | None = None
) -> dict[str, Any]:
    """Give an item; of its properties only those that `wanted` names, if it names any."""
    guid = stable_guid(item.id).upper()
    path = [quote(folder.name) for folder in (*tree.above(item)[1:], item)]
    shown: dict[str, Any] = {
        "createdDateTime": at(item.created_at),
        "eTag": f'"{{{guid}}},{item.version}"',
        "id": item.id,
        "lastModifiedDateTime": at(item.modified_at),
        "name": item.name,
        "webUrl": f"https://{HOST}/personal/{home(account)}/Documents/{'/'.join(path)}",
        "cTag": f'"c:{{{guid}}},{item.version}"',
        "size": tree.size(item),
        "createdBy": {"user": _user(account)},
        "lastModifiedBy": {"user": _user(account)},
        "parentReference": _parent(account, tree, item),
        "fileSystemInfo": {
            "createdDateTime": at(item.created_at),
            "lastModifiedDateTime": at(item.modified_at),
        },
    }
    if item.folder:
        shown["folder"] = {"childCount": len(tree.children(item))}
    else:
        shown["file"] = {"mimeType": item.mime_type}
        if wanted is None or DOWNLOAD in wanted:
            shown[DOWNLOAD] = download_url(state, account, item)
    if item.parent is None:
        shown["root"] = {}
        shown["webUrl"] = f"https://{HOST}/personal/{home(account)}/Documents"
    return shown if wanted is None else {k: v for k, v in shown.items() if k in wanted}


def selected() -> frozenset[str] | None:
    """Read this request's $select; a name that driveItem does not have is refused."""
    asked = request.args.get("$select")
    if asked is None:
        return None
    names = frozenset(name.strip() for name in asked.split(","))
    for name in sorted(names - _PROPERTIES - {DOWNLOAD}):
        words = f"Could not find a property named '{name}' on type 'microsoft.graph.driveItem'."
        abort(graph_error(400, words, "BadRequest"))
    return names


def _user(account: Account) -> dict[str, str]:
    oid = account.oid(account.home_tenant)
    return {"email": account.email, "id": oid, "displayName": account.name}


def _parent(account: Account, tree: Tree, item: Item) -> dict[str, str]:
    drive = {"driveType": "business", "driveId": drive_id(account)}
    if item.parent is None:
        return drive
    names = [quote(folder.name) for folder in tree.above(item)[1:]]
    path = "/".join([f"/drives/{drive_id(account)}/root:", *names])
    return {**drive, "id": item.parent, "name": tree.above(item)[-1].name, "path": path}
