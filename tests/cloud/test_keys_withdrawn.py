"""A key version is disabled, or the right to use it withdrawn, while people's tokens are asked for."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.kms_v1 import KeyManagementServiceClient
from werkzeug.test import TestResponse

from multi_user_oauth.cli.cloud_demo_rights import DECRYPTER
from multi_user_oauth.cli.cloud_demo_settings import OPERATOR
from multi_user_oauth.model import Connection, ConnectionKey
from multi_user_oauth.sandbox.company import SARAH
from tests.support.functions import MICROSOFT, code
from tests.support.google_cloud import CloudInstallation

SARAHS: Final = ConnectionKey(MICROSOFT, SARAH.email)
COLD: Final = 301.0
"""Seconds after which no data key is remembered."""
Without = Callable[[CloudInstallation], Iterator[None]]


def set_state(installation: CloudInstallation, key: str, state: str) -> None:
    """Enable or disable the only version of a key, as an operator does."""
    kms = KeyManagementServiceClient(
        transport="rest",
        client_options={"api_endpoint": installation.cloud.rest_url(OPERATOR)},
        credentials=AnonymousCredentials(),
    )
    kms.update_crypto_key_version(
        request={
            "crypto_key_version": {"name": f"{key}/cryptoKeyVersions/1", "state": state},
            "update_mask": {"paths": ["state"]},
        }
    )


def disabled(installation: CloudInstallation) -> Iterator[None]:
    """Both keys' version is disabled for a while."""
    keys = (installation.cloud.access_key, installation.cloud.refresh_key)
    for key in keys:
        set_state(installation, key, "DISABLED")
    yield
    for key in keys:
        set_state(installation, key, "ENABLED")


def withdrawn(installation: CloudInstallation) -> Iterator[None]:
    """Nobody may decrypt for a while."""
    cloud = installation.cloud
    rights = (
        ("access_token", cloud.access_key),
        ("refresh", cloud.access_key),
        ("refresh", cloud.refresh_key),
    )
    for caller, key in rights:
        cloud.policy.withdraw(caller, DECRYPTER, key)
    yield
    for caller, key in rights:
        cloud.policy.grant(caller, DECRYPTER, key)


def stored(installation: CloudInstallation) -> Connection:
    """Return Sarah's record."""
    found = installation.store.read(SARAHS)
    assert found is not None
    return found.connection


def ask(installation: CloudInstallation) -> TestResponse:
    """Ask for the token as it stands."""
    return installation.agent().token(MICROSOFT, SARAH.email)


def ask_to_refresh(installation: CloudInstallation) -> TestResponse:
    """Ask `refresh` for a new one."""
    body = {"connector_type": MICROSOFT, "user_email": SARAH.email, "min_ttl": 3600}
    return installation.agent().call("refresh", "POST", "/refresh/one", json=body)


@pytest.mark.parametrize("without", [disabled, withdrawn])
def test_keys_that_may_not_be_used_now_change_nobodys_status(
    installed: CloudInstallation, caplog: pytest.LogCaptureFixture, without: Without
) -> None:
    """
    N53: Warm, the token is served for five minutes; then 503, and no provider is asked; well again as
    soon as the keys are.
    """
    installed.connect(MICROSOFT, SARAH)
    assert ask(installed).status_code == 200
    caplog.set_level(logging.INFO)
    with contextmanager(without)(installed):
        installed.sandbox.clear_requests()
        caplog.clear()
        before = stored(installed)
        assert ask(installed).status_code == 200
        installed.clock.advance(COLD)
        for asking in (ask, ask_to_refresh):
            answer = asking(installed)
            assert (answer.status_code, code(answer)) == (503, "keys_unavailable")
        assert stored(installed) == before
        assert "refresh_token" not in [r["grant_type"] for r in installed.sandbox.requests()]
        assert not [record for record in caplog.records if hasattr(record, "alarm")]
    assert ask(installed).status_code == 200
    assert ask_to_refresh(installed).status_code == 200
    assert stored(installed).status == before.status
    installed.forget()
