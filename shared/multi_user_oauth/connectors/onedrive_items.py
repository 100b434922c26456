"""A file or folder as Graph writes it (the driveItem resource type, v1.0), and pages of them."""

from typing import Final
from urllib.parse import unquote, urlsplit

from multi_user_oauth.connectors.file_reading import (
    count,
    facet,
    moment,
    objects,
    page_address,
    text,
)
from multi_user_oauth.errors.connector import ProviderAnswerRefusedError
from multi_user_oauth.model.files import File
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.net.door import required
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import Json

SELECT: Final = "id,name,size,file,folder,remoteItem,lastModifiedDateTime,webUrl"
GRAPH: Final = Hosts(("graph.microsoft.com",))
NEXT: Final = "@odata.nextLink"


def file_of(item: Json) -> File | None:
    """Return the file, None for an item without an id; what is somebody else's lies in `remoteItem`."""
    remote = facet(item, "remoteItem") or {}
    folder = facet(item, "folder") is not None or facet(remote, "folder") is not None
    kind = facet(item, "file") or facet(remote, "file") or {}
    item_id = text(item.get("id"))
    if not item_id:
        return None
    return File(
        id=item_id,
        name=text(item.get("name")),
        folder=folder,
        size=None if folder else count(item.get("size")),
        content_type=text(kind.get("mimeType")) or None,
        modified_at=moment(item.get("lastModifiedDateTime")),
        web_url=page_address(item.get("webUrl")),
    )


def stored(item: Json) -> File:
    """Return the one file that an answer is; raise `ProviderAnswerRefusedError` if it is none."""
    found = file_of(item)
    if found is None:
        raise ProviderAnswerRefusedError("a file without an id")
    return found


def page_of(document: Json, url: str) -> Paged[File]:
    """Return a page of the list at this address; raise `ProviderAnswerRefusedError`."""
    files = tuple(each for each in map(file_of, objects(document, "value")) if each is not None)
    link = document.get(NEXT)
    return Paged(items=files, cursor=None if link is None else following(link, url))


def following(link: object, url: str) -> str:
    """
    Return the address of a list's next page; raise `ProviderAnswerRefusedError`.

    It has to be the same list: whatever else it names, a person's token is not sent there.
    """
    found = required(link if isinstance(link, str) else "", GRAPH)
    if unquote(urlsplit(found).path) != unquote(urlsplit(url).path):
        raise ProviderAnswerRefusedError("the next page of another list")
    return found
