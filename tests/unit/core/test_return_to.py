"""Where a sign-in may end: a corpus of what browsers and parsers read differently (RFC 9700, 4.11)."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multi_user_oauth.errors import RequestError
from multi_user_oauth.sign_in.return_to import checked_return_to

ORIGIN = "https://vault.example"
APP = "https://app.example"
LOCAL = "http://localhost:3000"
ALLOWED = frozenset({APP, LOCAL})

GOOD = [
    ("/", f"{ORIGIN}/"),
    ("/settings", f"{ORIGIN}/settings"),
    ("/a/b?c=d&e=f#g", f"{ORIGIN}/a/b?c=d&e=f#g"),
    ("/search?q=https://evil.example/", f"{ORIGIN}/search?q=https://evil.example/"),
    ("/up?path=../x", f"{ORIGIN}/up?path=../x"),
    ("/..a/b..", f"{ORIGIN}/..a/b.."),
    ("/%2F%2Fevil.example", f"{ORIGIN}/%2F%2Fevil.example"),
    ("/a:b@c", f"{ORIGIN}/a:b@c"),
    (ORIGIN, ORIGIN),
    (f"{ORIGIN}/x", f"{ORIGIN}/x"),
    (APP, APP),
    (f"{APP}/", f"{APP}/"),
    (f"{APP}/done?x=1#y", f"{APP}/done?x=1#y"),
    (f"{LOCAL}/x", f"{LOCAL}/x"),
]

SCHEMES = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript://vault.example/%0aalert(1)",
    "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://app.example/", "blob:x",
    "view-source:https://app.example/", "about:blank", "mailto:x@app.example", "ws://app.example/",
    "http://app.example/", "http://vault.example/", "HTTPS://app.example/", "https:app.example",
    "https:/app.example", "https:///app.example", "https:////app.example/", "https:evil.example",
    "https:/evil.example", "https:///evil.example", "http:evil.example", "://app.example", ":",
    "https://", "https:", "https", "x:", "null", "https:?x", "intent://app.example/#Intent;end",
]  # fmt: skip

HOSTS = [
    "https://evil.example", "https://evil.example/", "https://app.example.evil.example/",
    "https://evilapp.example/", "https://evil-app.example/", "https://sub.app.example/",
    "https://app.example.", "https://app.example./", "https://APP.example/", "https://app.Example/",
    "https://app.example:443/", "https://app.example:8443/", "https://app.example:0/",
    "https://app.example:/", "https://app.example:x/", "https://app.example:99999/",
    "https://app.example:+443/", "https://app.example:4 43/", "http://localhost/",
    "http://localhost:3001/", "http://localhost:03000/", "http://localhost:30000/",
    "http://127.0.0.1:3000/", "http://[::1]:3000/", "https://[app.example]/", "https://[/",
    "https://]/", "https://app.example]/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://2130706433/", "https://127.1/", "https://ⓐpp.example/", "https://\u0430pp.example/",
    "https://app。example/", "https://app.example%2eevil.example/", "https://app%2eexample/",
    "https://xn--pp-fka.example/", "https://app.example%00.evil.example/",
    "https://app.example%0d%0a/", "https://%61pp.example/", "https://app_.example/",
]  # fmt: skip

USER_INFO = [
    "https://app.example@evil.example/", "https://app.example:x@evil.example/",
    "https://x@app.example/", "https://x:y@app.example/", "https://@app.example/",
    "https://:@app.example/", "https://evil.example@app.example/",
    "https://app.example%40evil.example/",
    "https://app.example&@evil.example/", "https://app.example;@evil.example/",
    "https://app.example#@evil.example/", "https://app.example?@evil.example/",
    "https://evil.example#@app.example/", "https://evil.example?@app.example/",
    "https://evil.example\\@app.example/", "https://app.example\\@evil.example/",
]  # fmt: skip

SLASHES = [
    "//evil.example", "//evil.example/", "///evil.example", "////evil.example", "//", "///",
    "//vault.example/", "//app.example/", "//app.example@evil.example", "//evil.example:443/x",
    "/\\evil.example", "\\/evil.example", "\\\\evil.example", "\\evil.example", "/\\/evil.example",
    "/a\\b", "https:\\\\evil.example", "https:/\\evil.example", "https:\\/evil.example",
    "https://app.example\\evil", "https://app.example\\.evil.example/", "/x//evil.example",
    "/x//", "/.//evil.example", "/..//evil.example", "/../evil.example", "/a/../b", "/a/./b",
    "/..", "/.", "/a/..", "/%2e%2e/x", "/%2E%2E/x", "/%2e%2E/x", "/.%2e/x", "/%2E./x", "/%2e/x",
    "/%2E/x", "/a/%2E%2E//evil.example",
]  # fmt: skip

CONTROLS = [
    "", " ", "  ", "\t", "\n", " /x", "/x ", "/ x", "\t/x", "/\tx", "/\t/evil.example",
    "\n//evil.example",    "/x\n", "/x\r\nSet-Cookie: a=b",
    "/x\rY", "/x\0", "\0/x", "/\x0b/evil.example", "/\x7f", "/\x1f/x",
    "/\u00a0/x", "/\u2028x", "/\u2029x", "/\u200b/x", "/\ufeffx", "\ufeff/x", "/\u202ex",
    "/\uff0f/evil.example", "\uff0f\uff0fevil.example",
    "/\u2215evil.example", "/é", "/\ud800", "/\U0001f600", "https://app.example/\t",
    "https://app.example/\n", "ht\ntps://app.example/",
    "https://app.ex\tample/", "https://app.example\0/",
]  # fmt: skip

MARKS = [
    "/<script>", '/"onload=', "/x>y", "/x^y", "/x`y", "/{x}", "/x|y", '"', "<",
    "https://app.example/<x>",    'https://app.example/"', "https://app.example/|",
    "https://app.example/`x`", "settings", "a/b", "?x=1",
    "#x", ".", "..", "./x", "../x", "*", "~", "%2f", "%2fx", "%2F%2Fevil.example", "@evil.example",
    ";/x", "&", "app.example", "app.example/x", "evil.example",
    "www.evil.example", "https://app.example?x",
    "https://app.example#x", "https://app.example;x", "https://app.example,evil.example/",
    "https://*.example/", "https://app.example https://evil.example",
]  # fmt: skip

NASTY = [*SCHEMES, *HOSTS, *USER_INFO, *SLASHES, *CONTROLS, *MARKS]


def checked(text: str) -> str:
    """The URL to end at."""
    return checked_return_to(text, origin=ORIGIN, allowed=ALLOWED)


def test_the_corpus_is_worth_its_name() -> None:
    """Over two hundred inputs, none twice."""
    assert len(NASTY) == len(set(NASTY))
    assert len(NASTY) > 200


@pytest.mark.parametrize(("text", "url"), GOOD)
def test_a_plain_return_is_taken(text: str, url: str) -> None:
    """A path of ours, or an allowed origin, word for word."""
    assert checked(text) == url


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_return_is_refused_by_field(text: str) -> None:
    """Refused, not repaired; the error names the field and repeats nothing (N20)."""
    with pytest.raises(RequestError) as refused:
        checked(text)

    assert refused.value.field == "return_to"
    assert not text.strip() or text not in str(refused.value) or len(text) < 8


def test_the_allow_list_is_all_there_is() -> None:
    """An empty one allows our own origin only."""
    for text in (APP, f"{APP}/x", LOCAL):
        with pytest.raises(RequestError):
            checked_return_to(text, origin=ORIGIN, allowed=frozenset())
    assert checked_return_to(f"{ORIGIN}/x", origin=ORIGIN, allowed=frozenset()) == f"{ORIGIN}/x"


PIECES = st.sampled_from(
    [
        *("/", "\\", ".", "..", ":", "@", "?", "#", ";", "%2e", "%2F", "%5c", "%00", "\t", "\n"),
        *(
            "https",
            "http",
            "javascript",
            "vault.example",
            "app.example",
            "evil.example",
            "x",
            "443",
        ),
        *(ORIGIN, APP, "é", "。", " ", "&", "=", "*", "[", "]"),
    ]
)


@settings(derandomize=True)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_whatever_is_taken_ends_at_an_allowed_origin(text: str) -> None:
    """Put together from every nasty piece: what comes through is ours, read by a parser and joined."""
    try:
        url = checked(text)
    except RequestError:
        return
    for read in (url, urljoin("https://elsewhere.example/a/b", url)):
        parts = urlsplit(read)
        assert f"{parts.scheme}://{parts.netloc}" in ALLOWED | {ORIGIN}
        assert "\\" not in read


def test_it_is_no_longer_than_a_cookie_can_carry() -> None:
    """A return address of 1024 characters is taken, a longer one refused."""
    assert checked("/" + "x" * 1023).endswith("x")
    with pytest.raises(RequestError):
        checked("/" + "x" * 1024)
