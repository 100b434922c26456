"""Graph, Gmail and userinfo: a token is checked for real, mail arrives."""

import base64
from email.message import EmailMessage
from typing import Any

import pytest

from multi_user_oauth.sandbox.apis import google_error
from multi_user_oauth.sandbox.company import COMPANY_TENANT, GUEST, JOHN, PAT

from .conftest import GOOGLE_SCOPES, World

ME = "https://graph.microsoft.com/v1.0/me"
GMAIL = "https://gmail.googleapis.com/gmail/v1/users/me"


def letter(to: str = "john@company.com") -> dict[str, Any]:
    """Give a mail as Graph takes it."""
    return {
        "message": {
            "subject": "Lunch",
            "body": {"contentType": "Text", "content": "At noon?"},
            "toRecipients": [{"emailAddress": {"address": to}}],
        }
    }


def raw(to: str = "john@company.com") -> dict[str, str]:
    """Give a mail as Gmail takes it."""
    message = EmailMessage()
    message["To"] = to
    message["Subject"] = "Lunch"
    message.set_content("At noon?")
    return {"raw": base64.urlsafe_b64encode(message.as_bytes()).decode().rstrip("=")}


def test_me_is_the_person_of_the_token(world: World) -> None:
    """Graph knows id, name, mail and user principal name, also where mail and UPN differ."""
    token = world.microsoft("pat")["access_token"]
    assert world.api(ME, token).json() == {
        "id": PAT.oid(COMPANY_TENANT),
        "displayName": "Pat Lee",
        "mail": "pat.lee@company.com",
        "userPrincipalName": "plee@company.com",
    }


def test_a_guest_has_a_guests_name(world: World) -> None:
    """A guest's user principal name is marked #EXT#, the mail is the home address."""
    answer = world.api(ME, world.microsoft("guest")["access_token"]).json()
    assert answer["userPrincipalName"] == "gina_partner.example#EXT#@company.com"
    assert answer["mail"] == GUEST.email


@pytest.mark.parametrize("spoil", ["expired", "revoked", "rubbish", "other_provider", "none"])
def test_a_bad_token_is_401(world: World, spoil: str) -> None:
    """Expired, revoked, unknown, the other provider's, or no token: InvalidAuthenticationToken."""
    token = world.microsoft()["access_token"]
    if spoil == "expired":
        assert world.sandbox.expire_access_tokens() == 1
    if spoil == "revoked":
        world.sandbox.revoke_grant("microsoft", "sarah")
    sent = {"rubbish": "x", "other_provider": world.google().token, "none": ""}.get(spoil, token)
    answer = world.api(ME, sent)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert "invalid_token" in answer.headers["WWW-Authenticate"]
    assert world.api(f"{GMAIL}/profile", "x").json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_missing_scope_is_403(world: World) -> None:
    """Without Mail.Send nobody sends, without Mail.Read nobody reads."""
    token = world.microsoft("sarah", "User.Read")["access_token"]
    for method, path in (("POST", "sendMail"), ("GET", "messages")):
        answer = world.api(f"{ME}/{path}", token, method, json=letter())
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ErrorAccessDenied")
    assert world.sandbox.mailbox() == ()


def test_sent_mail_arrives(world: World) -> None:
    """What Sarah sends through Graph is in John's mailbox, newest first, and on the page."""
    sarah = world.microsoft("sarah")["access_token"]
    john = world.microsoft("john", "Mail.Read")["access_token"]
    sent = world.api(f"{ME}/sendMail", sarah, "POST", json=letter("John@company.com"))
    read = world.api(f"{ME}/messages?$top=1", john).json()["value"]
    assert (sent.status_code, sent.content) == (202, b"")
    assert (read[0]["subject"], read[0]["bodyPreview"]) == ("Lunch", "At noon?")
    assert read[0]["from"]["emailAddress"]["address"] == "sarah@company.com"
    page = world.sandbox.app.test_client().get("/mailbox").text
    assert "sarah@company.com" in page
    assert "Lunch" in page


def test_gmail_sends_and_counts(world: World) -> None:
    """Gmail takes a raw message and answers its id; the profile counts it."""
    scopes = (*GOOGLE_SCOPES, "https://www.googleapis.com/auth/gmail.readonly")
    token = world.google("john", scopes=scopes).token
    sent = world.api(f"{GMAIL}/messages/send", token, "POST", json=raw("maria@company.com"))
    profile = world.api(f"{GMAIL}/profile", token).json()
    (mail,) = world.sandbox.mailbox()
    assert sent.json()["id"] == mail.id
    assert (mail.sender, mail.recipients, mail.body.strip()) == (
        JOHN.email,
        ("maria@company.com",),
        "At noon?",
    )
    assert profile["emailAddress"] == JOHN.email
    again = world.api(f"{GMAIL}/messages/send", token, "POST", json=raw("maria@company.com"))
    assert again.status_code == 200
    count = world.api(f"{GMAIL}/profile", token).json()["messagesTotal"]
    assert count == profile["messagesTotal"] + 1


@pytest.mark.parametrize("body", [{"message": {}}, {"message": {"toRecipients": []}}])
def test_a_mail_to_nobody_is_400(world: World, body: object) -> None:
    """A mail without recipient is refused in the provider's shape."""
    microsoft, google = world.microsoft()["access_token"], world.google().token
    graph = world.api(f"{ME}/sendMail", microsoft, "POST", json=body)
    gmail = world.api(f"{GMAIL}/messages/send", google, "POST", json=body)
    assert (graph.status_code, graph.json()["error"]["code"]) == (400, "ErrorInvalidRecipients")
    assert (gmail.status_code, gmail.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_nobody_reads_another_persons_gmail(world: World) -> None:
    """The user in the path is `me` or oneself."""
    token = world.google("john").token
    url = "https://gmail.googleapis.com/gmail/v1/users/sarah@company.com/profile"
    assert world.api(url, token).status_code == 403


def test_an_unknown_path_is_a_plain_404(world: World) -> None:
    """Nothing is served that the sandbox does not play."""
    answer = world.session.get("https://graph.microsoft.com/v1.0/groups", timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_raw_mail_must_be_base64(world: World) -> None:
    """Gmail refuses what is not a mail."""
    token = world.google().token
    answer = world.api(f"{GMAIL}/messages/send", token, "POST", json={"raw": "a"})
    assert answer.status_code == 400


def test_google_says_which_scope_is_missing(world: World) -> None:
    """ACCESS_TOKEN_SCOPE_INSUFFICIENT in the details, the scopes that would do in the header."""
    answer = world.api(f"{GMAIL}/messages", world.google().token)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (403, "PERMISSION_DENIED")
    assert error["errors"][0]["reason"] == "insufficientPermissions"
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert "https://www.googleapis.com/auth/gmail.readonly" in challenge


def test_a_reason_of_usage_limits_has_their_domain(world: World) -> None:
    """Too many requests are of the domain usageLimits, everything else is global."""
    with world.sandbox.app.test_request_context():
        limited = google_error(403, "Slow down.", "userRateLimitExceeded").get_json()["error"]
        other = google_error(404, "Gone.").get_json()["error"]
    assert limited["errors"][0]["domain"] == "usageLimits"
    assert (other["errors"][0]["domain"], other["errors"][0]["reason"]) == ("global", "notFound")
    assert "details" not in limited


def test_graph_gives_the_clients_own_id_back(world: World) -> None:
    """An error carries the `client-request-id` of its request."""
    headers = {"client-request-id": "my-own-id"}
    answer = world.session.get(ME, headers=headers, timeout=5)
    assert answer.json()["error"]["innerError"]["client-request-id"] == "my-own-id"
