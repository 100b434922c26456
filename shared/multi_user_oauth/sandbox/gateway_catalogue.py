"""functions/functions.yaml as typed values; a field that nobody knows stops the start."""

from pathlib import Path
from typing import Final, Literal

import msgspec
import yaml

from multi_user_oauth.errors import ConfigurationError

FILE: Final = "functions.yaml"

Right = Literal["none", "read", "write"]
Use = Literal["none", "encrypt", "decrypt", "both"]
Who = Literal[
    "anyone", "browser", "person", "admin", "auditor", "agent", "function", "scheduler", "pubsub",
    "operator",
]  # fmt: skip
SecretName = Literal[
    "flow_keys", "link_keys", "session_signing_key", "session_public_keys", "client_secrets", "policy",
    "connector_types",
]  # fmt: skip
Topic = Literal["events", "sweep"]
Extra = Literal[
    "web",
    "server",
    "microsoft",
    "google",
    "firestore",
    "cloud-kms",
    "connectors",
    "secret-manager",
    "pubsub",
]


class Route(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One path of a function."""

    methods: list[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]]
    path: str
    bare: list[str]
    who: list[Who]
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
    secrets: list[SecretName]
    extras: list[Extra]
    concurrency: int
    cpu: int
    timeout_seconds: int
    publishes: list[Topic] = []
    coming: bool = False


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    functions: list[Function]


def whole_catalogue(folder: Path) -> tuple[Function, ...]:
    """
    Return all that stands in `folder`/functions.yaml, what is coming included.

    Raise `ConfigurationError` naming the file and the place.
    """
    file = folder / FILE
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        return tuple(msgspec.convert(raw, _Catalogue).functions)
    except OSError:
        raise ConfigurationError(f"{file} can not be read") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{file} is not YAML") from None
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def load_catalogue(folder: Path) -> tuple[Function, ...]:
    """Return the functions that exist, with the routes that exist; raise as `whole_catalogue`."""
    return tuple(
        msgspec.structs.replace(function, routes=[r for r in function.routes if not r.coming])
        for function in whole_catalogue(folder)
        if not function.coming
    )
