"""Google's emulators for the cloud demo: those that run already, else started beside it."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from multi_user_oauth.cli.cloud_demo_processes import Processes, free_ports
from multi_user_oauth.cli.cloud_demo_settings import environment
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.sandbox.emulator import (
    NoEmulatorError,
    answers,
    emulator_command,
    gcloud_sdk_root,
)
from multi_user_oauth.sandbox.pubsub_emulator import pubsub_command

FIRESTORE: Final = "firestore-emulator"
PUBSUB: Final = "pubsub-emulator"


class Emulators:
    """Start them first: each takes two seconds until it answers."""

    def __init__(self, processes: Processes, environ: Mapping[str, str]) -> None:
        """`environ` says where they are, or Java."""
        self._processes = processes
        self._environ = environ

    def firestore(self) -> str:
        """Return its address; it may not answer yet. Raise `ConfigurationError`."""
        running = self._running("FIRESTORE_EMULATOR_HOST", "Firestore")
        if running:
            return running
        (port,) = free_ports(1)
        try:
            command = emulator_command(self._environ, port, sdk_root=gcloud_sdk_root)
        except NoEmulatorError as error:
            raise ConfigurationError(str(error)) from None
        return self._start(FIRESTORE, command, port)

    def pubsub(self) -> str | None:
        """Return its address, None where there is none: the demo does without. Raise the same."""
        running = self._running("PUBSUB_EMULATOR_HOST", "Pub/Sub")
        if running:
            return running
        (port,) = free_ports(1)
        try:
            command = pubsub_command(self._environ, port, sdk_root=gcloud_sdk_root)
        except NoEmulatorError:
            return None
        return self._start(PUBSUB, command, port)

    def wait(self, name: str, address: str) -> None:
        """Return once this one answers, if it was started here; raise `ConfigurationError`."""
        if name in self._processes:
            self._processes.wait_for(name, partial(answers, address))

    def _running(self, setting: str, what: str) -> str | None:
        address = self._environ.get(setting)
        if address and not answers(address):
            raise ConfigurationError(
                f"No {what} emulator answers at {address}, which {setting} names"
            )
        return address or None

    def _start(self, name: str, command: list[str], port: int) -> str:
        self._processes.start(name, command, environment(self._environ, {}))
        return f"127.0.0.1:{port}"
