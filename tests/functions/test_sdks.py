"""Google's and Microsoft's own libraries, unmodified, work on with people's tokens from the vault."""

import asyncio
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from azure.core import PipelineClient
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from googleapiclient.discovery import build  # type: ignore[import-untyped]  # reason: it has none
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from multi_user_oauth.client import ReauthorizationRequiredError, Vault
from multi_user_oauth.client.azure import AsyncUserCredential, UserCredential
from multi_user_oauth.client.google import UserCredentials
from multi_user_oauth.client.httpx_auth import UserAuth as HttpxAuth
from multi_user_oauth.client.requests_auth import UserAuth as RequestsAuth
from multi_user_oauth.sandbox.company import SARAH, google_identity, microsoft_identity
from tests.support.connectors import connected, wide
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor
from tests.support.installation import AGENT, ORIGIN, POLICY

GRAPH: Final = "https://graph.microsoft.com"
ON_MICROSOFT: Final = (MICROSOFT, SARAH.email)
ON_GOOGLE: Final = (GOOGLE, SARAH.email)
SHORT: Final = 100
"""Seconds of a token that every library holds for stale: no other is needed to see it renewed."""

THEIRS: Final = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Microsoft's library warns of classes of its own, when they are first loaded."""


class Functions(HTTPAdapter):
    """Leads to the functions in this process; each answer is held against docs/openapi.yaml."""

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self._installation = installation

    def send(
        self, request: requests.PreparedRequest, *_: object, **__: object
    ) -> requests.Response:
        """Answer."""
        url = urlsplit(str(request.url))
        function = "access_token" if url.path.endswith("/token") else "connectors"
        answer = Visitor(self._installation).call(
            function, str(request.method), f"{url.path}?{url.query}",
            headers=dict(request.headers), data=request.body,
        )  # fmt: skip
        raw = HTTPResponse(
            body=io.BytesIO(answer.data), headers=dict(answer.headers.items()),
            status=answer.status_code, preload_content=False,
        )  # fmt: skip
        return self.build_response(request, raw)


class Graph(httpx.AsyncHTTPTransport):
    """Leads to the sandbox, whatever host is asked for."""

    def __init__(self, sandbox_url: str) -> None:
        super().__init__()
        self._sandbox = sandbox_url

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask there."""
        path = request.url.raw_path.decode()
        request.url = httpx.URL(f"{self._sandbox}/{request.url.host}{path}")
        return await super().handle_async_request(request)


@pytest.fixture
def installed(tmp_path: Path, keys: Mapping[str, str]) -> Iterator[Installation]:
    """Sarah has just connected; it is now, for the libraries look at the real clock; she has a mail."""
    policy = tmp_path / "tokens.yaml"
    policy.write_text(POLICY, "utf-8")  # it gives the agent tokens; the wide one does not
    installation = wide(tmp_path, keys, changes={"POLICY_FILE": str(policy)})
    now = datetime.now(UTC)  # noqa: TID251  # reason: the libraries take no other clock
    installation.clock.advance((now - installation.clock()).total_seconds())
    with installation.sandbox:
        for provider in ("microsoft", "google"):
            installation.sandbox.set(provider, expires_in=SHORT)
        connected(installation, SARAH)
        yield installation


@pytest.fixture
def vault(installed: Installation) -> Iterator[Vault]:
    """The client that an agent installs; in each mailbox there is one mail."""
    with requests.Session() as session:
        session.mount(ORIGIN, Functions(installed))
        vault = Vault(
            ORIGIN,
            lambda audience: installed.sandbox.identity_token(audience, AGENT),
            session=session,
            sleep=installed.clock.sleep,
            now=installed.clock,
        )
        for whose in (ON_MICROSOFT, ON_GOOGLE):
            sent = vault.send_email(*whose, to=SARAH.email, subject="The report", body="Ready.")
            assert sent["status"] == "sent"
        installed.sandbox.clear_requests()
        yield vault


class Google:
    """Gmail and Drive, by google-api-python-client; its addresses lead to the sandbox."""

    def __init__(self, vault: Vault, sandbox_url: str) -> None:
        credentials = UserCredentials(vault, *ON_GOOGLE, purpose="test")
        self.gmail, self.drive = (
            build(
                name,
                version,
                credentials=credentials,
                client_options={"api_endpoint": f"{sandbox_url}/{place}/"},
                static_discovery=True,
            )
            for name, version, place in (
                ("gmail", "v1", "gmail.googleapis.com"),
                ("drive", "v3", "www.googleapis.com/drive/v3"),
            )
        )

    def lists(self) -> tuple[int, int]:
        """Return how many mails and files there are."""
        mails = self.gmail.users().messages().list(userId="me").execute()["messages"]
        files = self.drive.files().list(pageSize=10).execute()["files"]
        return len(mails), len(files)

    def close(self) -> None:
        """Close its connections."""
        self.gmail.close()
        self.drive.close()


@pytest.fixture
def google(vault: Vault, installed: Installation) -> Iterator[Google]:
    """Google's library."""
    made = Google(vault, installed.sandbox.base_url)
    yield made
    made.close()


@pytest.fixture
def azure(vault: Vault, installed: Installation) -> Iterator[PipelineClient[Any, Any]]:
    """A plain pipeline of azure-core, as each of Microsoft's libraries is built on one."""
    with requests.Session() as session, UserCredential(vault, *ON_MICROSOFT) as credential:
        session.mount("https://", installed.sandbox.adapter())
        transport = RequestsTransport(session=session, session_owner=False)
        policy = BearerTokenCredentialPolicy[Any, Any](credential, f"{GRAPH}/.default")
        with PipelineClient[Any, Any](GRAPH, policies=[policy], transport=transport) as client:
            yield client


def mails(client: PipelineClient[Any, Any]) -> int:
    """Return how many mails Graph lists."""
    answer = client.send_request(HttpRequest("GET", f"{GRAPH}/v1.0/me/messages"))
    answer.raise_for_status()
    return len(answer.json()["value"])


async def msgraph(vault: Vault, sandbox_url: str) -> tuple[int, int]:
    """Return how many mails and files Microsoft's Graph SDK lists."""
    sdk = pytest.importorskip("msgraph")
    core = pytest.importorskip("msgraph_core")
    kiota = pytest.importorskip("kiota_authentication_azure.azure_identity_authentication_provider")
    async with Graph(sandbox_url) as transport:
        client = core.GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(transport=transport),
            options=pytest.importorskip("msgraph.graph_request_adapter").options,
        )
        signer = kiota.AzureIdentityAuthenticationProvider(
            AsyncUserCredential(vault, *ON_MICROSOFT)
        )
        graph = sdk.GraphServiceClient(
            request_adapter=sdk.GraphRequestAdapter(signer, client=client)
        )
        found = await graph.me.messages.get()
        drive = await graph.me.drive.get()
        items = graph.drives.by_drive_id(drive.id).items
        files = await items.by_drive_item_id("root").children.get()
        (notes,) = [item for item in files.value if item.file]
        assert (await items.by_drive_item_id(notes.id).get()).name == notes.name
        return len(found.value), len(files.value)


def refreshes(installation: Installation) -> list[object]:
    """What each refresh brought of a claims challenge."""
    served = installation.sandbox.requests()
    return [each["claims"] for each in served if each["grant_type"] == "refresh_token"]


def ended(installation: Installation) -> None:
    """Let what was handed out so far end, and what comes live for an hour."""
    for provider in ("microsoft", "google"):
        installation.sandbox.set(provider, expires_in=3599)
    installation.clock.advance(SHORT + 1)
    installation.sandbox.clear_requests()


def test_googles_library_works_on_when_a_token_ends(
    google: Google, installed: Installation
) -> None:
    """It lists mail and files; its token ends; it lists them again."""
    before = google.lists()
    assert min(before) > 0
    ended(installed)
    assert google.lists() == before
    assert refreshes(installed) == [None]


def test_googles_library_works_on_when_a_token_is_refused(
    google: Google, installed: Installation
) -> None:
    """By its own books it is good; Google says 401; another one comes in its place, once."""
    ended(installed)
    before = google.lists()
    installed.clock.advance(120)
    assert installed.sandbox.expire_access_tokens()
    assert google.lists() == before
    assert refreshes(installed) == [None, None]


def test_googles_library_tells_where_the_person_connects_again(
    google: Google, installed: Installation
) -> None:
    """She disconnects: the library's call raises our error; she connects again: it works on."""
    ended(installed)
    before = google.lists()
    sarah = installed.person(google_identity(SARAH))
    assert sarah.revoke(GOOGLE, SARAH.email).status_code == 200
    with pytest.raises(ReauthorizationRequiredError) as raised:
        google.lists()
    assert raised.value.url.startswith(f"{ORIGIN}/")
    installed.connect(GOOGLE, SARAH)
    assert google.lists() == before


def test_a_pipeline_of_azure_core_works_on_when_a_token_ends(
    azure: PipelineClient[Any, Any], installed: Installation
) -> None:
    """Between two calls."""
    before = mails(azure)
    ended(installed)
    assert mails(azure) == before > 0
    assert refreshes(installed) == [None]


def test_a_claims_challenge_reaches_microsoft_through_azure_core(
    azure: PipelineClient[Any, Any], installed: Installation
) -> None:
    """Continuous access evaluation: the pipeline reads the challenge, and the call succeeds."""
    ended(installed)
    installed.sandbox.add_fault(provider="microsoft", endpoint="graph", kind="insufficient_claims")
    assert mails(azure) > 0
    _, challenge = refreshes(installed)
    assert '"access_token"' in str(challenge)


@THEIRS
def test_microsofts_library_works_on_when_a_token_ends(
    vault: Vault, installed: Installation
) -> None:
    """The Graph SDK lists mail and files, before and after, and once with a claims challenge."""
    sandbox = installed.sandbox
    before = asyncio.run(msgraph(vault, sandbox.base_url))
    assert min(before) > 0
    ended(installed)
    assert asyncio.run(msgraph(vault, sandbox.base_url)) == before
    sandbox.add_fault(provider="microsoft", endpoint="graph", kind="insufficient_claims")
    assert asyncio.run(msgraph(vault, sandbox.base_url)) == before
    assert '"access_token"' in str(refreshes(installed)[-1])


@THEIRS
def test_microsofts_library_tells_where_the_person_connects_again(
    vault: Vault, installed: Installation
) -> None:
    """Once what Microsoft had given before has ended: it can not be taken back."""
    ended(installed)
    before = asyncio.run(msgraph(vault, installed.sandbox.base_url))
    sarah = installed.person(microsoft_identity(SARAH))
    assert sarah.revoke(MICROSOFT, SARAH.email).status_code == 200
    installed.clock.advance(3600)
    with pytest.raises(ReauthorizationRequiredError) as raised:
        asyncio.run(msgraph(vault, installed.sandbox.base_url))
    assert raised.value.code == "not_connected"
    installed.connect(MICROSOFT, SARAH)
    assert asyncio.run(msgraph(vault, installed.sandbox.base_url)) == before


def test_requests_and_httpx_work_on_when_a_token_is_refused(
    vault: Vault, installed: Installation
) -> None:
    """Each answers 401 once, and sends it again with another token; one refresh serves both."""
    ended(installed)
    url, whose = f"{GRAPH}/v1.0/me", (vault, *ON_MICROSOFT)

    async def by_httpx() -> int:
        transport = Graph(installed.sandbox.base_url)
        async with httpx.AsyncClient(transport=transport, auth=HttpxAuth(*whose)) as client:
            return (await client.get(url)).status_code

    with requests.Session() as session:
        session.mount("https://", installed.sandbox.adapter())
        session.auth = RequestsAuth(*whose)
        assert session.get(url, timeout=10).status_code == 200
        installed.clock.advance(120)
        installed.sandbox.expire_access_tokens()
        assert session.get(url, timeout=10).status_code == 200
    assert asyncio.run(by_httpx()) == 200
    assert refreshes(installed) == [None, None]
