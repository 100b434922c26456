"""Where a provider's answer leads: to its own API; to a documented host, without the token; nowhere."""

from typing import Final

import pytest

from multi_user_oauth.connectors.call import Call
from multi_user_oauth.errors.connector import ProviderAnswerRefusedError
from multi_user_oauth.net.hosts import Hosts
from tests.support.addresses import DISGUISED, INSIDE
from tests.unit.connectors.acting import Said, Scripted, Stand, google, graph

SCOPE: Final = "Mail.Read"
LIST: Final = "https://graph.microsoft.com/v1.0/me/messages"
BYTES: Final = Hosts((".sharepoint.com",))
ELSEWHERE: Final = (
    *(f"https://{host}/x?tempauth=y" for host in (*INSIDE, *DISGUISED)),
    "http://company.sharepoint.com/x",
    "//company.sharepoint.com/x",
    "/x",
    "x",
    "",
    "file:///etc/passwd",
    "gopher://company.sharepoint.com/_x",
    "https://company.sharepoint.com:8443/x",
    "https://company.sharepoint.com@evil.example/x",
    "https://evil.example/?https://company.sharepoint.com/",
)


def read(url: str, query: tuple[tuple[str, str], ...] = ()) -> Call:
    """Return a call that changes nothing."""
    return Call(method="GET", url=url, needs=(SCOPE,), query=query)


@pytest.mark.parametrize("link", ELSEWHERE)
def test_a_next_page_elsewhere_is_not_asked_for(link: str) -> None:
    """N73: `@odata.nextLink` is an address; nothing is sent to another host, least of all the token."""
    adapter = Scripted(Said())
    with pytest.raises(ProviderAnswerRefusedError) as refused:
        graph(adapter).json(Stand(SCOPE), read(link))
    assert adapter.seen == []
    assert "tempauth" not in str(refused.value)


@pytest.mark.parametrize("token", ["https://evil.example/", "&access_token=x", "x#", "a b/../c?d"])
def test_a_next_page_token_is_one_value_whatever_it_says(token: str) -> None:
    """N73: Google's `nextPageToken` is no address: it stays in the query of the list itself."""
    adapter = Scripted(Said())
    url = "https://gmail.googleapis.com/gmail/v1/users/me/messages"
    google(adapter).json(Stand(SCOPE), read(url, query=(("pageToken", token),)))
    address, _, query = adapter.urls[0].partition("?")
    assert address == url
    assert query.startswith("pageToken=")
    assert not set("&#/? ") & set(query)


@pytest.mark.parametrize("location", [*ELSEWHERE, LIST])
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_elsewhere_is_not_followed(status: int, location: str) -> None:
    """N72: Not even back to the API: one request, and the token with nobody else."""
    adapter = Scripted(Said(status=status, headers={"Location": location}))
    with pytest.raises(ProviderAnswerRefusedError) as refused:
        graph(adapter).opened(Stand(SCOPE), read(LIST), elsewhere=BYTES, most=100)
    assert adapter.urls == [LIST]
    assert "tempauth" not in str(refused.value)


def test_a_redirect_to_a_documented_host_is_followed_once_without_the_token() -> None:
    """N72: Its own address is the right to what lies there."""
    place = "https://company.sharepoint.com/x?tempauth=y"
    moved = Said(status=302, headers={"Location": place})
    adapter = Scripted(moved, Said(body=b"bytes"), moved)
    answer = graph(adapter).opened(Stand(SCOPE), read(LIST), elsewhere=BYTES, most=100)
    assert b"".join(answer.chunks()) == b"bytes"
    assert (adapter.urls, adapter.bearers) == ([LIST, place], ["Bearer token-1", ""])
    with pytest.raises(ProviderAnswerRefusedError):
        graph(adapter).opened(Stand(SCOPE), read(LIST), elsewhere=BYTES, most=100)
    assert adapter.bearers[2:] == ["Bearer token-1", ""]
