"""Google as its own libraries meet it: sign-in, check boxes, refresh tokens, revocation."""

from typing import Any

import pytest
import requests
from google.auth.transport.requests import Request
from google.oauth2 import id_token

from multi_user_oauth.sandbox.company import COMPANY_DOMAIN, JOHN
from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox

from .conftest import GOOGLE, GOOGLE_SCOPES, GOOGLE_TOKEN, World

EMAIL = "https://www.googleapis.com/auth/userinfo.email"
GMAIL_SEND = "https://www.googleapis.com/auth/gmail.send"
REVOKE = "https://oauth2.googleapis.com/revoke"


def authorize_url(**changes: str | None) -> str:
    """Give an authorization URL without library; None takes a parameter away."""
    params: dict[str, str | None] = {
        "client_id": GOOGLE.client_id,
        "response_type": "code",
        "redirect_uri": GOOGLE.redirect_uris[0],
        "scope": " ".join(GOOGLE_SCOPES),
        "state": "the-state",
        "access_type": "offline",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    sent = {name: value for name, value in (params | changes).items() if value is not None}
    base = "https://accounts.google.com/o/oauth2/v2/auth"
    return str(requests.Request("GET", base, params=sent).prepare().url)


def redeem(world: World, code: str, /, **changes: str | None) -> requests.Response:
    """Trade a code of `authorize_url` for tokens, without library."""
    form: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "client_id": GOOGLE.client_id,
        "client_secret": GOOGLE.client_secrets[0],
        "code": code,
        "redirect_uri": GOOGLE.redirect_uris[0],
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    sent = {name: value for name, value in (form | changes).items() if value is not None}
    return world.session.post(GOOGLE_TOKEN, data=sent, timeout=10)


def tokens(world: World, account: str = "sarah", **params: str) -> dict[str, Any]:
    """Sign in and give the token answer."""
    code = world.browser.sign_in(authorize_url(**params), account).answer["code"]
    answer: dict[str, Any] = redeem(world, code).json()
    return answer


def test_googles_libraries_sign_in_verify_and_refresh() -> None:
    """Unmodified google-auth gets tokens, checks the ID token's signature, and refreshes."""
    # In the real time: google-auth looks at the clock itself.
    sandbox = Sandbox(SandboxConfig(google=GOOGLE))
    world = World.around(sandbox, clock=None)  # type: ignore[arg-type]  # reason: nobody turns it here
    credentials = world.google("john")
    transport = Request(session=world.session)
    verify: Any = id_token.verify_oauth2_token
    claims = verify(credentials.id_token, transport, GOOGLE.client_id)
    before = credentials.token
    credentials.refresh(transport)
    assert (claims["sub"], claims["hd"], claims["email"]) == (JOHN.sub, COMPANY_DOMAIN, JOHN.email)
    assert (claims["azp"], claims["nonce"]) == (GOOGLE.client_id, "a-nonce")
    assert claims["email_verified"] is True
    assert claims["at_hash"]
    assert credentials.token != before
    assert set(credentials.granted_scopes or ()) == set(GOOGLE_SCOPES)


def test_a_consumer_account_has_no_hosted_domain(world: World) -> None:
    """Without a Workspace there is no `hd`, neither in the ID token nor at userinfo."""
    answer = tokens(world, "consumer")
    url = "https://openidconnect.googleapis.com/v1/userinfo"
    assert "hd" not in world.api(url, answer["access_token"]).json()
    assert "hd" not in world.browser.sign_in(authorize_url(), "consumer").answer


def test_only_a_fresh_consent_gives_a_refresh_token(world: World) -> None:
    """The first sign-in gives one, the second does not, prompt=consent does again."""
    assert "refresh_token" in tokens(world)
    assert "refresh_token" not in tokens(world)
    assert "refresh_token" in tokens(world, prompt="consent")


def test_online_access_gives_no_refresh_token(world: World) -> None:
    """access_type=online never gives a refresh token."""
    assert "refresh_token" not in tokens(world, access_type="online", prompt="consent")


def test_an_unticked_scope_is_missing_and_does_not_work(world: World) -> None:
    """What the person unticks is not in `scope`, and the API refuses the token."""
    page = world.browser.sign_in(authorize_url(), "sarah", unticked=[GMAIL_SEND])
    answer = redeem(world, page.answer["code"]).json()
    sent = world.api(
        "https://gmail.googleapis.com/gmail/v1/users/me/messages/send",
        answer["access_token"],
        "POST",
        json={"raw": ""},
    )
    assert answer["scope"].split() == ["openid", EMAIL]
    assert sent.status_code == 403
    assert sent.json()["error"]["status"] == "PERMISSION_DENIED"


def test_earlier_scopes_are_included_on_demand(world: World) -> None:
    """include_granted_scopes adds what was granted before; short names come back long."""
    tokens(world)
    plain = tokens(world, scope="openid email")
    joined = tokens(world, scope="openid email", include_granted_scopes="true")
    assert plain["scope"].split() == ["openid", EMAIL]
    assert GMAIL_SEND in joined["scope"].split()


def test_hd_narrows_the_chooser_but_lets_others_in(world: World) -> None:
    """`hd` is a hint: others are not offered, yet sign in behind `Use another account`."""
    page = world.open(authorize_url(hd=COMPANY_DOMAIN))
    offered = [button[1] for button in page.forms[0].buttons]
    assert "sarah" in offered
    assert not {"mallory", "consumer"} & set(offered)
    assert "code" in world.browser.sign_in(authorize_url(hd=COMPANY_DOMAIN), "mallory").answer
    workspaces = world.open(authorize_url(hd="*")).forms[0].buttons
    assert ("account", "consumer") not in workspaces


def test_revoking_one_token_kills_all_of_that_person(world: World) -> None:
    """Revoke ends every sign-in of the person, nobody else's, and consent is asked anew."""
    first, second = tokens(world), tokens(world, prompt="consent")
    other = tokens(world, "john")
    done = world.session.post(REVOKE, data={"token": first["access_token"]}, timeout=10)
    again = world.session.post(REVOKE, data={"token": first["access_token"]}, timeout=10)
    refused = world.refresh_google(second["refresh_token"])
    assert done.status_code == 200
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")
    assert refused.json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert world.refresh_google(other["refresh_token"]).status_code == 200
    assert "refresh_token" in tokens(world)


@pytest.mark.parametrize(
    ("form", "error"), [({"token": "x"}, "invalid_token"), ({}, "invalid_request")]
)
def test_revoking_rubbish_is_an_error(world: World, form: dict[str, str], error: str) -> None:
    """An unknown token is 400 invalid_token, none at all invalid_request."""
    answer = world.session.post(REVOKE, data=form, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"code_verifier": "x" * 43}, 400, "invalid_grant"),
        ({"redirect_uri": "http://localhost:8084/other"}, 400, "redirect_uri_mismatch"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "somebody-else"}, 401, "invalid_client"),
        ({"code": "4/rubbish"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_token_requests_get_googles_errors(
    world: World, changes: dict[str, str | None], status: int, error: str
) -> None:
    """Each mistake is answered in Google's shape."""
    code = world.browser.sign_in(authorize_url(), "sarah").answer["code"]
    answer = redeem(world, code, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json().keys() == {"error", "error_description"}


def test_the_secret_may_come_in_the_header(world: World) -> None:
    """HTTP Basic is as good as the form."""
    code = world.browser.sign_in(authorize_url(), "sarah").answer["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": GOOGLE.redirect_uris[0],
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    basic = (GOOGLE.client_id, GOOGLE.client_secrets[0])
    answer = world.session.post(GOOGLE_TOKEN, data=form, auth=basic, timeout=10)
    assert answer.status_code == 200


def test_a_sign_in_with_plain_pkce_is_refused(world: World) -> None:
    """The method plain goes back as invalid_request."""
    page = world.open(authorize_url(code_challenge_method="plain"))
    assert page.answer["error"] == "invalid_request"


def test_a_redirect_uri_that_is_not_registered_gets_googles_page(world: World) -> None:
    """The famous error page."""
    page = world.open(authorize_url(redirect_uri="https://evil.example/"))
    assert page.status == 400
    assert "Error 400: redirect_uri_mismatch" in page.text


def test_cancel_goes_back_with_access_denied(world: World) -> None:
    """Google sends error and state, nothing else."""
    answer = world.browser.sign_in(authorize_url(), "sarah", accept=False).answer
    assert answer == {"error": "access_denied", "state": "the-state"}


def test_the_issuer_is_sent_on_demand(world: World) -> None:
    """With send_iss the authorization response names Google as its issuer."""
    assert "iss" not in world.browser.sign_in(authorize_url(), "sarah").answer
    world.sandbox.set("google", send_iss=True)
    answer = world.browser.sign_in(authorize_url(), "sarah").answer
    assert answer["iss"] == "https://accounts.google.com"


def test_the_end_of_the_grant_is_named_on_demand(world: World) -> None:
    """As with access that a person limited in time: at the sign-in and at each refresh."""
    endless = tokens(world)
    assert "refresh_token_expires_in" not in endless
    world.sandbox.set("google", refresh_token_expires_in=604_799)
    assert tokens(world)["refresh_token_expires_in"] == 604_799
    refreshed = world.refresh_google(endless["refresh_token"]).json()
    assert refreshed["refresh_token_expires_in"] == 604_799


def test_a_refresh_may_ask_for_less_but_not_for_more(world: World) -> None:
    """A part of the granted scopes is given, more is invalid_scope."""
    token = tokens(world)["refresh_token"]
    less = world.refresh_google(token, scope="openid").json()
    more = world.refresh_google(token, scope="https://mail.google.com/")
    assert less["scope"] == "openid"
    assert "id_token" in less
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


def test_discovery_and_keys_are_googles(world: World) -> None:
    """The document shows production addresses, and the keys may be cached."""
    url = "https://accounts.google.com/.well-known/openid-configuration"
    document = world.session.get(url, timeout=10).json()
    keys = world.session.get(document["jwks_uri"], timeout=10)
    assert document["issuer"] == "https://accounts.google.com"
    assert document["token_endpoint"] == GOOGLE_TOKEN
    assert document["revocation_endpoint"] == REVOKE
    assert "max-age" in keys.headers["Cache-Control"]
    assert "d" not in keys.json()["keys"][0]


def test_names_come_with_the_profile_scope(world: World) -> None:
    """With `profile` the person has a name; a dead token has nothing."""
    answer = tokens(world, scope="openid profile")
    url = "https://openidconnect.googleapis.com/v1/userinfo"
    person = world.api(url, answer["access_token"]).json()
    assert (person["given_name"], person["family_name"]) == ("Sarah", "Jensen")
    assert "email" not in person
    assert world.api(url, "rubbish").json()["error"]["status"] == "UNAUTHENTICATED"
