"""The operators' route: re-wrapping and counting, over HTTP, by the one function that may."""

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from multi_user_oauth.keys.local_versions import LocalKeyVersions
from multi_user_oauth.model import Kind, Secret
from multi_user_oauth.refreshers.remote import RemoteRefresher
from multi_user_oauth.refreshers.remote_rewrapping import RemoteRewrapping
from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.functions.test_refresh import REFRESH_URL, in_place_of_the_network
from tests.support.functions import GOOGLE, MICROSOFT, Installation, code
from tests.support.installation import AGENT, OPERATOR, ORIGIN

ROUTE = "/refresh/rewrap"


@pytest.fixture
def installation(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """An installation with key files of its own, since they are rotated."""
    folder = shutil.copytree(keys["KEY_DIR"], tmp_path / "keys")
    return Installation(tmp_path, keys, {"KEY_DIR": str(folder)})


def rewrap(installation: Installation, caller: str = OPERATOR, **body: object) -> dict[str, Any]:
    """Ask the route and return its answer."""
    response = installation.agent(caller).call("refresh", "POST", ROUTE, json=body)
    assert response.status_code == 200, response.text
    return response.json or {}


def rotate(installation: Installation) -> dict[str, str]:
    """Give both keys a new version and return them."""
    folder = Path(installation.settings["KEY_DIR"])
    return {kind.value: LocalKeyVersions(folder, kind).rotate() for kind in Kind}


def test_an_operator_has_everything_rewrapped(installation: Installation) -> None:
    """The functions run on; afterwards tokens are handed out and refreshed as before."""
    installation.connect(MICROSOFT, SARAH)
    installation.connect(GOOGLE, JOHN)
    newest = rotate(installation)
    counted = rewrap(installation, count_only=True)
    (old,) = counted["versions"]["access"]
    assert counted["versions"]["access"] == {old: 2}
    assert counted["rewrapped"] == 0

    done = rewrap(installation)

    assert done == {
        "versions": {kind: {version: 2} for kind, version in newest.items()},
        "newest": newest,
        "rewrapped": 2,
        "skipped": 0,
        "tampered": 0,
    }
    folder = Path(installation.settings["KEY_DIR"])
    LocalKeyVersions(folder, "access").destroy(old)
    installation.clock.advance(301)  # what was unwrapped is forgotten
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 200
    installation.clock.advance(2 * 3600)
    assert installation.agent().token(GOOGLE, JOHN.email).status_code == 200


@pytest.mark.parametrize("caller", [AGENT, "somebody@elsewhere.iam.gserviceaccount.com"])
def test_only_an_operator_on_the_list_may(installation: Installation, caller: str) -> None:
    """Not whoever may refresh; nothing is written, nothing noted."""
    installation.meter.reset()
    response = installation.agent(caller).call("refresh", "POST", ROUTE, json={})
    assert (response.status_code, code(response)) == (403, "forbidden")
    assert installation.writes() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"after": "people:ada"}, "after"),
        ({"after": ""}, "after"),
        ({"after": 7}, "after"),
        ({"count_only": "yes"}, "count_only"),
        ({"key": "access"}, "key"),
    ],
)
def test_a_malformed_request_is_refused_by_name(
    installation: Installation, body: dict[str, object], field: str
) -> None:
    """Before anything is done."""
    response = installation.agent(OPERATOR).call("refresh", "POST", ROUTE, json=body)
    assert (response.status_code, (response.json or {})["field"]) == (400, field)


def test_the_bare_path_is_the_same_route(installation: Installation) -> None:
    """As the platform serves it."""
    response = installation.agent(OPERATOR).call("refresh", "POST", "/rewrap", json={})
    assert response.status_code == 200
    assert "next" not in (response.json or {})


def test_a_step_that_has_no_more_time_says_where_to_go_on(installation: Installation) -> None:
    """Time passes while it works: after 35 seconds it answers, and the next call goes on."""
    installation.connect(MICROSOFT, SARAH)
    installation.connect(GOOGLE, JOHN)
    rotate(installation)
    counting = installation.meter.count

    def slow(operation: str, number: int = 1) -> None:
        counting(operation, number)
        if operation == "kms":
            installation.clock.advance(5)

    installation.meter.count = slow  # type: ignore[method-assign]  # reason: a key service that takes its time
    first = rewrap(installation)
    second = rewrap(installation, after=first["next"])
    third = rewrap(installation, after=second["next"])

    assert [each["rewrapped"] for each in (first, second, third)] == [1, 1, 0]
    assert "next" not in third


def test_a_terminal_asks_over_http(installation: Installation) -> None:
    """The same steps, whoever does them; no token travels."""
    installation.connect(MICROSOFT, SARAH)
    newest = rotate(installation)

    def token(audience: str) -> Secret:
        return Secret(installation.sandbox.identity_token(audience, OPERATOR))

    remote = RemoteRefresher(url=REFRESH_URL, audience=ORIGIN, identity=token)
    remote._session.mount(REFRESH_URL, in_place_of_the_network(installation))  # noqa: SLF001  # reason: the network's place
    steps = RemoteRewrapping(remote)
    soon = installation.clock() + timedelta(seconds=10)

    done = steps.step(after=None, until=soon, count_only=False)

    assert (done.rewrapped, done.next_after, done.stopped) == (1, None, None)
    assert done.newest == newest
    assert done.versions == {kind: {version: 1} for kind, version in newest.items()}
    counted = steps.step(after="rescues:x", until=soon, count_only=True)
    assert (counted.rewrapped, counted.versions) == (0, done.versions)
