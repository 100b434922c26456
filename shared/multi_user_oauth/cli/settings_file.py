"""Settings as a file of NAME=value lines, and which settings a command works with."""

import inspect
import os
import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from multi_user_oauth.errors import ConfigurationError

DEMO: Final = Path(".demo/settings.env")
_LINE: Final = re.compile(r"(?:export\s+)?([A-Z][A-Z0-9_]*)=(.*)")


def read_settings(file: Path) -> dict[str, str]:
    """
    Return the settings of the file; a relative path in it is relative to the file's folder.

    Raise `ConfigurationError` naming the line that is not NAME=value, without its content.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{file} can not be read") from None
    values = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = _LINE.fullmatch(text)
        if found is None:
            raise ConfigurationError(f"{file}, line {number}: expected NAME=value")
        name, value = found.group(1), _unquoted(found.group(2), f"{file}, line {number}")
        values[name] = _absolute(file, name, value)
    return values


OF_OTHERS: Final = frozenset(
    {"FIRESTORE_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT", "PUBSUB_EMULATOR_HOST"}
)
"""Names that Google's tools set too: by themselves they choose no settings of ours."""


def write_settings(file: Path, values: Mapping[str, str], heading: str) -> None:
    """Write the settings, each with what it is for; only the owner can read the file."""
    meanings = documented()
    blocks = ["".join(f"# {line}\n" for line in heading.splitlines())]
    for name, value in values.items():
        meaning = "".join(f"# {line}\n" if line else "#\n" for line in meanings.get(name, []))
        blocks.append(f"{meaning}{name}={shlex.quote(value)}\n")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text("\n".join(blocks), encoding="utf-8")
    draft.replace(file)


def documented() -> Mapping[str, list[str]]:
    """Return every setting's name with the lines that explain it, from `Settings` itself."""
    from multi_user_oauth.settings import Settings

    meanings = {}
    for member in (each for part in Settings.__mro__ for each in vars(part).values()):
        if isinstance(member, cached_property):
            text = inspect.cleandoc(member.__doc__ or "")
            if found := re.match(r"`([A-Z][A-Z0-9_]*)`", text):
                meanings[found.group(1)] = text.replace("`", "").splitlines()
    return meanings


def chosen_settings(file: Path | None) -> dict[str, str]:
    """
    Return the settings to work with: the file's, else the environment's, else the demo's.

    Keys that they do not name are those that `serve` made below DATA_DIR, where it did.
    Raise `ConfigurationError` where there are none.
    """
    if file is not None:
        return _with_keys(read_settings(file))
    found = {name: os.environ[name] for name in documented() if name in os.environ}
    if found.keys() - OF_OTHERS:
        return _with_keys(found)
    if DEMO.exists():
        return read_settings(DEMO)
    raise ConfigurationError("Which settings? Give --env FILE, or run `make demo` once")


def _with_keys(values: dict[str, str]) -> dict[str, str]:
    if "DATA_DIR" not in values or "KEY_DIR" in values:
        return values
    from multi_user_oauth.wiring.provision import places

    made = places(Path(values["DATA_DIR"])).items()
    return {name: place for name, place in made if Path(place).exists()} | values


def put_into_environment(values: Mapping[str, str]) -> None:
    """Give these settings to the functions of this process, and no others that stand there."""
    for name in documented():
        os.environ.pop(name, None)
    os.environ.update(values)


def _unquoted(text: str, place: str) -> str:
    if text[:1] not in {"'", '"'}:
        return text.strip()
    try:
        return " ".join(shlex.split(text))
    except ValueError:
        raise ConfigurationError(f"{place}: a quotation mark is missing") from None


def _absolute(file: Path, name: str, value: str) -> str:
    if value and name.endswith(("_DIR", "_FILE")):
        return str(file.parent.resolve() / Path(value).expanduser())
    return value
