"""The back end of another origin, as a person's browser meets it."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
import requests

from docs.examples.backend.app import create_app
from multi_user_oauth.cli.demo import demo
from multi_user_oauth.sandbox.browser import Form, Page, ScriptedBrowser
from tests.examples import printed
from tests.examples.conftest import Beside
from tests.support.processes import until
from tests.unit.cli.processes import free_ports

HEADING = "A back end that starts a sign-in"
MARIA = "maria@company.com"
MICROSOFT = "microsoft_teams"
GOOGLE = "google_workspace"


@pytest.fixture(scope="module")
def backend(beside: Beside) -> Iterator[str]:
    """The address of the back end, which runs as it is printed."""
    started, lines = printed.blocks(HEADING)
    assert started == "RETURN_ORIGINS=http://127.0.0.1:8090 make demo\n"
    port = beside.backend.rpartition(":")[2]
    with printed.running(
        "backend", beside.settings + printed.exchanged(lines, {**printed.PYTHON, "8090": port})
    ):
        until(lambda: answers(beside.backend), "the back end answers")
        yield beside.backend


def answers(url: str) -> bool:
    """Tell whether somebody serves there."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def browser() -> Iterator[ScriptedBrowser]:
    """A browser in which nobody is signed in anywhere."""
    with requests.Session() as session:
        session.trust_env = False
        yield ScriptedBrowser(session)


def logged_in(browser: ScriptedBrowser, backend: str, email: str = MARIA) -> Page:
    """Return the page of the back end, once somebody has logged in there."""
    page = browser.open(backend)
    return browser.submit(page, page.forms[0], changes={"user_email": email})


def connect(browser: ScriptedBrowser, page: Page, connector_type: str) -> Page:
    """Press the button of the back end; return the vault's page."""
    return browser.submit(page, form_of(page, connector_type))


def form_of(page: Page, connector_type: str) -> Form:
    """Return the form of this connector type."""
    (form,) = [form for form in page.forms if ("connector_type", connector_type) in form.fields]
    return form


def told(page: Page, connector_type: str) -> str:
    """Return what the back end says of a sign-in, nothing if it says nothing."""
    _, _, rest = page.text.partition(f'<output id="{connector_type}">')
    return rest.partition("</output>")[0]


def test_a_person_connects_and_comes_back(
    beside: Beside, backend: str, browser: ScriptedBrowser
) -> None:
    """By the vault's own page and the provider's; then agents can work for her."""
    vaults = connect(browser, logged_in(browser, backend), GOOGLE)
    assert vaults.url.startswith(f"{beside.url}/api/v1/oauth/user/authorize?ticket=")
    page = browser.walk(browser.submit(vaults, vaults.forms[0]), "maria")
    assert page.url.startswith(f"{backend}/?connector_type=google_workspace&flow_handle=")
    assert (page.status, told(page, GOOGLE)) == (200, "connected")
    assert told(page, MICROSOFT) == ""
    (lines,) = printed.blocks("An agent as a plain class")
    hers = {"sarah@": "maria@", "microsoft_teams": "google_workspace"}
    assert (
        printed.run(beside.settings + printed.exchanged(lines, hers | printed.PYTHON)).returncode
        == 0
    )


def test_a_forged_address_is_not_believed(backend: str, browser: ScriptedBrowser) -> None:
    """Not even with the handle of a sign-in that did end well: it was somebody else's."""
    with requests.Session() as session:
        johns = ScriptedBrowser(session)
        page = connect(johns, logged_in(johns, backend, "john@company.com"), GOOGLE)
        come_back = johns.walk(johns.submit(page, page.forms[0]), "john").url
    forged = come_back.replace(GOOGLE, MICROSOFT)
    logged_in(browser, backend)
    for address in (come_back, forged):
        page = browser.open(address)
        assert (told(page, GOOGLE), told(page, MICROSOFT)) == ("", "")
    connect(browser, page, MICROSOFT)
    page = browser.open(forged)
    assert (told(page, GOOGLE), told(page, MICROSOFT)) == ("", "pending")


def test_a_sign_in_that_was_called_off_is_told(backend: str, browser: ScriptedBrowser) -> None:
    """The vault shows a page of its own; whoever comes back by themselves reads the reason."""
    vaults = connect(browser, logged_in(browser, backend), MICROSOFT)
    browser.walk(browser.submit(vaults, vaults.forms[0]), "maria", accept=False)
    assert told(browser.open(backend), MICROSOFT) == "failed: access_denied"


def test_whose_sign_in_it_is_the_form_does_not_say(backend: str, browser: ScriptedBrowser) -> None:
    """It is whoever is logged in."""
    page = logged_in(browser, backend)
    form = form_of(page, GOOGLE)
    form.fields.append(("user_email", "john@company.com"))
    vaults = browser.submit(page, form)
    assert MARIA in vaults.text
    assert "john@company.com" not in vaults.text


@pytest.mark.parametrize("path", ["/login", "/connect"])
@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_other_pages_can_not_press_the_buttons(
    backend: str, browser: ScriptedBrowser, path: str, origin: str | None
) -> None:
    """Nobody is logged in as another, or made to connect, by a page that is not the back end's."""
    logged_in(browser, backend)
    sent = browser.session.post(
        backend + path,
        data={"user_email": "mallory@company.com", "connector_type": GOOGLE},
        headers={"Origin": origin} if origin else None,
        allow_redirects=False,
        timeout=10,
    )
    assert sent.status_code == HTTPStatus.FORBIDDEN
    assert MARIA in browser.open(backend).text


@pytest.mark.parametrize("connector_type", [GOOGLE, "another"])
def test_who_is_not_logged_in_can_not_connect(
    backend: str, browser: ScriptedBrowser, connector_type: str
) -> None:
    """Nor can anybody connect what the back end does not offer."""
    page = browser.open(backend) if connector_type == GOOGLE else logged_in(browser, backend)
    form = Form(
        id="", action="/connect", method="POST", fields=[("connector_type", connector_type)]
    )
    assert browser.submit(page, form).status == HTTPStatus.FORBIDDEN


def test_the_demo_takes_the_setting_as_it_is_printed() -> None:
    """From the environment, as `make` passes it on."""
    (option,) = [each for each in demo.params if each.name == "return_origins"]
    assert option.envvar == "RETURN_ORIGINS"


def test_a_back_end_that_the_vault_does_not_know_is_told_so(beside: Beside) -> None:
    """Its origin has to stand in `RETURN_ORIGINS`."""
    stranger = f"http://127.0.0.1:{free_ports()[0]}"
    client = create_app(beside.url, stranger).test_client()
    headers = {"Origin": stranger}
    client.post("/login", data={"user_email": MARIA}, headers=headers)
    refused = client.post("/connect", data={"connector_type": GOOGLE}, headers=headers)
    assert (refused.status_code, "invalid_request" in refused.text) == (502, True)


def test_a_vault_out_of_reach_is_no_success() -> None:
    """No sign-in begins; of one that had begun the page says that nobody knows."""
    app = create_app(f"http://127.0.0.1:{free_ports()[0]}", "http://127.0.0.1:8090")
    client = app.test_client()
    headers = {"Origin": "http://127.0.0.1:8090"}
    client.post("/login", data={"user_email": MARIA}, headers=headers)
    failed = client.post("/connect", data={"connector_type": GOOGLE}, headers=headers)
    assert (failed.status_code, "does not answer" in failed.text) == (502, True)
    with client.session_transaction() as session:
        session["flows"] = {GOOGLE: "a-handle"}
    assert "unknown: the vault does not answer" in client.get("/").text
