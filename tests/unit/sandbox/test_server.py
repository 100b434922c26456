"""The sandbox as a real server: waitress, sockets, keep-alive."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from multi_user_oauth.sandbox.browser import ScriptedBrowser
from multi_user_oauth.sandbox.reach import SandboxAdapter
from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox

from .conftest import GOOGLE, PRODUCT, ManualClock, World, make_sandbox

KEYS = "https://www.googleapis.com/oauth2/v3/certs"


@pytest.fixture
def served(clock: ManualClock) -> Iterator[World]:
    """Give a world whose sandbox listens on a free port."""
    with make_sandbox(clock) as sandbox:
        world = World.around(sandbox, clock)
        for session in (world.session, world.browser.session):
            session.mount("https://", sandbox.adapter())
        yield world
        world.session.close()
        world.browser.session.close()


def test_a_sign_in_over_sockets(served: World) -> None:
    """MSAL signs in and refreshes over HTTP; the URLs it sees stay Microsoft's."""
    answer = served.microsoft()
    again = served.refresh_microsoft(answer["refresh_token"])
    assert again.status_code == 200
    assert again.url.startswith("https://login.microsoftonline.com/")
    assert again.request.url == again.url


def test_the_browser_may_use_the_sandboxs_own_address(served: World) -> None:
    """A person's browser has no adapter: pages post to where they came from."""
    base = served.sandbox.base_url
    url, _ = served.flow().authorization_url()
    session = requests.Session()
    session.trust_env = False
    browser = ScriptedBrowser(session, stop_at=PRODUCT)
    page = browser.sign_in(url.replace("https://", f"{base}/"), "sarah")
    style = session.get(f"{base}/static/sandbox.css", timeout=5)
    session.close()
    assert "code" in page.answer
    assert style.status_code == 200
    style.close()


def test_connections_are_kept(served: World) -> None:
    """Twenty requests of one session go over one connection."""
    for _ in range(20):
        assert served.session.get(KEYS, timeout=5).ok
    adapter = served.session.get_adapter("https://")
    assert isinstance(adapter, SandboxAdapter)
    pools = adapter.poolmanager.pools
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118  # reason: no Mapping


def test_drop_closes_the_connection(served: World) -> None:
    """The client sees a connection error, once; nothing is sent twice."""
    served.sandbox.add_fault(provider="google", endpoint="keys", kind="drop")
    with pytest.raises(requests.ConnectionError):
        served.session.get(KEYS, timeout=5)
    assert served.session.get(KEYS, timeout=5).ok
    statuses = [e["status"] for e in served.sandbox.requests() if e["endpoint"] == "keys"]
    assert statuses == [0, 200]


def test_one_slow_request_does_not_hold_the_others(clock: ManualClock) -> None:
    """While a fault waits, other requests are answered."""
    waiting, go_on = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        assert seconds == 1
        waiting.set()
        assert go_on.wait(10)

    sandbox = Sandbox(SandboxConfig(google=GOOGLE), now=clock.now, sleep=sleep)
    world = World.around(sandbox, clock)
    sandbox.add_fault(provider="google", endpoint="discovery", kind="slow", delay=1)
    url = "https://accounts.google.com/.well-known/openid-configuration"
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(world.session.get, url, timeout=5)
        assert waiting.wait(10)
        assert world.session.get(KEYS, timeout=5).ok
        assert not slow.done()
        go_on.set()
        assert slow.result(timeout=10).ok


def test_stop_closes_the_port(clock: ManualClock) -> None:
    """After stop nobody listens, and stopping again is harmless."""
    sandbox = make_sandbox(clock).start()
    session = requests.Session()
    session.trust_env = False
    assert session.get(f"{sandbox.base_url}/_sandbox/health", timeout=5).ok
    session.close()
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{sandbox.base_url}/_sandbox/health", timeout=5)
