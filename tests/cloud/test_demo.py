"""The whole system over a Google Cloud on this machine, one process and one identity a function."""

from contextlib import nullcontext

import pytest
import requests
from google.api_core.exceptions import PermissionDenied

from multi_user_oauth.sandbox.company import JOHN, MARIA, Account
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from tests.cloud.running import API, FUNCTIONS, GOOGLE, MICROSOFT, RunningDemo
from tests.support.processes import PATIENCE, until

NAMES = [function.name for function in load_catalogue(FUNCTIONS)]
MAY_ENCRYPT = {"access": {"callback_microsoft", "callback_google", "refresh"}}
MAY_ENCRYPT["refresh"] = MAY_ENCRYPT["access"]
MAY_DECRYPT = {"access": {"refresh", "access_token", "connectors"}, "refresh": {"refresh"}}
MAY_READ_SECRETS = {"callback_microsoft", "callback_google", "refresh"}


@pytest.mark.parametrize(
    ("account", "connector_type", "provider", "ended"),
    # Whom no other test here gets a token for: their first use is noted, and only theirs.
    [(MARIA, MICROSOFT, "microsoft", "not_possible"), (MARIA, GOOGLE, "google", "revoked")],
    ids=["microsoft", "google"],
)
def test_the_whole_job_with_the_least_rights(
    demo: RunningDemo, account: Account, connector_type: str, provider: str, ended: str
) -> None:
    """
    Sign-in, token, refresh after expiry, mail, list, disconnect: nobody is refused anything on the way,
    and each function touches only what is its own.
    """
    sandbox, relay, services = demo.cloud.sandbox, demo.cloud.relay, demo.cloud.cloud
    relay.calls.clear()
    services.calls.clear()
    sandbox.set(provider, expires_in=2)  # type: ignore[arg-type]  # reason: one of two names
    person = demo.sign_in(account, connector_type)
    sandbox.set(provider, expires_in=3599)  # type: ignore[arg-type]  # reason: one of two names
    token_and_mail(demo, account, connector_type, provider)
    listed = person.get(f"{demo.world.origin}{API}/users", timeout=PATIENCE).json()["users"]
    assert [user["user_email"] for user in listed] == [account.email]
    revoked = person.delete(
        f"{demo.world.origin}{API}/user/{connector_type}/{account.email}",
        headers={"Origin": demo.world.origin},
        timeout=PATIENCE,
    )
    assert (revoked.status_code, revoked.json()["provider"]) == (200, ended)
    assert demo.get_token(account, connector_type).status_code == 404

    calls = [*relay.calls.as_list(), *services.calls.as_list()]
    # Whoever notes the first use of all finds no document to note it in, and makes one.
    assert {(call.caller, call.status) for call in calls if call.status != "OK"} == {
        ("access_token", "NOT_FOUND")
    }
    assert {call.caller for call in calls} == {
        *(f"callback_{provider}", "access_token", "refresh", "list_users", "revoke", "connectors")
    }
    opened = {
        (call.caller, call.resource.rpartition("/")[2])
        for call in services.calls.as_list()
        if call.method == "Decrypt"
    }
    assert opened == {
        *(("access_token", "access"), ("connectors", "access")),
        *(("refresh", "access"), ("refresh", "refresh")),
    }
    written = {call.caller for call in relay.calls.as_list() if call.method == "Commit"}
    assert written == {f"callback_{provider}", "access_token", "connectors", "refresh", "revoke"}


def token_and_mail(demo: RunningDemo, account: Account, connector_type: str, provider: str) -> None:
    """Get a token that is about to run out, and the next one; send one mail, twice asked for."""
    first = demo.get_token(account, connector_type)
    assert first.status_code == 200, first.text

    def refreshed() -> bool:
        answer = demo.get_token(account, connector_type)
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["access_token"] != first.json()["access_token"])

    until(refreshed, "the token is refreshed once it has run out")
    for _ in range(2):
        sent = demo.send_email(account, connector_type)
        assert (sent.status_code, sent.json()["status"]) == (200, "sent"), sent.text
    mailed = [each for each in demo.cloud.sandbox.mailbox() if each.provider == provider]
    assert [each.sender for each in mailed if each.subject == "Once"] == [account.email]


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize("name", NAMES)
def test_a_key_serves_only_whom_the_catalogue_names(
    demo: RunningDemo, name: str, kind: str
) -> None:
    """Cloud KMS itself says so, whatever code runs in the function: `refresh` alone opens both."""
    key = {"access": demo.cloud.cloud.access_key, "refresh": demo.cloud.cloud.refresh_key}[kind]
    sealed = demo.as_function(
        "refresh", lambda kms, _: kms.encrypt(request={"name": key, "plaintext": b"a key"})
    )
    tried = {
        "encrypt": lambda kms, _: kms.encrypt(request={"name": key, "plaintext": b"a key"}),
        "decrypt": lambda kms, _: kms.decrypt(
            request={"name": key, "ciphertext": sealed.ciphertext}  # type: ignore[attr-defined]  # reason: an EncryptResponse
        ),
    }
    allowed = {"encrypt": name in MAY_ENCRYPT[kind], "decrypt": name in MAY_DECRYPT[kind]}
    for what, ask in tried.items():
        if allowed[what]:
            demo.as_function(name, ask)
        else:
            with pytest.raises(PermissionDenied):
                demo.as_function(name, ask)


@pytest.mark.parametrize("name", NAMES)
def test_client_secrets_are_for_those_who_speak_to_providers(demo: RunningDemo, name: str) -> None:
    """Neither agents nor people reach a function that can read one."""
    project = demo.cloud.cloud.access_key.split("/")[1]
    version = f"projects/{project}/secrets/google/versions/1"
    with nullcontext() if name in MAY_READ_SECRETS else pytest.raises(PermissionDenied):
        demo.as_function(name, lambda _, sm: sm.access_secret_version(request={"name": version}))


def test_the_gateway_passes_on_what_a_browser_needs(demo: RunningDemo) -> None:
    """Every cookie of an answer, redirects unfollowed, the host; and nothing of the hop itself."""
    origin = demo.world.origin
    form = {"user_email": JOHN.email, "connector_type": GOOGLE}
    away = requests.post(
        f"{origin}{API}/user/authorize",
        data=form, headers={"Origin": origin}, allow_redirects=False, timeout=PATIENCE,
    )  # fmt: skip
    assert away.status_code == 303
    assert away.headers["Location"].startswith(demo.world.sandbox_url)
    assert "__Host-flow-" in away.headers["Set-Cookie"]
    assert "gunicorn" not in away.headers.get("Server", "")
    plain = {"Accept-Encoding": "identity"}
    page = requests.get(f"{origin}/assets/account.js", headers=plain, timeout=PATIENCE)
    assert (page.status_code, page.headers["Content-Length"]) == (200, str(len(page.content)))
