"""Origins: only what a browser would write in its `Origin` header, over TLS or on this machine."""

import pytest

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.settings.origins import is_loopback, parse_origin


@pytest.mark.parametrize(
    "text",
    [
        "https://vault.company.com",
        "https://vault.company.com:8443",
        "http://localhost",
        "http://localhost:8084",
        "http://127.0.0.1:1",
        "http://127.9.9.9",
        "http://[::1]:8084",
        "https://xn--bcher-kva.example",
        "https://a",
    ],
)
def test_an_origin_is_taken_as_it_is(text: str) -> None:
    """A slash at its end, or white space around it, is forgiven."""
    assert parse_origin(text, "X") == text
    assert parse_origin(f" {text}/\n", "X") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vault.company.com",
        "//vault.company.com",
        "https://",
        "https:///x",
        "https://vault.company.com/app",
        "https://vault.company.com?x",
        "https://vault.company.com#x",
        "https://u:p@vault.company.com",
        "https://a@b",
        "https://Vault.company.com",
        "HTTPS://vault.company.com",
        "https://vault.company.com:443",
        "http://localhost:80",
        "https://a:0",
        "https://a:65536",
        "https://a:x",
        "https://a:",
        "https://*.company.com",
        "https://a b",
        "https://a,b",
        "https://a.",
        "https://-a",
        "https://a-",
        "https://a..b",
        "https://bücher.example",
        "https://[::1",
        "https://[nonsense]",
        "https://[1:2]",
        "http://vault.company.com",
        "http://10.0.0.1",
        "http://localhost.company.com",
        "ftp://localhost",
        "file:///etc",
        "https://a\\b",
        "https://a\nb",
        "null",
    ],
)
def test_what_is_no_origin_is_refused_with_the_settings_name(text: str) -> None:
    """And with what was expected; never by an exception of another kind."""
    with pytest.raises(ConfigurationError, match=r"^THE_SETTING is malformed: expected an origin"):
        parse_origin(text, "THE_SETTING")


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]", True),
        ("https://localhost", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
        ("http://localhost.evil.example", False),
        ("http://", False),
    ],
)
def test_loopback_is_plain_http_on_this_machine(origin: str, expected: bool) -> None:
    """And nothing that only looks like it."""
    assert is_loopback(origin) is expected
