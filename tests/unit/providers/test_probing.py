"""What a provider says before anybody signs in, read from answers as they were seen."""

import base64

import pytest
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from multi_user_oauth.net.hosts import UnlistedAddressError
from multi_user_oauth.net.http_answer import HttpAnswer
from multi_user_oauth.providers.probing import Probe, authorization_answer, silent

URI = "https://connect.company.com/api/v1/oauth/callback/google"
GOOGLE = "https://accounts.google.com"
TROUBLE = f"{GOOGLE}/signin/oauth/error?flowName=GeneralOAuthFlow&authError="


def answer(status: int, *, location: str = "", body: bytes = b"") -> HttpAnswer:
    """An answer of an authorization endpoint."""
    headers = CaseInsensitiveDict({"Location": location} if location else {})
    return HttpAnswer(status=status, headers=headers, body=body)


def auth_error(name: str) -> str:
    """Google's: the first field of a message in protobuf, and its text after that."""
    field = b"\n" + bytes([len(name)]) + name.encode() + b"\x12\x05words"
    return base64.urlsafe_b64encode(field).decode().rstrip("=")


@pytest.mark.parametrize(
    ("given", "came_back", "error", "number"),
    [
        (answer(302, location=f"{URI}?error=login_required&state=s"), True, "login_required", 0),
        (
            answer(
                302,
                location=f"{URI}?error=invalid_scope&error_description=AADSTS70011%3A%20no",
            ),
            True,
            "invalid_scope",
            70011,
        ),
        (answer(302, location=f"{URI}.evil.example?error=login_required"), False, "", 0),
        (
            answer(302, location=f"{TROUBLE}ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2g%3D"),
            False,
            "redirect_uri_mismatch",
            0,
        ),
        (
            answer(302, location=TROUBLE + auth_error("deleted_client")),
            False,
            "deleted_client",
            0,
        ),
        (answer(302, location=f"{TROUBLE}%00"), False, "", 0),
        (answer(302, location=f"{GOOGLE}/v3/signin/identifier?redirect_uri=x"), False, "", 0),
        (answer(400, body=b"Error 400: redirect_uri_mismatch"), False, "redirect_uri_mismatch", 0),
        (answer(200, body=b"<script>'invalid_request'</script>"), False, "", 0),
        (answer(200, body=b"AADSTS50011: The redirect URI ..."), False, "", 50011),
        (answer(503), False, "", 0),
    ],
)
def test_what_an_authorization_endpoint_says_is_told_apart(
    given: HttpAnswer, came_back: bool, error: str, number: int
) -> None:
    """Only who is sent to exactly our redirect URI came back; what is not said is not guessed."""
    found = authorization_answer(given, URI)
    assert (found.came_back, found.error, found.number) == (came_back, error, number)


def test_a_redirect_uri_that_is_not_registered_is_known_by_either_providers_word() -> None:
    """And nothing else is taken for it."""
    unknown = [answer(400, body=b"redirect_uri_mismatch"), answer(200, body=b"AADSTS50011: x")]
    assert all(authorization_answer(each, URI).is_redirect_uri_unknown for each in unknown)
    others = [answer(400, body=b"invalid_client"), answer(200, body=b"AADSTS700016: x")]
    assert not any(authorization_answer(each, URI).is_redirect_uri_unknown for each in others)


def test_the_silent_request_is_the_same_but_shows_nobody_anything() -> None:
    """Whatever prompt it had."""
    asked = f"{GOOGLE}/o/oauth2/v2/auth?scope=a+b&prompt=select_account&state=s"
    assert silent(asked) == f"{GOOGLE}/o/oauth2/v2/auth?scope=a+b&state=s&prompt=none"


class Recording(BaseAdapter):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(  # type: ignore[override]  # reason: the options do not matter here
        self, request: requests.PreparedRequest, **_: object
    ) -> requests.Response:
        """Answer with a redirect that must not be followed."""
        self.sent.append(request)
        moved = HttpAnswer(status=302, headers={"Location": "https://elsewhere/"}, body=b"")
        return moved.response(request)

    def close(self) -> None:
        """Close nothing."""


def test_a_redirect_is_looked_at_and_not_followed() -> None:
    """Where it leads is all that is asked."""
    adapter = Recording()
    probe = Probe(adapter, monotonic=lambda: 0.0, trust_env=False)
    assert probe.get(f"{GOOGLE}/o/oauth2/v2/auth").status == 302
    assert len(adapter.sent) == 1


@pytest.mark.parametrize(
    "url", ["https://evil.example/", f"http{GOOGLE[5:]}/", "https://accounts.google.com.evil.io/"]
)
def test_no_other_host_is_asked(url: str) -> None:
    """What is asked carries nothing of value, and still goes to the providers alone."""
    adapter = Recording()
    with pytest.raises(UnlistedAddressError):
        Probe(adapter, monotonic=lambda: 0.0, trust_env=False).get(url)
    assert adapter.sent == []
