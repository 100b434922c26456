"""Every test here is run with each release's records, in each back end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.upgrade.places import GoogleCloudHere
from tests.upgrade.thaw import BACKENDS, RELEASES, Source, Thawed, thawed

Clouds = Callable[[Path], GoogleCloudHere]


@pytest.fixture(scope="session")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clouds]:
    """A local Google Cloud with the keys of a release, started when it is first asked for."""
    started: dict[Path, GoogleCloudHere] = {}
    with ExitStack() as running:

        def of(release: Path) -> GoogleCloudHere:
            if release not in started:
                # As the sandbox's, a file that holds secrets because that is what it is for.
                file = tmp_path_factory.mktemp("cloud") / "state.json"
                file.write_text((release / "gcp/keys.json").read_text("utf-8"), "utf-8")
                started[release] = running.enter_context(GoogleCloudHere(file))
            return started[release]

        yield of


@pytest.fixture(scope="session", params=RELEASES, ids=lambda release: release.name)
def release(request: pytest.FixtureRequest) -> Path:
    """A release's folder of records."""
    found: Path = request.param
    return found


@pytest.fixture(scope="session", params=BACKENDS)
def source(request: pytest.FixtureRequest, release: Path) -> Source:
    """Its records in one back end."""
    if request.param == "embedded":
        return Source(release, "embedded")
    emulator: str = request.getfixturevalue("firestore_emulator")
    clouds: Clouds = request.getfixturevalue("clouds")
    return Source(release, "gcp", emulator, clouds(release))


@pytest.fixture
def records(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Thawed]:
    """The records, for a test of its own."""
    if source.emulator:  # by which Google's client is told: with this test that is over
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", source.emulator)
    with thawed(source, tmp_path / "thawed") as found:
        yield found
