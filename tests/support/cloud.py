"""The local cloud with Google's own clients, and with ours: a channel, or an origin, for each caller."""

import secrets
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.kms_v1 import KeyManagementServiceClient
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)
from google.cloud.secretmanager_v1 import SecretManagerServiceClient

from multi_user_oauth.client_secrets import secret_manager
from multi_user_oauth.keys.cloud_kms_rest import GIVE_UP_AFTER, CloudKms, Patience, connect
from multi_user_oauth.ports import Meter
from multi_user_oauth.sandbox.cloud import LocalCloud
from multi_user_oauth.stores.meter import NoMeter
from tests.support.clock import SkippedPauses

PROJECT: Final = "projects/vault"
KEY_RING: Final = f"{PROJECT}/locations/europe/keyRings/tokens"
OPERATOR: Final = "operator"
CALLBACK: Final = "callback"
REFRESH: Final = "refresh"
STRANGER: Final = "stranger"
CALLERS: Final = (OPERATOR, CALLBACK, REFRESH, STRANGER)


def our_kms(
    origin: str, *, meter: Meter | None = None, give_up_after: float = GIVE_UP_AFTER
) -> CloudKms:
    """Return Cloud KMS as our functions reach it, at any origin, with so much patience."""
    pauses = SkippedPauses()
    patience = Patience(
        sleep=pauses.sleep,
        monotonic=pauses.monotonic,
        draw=secrets.token_bytes,
        give_up_after=give_up_after,
    )
    return connect(origin, meter=meter or NoMeter(), patience=patience)


class Cloud:
    """
    The operator may administer; `callback` may encrypt with every key of the ring, `refresh` may also
    decrypt and read secrets; the stranger may nothing.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.local = LocalCloud(dict.fromkeys(CALLERS, 0), file=file)
        self.faults, self.calls, self.policy = (
            self.local.faults,
            self.local.calls,
            self.local.policy,
        )
        self._numbers = count()
        self._channels: dict[str, Any] = {}
        for caller, role in (
            (OPERATOR, "roles/cloudkms.admin"),
            (OPERATOR, "roles/secretmanager.admin"),
            (CALLBACK, "roles/cloudkms.cryptoKeyEncrypter"),
            (REFRESH, "roles/cloudkms.cryptoKeyEncrypter"),
            (REFRESH, "roles/cloudkms.cryptoKeyDecrypter"),
            (REFRESH, "roles/secretmanager.secretAccessor"),
            (REFRESH, "roles/secretmanager.viewer"),
        ):
            self.policy.grant(caller, role, PROJECT)

    def __enter__(self) -> Self:
        self.local.start()
        return self

    def __exit__(self, *_: object) -> None:
        for channel in self._channels.values():
            channel.close()
        self._channels.clear()
        self.local.stop()

    def kms(self, caller: str) -> KeyManagementServiceClient:
        """Return Google's client of Cloud KMS, by gRPC, as this caller."""
        transport = KeyManagementServiceGrpcTransport(channel=self._channel(caller))
        return KeyManagementServiceClient(transport=transport)

    def kms_by_rest(self, caller: str) -> KeyManagementServiceClient:
        """Return Google's client of Cloud KMS, by REST, as this caller."""
        return KeyManagementServiceClient(
            transport="rest",
            client_options={"api_endpoint": self.local.rest_url(caller)},
            credentials=AnonymousCredentials(),
        )

    def our_kms(
        self, caller: str, *, meter: Meter | None = None, give_up_after: float = GIVE_UP_AFTER
    ) -> CloudKms:
        """Return Cloud KMS as our functions reach it, as this caller."""
        return our_kms(self.local.rest_url(caller), meter=meter, give_up_after=give_up_after)

    def secrets(self, caller: str) -> SecretManagerServiceClient:
        """Return Secret Manager as this caller reaches it."""
        return secret_manager.connect(self._channel(caller))

    def new_key(self) -> str:
        """Make a key and return its name."""
        return (
            self.kms(OPERATOR)
            .create_crypto_key(
                request={
                    "parent": KEY_RING,
                    "crypto_key_id": f"key-{next(self._numbers)}",
                    "crypto_key": {"purpose": "ENCRYPT_DECRYPT"},
                }
            )
            .name
        )

    def rotate(self, key_name: str) -> str:
        """Make the next version of a key the primary one and return its number."""
        client = self.kms(OPERATOR)
        version = client.create_crypto_key_version(request={"parent": key_name})
        number = version.name.rpartition("/")[2]
        client.update_crypto_key_primary_version(
            request={"name": key_name, "crypto_key_version_id": number}
        )
        return number

    def disable(self, key_name: str, number: str) -> None:
        """Disable a version of a key."""
        name = f"{key_name}/cryptoKeyVersions/{number}"
        self.kms(OPERATOR).update_crypto_key_version(
            request={
                "crypto_key_version": {"name": name, "state": "DISABLED"},
                "update_mask": {"paths": ["state"]},
            }
        )

    def _channel(self, caller: str) -> Any:  # noqa: ANN401  # reason: grpc has no types
        if caller not in self._channels:
            self._channels[caller] = grpc.insecure_channel(self.local.address(caller))
        return self._channels[caller]
