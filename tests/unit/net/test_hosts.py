"""Which addresses are sent to, however they are written; and which of a name's addresses count."""

import pytest

from multi_user_oauth.net.hosts import Hosts, UnlistedAddressError, public
from tests.support.addresses import DISGUISED, INSIDE

HOSTS = Hosts(("graph.microsoft.com", ".sharepoint.com"))


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com",
        "https://graph.microsoft.com?x",
        "https://graph.microsoft.com/v1.0/me?$filter=a%20eq%20'b'&x=[1]@{2}",
        "https://company.sharepoint.com/a",
        "https://company-my.sharepoint.com/a:b@c",
    ],
)
def test_an_address_of_a_listed_host_comes_back_as_it_is(url: str) -> None:
    """To the letter: nothing is normalised."""
    assert HOSTS.require(url) == url


@pytest.mark.parametrize("host", [*INSIDE, *DISGUISED])
def test_no_other_host_in_any_spelling(host: str) -> None:
    """N71: Numbers of every base, IPv6, trailing dots, user names, ports, escapes, foreign digits."""
    with pytest.raises(UnlistedAddressError) as refused:
        HOSTS.require(f"https://{host}/latest/meta-data?x=https://graph.microsoft.com/")
    assert str(refused.value) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.microsoft.com/v1.0/me",
        "HTTPS://graph.microsoft.com/",
        "file:///etc/passwd",
        "file://graph.microsoft.com/etc/passwd",
        "gopher://graph.microsoft.com/_x",
        "ftp://graph.microsoft.com/",
        "//graph.microsoft.com/",
        "https:/graph.microsoft.com/",
        "https:graph.microsoft.com/",
        "https:///graph.microsoft.com/",
        " https://graph.microsoft.com/",
        "https://graph.microsoft.com/\r\nHost: evil.example",
        "https://graph.microsoft.com/ /",
        "https://graph.microsoft.com/#@evil.example",
        "https://graph.microsoft.com#@evil.example/",
        "https://evil.example\\@graph.microsoft.com/",
        "https://graph.microsoft.com/\\..\\x",
        "https://graph.microsoft.com/\u00e4",
        "https://sharepoint.com/",
        "https://evilsharepoint.com/",
        "https://.sharepoint.com/",
        "https://company.sharepoint.com.evil.example/",
        "/v1.0/me",
        "",
        "https://graph.microsoft.com/" + "a" * 8200,
    ],
)
def test_no_other_scheme_and_nothing_that_two_read_in_two_ways(url: str) -> None:
    """N71: Only https, by name; no line breaks, backslashes, fragments, spaces or foreign letters."""
    with pytest.raises(UnlistedAddressError):
        HOSTS.require(url)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  # reason: it is refused
        *("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"),
        *("fe80::1", "fe80::1%eth0", "fec0::1", "fd20:ce::254", "ff02::1", "2001:db8::1"),
        *("3fff::1", "5f00::1", "2002:a9fe:a9fe::1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
        *("2001::1", "100::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    """N71: Nor one inside which somebody on the way reads an IPv4 address. Beside a public one, too."""
    with pytest.raises(UnlistedAddressError):
        public([address])
    with pytest.raises(UnlistedAddressError):
        public(["20.190.128.1", address])


def test_public_addresses_are_kept_in_their_order() -> None:
    """Of both families; none at all is refused."""
    found = ["2603:1037:1:10::12", "20.190.128.1"]
    assert public(found) == tuple(found)
    with pytest.raises(UnlistedAddressError):
        public([])
