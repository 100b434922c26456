"""The page /files: what each person holds at each provider."""

from multi_user_oauth.sandbox.company import ACCOUNTS
from tests.unit.sandbox.conftest import World


def test_the_page_shows_everybodys_files(world: World) -> None:
    """A list for each person and provider, with names, sizes and times; nothing is asked for."""
    page = world.sandbox.app.test_client().get("/files").text
    for account in ACCOUNTS:
        for provider in ("microsoft", "google"):
            assert f'<ul class="files" id="{provider}-{account.id}"' in page
    assert "Notes of Sarah.txt" in page
    assert "Documents / " in page
    assert '<time class="small" datetime="2026-02-28T09:00:00+00:00">' in page
    assert "This is a sandbox" in page
    assert " style=" not in page


def test_a_name_is_text_on_the_page(world: World) -> None:
    """Whatever a file is called, it is no markup; a stored file is there at once, with its size."""
    token = world.microsoft("sarah", "Files.ReadWrite")["access_token"]
    url = "https://graph.microsoft.com/v1.0/me/drive/root:/a&lt; b.txt:/content"
    assert world.api(url, token, "PUT", data=bytes(3 * 1024 * 1024)).status_code == 201
    page = world.sandbox.app.test_client().get("/files").text
    assert "a&amp;lt; b.txt" in page
    assert "3.0 MiB" in page


def test_an_empty_place_says_so(world: World) -> None:
    """Whoever deletes everything sees that nothing is left."""
    token = world.microsoft("sarah", "Files.ReadWrite")["access_token"]
    drive = "https://graph.microsoft.com/v1.0/me/drive"
    for item in world.api(f"{drive}/root/children", token).json()["value"]:
        world.api(f"{drive}/items/{item['id']}", token, "DELETE")
    assert "Nothing is here." in world.sandbox.app.test_client().get("/files").text
