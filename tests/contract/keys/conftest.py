"""The key service under test, each in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import EnvelopeOpener, EnvelopeSealer
from multi_user_oauth.keys.local_versions import provision
from multi_user_oauth.model import Kind
from tests.contract.keys.services import (
    KeyService,
    aws_service,
    google_service,
    local_service,
)
from tests.contract.keys.vaults import Vault
from tests.support.aws import moto_aws
from tests.support.clock import ManualClock
from tests.support.cloud_fixtures import cloud, running_cloud
from tests.support.draw import CountingDraw

__all__ = ["cloud", "running_cloud"]


@pytest.fixture(scope="session")
def key_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key files, made once: making them takes a second."""
    directory = tmp_path_factory.mktemp("keys")
    provision(directory)
    return directory


@pytest.fixture(params=["local", "google", "aws"])
def service(request: pytest.FixtureRequest) -> Iterator[KeyService]:
    """Each key service that we have."""
    match request.param:
        case "local":
            service = local_service(request.getfixturevalue("key_directory"))
            service.meter.counts.clear()
            yield service
        case "google":
            yield google_service(request.getfixturevalue("cloud"))
        case _:
            with moto_aws():
                yield aws_service()


@pytest.fixture
def vault(service: KeyService) -> Vault:
    """A vault over each key service, with nothing cached."""
    clock, draw = ManualClock(), CountingDraw()
    return Vault(
        sealers={kind: EnvelopeSealer(service.encrypters[kind], draw) for kind in Kind},
        openers={
            kind: EnvelopeOpener(service.decrypters[kind], DataKeyCache(now=clock)) for kind in Kind
        },
        clock=clock,
        meter=service.meter,
    )
