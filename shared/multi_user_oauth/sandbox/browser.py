"""A scripted browser: walks the sandbox's pages by HTTP, as a person would with the mouse."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import DefaultCookiePolicy
from typing import Final
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import requests
from requests.cookies import RequestsCookieJar, get_cookie_header

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
MAX_STEPS: Final = 20
SERVER_ERROR: Final = 500
TIMEOUT: Final = 30.0


class StuckError(RuntimeError):
    """The page is not one that the browser knows how to leave; holds status and heading only."""


@dataclass(slots=True, kw_only=True)
class Form:
    """One form of a page: what a browser would send of itself, and its buttons."""

    id: str
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def button(self, name: str, value: str | None = None) -> tuple[str, str] | None:
        """Find a button by its name, and by its value if one is given."""
        found = (b for b in self.buttons if b[0] == name and value in (None, b[1]))
        return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the browser shows: where it is, the text, the forms."""

    url: str
    status: int
    text: str
    forms: tuple[Form, ...]

    @property
    def answer(self) -> dict[str, str]:
        """Give the parameters of the URL."""
        return dict(parse_qsl(urlsplit(self.url).query))


class ScriptedBrowser:
    """Cookies, redirects and forms over one session; `stop_at` keeps it from leaving the sandbox.

    A URL that starts with `stop_at` is not fetched: the browser shows an empty page there, so
    that the caller can look at the answer that the provider sent back.
    """

    def __init__(self, session: requests.Session | None = None, *, stop_at: str = "") -> None:
        self.session = session or requests.Session()
        # A browser also sends Secure and __Host- cookies to http://localhost.
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.session.cookies = RequestsCookieJar(policy=policy)
        # For each request `requests` copies the cookies into a jar with a policy of its own.
        self.session.auth = self._with_cookies
        self._stop_at = stop_at

    def open(self, url: str) -> Page:
        """Go to `url` and follow redirects. Raises what `requests` raises."""
        return self._go("GET", url, ())

    def submit(
        self,
        page: Page,
        form: Form,
        button: tuple[str, str] | None = None,
        changes: Mapping[str, str] | None = None,
        unticked: Collection[str] = (),
    ) -> Page:
        """Send a form: `changes` fills fields in, `unticked` leaves out values of check boxes."""
        filled = changes or {}
        fields = [(n, filled.get(n, v)) for n, v in form.fields if v not in unticked]
        sent = [*fields, *([button] if button else [])]
        url = urljoin(page.url, form.action) or page.url
        return self._go(form.method, url, sent, origin_of(page.url))

    def sign_in(
        self, url: str, account: str, *, accept: bool = True, unticked: Collection[str] = ()
    ) -> Page:
        """Open `url` and walk through the sandbox as `walk` does."""
        return self.walk(self.open(url), account, accept=accept, unticked=unticked)

    def walk(
        self, page: Page, account: str, *, accept: bool = True, unticked: Collection[str] = ()
    ) -> Page:
        """Sign in as `account` (its id in company.py) and decide; give the page after the sandbox.

        `unticked` are the scopes that are not granted. Raises StuckError where the sandbox shows
        an error page or no such account.
        """
        for _ in range(MAX_STEPS):
            step = self._step(page, account, accept=accept, unticked=unticked)
            if step is None:
                return page
            page = step
        raise StuckError(f"no end after {MAX_STEPS} pages at {urlsplit(page.url).path}")

    def _step(
        self, page: Page, account: str, *, accept: bool, unticked: Collection[str]
    ) -> Page | None:
        for form in page.forms:
            if decision := form.button("decision", "accept" if accept else "deny"):
                return self.submit(page, form, decision, unticked=unticked)
            if (chosen := form.button("account", account)) or (chosen := form.button("other")):
                return self.submit(page, form, chosen)
            if form.id == "form-post":
                return self.submit(page, form)
        stuck = any(mark in page.text for mark in ('id="error-text"', 'id="chooser"'))
        if stuck or page.status >= SERVER_ERROR:
            raise StuckError(f"the sandbox refuses: {page.status} {urlsplit(page.url).path}")
        return None

    def _with_cookies(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        jar = self.session.cookies
        header = get_cookie_header(jar, request)  # type: ignore[no-untyped-call]  # reason: it has no types
        if header:
            request.headers["Cookie"] = header
        return request

    def _go(
        self, method: str, url: str, fields: Collection[tuple[str, str]], origin: str = ""
    ) -> Page:
        for _ in range(MAX_STEPS):
            if self._stop_at and url.startswith(self._stop_at):
                query = "&".join(f"{n}={quote(v, safe='')}" for n, v in fields)
                return Page(url=f"{url}?{query}" if query else url, status=0, text="", forms=())
            response = self.session.request(
                method,
                url,
                params=list(fields) if method == "GET" and fields else None,
                data=list(fields) if method != "GET" else None,
                # Every browser says where a form that it posts comes from (W3C Fetch).
                headers={"Origin": origin} if method != "GET" else None,
                allow_redirects=False,
                timeout=TIMEOUT,
            )
            if response.status_code not in REDIRECTS:
                forms = tuple(_parsed(response.text))
                where = response.url
                return Page(url=where, status=response.status_code, text=response.text, forms=forms)
            url = urljoin(response.url, response.headers["Location"])
            if response.status_code not in (307, 308):
                method, fields = "GET", ()
        raise StuckError(f"too many redirects at {urlsplit(url).path}")


def origin_of(url: str) -> str:
    """Give scheme, host and port of a page's address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = got.get("method", "get").upper()
            form = Form(id=got.get("id", ""), action=got.get("action", ""), method=method)
            self.forms.append(form)
        if not self.forms or not got.get("name") or "disabled" in got:
            return
        pair = (got["name"], got.get("value", ""))
        kind = got.get("type", "submit" if tag == "button" else "text")
        if tag == "button" or kind == "submit":
            self.forms[-1].buttons.append(pair)
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in got):
            self.forms[-1].fields.append((pair[0], got.get("value", "on")))


def _parsed(text: str) -> list[Form]:
    parser = _Forms()
    parser.feed(text)
    return parser.forms
