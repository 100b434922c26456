"""All functions in this process over a Google Cloud on this machine, each with an identity of its own."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

from google.cloud.firestore import Client

from multi_user_oauth.cli.cloud_demo_google import DemoCloud
from multi_user_oauth.cli.cloud_demo_rights import database_rights
from multi_user_oauth.cli.cloud_demo_settings import OPERATOR, Addresses, Shared
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.sandbox.cloud.relay import FirestoreRelay
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from multi_user_oauth.sandbox.gateway_server import GatewayServer, listen
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring import build
from multi_user_oauth.wiring.backend import MainStore
from multi_user_oauth.wiring.parts import Parts
from tests.contract.stores.lines import connect
from tests.plugins.no_secret_in_logs import remember_project
from tests.support.clock import ManualClock
from tests.support.functions import Installation, flask_app
from tests.support.installation import GOOGLE, MICROSOFT
from tests.support.processes import ROOT

FUNCTIONS: Final = load_catalogue(ROOT / "functions")
BUILT: Final = tuple(function for function in FUNCTIONS if not function.coming)
SECRETS: Final = {"microsoft": MICROSOFT.client_secrets, "google": GOOGLE.client_secrets}
DATABASES: Final = ("main", "activity")
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)

Documents = dict[str, dict[str, Any]]
"""By database and path, every document as it stands."""


class CloudInstallation(Installation):
    """
    Enter it to start the relay before the emulator, Cloud KMS, Secret Manager, and `refresh` as a server.

    `relay` and `cloud` know every call, and fail on demand. Whoever enters it must have
    FIRESTORE_EMULATOR_HOST put back afterwards: the wiring sets it.
    """

    def __init__(
        self,
        directory: Path,
        keys: Mapping[str, str],
        emulator: str,
        clock: ManualClock | None = None,
    ) -> None:
        super().__init__(directory, keys, clock=clock)
        self._emulator = emulator
        self.project = remember_project(f"test-{uuid4().hex[:12]}")
        rights = database_rights(FUNCTIONS)
        self.relay = FirestoreRelay(emulator, rights, sleep=self.clock.sleep)
        self.cloud = DemoCloud(self.project, FUNCTIONS, SECRETS)
        self._undo = ExitStack()
        self._refresh_url = ""

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self.relay)
            undo.enter_context(self.cloud)
            self.cloud.furnish()
            self.sandbox.start()  # where functions ask who they are
            undo.callback(self.sandbox.stop)
            sockets = listen()
            for each in sockets:
                undo.callback(each.close)
            self._refresh_url = f"http://localhost:{sockets[0].getsockname()[1]}"
            for function in BUILT:
                self._endpoints[function.name] = self._built(function.name)
            refresh = flask_app(self.endpoint("refresh"))
            undo.callback(GatewayServer(refresh, sockets).start().stop)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def addresses(self, name: str) -> Addresses:
        """Return where a function finds Google Cloud."""
        return Addresses(
            firestore=self.relay.address(name),
            kms=self.cloud.rest_url(name),
            secrets=self.cloud.address(name),
        )

    def _built(self, name: str) -> Endpoint:
        shared = Shared(
            origin=self.settings["PUBLIC_ORIGIN"],
            sandbox_url=self.settings["SANDBOX_URL"],
            refresh_url=self._refresh_url,
            project=self.project,
            access_key=self.cloud.access_key,
            refresh_key=self.cloud.refresh_key,
            made=self.settings,
        )
        function = next(each for each in FUNCTIONS if each.name == name)
        settings = shared.of_function(function, self.addresses(name))
        settings["WEB_DIR"] = self.settings["WEB_DIR"]
        if "REFRESH_URL" in settings:
            settings["SANDBOX_URL"] = self.sandbox.base_url
        return build(name, settings, world=self.world)

    @property
    def store(self) -> MainStore:
        """The main database, to look into: past the relay, so that it counts for nobody."""
        settings = {
            "BACKEND": "gcp",
            "GOOGLE_CLOUD_PROJECT": self.project,
            "FIRESTORE_EMULATOR_HOST": self._emulator,
            "DEPLOYMENT_ID": self.settings["DEPLOYMENT_ID"],
            "PUBLIC_ORIGIN": self.settings["PUBLIC_ORIGIN"],
        }
        return Parts(OPERATOR, Settings(settings), self.world).main

    def client(self, database: str) -> Client:
        """Return Google's own client of a database, past the relay."""
        return connect(self._emulator, self.project, database)

    def documents(self) -> Documents:
        """Return all that is stored, in both databases."""
        return {
            f"{database}/{document.reference.path}": document.to_dict() or {}
            for database in DATABASES
            for collection in self.client(database).collections()
            for document in collection.stream()
        }

    def end_leases(self) -> None:
        """Let every lease have run out: Firestore's own clock times them, which no test can turn."""
        for collection in ("connections", "revocations"):
            for document in self.client("main").collection(collection).stream():
                if (document.to_dict() or {}).get("lease_at") is not None:
                    document.reference.update({"lease_at": LONG_AGO})

    def forget(self) -> None:
        """Delete everything stored, and what the sandbox remembers."""
        for database in DATABASES:
            for collection in self.client(database).collections():
                for document in collection.stream():
                    document.reference.delete()
        self.sandbox.reset()


def changed(before: Documents, after: Documents) -> dict[str, set[str]]:
    """Return which fields of which documents are not as they were."""
    return {
        path: fields
        for path in before.keys() | after.keys()
        if (fields := _changed(before.get(path, {}), after.get(path, {})))
    }


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
