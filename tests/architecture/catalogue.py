"""The catalogue of functions as typed values; an unknown field stops the tests."""

from pathlib import Path
from typing import Final, Literal

import msgspec
import yaml

ROOT: Final = Path(__file__).parents[2]

Right = Literal["none", "read", "write"]
Use = Literal["none", "encrypt", "decrypt", "both"]


class Route(msgspec.Struct, forbid_unknown_fields=True):
    """One path of a function."""

    methods: list[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]]
    path: str
    bare: list[str]
    who: list[
        Literal[
            "anyone", "browser", "person", "admin", "auditor", "agent", "function", "scheduler",
            "pubsub", "operator",
        ]
    ]  # fmt: skip
    coming: bool = False


class Databases(msgspec.Struct, forbid_unknown_fields=True):
    """Rights in the two databases."""

    main: Right
    activity: Right


class Keys(msgspec.Struct, forbid_unknown_fields=True):
    """What may be done with the two key-encryption keys."""

    access: Use
    refresh: Use


class Function(msgspec.Struct, forbid_unknown_fields=True):
    """One entry of the catalogue."""

    name: str
    summary: str
    routes: list[Route]
    trigger: Literal["http"]
    invoker: Literal["allUsers", "iam"]
    databases: Databases
    keys: Keys
    secrets: list[
        Literal[
            "flow_keys", "session_signing_key", "session_public_keys", "client_secrets", "policy",
            "connector_types",
        ]
    ]  # fmt: skip
    extras: list[Literal["web", "server", "microsoft", "google", "gcp"]]
    concurrency: int
    cpu: int
    timeout_seconds: int
    coming: bool = False


class Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    """functions/functions.yaml."""

    functions: list[Function]


FUNCTIONS: Final = msgspec.convert(
    yaml.safe_load((ROOT / "functions/functions.yaml").read_text("utf-8")), Catalogue
).functions
