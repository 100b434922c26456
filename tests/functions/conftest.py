"""One installation for each test; the keys, which take a second to draw, once for all."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from multi_user_oauth.wiring.provision import provision
from tests.support.functions import Installation
from tests.support.installation import CONNECTOR_TYPES


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The settings that name the keys of an installation."""
    return provision(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """The installation for tests in which nothing may be stored: it is the same one for all."""
    return Installation(tmp_path_factory.mktemp("untouched"), keys)


@pytest.fixture
def nothing_stored(
    untouched: Installation, caplog: pytest.LogCaptureFixture
) -> Iterator[Installation]:
    """The untouched installation; afterwards, no write may be counted and no traceback logged."""
    caplog.set_level(logging.INFO)
    untouched.meter.reset()
    yield untouched
    assert untouched.writes() == 0
    assert not [record for record in caplog.get_records("call") if record.exc_info]


@pytest.fixture
def installation(tmp_path: Path, keys: Mapping[str, str]) -> Iterator[Installation]:
    """All functions over a sandbox, with nobody connected yet; no address brought it a secret."""
    installation = Installation(tmp_path, keys)
    yield installation
    assert [each for each in installation.sandbox.requests() if each["leak"]] == []


Titled = Callable[[str], Installation]


@pytest.fixture
def titled(tmp_path: Path, keys: Mapping[str, str]) -> Titled:
    """An installation whose Microsoft connector has this title."""

    def make(title: str) -> Installation:
        file = tmp_path / "titled.yaml"
        quoted = json.dumps(title)
        file.write_text(
            CONNECTOR_TYPES.replace("title: Microsoft 365", f"title: {quoted}"), "utf-8"
        )
        return Installation(tmp_path, keys, {"CONNECTOR_TYPES_FILE": str(file)})

    return make
