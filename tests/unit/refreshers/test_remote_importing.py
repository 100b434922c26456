"""Asking `refresh` to take a token in by HTTP: what is sent, and what each answer means."""

import json

import pytest
import requests

from multi_user_oauth.errors import (
    AlreadyConnectedError,
    ConsumerAccountRefusedError,
    EmailMismatchError,
    ForbiddenError,
    GuestRefusedError,
    HeldByAnotherAccountError,
    IdentityUnverifiedError,
    KeysUnavailableError,
    MultiUserOAuthError,
    NeedsSignInError,
    ProviderUnavailableError,
    RefreshInProgressError,
    RequestError,
    RequiredScopeMissingError,
    RevocationPendingError,
    StoreUnavailableError,
    UnauthenticatedError,
    UnknownConnectorTypeError,
    WrongTenantError,
)
from multi_user_oauth.model import ConnectionKey, Secret, System
from multi_user_oauth.refreshers.remote_importing import RemoteImporting
from tests.unit.refreshers.answers import Answers
from tests.unit.refreshers.test_remote import URL, answer, asker

KEY = ConnectionKey("microsoft_teams", "sarah@company.com")
TAKEN = {"connector_type": KEY.connector_type, "user_email": KEY.user_email, "status": "active"}


def take_in(adapter: Answers, *, replace: bool = False) -> None:
    """Ask for one token to be taken in."""
    RemoteImporting(asker(adapter)).take_in(
        KEY, Secret("the-old-token"), caller=System(name="operator"), replace=replace
    )


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_asked(*, replace: bool) -> None:
    """Once, waiting for longer than the function may take; the token in the body and nowhere else."""
    adapter = Answers(answer(201, TAKEN))
    take_in(adapter, replace=replace)
    (sent,) = adapter.requests
    assert sent.url == f"{URL}/refresh/import"
    assert json.loads(sent.body or b"") == {
        "connector_type": KEY.connector_type,
        "user_email": KEY.user_email,
        "refresh_token": "the-old-token",
        "replace": replace,
    }
    assert "the-old-token" not in str(sent.headers)
    assert adapter.options[0]["timeout"][1] > 60


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "invalid_request", RequestError),
        (400, "unknown_connector_type", UnknownConnectorTypeError),
        (401, "unauthenticated", UnauthenticatedError),
        (403, "forbidden", ForbiddenError),
        (403, "email_mismatch", EmailMismatchError),
        (403, "identity_unverified", IdentityUnverifiedError),
        (403, "wrong_tenant", WrongTenantError),
        (403, "guest_refused", GuestRefusedError),
        (403, "consumer_account_refused", ConsumerAccountRefusedError),
        (403, "consent_missing_required_scope", RequiredScopeMissingError),
        (409, "already_connected", AlreadyConnectedError),
        (409, "held_by_another_account", HeldByAnotherAccountError),
        (409, "needs_sign_in", NeedsSignInError),
        (503, "provider_unavailable", ProviderUnavailableError),
        (503, "keys_unavailable", KeysUnavailableError),
        (503, "revocation_pending", RevocationPendingError),
        (503, "store_unavailable", StoreUnavailableError),
        (500, "unheard_of", StoreUnavailableError),
    ],
)
def test_each_refusal_comes_back_as_it_was(
    status: int, code: str, error: type[MultiUserOAuthError]
) -> None:
    """As in one process; what nobody has heard of is for later."""
    with pytest.raises(error) as raised:
        take_in(Answers(answer(status, {"code": code, "reason": "other_client"})))
    assert type(raised.value) is error
    assert "the-old-token" not in str(raised.value)


def test_no_answer_is_for_later() -> None:
    """It may have been taken in: the next run finds out. It is not sent again by itself."""
    adapter = Answers(requests.ConnectionError("gone"))
    with pytest.raises(RefreshInProgressError):
        take_in(adapter)
    assert len(adapter.requests) == 1
