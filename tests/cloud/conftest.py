"""The cloud demo once for all tests: functions as processes, all that they talk to in this one."""

import os
from collections.abc import Iterator, Mapping

import pytest

from multi_user_oauth.cli.cloud_demo import CloudDemo
from multi_user_oauth.cli.demo import Demo
from multi_user_oauth.sandbox.gateway_server import listen
from multi_user_oauth.wiring.provision import provision
from tests.cloud.running import FUNCTIONS, RunningDemo
from tests.plugins.no_secret_in_logs import log_file, remember_project
from tests.support.google_cloud import CloudInstallation
from tests.support.processes import free_ports


@pytest.fixture(scope="package")
def demo(
    tmp_path_factory: pytest.TempPathFactory, firestore_emulator: str, pubsub_emulator: str
) -> Iterator[RunningDemo]:
    """Every function as a process with its own identity, behind the gateway; swept when told to."""
    sockets = listen()
    world = Demo(
        origin=f"http://localhost:{sockets[0].getsockname()[1]}",
        sandbox_url=f"http://127.0.0.1:{free_ports(1)[0]}",
        directory=tmp_path_factory.mktemp("demo"),
    )
    emulators = {
        "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        "PUBSUB_EMULATOR_HOST": pubsub_emulator,
    }
    environ = {**os.environ, **emulators}
    with CloudDemo(world, FUNCTIONS, sockets, environ=environ) as cloud:
        remember_project(cloud._project)  # noqa: SLF001  # reason: nobody else needs to know it
        yield RunningDemo(world=world, cloud=cloud)
    for log in (world.directory / "log").iterdir():
        log_file(log.stem).write_bytes(log.read_bytes())  # searched for secrets with the rest


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The settings that name the keys of an installation; drawing them takes a second."""
    return provision(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def installed(
    tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str], firestore_emulator: str
) -> Iterator[CloudInstallation]:
    """All functions in this process over Google Cloud; each module has its own."""
    with pytest.MonkeyPatch.context() as undo:
        undo.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
        directory = tmp_path_factory.mktemp("installed")
        with CloudInstallation(directory, keys, firestore_emulator) as installation:
            yield installation
