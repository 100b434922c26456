"""The key service under test, each in turn."""

from pathlib import Path

import pytest

from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import EnvelopeOpener, EnvelopeSealer
from multi_user_oauth.keys.local import provision
from multi_user_oauth.model import Kind
from tests.contract.keys.services import KeyService, local_service
from tests.contract.keys.vaults import Vault
from tests.support.clock import ManualClock
from tests.support.draw import CountingDraw


@pytest.fixture(scope="session")
def key_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key files, made once: making them takes a second."""
    directory = tmp_path_factory.mktemp("keys")
    provision(directory)
    return directory


@pytest.fixture(params=["local"])
def service(request: pytest.FixtureRequest, key_directory: Path) -> KeyService:
    """Each key service that we have."""
    services = {"local": lambda: local_service(key_directory)}
    return services[request.param]()


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
