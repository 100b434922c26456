"""Where the records lie: SQLite and key files, or the Firestore emulator and a local Cloud KMS."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from tests.contract.stores.lines import connect
from tests.support.clock import START, ManualClock
from tests.support.cloud import OPERATOR, PROJECT, REFRESH, Cloud
from tests.support.draw import CountingDraw
from tests.support.functions import Installation
from tests.support.installation import GOOGLE, MICROSOFT, SANDBOX

KEYS: Final = f"{PROJECT}/locations/europe/keyRings/tokens/cryptoKeys"
SECRETS: Final = {"microsoft": MICROSOFT.client_secrets[0], "google": GOOGLE.client_secrets[0]}
EMULATOR: Final = "FIRESTORE_EMULATOR_HOST"


class Place(Installation):
    """
    An installation whose sandbox remembers everybody, and that can be interrupted.

    `seed` names its chance: two that work on the same records must not draw the same. It dies, once, at
    each point that is named in `points`.
    """

    def __init__(
        self,
        directory: Path,
        changes: Mapping[str, str],
        *,
        clock: ManualClock,
        seed: str,
        sandbox: Sandbox | None = None,
    ) -> None:
        super().__init__(directory, {}, {"DURABLE_READS": "yes", **changes}, clock=clock)
        self.sandbox = sandbox or remembering(directory, clock, seed)
        self.points: set[str] = set()
        self.world = replace(self.world, draw=CountingDraw(f"{seed} functions"), point=self._point)

    def _point(self, name: str) -> None:
        if name in self.points:
            self.points.remove(name)
            raise KilledError(name)

    def end_leases(self) -> None:
        """Let every lease have run out: the clock does it, but for those that Firestore itself times."""
        self.clock.advance(60)
        emulator = self.settings.get(EMULATOR)
        if emulator is None:
            return
        client = connect(emulator, self.settings["GOOGLE_CLOUD_PROJECT"], "main")
        for document in client.collection("connections").stream():
            if (document.to_dict() or {}).get("lease_at") is not None:
                document.reference.update({"lease_at": START})

    @property
    def parts(self) -> Parts:
        """What an operator at a terminal has."""
        return Parts("tests", Settings(self.settings), self.world)


class KilledError(BaseException):
    """A process ends here; nobody catches it."""


def remembering(directory: Path, clock: ManualClock, seed: str) -> Sandbox:
    """Return a sandbox that remembers what stands in `state.json`, and writes it there."""
    config = replace(SANDBOX, state_file=directory / "state.json")
    return Sandbox(config, now=clock, sleep=clock.sleep, draw=CountingDraw(f"{seed} sandbox"))


class GoogleCloudHere(Cloud):
    """Cloud KMS, whose two keys are in `file`, and Secret Manager, which has nothing at first."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self._made = file.exists()
        self.policy.grant(REFRESH, "roles/cloudkms.admin", PROJECT)

    def __enter__(self) -> Self:
        super().__enter__()
        if not self._made:
            for name in ("access", "refresh"):
                self.kms(OPERATOR).create_crypto_key(
                    request={
                        "parent": KEYS.rpartition("/")[0],
                        "crypto_key_id": name,
                        "crypto_key": {"purpose": "ENCRYPT_DECRYPT"},
                    }
                )
        return self

    def furnish(self, project: str) -> None:
        """Give another project the applications' secrets."""
        place, client = f"projects/{project}", self.secrets(OPERATOR)
        self.policy.grant(OPERATOR, "roles/secretmanager.admin", place)
        for role in ("secretAccessor", "viewer"):
            self.policy.grant(REFRESH, f"roles/secretmanager.{role}", place)
        for name, value in SECRETS.items():
            replication: dict[str, dict[str, object]] = {"replication": {"automatic": {}}}
            made = client.create_secret(
                request={"parent": place, "secret_id": name, "secret": replication}
            )
            payload = {"parent": made.name, "payload": {"data": value.encode()}}
            client.add_secret_version(request=payload)


@contextmanager
def google_cloud(cloud: GoogleCloudHere, emulator: str, project: str) -> Iterator[dict[str, str]]:
    """Give the settings of a project of its own; what they set for Google's client ends with it."""
    cloud.furnish(project)
    before = os.environ.get(EMULATOR)
    try:
        yield {
            "BACKEND": "gcp",
            "GOOGLE_CLOUD_PROJECT": project,
            EMULATOR: emulator,
            "LOCAL_KMS": cloud.local.rest_url(REFRESH),
            "LOCAL_CLOUD": cloud.local.address(REFRESH),
            "ACCESS_KEY": f"{KEYS}/access",
            "REFRESH_KEY": f"{KEYS}/refresh",
        }
    finally:
        os.environ.pop(EMULATOR, None)
        os.environ.update({EMULATOR: before} if before else {})
