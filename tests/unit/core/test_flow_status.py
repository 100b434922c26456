"""How a flow ended, for whoever polls with its handle."""

import pytest

from multi_user_oauth.errors import FlowAlreadyUsedError, MultiUserOAuthError, RequestError
from multi_user_oauth.model import FlowMark
from multi_user_oauth.sign_in.status import FlowStatus
from multi_user_oauth.sign_in.ticket import Intent
from tests.support.sign_in import Browser, asking, ticket
from tests.support.world import ADA_EMAIL, ADA_ID, OPTIONAL, SCOPES, World

ALL = SCOPES + OPTIONAL


@pytest.fixture
def browser(world: World) -> Browser:
    """Ada's."""
    return Browser(world)


def test_unknown_and_unfinished_are_pending_until_the_end(world: World, browser: Browser) -> None:
    """Then expired: whoever polls learns nothing about handles of others."""
    handle = ticket(world).handle
    asked = ticket(world)
    browser.leave(asked)
    assert asking(world).status(handle) == FlowStatus(status="pending")
    assert asking(world).status(asked.handle) == FlowStatus(status="pending")

    world.clock.advance(30 * 60 - 1)
    assert asking(world).status(asked.handle).status == "pending"
    world.clock.advance(1)
    assert asking(world).status(asked.handle) == FlowStatus(status="expired")
    assert asking(world).status(handle) == FlowStatus(status="expired")


@pytest.mark.parametrize("intent", [Intent.CONNECT, Intent.SIGN_IN])
def test_a_flow_that_ended_well_is_connected(
    world: World, browser: Browser, intent: Intent
) -> None:
    """Also after its time; a mere sign-in too."""
    asked = ticket(world, intent=intent)
    state = browser.leave(asked)
    browser.come_back(state, code=world.provider.code(ADA_ID, (ADA_EMAIL,), ALL))

    world.clock.advance(3600)
    assert asking(world).status(asked.handle) == FlowStatus(status="connected")


def test_a_failure_is_named_by_its_code(world: World, browser: Browser) -> None:
    """The code that the error has on the wire."""
    asked = ticket(world)
    state = browser.leave(asked)
    with pytest.raises(MultiUserOAuthError):
        browser.come_back(state, error="access_denied")

    assert asking(world).status(asked.handle) == FlowStatus(status="failed", code="access_denied")


def test_one_success_outweighs_every_failure(world: World, browser: Browser) -> None:
    """One link, opened in four tabs; one of them ended well."""
    asked = ticket(world)
    for turn in range(4):
        state = browser.leave(asked)
        if turn == 2:
            browser.come_back(state, code=world.provider.code(ADA_ID, (ADA_EMAIL,), ALL))
        else:
            with pytest.raises(MultiUserOAuthError):
                browser.come_back(state, error="access_denied")

    assert asking(world).status(asked.handle) == FlowStatus(status="connected")


def test_the_handle_outlives_the_last_trip_of_its_ticket(world: World, browser: Browser) -> None:
    """Opened at the last moment, back at the last, sent for consent, back at the last: still pending."""
    asked = ticket(world)
    world.clock.advance(599)
    state = browser.leave(asked)
    world.clock.advance(599)
    code = world.provider.code(ADA_ID, (ADA_EMAIL,), ALL, refresh=False)
    arrived = browser.come_back(state, code=code)
    assert arrived.again is not None
    state = browser.take(arrived.again)
    world.clock.advance(599)

    assert asking(world).status(asked.handle) == FlowStatus(status="pending")
    browser.come_back(state, code=world.provider.code(ADA_ID, (ADA_EMAIL,), ALL))
    assert asking(world).status(asked.handle) == FlowStatus(status="connected")


@pytest.mark.parametrize(
    "handle", ["", "-", "x", "abc", "abc-", "abc-xyz", f"a-{'f' * 400}", "a-" + "f" * 12]
)
def test_what_never_was_a_handle_is_refused(world: World, handle: str) -> None:
    """By its shape, without a look into the database."""
    with pytest.raises(RequestError) as refused:
        asking(world).status(handle)

    assert refused.value.field == "handle"
    assert world.activity.calls == []


def test_a_state_is_spent_once(world: World) -> None:
    """Whatever else fails: the marker can be made once (I5)."""
    mark = FlowMark(state_hash="a" * 64, handle="h-1", expires_at=world.clock())
    world.activity.spend(mark)

    with pytest.raises(FlowAlreadyUsedError):
        world.activity.spend(mark)
