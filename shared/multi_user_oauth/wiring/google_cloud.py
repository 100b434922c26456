"""Google Cloud: Firestore, Cloud KMS and Secret Manager; on a machine of one's own, stand-ins of them."""

from os import environ
from typing import TYPE_CHECKING, Any

from multi_user_oauth.model import Kind
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.backend import ActivityStore, MainStore
from multi_user_oauth.wiring.world import World

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from multi_user_oauth.client_secrets.secret_manager import SecretManagerClientSecrets
    from multi_user_oauth.keys.cloud_kms import CloudKmsDecrypter, CloudKmsEncrypter


class GoogleCloud:
    """Each client is made where it is needed: a function without keys never loads Cloud KMS."""

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

    def client_secrets(self) -> "SecretManagerClientSecrets":
        """Return the applications' credentials."""
        from multi_user_oauth.client_secrets.secret_manager import (
            SecretManagerClientSecrets,
            connect,
        )

        return SecretManagerClientSecrets(
            connect(self._channel()), self._settings.google_cloud_project, now=self._world.now
        )

    def encrypter(self, kind: Kind) -> "CloudKmsEncrypter":
        """Return what may be allowed to encrypt; Cloud KMS says whether it is."""
        from multi_user_oauth.keys.cloud_kms import CloudKmsEncrypter, connect

        client = connect(self._channel())
        return CloudKmsEncrypter(client, self._key_name(kind), meter=self._world.meter)

    def decrypter(self, kind: Kind) -> "CloudKmsDecrypter":
        """Return what may be allowed to decrypt; Cloud KMS says whether it is."""
        from multi_user_oauth.keys.cloud_kms import CloudKmsDecrypter, connect

        client = connect(self._channel())
        return CloudKmsDecrypter(client, self._key_name(kind), meter=self._world.meter)

    def _key_name(self, kind: Kind) -> str:
        settings = self._settings
        return settings.access_key if kind is Kind.ACCESS else settings.refresh_key

    def _firestore(self, database: str) -> "Client":
        from google.cloud.firestore import Client

        emulator = self._settings.firestore_emulator_host
        if emulator:
            # Google's client takes it from nowhere else; settings may come from a file.
            environ["FIRESTORE_EMULATOR_HOST"] = emulator
        return Client(project=self._settings.google_cloud_project, database=database)

    def _channel(self) -> Any:  # noqa: ANN401  # reason: grpc has no types
        address = self._settings.local_cloud
        if address is None:
            return None
        import grpc

        return grpc.insecure_channel(address)
