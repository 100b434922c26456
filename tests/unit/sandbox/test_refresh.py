"""What becomes of refresh tokens: the four modes, expiry, revocation, races."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.sandbox.server import Sandbox

from .conftest import GOOGLE, ManualClock, World


def test_lax_keeps_the_old_token_alive(world: World) -> None:
    """Microsoft's way: each refresh gives a new token and the old one still works."""
    old = world.microsoft()["refresh_token"]
    new = world.refresh_microsoft(old).json()["refresh_token"]
    assert new != old
    assert world.refresh_microsoft(old).status_code == 200
    assert world.refresh_microsoft(new).status_code == 200


def test_static_answers_without_a_refresh_token(world: World) -> None:
    """Google's way: the token that one has is the one to keep."""
    token = world.google().refresh_token
    answers = [world.refresh_google(token).json() for _ in range(2)]
    assert all("access_token" in answer for answer in answers)
    assert not any("refresh_token" in answer for answer in answers)


def test_single_refuses_the_old_token_only(world: World) -> None:
    """In single mode a rotated token is refused and its successor lives."""
    world.sandbox.set("microsoft", refresh_mode="single")
    old = world.microsoft()["refresh_token"]
    new = world.refresh_microsoft(old).json()["refresh_token"]
    assert world.refresh_microsoft(old).json()["error"] == "invalid_grant"
    assert world.refresh_microsoft(new).status_code == 200


@pytest.mark.parametrize("provider", ["microsoft", "google"])
def test_strict_kills_the_grant_on_reuse(world: World, provider: str) -> None:
    """In strict mode reusing a rotated token ends the whole sign-in, others go on."""
    world.sandbox.set("microsoft", refresh_mode="strict")
    world.sandbox.set("google", refresh_mode="strict")
    if provider == "microsoft":
        refresh = world.refresh_microsoft
        old, other = (world.microsoft()["refresh_token"] for _ in range(2))
    else:
        refresh = world.refresh_google
        old, other = (world.google().refresh_token for _ in range(2))
    new = refresh(old).json()["refresh_token"]
    assert refresh(old).status_code == 400
    assert refresh(new).json()["error"] == "invalid_grant"
    assert refresh(other).status_code == 200


def test_only_one_of_many_at_once_gets_the_rotation(world: World) -> None:
    """Eight refreshes with one token at the same moment: in single mode exactly one wins."""
    world.sandbox.set("google", refresh_mode="single")
    token = world.google().refresh_token
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: world.refresh_google(token).status_code, range(8)))
    assert sorted(statuses) == [200] + [400] * 7


def test_nobody_else_is_served_while_a_token_is_made(clock: ManualClock) -> None:
    """Between looking at a refresh token and retiring it the sandbox's lock is held."""
    free: list[bool] = []

    def draw(length: int) -> bytes:
        with ThreadPoolExecutor(1) as elsewhere:
            free.append(elsewhere.submit(may_enter).result(timeout=10))
        return b"x" * length

    def may_enter() -> bool:
        lock = sandbox.app.extensions["sandbox"].lock
        entered: bool = lock.acquire(blocking=False)
        if entered:
            lock.release()
        return entered

    config = SandboxConfig(google=GOOGLE)
    sandbox = Sandbox(config, now=clock.now, sleep=clock.sleep, draw=draw)
    World.around(sandbox, clock).google()
    assert free
    assert not any(free)


def test_a_refresh_token_dies_of_age(world: World) -> None:
    """After ninety idle days Microsoft answers AADSTS700082, Google as if revoked."""
    microsoft, google = world.microsoft()["refresh_token"], world.google().refresh_token
    world.sandbox.advance(90 * 86_400)
    assert world.refresh_microsoft(microsoft).json()["error_codes"] == [700082]
    assert world.refresh_google(google).json()["error"] == "invalid_grant"


def test_an_unknown_refresh_token_is_refused(world: World) -> None:
    """Rubbish, and a token of the other provider, are invalid_grant."""
    google = world.google().refresh_token
    for token in ("rubbish", google):
        assert world.refresh_microsoft(token).json()["error_codes"] == [9002313]


@pytest.mark.parametrize("provider", ["microsoft", "google"])
def test_a_person_takes_the_grant_back(world: World, provider: str) -> None:
    """After revoke_grant refresh is refused: AADSTS50173, or `expired or revoked`."""
    microsoft, google = world.microsoft()["refresh_token"], world.google().refresh_token
    assert world.sandbox.revoke_grant("microsoft", "sarah@company.com")
    assert world.sandbox.revoke_grant("google", "sarah@company.com")
    assert not world.sandbox.revoke_grant("google", "nobody@company.com")
    if provider == "microsoft":
        answer = world.refresh_microsoft(microsoft).json()
        assert (answer["error_codes"], answer["suberror"]) == ([50173], "bad_token")
    else:
        answer = world.refresh_google(google).json()
        assert answer["error_description"] == "Token has been expired or revoked."


def test_expires_in_is_a_setting(world: World) -> None:
    """The answer and the token itself follow the setting."""
    world.sandbox.set("google", expires_in=60)
    credentials = world.google()
    url = "https://openidconnect.googleapis.com/v1/userinfo"
    assert world.refresh_google(credentials.refresh_token).json()["expires_in"] == 60
    assert world.api(url, credentials.token).status_code == 200
    world.sandbox.advance(60)
    assert world.api(url, credentials.token).status_code == 401


def test_the_ledger_knows_each_refresh_token(world: World) -> None:
    """Digest, parent, person, uses and validity of each refresh token, never its value."""
    world.sandbox.set("microsoft", refresh_mode="single")
    old = world.microsoft()["refresh_token"]
    world.refresh_microsoft(old)
    first, second = world.sandbox.grants()
    assert (first["valid"], first["uses"], first["parent"]) == (False, 1, None)
    assert (second["valid"], second["uses"], second["parent"]) == (True, 0, first["digest"])
    assert first["account"] == second["account"] == "sarah"
    assert old not in str(world.sandbox.grants())


def test_a_claims_challenge_is_met_and_remembered(world: World) -> None:
    """Microsoft gives a token; the request log says with which challenge."""
    token = world.microsoft()["refresh_token"]
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    assert world.refresh_microsoft(token, claims=claims).status_code == 200
    assert world.sandbox.requests()[-1]["claims"] == claims


def test_a_claims_challenge_may_need_the_person(world: World) -> None:
    """On demand, in Microsoft's words, with the claims for the sign-in; other refreshes go on."""
    world.sandbox.set("microsoft", claims_need_person=True)
    token = world.microsoft()["refresh_token"]
    refused = world.refresh_microsoft(token, claims="{}")
    assert (refused.status_code, refused.json()["error"]) == (400, "interaction_required")
    assert refused.json()["suberror"] == "basic_action"
    assert refused.json()["error_codes"] == [50079]
    assert "access_token" in json.loads(refused.json()["claims"])
    assert world.refresh_microsoft(token).status_code == 200
    assert world.refresh_google(world.google().refresh_token, claims="{}").status_code == 200
