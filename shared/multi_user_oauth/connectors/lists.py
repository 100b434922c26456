"""Reading lists of Graph and Google: the items, the texts in them, and the way to the next page."""

from typing import Final
from urllib.parse import unquote, urlsplit

from multi_user_oauth.connectors.manners import GraphManners
from multi_user_oauth.errors.connector import ProviderAnswerRefusedError
from multi_user_oauth.net.door import required
from multi_user_oauth.net.http_answer import Json

GRAPH: Final = "https://graph.microsoft.com/v1.0"


def items_of(document: Json, name: str) -> list[object]:
    """Return the items under this name; raise `ProviderAnswerRefusedError` if there is no list."""
    items = document.get(name)
    if not isinstance(items, list):
        raise ProviderAnswerRefusedError("the answer to a list is no list")
    return items


def text_of(document: object, name: str) -> str:
    """Return the text under this name, empty where there is none."""
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""


def web_address(text: str | None) -> str | None:
    """Return the address of a page for people, None for what is none: somebody will click on it."""
    return text if text and text.startswith("https://") else None


def next_page(link: str, *lists: str) -> str:
    """
    Return an `@odata.nextLink` as it is, if it leads to one of these paths of Graph.

    Raise `ProviderAnswerRefusedError`: the person's token would go along.
    """
    path = unquote(urlsplit(required(link, GraphManners.hosts)).path)
    if path not in [unquote(urlsplit(f"{GRAPH}{each}").path) for each in lists]:
        raise ProviderAnswerRefusedError("the next page is of another list")
    return link
