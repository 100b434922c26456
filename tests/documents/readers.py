"""Which function reads which setting: seen, by building each function from settings that take notes."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from multi_user_oauth.cli.settings_file import documented
from multi_user_oauth.wiring import MODULES, build
from multi_user_oauth.wiring.provision import provision
from multi_user_oauth.wiring.world import World
from tests.documents.settings_examples import EXAMPLES
from tests.support.installation import write_settings

_NOWHERE: Final = "127.0.0.1:1"
"""Nothing is connected to while a function is built."""
_GOOGLE_CLOUD: Final = {
    "BACKEND": "gcp",
    "FIRESTORE_EMULATOR_HOST": _NOWHERE,
    "LOCAL_CLOUD": _NOWHERE,
    "LOCAL_KMS": f"http://{_NOWHERE}",
    "PUBSUB_EMULATOR_HOST": _NOWHERE,
    **{
        name: EXAMPLES[name]
        for name in ("GOOGLE_CLOUD_PROJECT", "ACCESS_KEY", "REFRESH_KEY", "EVENTS_TOPIC", "SWEEP_TOPIC",
                     "REFRESH_URL", "DURABLE_READS")
    },
}  # fmt: skip
_SHARED_HOST: Final = {
    "PUBLIC_ORIGIN": "https://europe-west1-company-oauth.cloudfunctions.net",
    "TRIAL_ON_SHARED_HOST": "yes",
}


class _Noting(Mapping[str, str]):
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def readers(folder: Path) -> Mapping[str, frozenset[str]]:
    """Return the functions that read each setting; `folder` is an empty one, for keys and files."""
    here = write_settings(folder, provision(folder / "keys"), f"http://{_NOWHERE}")
    deployments = (here, {**here, **_GOOGLE_CLOUD}, {**here, **_SHARED_HOST})
    found = {name: set[str]() for name in documented()}
    with _environment_kept():
        for values in deployments:
            for function in MODULES:
                noting = _Noting(values)
                build(function, noting, world=World())
                for name in noting.asked & found.keys():
                    found[name].add(function)
    return {name: frozenset(functions) for name, functions in found.items()}


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Google's client is told of an emulator by this process' environment, and nobody else shall be."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
