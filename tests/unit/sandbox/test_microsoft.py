"""Microsoft as MSAL meets it: sign-in, tenants, PKCE, codes, errors."""

from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from multi_user_oauth.sandbox.browser import StuckError
from multi_user_oauth.sandbox.company import (
    COMPANY_TENANT,
    CONSUMER_TENANT,
    GUEST,
    MALLORY,
    OTHER_TENANT,
    PAT,
    SARAH,
)

from .conftest import AUTHORITY, MICROSOFT, MICROSOFT_TOKEN, World

AUTHORIZE = f"{AUTHORITY}/oauth2/v2.0/authorize"


def authorize_url(authority: str = AUTHORITY, /, **changes: str | None) -> str:
    """Give an authorization URL without library; None takes a parameter away."""
    params: dict[str, str | None] = {
        "client_id": MICROSOFT.client_id,
        "response_type": "code",
        "redirect_uri": MICROSOFT.redirect_uris[0],
        "scope": "openid profile User.Read",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    sent = {name: value for name, value in (params | changes).items() if value is not None}
    url = f"{authority}/oauth2/v2.0/authorize"
    return str(requests.Request("GET", url, params=sent).prepare().url)


def redeem(world: World, code: str, /, **changes: str | None) -> requests.Response:
    """Trade a code of `authorize_url` for tokens, without library."""
    form: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "client_id": MICROSOFT.client_id,
        "client_secret": MICROSOFT.client_secrets[0],
        "code": code,
        "redirect_uri": MICROSOFT.redirect_uris[0],
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    sent = {name: value for name, value in (form | changes).items() if value is not None}
    return world.session.post(MICROSOFT_TOKEN, data=sent, timeout=10)


def test_msal_signs_in_and_refreshes(world: World) -> None:
    """Unmodified MSAL gets tokens for Sarah, and new ones with her refresh token."""
    answer = world.microsoft("sarah")
    again = world.msal().acquire_token_by_refresh_token(answer["refresh_token"], ["User.Read"])
    assert answer["id_token_claims"]["oid"] == SARAH.oid(COMPANY_TENANT)
    assert again["id_token_claims"]["oid"] == SARAH.oid(COMPANY_TENANT)
    assert again["access_token"] != answer["access_token"]
    asked, consented = {"User.Read", "openid", "profile"}, {"Mail.Send"}
    assert set(again["scope"].split()) == asked | consented


def test_id_token_has_microsofts_claims_and_a_good_signature(world: World) -> None:
    """The ID token is signed by a published key that names its issuer, and says who signed in."""
    token = world.microsoft("pat", "User.Read", "email")["id_token"]
    keys = world.session.get(f"{AUTHORITY}/discovery/v2.0/keys", timeout=10).json()
    claims = jwt.decode(token, KeySet.import_key_set(keys), ["RS256"]).claims
    issuer = f"https://login.microsoftonline.com/{COMPANY_TENANT}/v2.0"
    now = int(world.clock.now().timestamp())
    assert {key["issuer"] for key in keys["keys"]} == {issuer}
    assert claims["iss"] == issuer
    assert (claims["aud"], claims["tid"], claims["ver"]) == (
        MICROSOFT.client_id,
        COMPANY_TENANT,
        "2.0",
    )
    assert (claims["preferred_username"], claims["email"]) == (PAT.upn, PAT.email)
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (now, now, now + 3600)
    assert claims["sub"] != claims["oid"]
    assert claims["acct"] == 0
    assert len(claims["nonce"]) == 64


def test_without_offline_access_there_is_no_refresh_token(world: World) -> None:
    """A sign-in that asks for identity only gets no refresh token."""
    page = world.browser.sign_in(authorize_url(), "sarah")
    answer = redeem(world, page.answer["code"]).json()
    assert "access_token" in answer
    assert "refresh_token" not in answer


def test_a_guest_signs_in_as_a_guest(world: World) -> None:
    """A guest is let in, with the object id of the company's tenant and acct 1."""
    claims = world.microsoft("guest")["id_token_claims"]
    assert (claims["tid"], claims["acct"]) == (COMPANY_TENANT, 1)
    assert claims["oid"] == GUEST.oid(COMPANY_TENANT) != GUEST.oid(GUEST.home_tenant)


@pytest.mark.parametrize("account", ["mallory", "consumer"])
def test_strangers_are_refused_by_the_tenants_authority(world: World, account: str) -> None:
    """An account of another tenant, or a personal one, sees AADSTS50020 and gets no code."""
    page = world.open(authorize_url())
    everybody = world.browser.submit(page, page.forms[1], ("other", "1"))
    refused = world.browser.submit(everybody, everybody.forms[0], ("account", account))
    assert refused.status == 400
    assert "AADSTS50020" in refused.text
    with pytest.raises(StuckError):
        world.browser.sign_in(authorize_url(), account)


@pytest.mark.parametrize(
    ("account", "tenant"), [("mallory", OTHER_TENANT), ("consumer", CONSUMER_TENANT)]
)
def test_a_lenient_tenant_signs_strangers_in(world: World, account: str, tenant: str) -> None:
    """With lenient_tenant the product's own tenant check is all that is left."""
    world.sandbox.set("microsoft", lenient_tenant=True)
    assert world.microsoft(account)["id_token_claims"]["tid"] == tenant


@pytest.mark.parametrize(
    ("tenant", "account", "number"),
    [
        ("common", "consumer", None),
        ("common", "mallory", None),
        ("organizations", "mallory", None),
        ("organizations", "consumer", "AADSTS500200"),
        ("consumers", "consumer", None),
        ("consumers", "sarah", "AADSTS500200"),
        (MALLORY.home_tenant, "sarah", "AADSTS50020"),
        ("company.com", "sarah", None),
    ],
)
def test_each_authority_accepts_its_own(
    world: World, tenant: str, account: str, number: str | None
) -> None:
    """Common takes everybody, organizations no personal account, consumers only those."""
    page = world.open(authorize_url(f"https://login.microsoftonline.com/{tenant}"))
    for form in page.forms:
        if form.button("other"):
            page = world.browser.submit(page, form, ("other", "1"))
    page = world.browser.submit(page, page.forms[0], ("account", account))
    assert (number or 'id="consent"') in page.text


def test_an_unknown_tenant_is_told_so(world: World) -> None:
    """Discovery, keys and sign-in of a tenant nobody knows answer AADSTS90002."""
    base = "https://login.microsoftonline.com/nowhere.example"
    for path in ("v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"):
        answer = world.session.get(f"{base}/{path}", timeout=10)
        assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])
    assert "AADSTS90002" in world.open(authorize_url(base)).text


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": None, "code_challenge_method": None},
    ],
)
def test_a_sign_in_without_s256_is_refused(world: World, changes: dict[str, None]) -> None:
    """PKCE is not optional: without challenge, or with plain, the application gets an error."""
    page = world.open(authorize_url(**changes))
    assert page.url.startswith(MICROSOFT.redirect_uris[0])
    assert (page.answer["error"], page.answer["state"]) == ("invalid_request", "the-state")
    assert "code" not in page.answer


@pytest.mark.parametrize(
    ("changes", "error", "number"),
    [
        ({"code_verifier": None}, "invalid_grant", 50148),
        ({"code_verifier": "x" * 43}, "invalid_grant", 501481),
        ({"redirect_uri": "http://localhost:8084/other"}, "invalid_grant", 500112),
        ({"client_secret": "wrong"}, "invalid_client", 7000215),
        ({"client_id": "somebody-else"}, "unauthorized_client", 700016),
        ({"code": "1.rubbish"}, "invalid_grant", 9002313),
        ({"code": None}, "invalid_request", 900144),
        ({"grant_type": "password"}, "unsupported_grant_type", 70003),
    ],
)
def test_wrong_token_requests_get_microsofts_errors(
    world: World, changes: dict[str, str | None], error: str, number: int
) -> None:
    """Each mistake has its own error and number, in Microsoft's shape."""
    code = world.browser.sign_in(authorize_url(), "sarah").answer["code"]
    response = redeem(world, code, **changes)
    answer: dict[str, Any] = response.json()
    assert response.status_code == (401 if error == "invalid_client" else 400)
    assert (answer["error"], answer["error_codes"]) == (error, [number])
    assert answer["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= answer.keys()


def test_the_second_client_secret_works_too(world: World) -> None:
    """While a secret is replaced both are good."""
    code = world.browser.sign_in(authorize_url(), "sarah").answer["code"]
    assert redeem(world, code, client_secret=MICROSOFT.client_secrets[1]).status_code == 200


def test_a_code_lives_ten_minutes(world: World) -> None:
    """After ten minutes a code is refused."""
    code = world.browser.sign_in(authorize_url(), "sarah").answer["code"]
    world.sandbox.advance(600)
    assert redeem(world, code).json()["error_codes"] == [70008]


def test_a_replayed_code_kills_its_tokens(world: World) -> None:
    """Using a code twice is refused and ends what the first use gave."""
    code = world.browser.sign_in(
        authorize_url(scope="openid offline_access User.Read"), "sarah"
    ).answer["code"]
    first = redeem(world, code).json()
    assert redeem(world, code).json()["error_codes"] == [54005]
    assert world.refresh_microsoft(first["refresh_token"]).json()["error_codes"] == [50173]
    me = world.api("https://graph.microsoft.com/v1.0/me", first["access_token"])
    assert me.status_code == 401


def test_a_refresh_gives_what_was_consented_to_and_no_more(world: World) -> None:
    """Scopes of an earlier consent are given, others are AADSTS65001 with consent_required."""
    world.microsoft("sarah", "Files.Read")
    token = world.microsoft("sarah", "User.Read")["refresh_token"]
    wider = world.refresh_microsoft(token, scope="Files.Read https://graph.microsoft.com/User.Read")
    refused = world.refresh_microsoft(token, scope="Mail.Read")
    assert wider.json()["scope"] == "Files.Read User.Read"
    assert refused.json()["error_codes"] == [65001]
    assert refused.json()["suberror"] == "consent_required"


def test_scopes_can_be_answered_in_full(world: World) -> None:
    """Microsoft sometimes answers the long form of a scope; a setting makes it so."""
    world.sandbox.set("microsoft", full_scope_names=True)
    scope = world.microsoft("sarah", "User.Read")["scope"]
    assert set(scope.split()) == {"https://graph.microsoft.com/User.Read", "openid", "profile"}


def test_cancel_goes_back_with_access_denied(world: World) -> None:
    """Cancel on the consent page is access_denied with AADSTS65004 and the state."""
    page = world.browser.sign_in(authorize_url(), "sarah", accept=False)
    assert page.answer["error"] == "access_denied"
    assert page.answer["error_subcode"] == "cancel"
    assert page.answer["error_description"].startswith("AADSTS65004")
    assert page.answer["state"] == "the-state"


def test_a_redirect_uri_that_is_not_registered_gets_a_page(world: World) -> None:
    """Nothing is sent to an address that nobody registered."""
    page = world.open(authorize_url(redirect_uri="https://evil.example/"))
    assert page.status == 400
    assert "AADSTS50011" in page.text


def test_consent_is_remembered_and_asked_again_on_demand(world: World) -> None:
    """The second sign-in shows no consent page, prompt=consent shows it."""
    world.browser.sign_in(authorize_url(), "sarah")
    chooser = world.open(authorize_url())
    straight = world.browser.submit(chooser, chooser.forms[0], ("account", "sarah"))
    chooser = world.open(authorize_url(prompt="consent"))
    asked = world.browser.submit(chooser, chooser.forms[0], ("account", "sarah"))
    assert "code" in straight.answer
    assert 'id="consent"' in asked.text


def test_prompt_none_needs_a_session_and_consent(world: World) -> None:
    """Silent sign-in fails for a stranger, works for whom the browser remembers, asks nobody."""
    silent = authorize_url(prompt="none")
    assert world.open(silent).answer["error"] == "login_required"
    world.browser.sign_in(authorize_url(), "sarah")
    assert "code" in world.open(silent).answer
    wider = authorize_url(prompt="none", scope="openid Mail.Read")
    assert world.open(wider).answer["error"] == "interaction_required"


def test_login_hint_offers_that_account_and_the_way_out(world: World) -> None:
    """A hint leaves one click, and another account can still be chosen."""
    page = world.open(authorize_url(login_hint="john@company.com"))
    assert [button[1] for button in page.forms[0].buttons] == ["john"]
    assert page.forms[1].button("other")
    unknown = world.open(authorize_url(login_hint="nobody@company.com"))
    assert len(unknown.forms[0].buttons) > 1


def test_domain_hint_narrows_the_chooser(world: World) -> None:
    """domain_hint leaves accounts of that domain only."""
    page = world.open(authorize_url(domain_hint="partner.example"))
    assert [button[1] for button in page.forms[0].buttons] == ["guest"]


def test_an_administrator_consents_for_everybody(world: World) -> None:
    """After admin consent nobody is shown a consent page; a cancelled one changes nothing."""
    url = (
        f"{AUTHORITY}/v2.0/adminconsent?client_id={MICROSOFT.client_id}&state=s&scope=User.Read"
        f"+openid+profile&redirect_uri={MICROSOFT.redirect_uris[0]}"
    )
    page = world.open(url)
    denied = world.browser.submit(page, page.forms[0], ("decision", "deny"))
    done = world.browser.submit(page, page.forms[0], ("decision", "accept"))
    chooser = world.open(authorize_url())
    straight = world.browser.submit(chooser, chooser.forms[0], ("account", "maria"))
    assert denied.answer["error"] == "permission_denied"
    assert (done.answer["admin_consent"], done.answer["tenant"]) == ("True", COMPANY_TENANT)
    assert "code" in straight.answer


def test_discovery_shows_production_addresses(world: World) -> None:
    """The sandbox never shows its own address: URLs and issuers are Microsoft's."""
    url = f"{AUTHORITY}/v2.0/.well-known/openid-configuration"
    document = world.session.get(url, timeout=10).json()
    assert document["issuer"] == f"{AUTHORITY}/v2.0"
    assert document["token_endpoint"] == MICROSOFT_TOKEN
    assert document["authorization_endpoint"] == AUTHORIZE
    common = world.session.get(url.replace(COMPANY_TENANT, "common"), timeout=10).json()
    assert common["issuer"] == "https://login.microsoftonline.com/{tenantid}/v2.0"


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_id": "unknown"}, "AADSTS700016"),
        ({"redirect_uri": "https://evil.example/"}, "AADSTS50011"),
    ],
)
def test_admin_consent_goes_only_where_it_is_registered(
    world: World, changes: dict[str, str], number: str
) -> None:
    """An unknown application or address gets a page, no redirect."""
    known = {"client_id": MICROSOFT.client_id, "redirect_uri": MICROSOFT.redirect_uris[0]}
    url = f"{AUTHORITY}/v2.0/adminconsent"
    page = world.open(str(requests.Request("GET", url, params=known | changes).prepare().url))
    assert page.status == 400
    assert number in page.text


def test_instance_discovery_names_the_cloud(world: World) -> None:
    """MSAL asks it for unknown hosts; the answer is Microsoft's public cloud."""
    url = "https://login.microsoftonline.com/common/discovery/instance"
    document = world.session.get(url, timeout=5).json()
    assert document["metadata"][0]["preferred_network"] == "login.microsoftonline.com"


def test_an_administrator_has_a_role(world: World) -> None:
    """The application role of an administrator is in the ID token, others have none."""
    assert world.microsoft("admin")["id_token_claims"]["roles"] == ["Admin"]
    assert "roles" not in world.microsoft("john")["id_token_claims"]
