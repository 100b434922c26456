"""Each function runs, as a process, with the keys that it may have; with those it can open no more."""

import pytest
import requests

from multi_user_oauth.custody import place_of
from multi_user_oauth.errors import ConfigurationError, TamperedError
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import EnvelopeOpener
from multi_user_oauth.keys.local import LocalDecrypter
from multi_user_oauth.model import ConnectionStatus, Kind
from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.company import MARIA, SARAH, Account
from multi_user_oauth.stores.meter import NoMeter
from tests.crash.checker import check, record
from tests.crash.deployment import API, CALLBACKS, GOOGLE, MICROSOFT, ORIGIN, PROVIDERS, key_of
from tests.crash.processes import Served
from tests.plugins.no_secret_in_logs import remember_answer
from tests.support.processes import PATIENCE

HOST = {"Host": ORIGIN.partition("://")[2]}


def send(
    served: Served, function: str, method: str, path: str, *, cookies: dict[str, str], **body: str
) -> requests.Response:
    """Send a browser's request to one function, through what the load balancer would do to it."""
    answer = requests.request(
        method,
        served.urls[function] + path,
        headers={
            **HOST,
            "Origin": ORIGIN,
            "Cookie": "; ".join(f"{n}={v}" for n, v in cookies.items()),
        },
        data=body or None,
        allow_redirects=False,
        timeout=PATIENCE,
    )
    remember_answer(
        answer.headers.get("Set-Cookie", "").split(", "), answer.headers.get("Location", "")
    )
    cookies.update({name: value for name, value in answer.cookies.items() if value})
    return answer


def sign_in(served: Served, account: Account, connector_type: str) -> dict[str, str]:
    """Let a person connect over the processes; return their browser's cookies."""
    cookies: dict[str, str] = {}
    left = send(
        served, "authorize", "POST", f"{API}/user/authorize",
        cookies=cookies, user_email=account.email, connector_type=connector_type,
    )  # fmt: skip
    assert left.status_code == 303
    page = ScriptedBrowser(stop_at=ORIGIN).sign_in(left.headers["Location"], account.id)
    provider = PROVIDERS[connector_type]
    assert page.url.startswith(ORIGIN + CALLBACKS[provider])
    path = page.url.removeprefix(ORIGIN)
    arrived = send(served, f"callback_{provider}", "GET", path, cookies=cookies)
    assert arrived.status_code == 303
    return cookies


@pytest.mark.parametrize(
    ("account", "connector_type", "at_provider"),
    [(SARAH, MICROSOFT, "not_possible"), (MARIA, GOOGLE, "revoked")],
    ids=["microsoft", "google"],
)
def test_the_whole_job_needs_no_key_more(
    served: Served, account: Account, connector_type: str, at_provider: str
) -> None:
    """A person connects, an agent gets the token, the list shows it, the person ends it."""
    path = f"{API}/user/{connector_type}/{account.email}"
    token = served.deployment.sandbox.identity_token(ORIGIN)
    agent = {"Authorization": f"Bearer {token}"}

    cookies = sign_in(served, account, connector_type)

    check(served.deployment, key_of(account, connector_type))
    fetched = requests.get(
        f"{served.urls['access_token_0']}{path}/token", headers=agent, timeout=PATIENCE
    )
    assert fetched.status_code == 200
    listed = send(served, "list_users", "GET", f"{API}/users", cookies=cookies).json()
    assert [user["user_email"] for user in listed["users"]] == [account.email]
    assert send(served, "web", "GET", "/", cookies=cookies).status_code == 200
    ended = send(served, "revoke", "DELETE", path, cookies=cookies)
    assert (ended.status_code, ended.json()["provider"]) == (200, at_provider)
    key = key_of(account, connector_type)
    assert record(served.deployment, key).status is ConnectionStatus.REVOKED
    check(served.deployment, key)


def test_what_access_token_holds_opens_no_refresh_token(served: Served) -> None:
    """It is not given the key; and its own key does not open what the other one sealed."""
    keys = served.key_folders["access_token"]
    parts = served.deployment.parts_with(KEY_DIR=str(keys))
    connection = record(served.deployment, key_of(served.expired, MICROSOFT))
    assert connection.sealed_refresh is not None
    place = place_of(connection, Kind.REFRESH, parts.settings.deployment_id)
    with pytest.raises(ConfigurationError, match=r"refresh\.private\.pem"):
        parts.opener(Kind.REFRESH)
    decrypter = LocalDecrypter(keys / "access.private.pem", meter=NoMeter())
    with pytest.raises(TamperedError):
        EnvelopeOpener(decrypter, DataKeyCache(now=served.deployment.clock)).open(
            connection.sealed_refresh, place
        )


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("function", ["callback_microsoft", "callback_google"])
def test_what_a_callback_holds_opens_nothing(served: Served, function: str, kind: Kind) -> None:
    """It seals with public keys; nobody can open with those, not even what they have sealed."""
    parts = served.deployment.parts_with(KEY_DIR=str(served.key_folders[function]))
    parts.sealer(kind)
    with pytest.raises(ConfigurationError, match=r"private\.pem"):
        parts.opener(kind)
