"""The pages and their assets as `web` answers them: packed, kept in, ending on pages of ours."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
from flask import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import NotFoundError
from multi_user_oauth.http.web import WebRoutes
from multi_user_oauth.model import ConnectorType, Provider

FOLDER: Final = Path(__file__).parents[3] / "functions" / "web"
MICROSOFT: Final = ConnectorType(
    name="microsoft_teams",
    provider=Provider.MICROSOFT,
    title="Microsoft 365",
    client_id="id",
    client_secret_name="microsoft",
    required_scopes=("User.Read", "Mail.Send"),
    tenant_ids=("7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40",),
)
GOOGLE: Final = ConnectorType(
    name="google_workspace",
    provider=Provider.GOOGLE,
    title="Google Workspace",
    client_id="id",
    client_secret_name="google",
    required_scopes=("https://www.googleapis.com/auth/gmail.send",),
    optional_scopes=("https://www.googleapis.com/auth/drive.file",),
    hosted_domains=("company.com",),
)
Page = Callable[..., Response]


def routes(*types: ConnectorType) -> WebRoutes:
    """Return the routes over the real files."""
    return WebRoutes(
        folder=FOLDER,
        connector_types={each.name: each for each in types or (MICROSOFT, GOOGLE)},
        form_targets=["https://login.microsoftonline.com", "https://accounts.google.com"],
    )


def asked(path: str, **headers: str) -> Request:
    """Return a browser's request."""
    names = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(EnvironBuilder(path=path, headers=names).get_environ())


def page(path: str, web: WebRoutes | None = None, **headers: str) -> Response:
    """Answer one of the pages."""
    web = web or routes()
    handlers: dict[str, Page] = {"/account": web.account, "/admin": web.admin}
    request = asked(path, **headers)
    return handlers.get(request.path, web.page)(request)


PAGES = pytest.mark.parametrize("path", ["/", "/connect", "/account", "/admin"])


@PAGES
def test_every_page_is_packed_for_browsers_that_can_open_it(path: str) -> None:
    """The same page, a good deal smaller; caches are told that there are two."""
    plain, packed = page(path), page(path, Accept_Encoding="br, gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert {plain.headers["Vary"], packed.headers["Vary"]} == {"Accept-Encoding"}
    assert plain.content_type == packed.content_type == "text/html; charset=utf-8"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < 0.6 * len(plain.data)


@pytest.mark.parametrize("wish", ["", "identity", "br", "gzip;q=0", "*;q=0", ";;;"])
def test_nothing_is_packed_for_those_who_can_not_open_it(wish: str) -> None:
    """Refused, not named, or not readable: it comes as it is."""
    assert "Content-Encoding" not in page("/", Accept_Encoding=wish).headers
    style = routes().asset(asked("/", Accept_Encoding=wish), "style.css")
    assert style.data == (FOLDER / "assets" / "style.css").read_bytes()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("vendor/pico-2.1.1.min.css", "text/css"),
        ("account.js", "text/javascript"),
        ("google.svg", "image/svg+xml"),
        ("vendor/pico-LICENSE.md", "text/plain"),
    ],
)
def test_assets_are_packed_to_the_same_bytes_each_time(name: str, kind: str) -> None:
    """With the type that browsers insist on, whatever the system's own table says."""
    one, two = (routes().asset(asked("/", Accept_Encoding="gzip"), name) for _ in range(2))
    assert one.data == two.data
    assert gzip.decompress(one.data) == (FOLDER / "assets" / name).read_bytes()
    assert one.content_type == f"{kind}; charset=utf-8"
    assert one.headers["Cache-Control"] == "public, max-age=300"


def test_a_file_that_was_changed_is_served_as_it_is_now(tmp_path: Path) -> None:
    """What is kept is the packing of a text, not what a name once led to."""
    (tmp_path / "assets").mkdir()
    file = tmp_path / "assets" / "some.js"
    web = WebRoutes(folder=tmp_path, connector_types={}, form_targets=())
    for text in (b"one", b"two"):
        file.write_bytes(text)
        packed = web.asset(asked("/", Accept_Encoding="gzip"), "some.js")
        assert gzip.decompress(packed.data) == text


def test_a_link_out_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    """A symbolic link is followed before it is judged."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "main.py").write_text("secret")
    (tmp_path / "assets" / "main.js").symlink_to(tmp_path / "main.py")
    web = WebRoutes(folder=tmp_path, connector_types={}, form_targets=())
    with pytest.raises(NotFoundError):
        web.asset(asked("/"), "main.js")


@PAGES
def test_a_page_loads_nothing_foreign_and_runs_no_script_in_it(path: str) -> None:
    """Pictures may stand in the style sheet; nothing else is let in beside our own files."""
    answer = page(path)
    policy = answer.headers["Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self' https://accounts.google.com https://login.microsoftonline.com",
    }
    text = answer.get_data(as_text=True)
    assert text.count("<script") == text.count('<script type="module" src="/assets/')
    assert " style=" not in text
    assert "<style" not in text


@PAGES
def test_a_page_is_the_same_for_whoever_has_a_session(path: str) -> None:
    """That there is one is a hint; whose it is, and whether it is good, only the API says."""
    cookies = ("__Host-session=sarahs", "__Host-session=<script>")
    texts = {page(path, Cookie=cookie).data for cookie in cookies}
    assert len(texts) == 1
    assert texts != {page(path).data}
    assert b"sarahs" not in texts.pop()


@pytest.mark.parametrize(
    ("wish", "end"),
    [
        ("/admin", "/admin"),
        ("/admin?status=active#everybody", "/admin?status=active#everybody"),
        ("/", "/"),
        ("", "/account"),
        ("/assets/account.js", "/account"),
        ("//evil.example/admin", "/account"),
        ("///admin", "/account"),
        ("https://evil.example/admin", "/account"),
        ("/admin/../refresh", "/account"),
        ("/\\evil.example", "/account"),
        ("admin", "/account"),
        ("/admin?" + "x" * 1_100, "/account"),
    ],
)
def test_a_sign_in_ends_on_a_page_of_ours(wish: str, end: str) -> None:
    """The one that was asked for, else the account; authorize judges it once more."""
    text = page(f"/connect?{urlencode({'return_to': wish})}").get_data(as_text=True)
    assert f'name="return_to" value="{escape(end)}"' in text


@pytest.mark.parametrize(("path", "end"), [("/account", "/account"), ("/admin", "/admin")])
def test_a_stranger_signs_in_and_comes_back(path: str, end: str) -> None:
    """The page itself has the form, which asks for no new permission."""
    text = page(path).get_data(as_text=True)
    assert f'name="return_to" value="{end}"' in text
    assert 'name="intent" value="sign_in"' in text


def test_nobody_is_asked_to_connect_what_is_retired() -> None:
    """Its name is known to the scripts, for those who were connected; it is offered to nobody."""
    text = page("/", routes(replace(MICROSOFT, retired=True), GOOGLE)).get_data(as_text=True)
    assert "What you allow with Google Workspace" in text
    assert "What you allow with Microsoft 365" not in text
    assert 'value="microsoft_teams"' not in text
    assert '"title": "Microsoft 365"' in text


@pytest.mark.parametrize("intent", ["sign_in", "step_up"])
def test_whoever_only_proves_who_they_are_is_told_no_permissions(intent: str) -> None:
    """Nothing is asked for; a stronger sign-in is Microsoft's alone."""
    text = page(f"/connect?intent={intent}").get_data(as_text=True)
    assert "What you allow" not in text
    assert ('value="google_workspace"' in text) is (intent == "sign_in")
