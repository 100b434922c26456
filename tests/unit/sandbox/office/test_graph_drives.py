"""OneDrive through Graph by a drive's id: a person's own drive, and nobody else's."""

from typing import Any
from urllib.parse import quote

import requests

from tests.unit.sandbox.conftest import World

V1 = "https://graph.microsoft.com/v1.0"


def asked(world: World, path: str, token: str, method: str = "GET") -> requests.Response:
    """Ask Graph, without following redirects."""
    answer: requests.Response = world.api(f"{V1}/{path}", token, method, allow_redirects=False)
    return answer


def files_token(world: World, account: str, scope: str = "Files.ReadWrite") -> str:
    """Return a person's token."""
    token: str = world.microsoft(account, scope)["access_token"]
    return token


def value(answer: requests.Response) -> Any:  # noqa: ANN401  # reason: JSON
    """Return an answer's JSON without the addresses that differ with the path."""
    document = answer.json()
    document.pop("@odata.context", None)
    return document


def test_ones_own_drive_has_the_same_by_its_id(world: World) -> None:
    """Drive, top folder, its children, a file and its bytes; and a page leads on below the id."""
    token = files_token(world, "sarah")
    drive = f"drives/{quote(asked(world, 'me/drive', token).json()['id'], safe='')}"
    (notes,) = [
        item
        for item in asked(world, "me/drive/root/children", token).json()["value"]
        if "file" in item
    ]
    for path in ("root", "root/children", "items/root/children", f"items/{notes['id']}"):
        mine, by_id = (asked(world, f"{place}/{path}", token) for place in ("me/drive", drive))
        assert (by_id.status_code, value(by_id)) == (200, value(mine)), path
    assert value(asked(world, drive, token)) == value(asked(world, "me/drive", token))
    content = asked(world, f"{drive}/items/{notes['id']}/content", token)
    assert (content.status_code, "Location" in content.headers) == (302, True)
    page = asked(world, f"{drive}/root/children?$top=1", token).json()
    following = page["@odata.nextLink"].removeprefix(f"{V1}/")
    assert following.startswith(f"{drive}/root/children?")
    assert asked(world, following, token).json()["value"][0]["id"] != page["value"][0]["id"]


def test_another_persons_drive_is_not_there(world: World) -> None:
    """Nor one that nobody has: the same 404, for whatever is asked, and nothing is changed."""
    sarah, john = files_token(world, "sarah"), files_token(world, "john")
    theirs = asked(world, "me/drive", sarah).json()["id"]
    (notes,) = [
        item
        for item in asked(world, "me/drive/root/children", sarah).json()["value"]
        if "file" in item
    ]
    for drive in (theirs, "b!0", "mine", "root"):
        for method, path in (
            ("GET", ""),
            ("GET", "root"),
            ("GET", "root/children"),
            ("GET", f"items/{notes['id']}"),
            ("GET", f"items/{notes['id']}/content"),
            ("PUT", f"items/{notes['id']}/content"),
            ("POST", "root/children"),
            ("DELETE", f"items/{notes['id']}"),
        ):
            place = f"drives/{quote(drive, safe='')}/{path}".rstrip("/")
            refused = asked(world, place, john, method)
            assert refused.status_code == 404, (method, path)
            assert refused.json()["error"]["code"] == "itemNotFound"
    assert asked(world, f"me/drive/items/{notes['id']}", sarah).json()["size"] == notes["size"]


def test_a_drive_by_its_id_takes_the_same_leave(world: World) -> None:
    """401 without a token that Microsoft gave, 403 without a scope for files."""
    drive = f"drives/{quote(asked(world, 'me/drive', files_token(world, 'sarah')).json()['id'])}"
    assert asked(world, f"{drive}/root/children", "none").status_code == 401
    assert (
        asked(world, f"{drive}/root", files_token(world, "sarah", "Mail.Send")).status_code == 403
    )
    reads = files_token(world, "sarah", "Files.Read")
    assert asked(world, f"{drive}/root/children", reads).status_code == 200
    assert asked(world, f"{drive}/root/children", reads, "POST").status_code == 403
