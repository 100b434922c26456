"""Revoking: Google alone can be told that a grant ends."""

import pytest

from multi_user_oauth.errors import GrantRefusedError, ProviderUnavailableError
from multi_user_oauth.model import Provider
from multi_user_oauth.ports import Revoking
from multi_user_oauth.providers.google import GoogleOAuthFlow
from tests.contract.providers.conftest import Refused, only
from tests.contract.providers.world import World


def google(world: World) -> Revoking:
    """The flow, with no client secret: revoking needs none."""
    flow = world.new_flow(None)
    assert isinstance(flow, GoogleOAuthFlow)
    return flow


@only(Provider.GOOGLE)
def test_a_revoked_token_refreshes_no_more(world: World, refused: Refused) -> None:
    """Google's endpoint ends the person's whole grant."""
    token, _ = world.connected()
    google(world).revoke(token)
    with refused(GrantRefusedError):
        world.refresh(token)
    assert not [served for served in world.controls.requests() if served["leak"]]


@only(Provider.GOOGLE)
def test_what_is_gone_counts_as_revoked(world: World) -> None:
    """Google answers 400 where RFC 7009 has 200."""
    token, _ = world.connected()
    google(world).revoke(token)
    google(world).revoke(token)
    assert world.requests("revoke") == 2


@only(Provider.GOOGLE)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "drop"},
        {"kind": "html", "status": 404},
        {"kind": "html", "status": 400},
        {"kind": "oauth_error", "error": "invalid_request"},
    ],
    ids=str,
)
def test_what_was_not_revoked_is_not_called_revoked(
    world: World, refused: Refused, fault: dict[str, object]
) -> None:
    """The use case tries again later; one request each time."""
    token, _ = world.connected()
    world.fault(endpoint="revoke", **fault)  # type: ignore[arg-type]  # reason: the fields of a fault
    with refused(ProviderUnavailableError):
        google(world).revoke(token)
    assert world.requests("revoke") == 1
    assert world.refresh(token).access_token
