"""The pages, and the scripted browser that walks them."""

import pytest
import requests
from flask import Flask, redirect
from flask.typing import ResponseReturnValue

from multi_user_oauth.sandbox.browser import ScriptedBrowser, StuckError
from multi_user_oauth.sandbox.company import ACCOUNTS
from multi_user_oauth.sandbox.reach import InProcessAdapter

from . import test_google, test_microsoft
from .conftest import GOOGLE, MICROSOFT, PRODUCT, World


def test_every_page_says_that_it_is_a_sandbox(world: World) -> None:
    """Nobody shall type a real password: each page says what it is and asks for none."""
    chooser = world.open(test_microsoft.authorize_url())
    consent = world.browser.submit(chooser, chooser.forms[0], ("account", "sarah"))
    error = world.open(test_microsoft.authorize_url(client_id="unknown"))
    out = world.open("https://login.microsoftonline.com/common/oauth2/v2.0/logout")
    for page in (chooser, consent, error, out):
        assert "This is a sandbox" in page.text
        assert 'type="password"' not in page.text
        assert " style=" not in page.text
        assert "<script>" not in page.text


def test_the_chooser_shows_addresses_on_buttons(world: World) -> None:
    """One button for each account of the tenant, named `account`, with the visible e-mail."""
    page = world.open(test_microsoft.authorize_url())
    offered = {value for name, value in page.forms[0].buttons if name == "account"}
    assert offered == {account.id for account in ACCOUNTS} - {"mallory", "consumer"}
    assert "sarah@company.com" in page.text


def test_consent_says_in_plain_words_what_is_asked(world: World) -> None:
    """Scopes are described; Google has a check box for each that can be refused."""
    microsoft = world.open(test_microsoft.authorize_url(scope="openid Mail.Send"))
    page = world.browser.submit(microsoft, microsoft.forms[0], ("account", "sarah"))
    assert "Send mail as you" in page.text
    google = world.open(test_google.authorize_url())
    page = world.browser.submit(google, google.forms[0], ("account", "sarah"))
    boxes = [value for name, value in page.forms[0].fields if name == "granted"]
    assert boxes == ["https://www.googleapis.com/auth/gmail.send"]


def test_form_post_brings_the_answer_in_a_form(world: World) -> None:
    """With response_mode=form_post the last page is a form to the application, with a button."""
    page = world.open(test_microsoft.authorize_url(response_mode="form_post"))
    page = world.browser.submit(page, page.forms[0], ("account", "sarah"))
    page = world.browser.submit(page, page.forms[0], ("decision", "accept"))
    (form,) = page.forms
    fields = dict(form.fields)
    assert (form.action, form.method) == (MICROSOFT.redirect_uris[0], "POST")
    assert fields["state"] == "the-state"
    assert fields["code"]
    assert '<button type="submit"' in page.text


def test_what_an_application_writes_is_escaped(world: World) -> None:
    """A scope or state with markup in it stays text."""
    nasty = '"><script>alert(1)</script>'
    page = world.open(
        test_microsoft.authorize_url(scope=nasty, state=nasty, response_mode="form_post")
    )
    page = world.browser.submit(page, page.forms[0], ("account", "sarah"))
    assert "<script>alert" not in page.text
    page = world.browser.submit(page, page.forms[0], ("decision", "accept"))
    assert "<script>alert" not in page.text
    assert dict(page.forms[0].fields)["state"] == nasty


def test_pages_allow_no_foreign_content(world: World) -> None:
    """The Content-Security-Policy allows our one style sheet and script."""
    answer = world.session.get(test_microsoft.authorize_url(), timeout=5)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_browser_says_where_it_is_stuck(world: World) -> None:
    """An account that does not exist, or an error page, is a StuckError without any parameter."""
    with pytest.raises(StuckError) as caught:
        world.browser.sign_in(test_google.authorize_url(), "nobody")
    assert "the-state" not in str(caught.value)
    with pytest.raises(StuckError):
        world.browser.sign_in(test_google.authorize_url(client_id="x"), "sarah")


@pytest.mark.parametrize("answer", ["redirect", "form"])
def test_the_browser_does_not_walk_for_ever(answer: str) -> None:
    """A site that only sends it round in circles is a StuckError."""
    site = Flask(__name__)

    @site.route("/<path:_>", methods=["GET", "POST"])
    def circle(_: str) -> ResponseReturnValue:
        form = '<form method="post"><button name="decision" value="accept">Go</button></form>'
        return redirect("https://circle.example/a") if answer == "redirect" else form

    session = requests.Session()
    session.mount("https://", InProcessAdapter(site))
    with pytest.raises(StuckError):
        ScriptedBrowser(session).sign_in("https://circle.example/a", "sarah")


def test_browsers_do_not_share_cookies(world: World) -> None:
    """Each scripted browser is a person of its own."""
    world.browser.sign_in(test_google.authorize_url(), "sarah")
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", world.sandbox.in_process_adapter())
    other = ScriptedBrowser(session, stop_at=PRODUCT)
    silent = test_google.authorize_url(prompt="none")
    assert other.open(silent).answer["error"] == "login_required"
    assert "code" in world.open(silent).answer


def test_an_empty_mailbox_says_so(world: World) -> None:
    """The mailbox page is there before the first mail."""
    assert "Nobody has sent a mail yet" in world.sandbox.app.test_client().get("/mailbox").text


def test_repeated_parameters_are_refused(world: World) -> None:
    """Two states in one request: an error page, no redirect."""
    page = world.open(test_google.authorize_url() + "&state=another")
    assert page.status == 400
    assert GOOGLE.redirect_uris[0] not in page.url
