"""A sandbox in this process, with its own clock, and the real client libraries around it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
from google_auth_oauthlib.flow import Flow

from multi_user_oauth.sandbox.browser import Page, ScriptedBrowser
from multi_user_oauth.sandbox.company import COMPANY_TENANT
from multi_user_oauth.sandbox.records import Registration, SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox

PRODUCT = "http://localhost:8084/"
MICROSOFT = Registration(
    client_id="5f0c7f3e-0d1b-4a55-9d43-2f1a7c9be001",
    client_secrets=["microsoft-secret-of-the-tests", "next-microsoft-secret"],
    redirect_uris=[f"{PRODUCT}callback/microsoft"],
)
GOOGLE = Registration(
    client_id="1234-tests.apps.googleusercontent.com",
    client_secrets=["GOCSPX-google-secret-of-the-tests"],
    redirect_uris=[f"{PRODUCT}callback/google"],
)
AUTHORITY = f"https://login.microsoftonline.com/{COMPANY_TENANT}"
MICROSOFT_TOKEN = f"{AUTHORITY}/oauth2/v2.0/token"
GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"
GOOGLE_SCOPES = (
    "openid",
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/gmail.send",
)


@dataclass(slots=True)
class ManualClock:
    """A clock that moves when told to."""

    time: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """Give the time it shows."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on at once, and remember for how long."""
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


def make_sandbox(clock: ManualClock, state_file: Path | None = None, first: int = 1) -> Sandbox:
    """Give a sandbox whose random numbers are counted from `first`."""
    counter = itertools.count(first)
    config = SandboxConfig(microsoft=MICROSOFT, google=GOOGLE, state_file=state_file)
    return Sandbox(
        config,
        now=clock.now,
        sleep=clock.sleep,
        draw=lambda length: next(counter).to_bytes(length, "big"),
    )


@dataclass(slots=True)
class World:
    """A sandbox with a browser in front of it and the product's libraries behind it."""

    sandbox: Sandbox
    clock: ManualClock
    session: requests.Session
    browser: ScriptedBrowser

    @classmethod
    def around(cls, sandbox: Sandbox, clock: ManualClock) -> "World":
        """Give a world around `sandbox`, without sockets."""
        front = requests.Session()
        back = requests.Session()
        for session in (front, back):
            session.trust_env = False
            session.mount("https://", sandbox.in_process_adapter())
        browser = ScriptedBrowser(front, stop_at=PRODUCT)
        return cls(sandbox=sandbox, clock=clock, session=back, browser=browser)

    def msal(self) -> Any:  # noqa: ANN401  # reason: msal has no types
        """Give a fresh MSAL application: an old one remembers errors for a minute."""
        return msal.ConfidentialClientApplication(
            MICROSOFT.client_id,
            client_credential=MICROSOFT.client_secrets[0],
            authority=AUTHORITY,
            instance_discovery=False,
            http_client=self.session,
        )

    def microsoft(self, account: str = "sarah", *scopes: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: handed on to the library
        """Sign in at Microsoft with MSAL and give its answer."""
        app = self.msal()
        flow = app.initiate_auth_code_flow(
            list(scopes or ("User.Read", "Mail.Send")),
            redirect_uri=MICROSOFT.redirect_uris[0],
            response_mode="form_post",
            **options,
        )
        page = self.browser.sign_in(flow["auth_uri"], account)
        answer: dict[str, Any] = app.acquire_token_by_auth_code_flow(flow, page.answer)
        return answer

    def flow(self, *scopes: str) -> Any:  # noqa: ANN401  # reason: no types
        """Give Google's flow object, as the product makes it."""
        web = {
            "client_id": GOOGLE.client_id,
            "client_secret": GOOGLE.client_secrets[0],
            "auth_uri": "https://accounts.google.com/o/oauth2/v2/auth",
            "token_uri": GOOGLE_TOKEN,
        }
        wanted = list(scopes or GOOGLE_SCOPES)
        flow = Flow.from_client_config({"web": web}, wanted, redirect_uri=GOOGLE.redirect_uris[0])
        flow.oauth2session.mount("https://", self.sandbox.in_process_adapter())
        flow.oauth2session.trust_env = False
        return flow

    def google(
        self,
        account: str = "sarah",
        scopes: Sequence[str] = (),
        **options: Any,  # noqa: ANN401  # reason: handed on to the library
    ) -> Any:  # noqa: ANN401  # reason: no types
        """Sign in at Google with google-auth-oauthlib and give its credentials."""
        flow = self.flow(*scopes)
        url, _ = flow.authorization_url(nonce="a-nonce", **({"prompt": "consent"} | options))
        flow.fetch_token(code=self.browser.sign_in(url, account).answer["code"])
        return flow.credentials

    def refresh_microsoft(self, token: str, **form: str) -> requests.Response:
        """Send one refresh to Microsoft without any library's memory."""
        secret = MICROSOFT.client_secrets[0]
        client = {"client_id": MICROSOFT.client_id, "client_secret": secret}
        grant = {"grant_type": "refresh_token", "refresh_token": token}
        return self.session.post(MICROSOFT_TOKEN, data=client | grant | form, timeout=10)

    def refresh_google(self, token: str, **form: str) -> requests.Response:
        """Send one refresh to Google without any library's memory."""
        secret = GOOGLE.client_secrets[0]
        client = {"client_id": GOOGLE.client_id, "client_secret": secret}
        grant = {"grant_type": "refresh_token", "refresh_token": token}
        return self.session.post(GOOGLE_TOKEN, data=client | grant | form, timeout=10)

    def api(self, url: str, access_token: str, method: str = "GET", **options: Any) -> Any:  # noqa: ANN401  # reason: handed on to the library
        """Call an API with a bearer token."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.session.request(method, url, headers=headers, timeout=10, **options)

    def admin(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401  # reason: handed on to the library
        """Turn a knob over HTTP, as a process on this machine."""
        adapter = self.session.get_adapter("https://")
        request = requests.Request(method, f"https://_sandbox/{path}", **options).prepare()
        return adapter.send(request)

    def open(self, url: str) -> Page:
        """Let the browser go somewhere."""
        return self.browser.open(url)


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that moves when told to."""
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    """Give a world around a sandbox of its own."""
    return World.around(make_sandbox(clock), clock)
