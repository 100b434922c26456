"""The embedded default: SQLite and key files on this machine."""

from typing import TYPE_CHECKING, Never

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.model import Kind
from multi_user_oauth.ports.backup import ActivityWalk, PuttingBack
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.backend import ActivityStore, MainStore
from multi_user_oauth.wiring.world import World

if TYPE_CHECKING:
    from multi_user_oauth.client_secrets.local import LocalClientSecrets
    from multi_user_oauth.keys.local import LocalDecrypter, LocalEncrypter
    from multi_user_oauth.keys.local_versions import LocalKeyVersions


class Embedded:
    """Needs no account, no server and no container."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._world = world

    def main(self) -> MainStore:
        """Return the main database."""
        from multi_user_oauth.stores.sqlite import SqliteMainStore

        path = self._settings.data_dir / "main.db"
        return SqliteMainStore(path, now=self._world.now, meter=self._world.meter)

    def activity(self) -> ActivityStore:
        """Return the activity database."""
        from multi_user_oauth.stores.sqlite_activity import SqliteActivityStore

        path = self._settings.data_dir / "activity.db"
        return SqliteActivityStore(path, now=self._world.now, meter=self._world.meter)

    def putting_back(self) -> PuttingBack:
        """Return what writes a backup into the main database."""
        from multi_user_oauth.stores.sqlite_backup import SqlitePuttingBack

        path = self._settings.data_dir / "main.db"
        return SqlitePuttingBack(path, now=self._world.now, meter=self._world.meter)

    def activity_walk(self) -> ActivityWalk:
        """Return what walks over the activity database."""
        from multi_user_oauth.stores.sqlite_backup import SqliteActivityWalk

        path = self._settings.data_dir / "activity.db"
        return SqliteActivityWalk(path, meter=self._world.meter)

    def client_secrets(self) -> "LocalClientSecrets":
        """Return the applications' credentials."""
        from multi_user_oauth.client_secrets.local import LocalClientSecrets

        return LocalClientSecrets(self._settings.client_secrets_file, now=self._world.now)

    def signer(self, key_version: str) -> Never:
        """Refuse: a client credential whose key is in Cloud KMS needs `BACKEND=gcp`."""
        raise ConfigurationError(f"{key_version}: only the back end gcp signs with Cloud KMS")

    def encrypter(self, kind: Kind) -> "LocalEncrypter":
        """Return what holds the public half of the key."""
        from multi_user_oauth.keys.local import LocalEncrypter

        file = self._settings.key_dir / f"{kind}.public.pem"
        return LocalEncrypter(file, meter=self._world.meter)

    def decrypter(self, kind: Kind) -> "LocalDecrypter":
        """Return what holds the private half of the key."""
        from multi_user_oauth.keys.local import LocalDecrypter

        file = self._settings.key_dir / f"{kind}.private.pem"
        return LocalDecrypter(file, meter=self._world.meter)

    def key_rotation(self, kind: Kind) -> "LocalKeyVersions":
        """Return the keys in both files."""
        from multi_user_oauth.keys.local_versions import LocalKeyVersions

        return LocalKeyVersions(self._settings.key_dir, kind)
