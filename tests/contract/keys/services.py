"""The key services that the contracts hold for: a new one is one function here and one more param."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from multi_user_oauth.keys.envelope import KeyDecrypter, KeyEncrypter
from multi_user_oauth.keys.local import LocalDecrypter, LocalEncrypter
from multi_user_oauth.model import Kind


class CountingMeter:
    """A `Meter` that can be read."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, operation: str, number: int = 1) -> None:
        """As the port."""
        self.counts[operation] += number


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyService:
    """Two keys of one key service, and what it would bill."""

    encrypters: Mapping[Kind, KeyEncrypter]
    decrypters: Mapping[Kind, KeyDecrypter]
    meter: CountingMeter


def local_service(directory: Path) -> KeyService:
    """Return the key service whose files `provision` made in this directory."""
    meter = CountingMeter()
    return KeyService(
        encrypters={
            kind: LocalEncrypter(directory / f"{kind}.public.pem", meter=meter) for kind in Kind
        },
        decrypters={
            kind: LocalDecrypter(directory / f"{kind}.private.pem", meter=meter) for kind in Kind
        },
        meter=meter,
    )
