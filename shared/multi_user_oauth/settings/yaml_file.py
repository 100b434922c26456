"""A YAML file of settings, read so that every mistake is named with its place."""

from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import yaml

from multi_user_oauth.errors import ConfigurationError

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


def load(file: Path) -> object:
    """Return what the file says; raise `ConfigurationError` naming the file and the line."""
    try:
        return yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # reason: a SafeLoader
    except OSError:
        raise ConfigurationError(f"{file} can not be read") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigurationError(f"{file}, line {line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigurationError(f"{file}: not YAML") from None


def shaped(file: Path, place: str, entry: object, shape: type[T]) -> T:
    """Return the entry in this shape; raise `ConfigurationError` naming its place."""
    try:
        return msgspec.convert(entry, shape)
    except msgspec.ValidationError as error:
        where = f"{file}: {place}" if place else f"{file}"
        raise ConfigurationError(f"{where}: {error}") from None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice (the second would silently win), or is no plain value."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002  # reason: PyYAML's own signature
    ) -> dict[object, object]:
        """Return the mapping; raise `MarkedYAMLError` at the second of two equal keys."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(None, None, "a key must be text", key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(None, None, "this key stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def malformed(file: Path, place: str, expected: str) -> ConfigurationError:
    """Return the error that names the place and what was expected there."""
    return ConfigurationError(f"{file}: {place}: expected {expected}")
