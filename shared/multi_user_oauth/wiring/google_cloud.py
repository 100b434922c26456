"""Firestore, keys and secrets at Google Cloud or AWS; on a machine of one's own, stand-ins of them."""

from functools import cached_property
from os import environ
from typing import TYPE_CHECKING, Any, Final

from multi_user_oauth.model import Kind
from multi_user_oauth.ports import ClientSecrets, KeyRotation, Signer
from multi_user_oauth.ports.backup import ActivityWalk, PuttingBack
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.backend import ActivityStore, MainStore
from multi_user_oauth.wiring.world import World

if TYPE_CHECKING:  # a function without keys loads no key service
    from google.cloud.firestore import Client

    from multi_user_oauth.keys.aws_kms import AwsKms
    from multi_user_oauth.keys.cloud_kms_rest import CloudKms
    from multi_user_oauth.keys.envelope import KeyDecrypter, KeyEncrypter

_AWS: Final = "arn:"
_REGION: Final = 3  # arn:aws:kms:REGION:ACCOUNT:key/ID


class GoogleCloud:
    """Each client is made where it is needed: a function without keys never loads a key service."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world

    def main(self) -> MainStore:
        """Return the main database."""
        from multi_user_oauth.stores.firestore import FirestoreMainStore

        client = self._firestore(self._settings.firestore_main_database)
        return FirestoreMainStore(client, meter=self._world.meter)

    def activity(self) -> ActivityStore:
        """Return the activity database."""
        from multi_user_oauth.stores.firestore_activity import FirestoreActivityStore

        client = self._firestore(self._settings.firestore_activity_database)
        return FirestoreActivityStore(client, now=self._world.now, meter=self._world.meter)

    def putting_back(self) -> PuttingBack:
        """Return what writes a backup into the main database."""
        from multi_user_oauth.stores.firestore_backup import FirestorePuttingBack

        client = self._firestore(self._settings.firestore_main_database)
        return FirestorePuttingBack(client, meter=self._world.meter)

    def activity_walk(self) -> ActivityWalk:
        """Return what walks over the activity database."""
        from multi_user_oauth.stores.firestore_backup import FirestoreActivityWalk

        client = self._firestore(self._settings.firestore_activity_database)
        return FirestoreActivityWalk(client, meter=self._world.meter)

    def client_secrets(self) -> ClientSecrets:
        """Return the applications' credentials, from AWS if a region of it is named."""
        region = self._settings.aws_secrets_region
        if region is not None:
            from multi_user_oauth.client_secrets import aws

            return aws.AwsClientSecrets(aws.connect(region), now=self._world.now)
        from multi_user_oauth.client_secrets.secret_manager import (
            SecretManagerClientSecrets,
            connect,
        )

        return SecretManagerClientSecrets(
            connect(self._channel()), self._settings.google_cloud_project, now=self._world.now
        )

    def signer(self, key_version: str) -> Signer:
        """Return what may be allowed to sign; Cloud KMS says whether it is."""
        from multi_user_oauth.keys.cloud_kms_signing import CloudKmsSigner

        return CloudKmsSigner(self._cloud_kms, key_version)

    def encrypter(self, kind: Kind) -> "KeyEncrypter":
        """Return what may be allowed to encrypt; the key service says whether it is."""
        name = self._key_name(kind)
        if name.startswith(_AWS):
            from multi_user_oauth.keys.aws_kms import AwsKmsEncrypter

            return AwsKmsEncrypter(_aws_kms(name), name, meter=self._world.meter)
        from multi_user_oauth.keys.cloud_kms import CloudKmsEncrypter

        return CloudKmsEncrypter(self._cloud_kms, name)

    def decrypter(self, kind: Kind) -> "KeyDecrypter":
        """Return what may be allowed to decrypt; the key service says whether it is."""
        name = self._key_name(kind)
        if name.startswith(_AWS):
            from multi_user_oauth.keys.aws_kms import AwsKmsDecrypter

            return AwsKmsDecrypter(_aws_kms(name), name, meter=self._world.meter)
        from multi_user_oauth.keys.cloud_kms import CloudKmsDecrypter

        return CloudKmsDecrypter(self._cloud_kms, name)

    def key_rotation(self, kind: Kind) -> KeyRotation:
        """Return the key's versions; those of AWS are AWS's own affair."""
        name = self._key_name(kind)
        if name.startswith(_AWS):
            from multi_user_oauth.keys.aws_kms import AwsKmsVersions

            return AwsKmsVersions(name)
        from multi_user_oauth.keys.cloud_kms_versions import CloudKmsVersions

        return CloudKmsVersions(self._cloud_kms, name)

    def _key_name(self, kind: Kind) -> str:
        settings = self._settings
        return settings.access_key if kind is Kind.ACCESS else settings.refresh_key

    @cached_property
    def _cloud_kms(self) -> "CloudKms":
        from multi_user_oauth.keys.cloud_kms_rest import Patience, connect

        world = self._world
        patience = Patience(sleep=world.sleep, monotonic=world.monotonic, draw=world.draw)
        return connect(self._settings.local_kms, meter=world.meter, patience=patience)

    def _firestore(self, database: str) -> "Client":
        from multi_user_oauth.stores.firestore_client import ReconnectingClient

        emulator = self._settings.firestore_emulator_host
        if emulator:
            # Google's client takes it from nowhere else; settings may come from a file.
            environ["FIRESTORE_EMULATOR_HOST"] = emulator
        return ReconnectingClient(project=self._settings.google_cloud_project, database=database)

    def _channel(self) -> Any:  # noqa: ANN401  # reason: grpc has no types
        address = self._settings.local_cloud
        if address is None:
            return None
        import grpc

        from multi_user_oauth.client_secrets.secret_manager import RECONNECTING

        return grpc.insecure_channel(address, options=RECONNECTING)


def _aws_kms(arn: str) -> "AwsKms":
    from multi_user_oauth.keys.aws_kms import connect

    return connect(arn.split(":")[_REGION])
