"""functions/functions.yaml as typed values; a field that nobody knows stops the start."""

from pathlib import Path
from typing import Final, Literal

import msgspec
import yaml

from multi_user_oauth.errors import ConfigurationError

FILE: Final = "functions.yaml"

Right = Literal["none", "read", "write"]
Use = Literal["none", "encrypt", "decrypt", "both"]


class Route(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One path of a function."""

    methods: list[str]
    path: str
    bare: list[str]
    who: list[str]
    coming: bool = False


class Databases(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Rights in the two databases."""

    main: Right
    activity: Right


class Keys(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What may be done with the two key-encryption keys."""

    access: Use
    refresh: Use


class Function(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One entry; the file itself says what its fields mean."""

    name: str
    summary: str
    routes: list[Route]
    trigger: Literal["http"]
    invoker: Literal["allUsers", "iam"]
    databases: Databases
    keys: Keys
    secrets: list[str]
    extras: list[str]
    concurrency: int
    cpu: int
    timeout_seconds: int
    coming: bool = False


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    functions: list[Function]


def load_catalogue(folder: Path) -> tuple[Function, ...]:
    """
    Return the functions that exist, with the routes that exist, from `folder`/functions.yaml.

    Raise `ConfigurationError` naming the file and the place.
    """
    file = folder / FILE
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        catalogue = msgspec.convert(raw, _Catalogue)
    except OSError:
        raise ConfigurationError(f"{file} can not be read") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{file} is not YAML") from None
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return tuple(
        msgspec.structs.replace(function, routes=[r for r in function.routes if not r.coming])
        for function in catalogue.functions
        if not function.coming
    )
