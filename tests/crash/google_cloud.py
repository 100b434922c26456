"""Deployments, over SQLite or in a Google Cloud on this machine: Firestore's emulator, keys, secrets."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from google.cloud.firestore import Client

from multi_user_oauth.model import Kind
from multi_user_oauth.sandbox.cloud.relay import FirestoreRelay
from multi_user_oauth.sandbox.company import Account
from tests.contract.stores.lines import connect
from tests.crash.deployment import CLIENT_SECRETS, Deployment, Held
from tests.plugins.no_secret_in_logs import remember_project
from tests.plugins.places import hear_emulator
from tests.plugins.watch import Watch
from tests.support.cloud import OPERATOR, REFRESH, Cloud

RELAYED: Final = "relayed"
DATABASES: Final = ("main", "activity")
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
ROLES: Final = {
    OPERATOR: ("roles/secretmanager.admin",),
    REFRESH: ("roles/secretmanager.secretAccessor", "roles/secretmanager.viewer"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What deployments share: the emulator, and the local cloud."""

    emulator: str
    cloud: Cloud


@contextmanager
def rooms(emulator: str) -> Iterator[Room]:
    """Run the local cloud; the wiring sets FIRESTORE_EMULATOR_HOST, which is put back."""
    with pytest.MonkeyPatch.context() as undo, Cloud() as cloud:
        undo.setenv("FIRESTORE_EMULATOR_HOST", emulator)
        yield Room(emulator=emulator, cloud=cloud)


class InGoogleCloud(Deployment):
    """
    Each has a project of its own.

    Processes that are told the `relayed` address reach Firestore through a relay, whose slow answers
    are `held_commits`.
    """

    name = "firestore"

    def __init__(self, folder: Path, keys: Path, people: tuple[Account, ...], room: Room) -> None:
        super().__init__(folder, keys, people)
        self._room = room
        self.project = remember_project(f"test-{uuid4().hex[:12]}")
        self.environment = {"FIRESTORE_EMULATOR_HOST": room.emulator}
        cloud = room.cloud
        self.values |= self.environment | {
            "BACKEND": "gcp",
            "GOOGLE_CLOUD_PROJECT": self.project,
            **{f"FIRESTORE_{name.upper()}_DATABASE": name for name in DATABASES},
            "LOCAL_CLOUD": cloud.local.address(REFRESH),
            "LOCAL_KMS": cloud.local.rest_url(REFRESH),
            "ACCESS_KEY": cloud.new_key(),
            "REFRESH_KEY": cloud.new_key(),
        }
        self._furnish(cloud)
        self.held_commits = Held()
        self.relay = FirestoreRelay(
            room.emulator, {RELAYED: dict.fromkeys(DATABASES, "write")}, sleep=self.held_commits
        ).start()

    def _furnish(self, cloud: Cloud) -> None:
        parent = f"projects/{self.project}"
        for caller, roles in ROLES.items():
            for role in roles:
                cloud.policy.grant(caller, role, parent)
        secrets = cloud.secrets(OPERATOR)
        for name, value in CLIENT_SECRETS.items():
            made = secrets.create_secret(
                request={
                    "parent": parent,
                    "secret_id": name,
                    "secret": {"replication": {"automatic": {}}},
                }
            )
            secrets.add_secret_version(
                request={"parent": made.name, "payload": {"data": value.encode()}}
            )

    @property
    def relayed(self) -> dict[str, str]:
        """The settings with which a process goes through the relay."""
        return {"FIRESTORE_EMULATOR_HOST": self.relay.address(RELAYED)}

    def firestore(self) -> Client:
        """Return Google's own client of the main database."""
        return connect(self._room.emulator, self.project, "main")

    def end_leases(self) -> None:
        """Let every lease have run out: Firestore's own clock times them, which no test can turn."""
        super().end_leases()
        for collection in ("connections", "revocations"):
            for document in self.firestore().collection(collection).stream():
                if (document.to_dict() or {}).get("lease_at") is not None:
                    document.reference.update({"lease_at": LONG_AGO})

    def hear_stored(self, watch: Watch) -> None:
        """Let both databases be searched."""
        hear_emulator(watch, self._room.emulator, self.project)

    def rotate_key(self, kind: Kind) -> tuple[str, str]:
        """Make a new version of a key the primary one; return the old one and the new one."""
        new = self._room.cloud.rotate(self.values[f"{kind.name}_KEY"])
        return str(int(new) - 1), new

    def destroy_key(self, kind: Kind, version: str) -> None:
        """Disable a version of a key, which is as good: nothing can be opened with it."""
        self._room.cloud.disable(self.values[f"{kind.name}_KEY"], version)

    def move(self) -> None:
        """Let the settings name another project, where nothing is yet but the clients' secrets."""
        self.project = remember_project(f"test-{uuid4().hex[:12]}")
        self.values |= {"GOOGLE_CLOUD_PROJECT": self.project}
        self._furnish(self._room.cloud)

    def stop(self) -> None:
        """Stop all of that, and the relay."""
        super().stop()
        self.relay.stop()


@contextmanager
def deployments(folders: Callable[[str], Path], keys: Path) -> Iterator[Callable[..., Deployment]]:
    """Give a function that makes deployments over SQLite; they stop with the block."""
    with ExitStack() as undo:

        def make(*people: Account) -> Deployment:
            made = Deployment(folders("deployment"), keys, people)
            undo.callback(made.stop)
            return made

        yield make


@contextmanager
def deployments_in_cloud(
    folders: Callable[[str], Path], keys: Path, emulator: str
) -> Iterator[Callable[..., InGoogleCloud]]:
    """Give a function that makes them over the emulator and a local Cloud KMS."""
    with rooms(emulator) as room, ExitStack() as undo:

        def make(*people: Account) -> InGoogleCloud:
            made = InGoogleCloud(folders("deployment"), keys, people, room)
            undo.callback(made.stop)
            return made

        yield make
