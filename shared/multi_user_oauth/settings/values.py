"""The mapping that settings are read from."""

from collections.abc import Mapping
from pathlib import Path

from multi_user_oauth.errors import ConfigurationError


class Values:
    """Reads one value; what is missing or malformed is named."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def _path(self, name: str) -> Path:
        return Path(self._required(name))

    def _required(self, name: str) -> str:
        value = self._values.get(name, "").strip()
        if not value:
            raise ConfigurationError(f"{name} is not set")
        return value

    def _of_this_machine(self, name: str) -> str | None:
        value = self._values.get(name)
        if value and "K_SERVICE" in self._values:
            raise ConfigurationError(f"{name} is refused outside a machine of one's own")
        return value or None


def malformed(name: str, expected: str) -> ConfigurationError:
    """Return the error that names a setting and what was expected of it."""
    return ConfigurationError(f"{name} is malformed: expected {expected}")
