"""The cloud demo as people and agents use it, and as whoever has taken over one of its functions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
import requests
from google.cloud.kms_v1 import KeyManagementServiceClient
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)

from multi_user_oauth.cli.cloud_demo import CloudDemo
from multi_user_oauth.cli.demo import Demo
from multi_user_oauth.client_secrets import secret_manager
from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.company import Account
from tests.support.processes import PATIENCE, ROOT

FUNCTIONS: Final = ROOT / "functions"
API: Final = "/api/v1/oauth"
MICROSOFT: Final = "microsoft_teams"
GOOGLE: Final = "google_workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDemo:
    """What is served, and by whom."""

    world: Demo
    cloud: CloudDemo

    def sign_in(self, account: Account, connector_type: str) -> requests.Session:
        """Connect a person by a browser of their own; return it."""
        session = requests.Session()
        session.trust_env = False
        browser = ScriptedBrowser(session)
        form = {"user_email": account.email, "connector_type": connector_type}
        link = session.post(f"{self.world.origin}{API}/user/authorize", json=form, timeout=PATIENCE)
        assert link.status_code == 200, link.text
        page = browser.open(link.json()["authorization_url"])
        page = browser.walk(browser.submit(page, page.forms[0]), account.id)
        assert (page.status, urlsplit(page.url).path) == (200, "/")
        return session

    def get_token(self, account: Account, connector_type: str) -> requests.Response:
        """Ask for a person's token as an agent."""
        identity = self.cloud.sandbox.identity_token(self.world.origin)
        url = f"{self.world.origin}{API}/user/{connector_type}/{account.email}/token"
        headers = {"Authorization": f"Bearer {identity}"}
        return requests.get(url, headers=headers, timeout=PATIENCE)

    def send_email(self, account: Account, connector_type: str) -> requests.Response:
        """Send a mail as a person, as an agent, once."""
        identity = self.cloud.sandbox.identity_token(self.world.origin)
        return requests.post(
            f"{self.world.origin}/api/v1/connectors/{connector_type}/send_email",
            json={"user_email": account.email, "to": "john@company.com", "subject": "Once"},
            headers={"Authorization": f"Bearer {identity}", "Idempotency-Key": "once"},
            timeout=PATIENCE,
        )

    def as_function(self, name: str, ask: Callable[[Any, Any], object]) -> object:
        """Give `ask` Cloud KMS and Secret Manager as this function reaches them."""
        with grpc.insecure_channel(self.cloud.cloud.address(name)) as channel:
            kms = KeyManagementServiceGrpcTransport(channel=channel)
            return ask(KeyManagementServiceClient(transport=kms), secret_manager.connect(channel))
