"""The knobs over HTTP, and who may turn them."""

import pytest

from .conftest import World


def test_settings_faults_and_reset_over_http(world: World) -> None:
    """What the methods do can be done over HTTP, and a reset undoes it."""
    changed = world.admin("POST", "settings", json={"provider": "google", "expires_in": 60})
    world.admin("POST", "faults", json=[{"provider": "google", "kind": "drop"}] * 2)
    assert changed.json()["expires_in"] == 60
    assert [fault["kind"] for fault in world.admin("GET", "faults").json()] == ["drop", "drop"]
    assert world.admin("POST", "reset").status_code == 204
    assert world.admin("GET", "faults").json() == []
    assert world.google().expiry is not None
    assert world.admin("DELETE", "faults").status_code == 204
    assert world.admin("GET", "health").json() == {"status": "ok"}


def test_time_and_grants_over_http(world: World) -> None:
    """Advance, expire, revoke and rotate are there too."""
    google = world.google()
    url = "https://openidconnect.googleapis.com/v1/userinfo"
    assert world.admin("POST", "expire-access-tokens").json() == {"expired": 1}
    assert world.api(url, google.token).status_code == 401
    again = world.refresh_google(google.refresh_token).json()["access_token"]
    assert world.api(url, again).status_code == 200
    assert world.admin("POST", "advance", json={"seconds": 3599}).status_code == 204
    assert world.api(url, again).status_code == 401
    sarah = {"provider": "google", "account": "sarah@company.com"}
    assert world.admin("POST", "revoke-grant", json=sarah).status_code == 204
    nobody = sarah | {"account": "nobody"}
    assert world.admin("POST", "revoke-grant", json=nobody).status_code == 404
    assert world.refresh_google(google.refresh_token).status_code == 400
    assert not any(grant["valid"] for grant in world.admin("GET", "grants").json())


def test_a_new_key_signs_and_the_old_one_stays(world: World) -> None:
    """After a rotation two keys are published."""
    url = "https://www.googleapis.com/oauth2/v3/certs"
    before = world.session.get(url, timeout=5).json()["keys"]
    world.admin("POST", "rotate-key", json={"provider": "google"})
    after = world.session.get(url, timeout=5).json()["keys"]
    assert before[0] in after
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("settings", {"provider": "google", "expires_on": 60}),
        ("settings", {"provider": "google", "expires_in": "soon"}),
        ("settings", {"expires_in": 60}),
        ("settings", []),
        ("advance", {}),
        ("advance", {"seconds": "many"}),
        ("revoke-grant", {"account": "sarah"}),
        ("faults", "drop"),
    ],
)
def test_wrong_input_is_400(world: World, path: str, body: object) -> None:
    """A knob that does not exist is not turned."""
    answer = world.admin("POST", path, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("10.0.0.7", {}),
        ("", {}),
        ("127.0.0.1", {"Host": "evil.example"}),
        ("127.0.0.1", {"Origin": "https://evil.example"}),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}),
    ],
)
def test_others_may_not(world: World, peer: str, headers: dict[str, str]) -> None:
    """Another machine, a proxy, or a page of another site in a browser here: 403."""
    client = world.sandbox.app.test_client()
    answer = client.get(
        "/_sandbox/secrets", headers=headers, environ_overrides={"REMOTE_ADDR": peer}
    )
    assert answer.status_code == 403


def test_this_machine_may(world: World) -> None:
    """127.0.0.1, localhost and ::1 may, with a port or without."""
    client = world.sandbox.app.test_client()
    for peer, host in (("127.0.0.1", "localhost:8085"), ("::1", "[::1]:8085"), ("::1", "[::1]")):
        answer = client.get(
            "/_sandbox/health", headers={"Host": host}, environ_overrides={"REMOTE_ADDR": peer}
        )
        assert answer.status_code == 200
