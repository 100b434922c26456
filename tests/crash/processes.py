"""All functions as processes of their own, each with the keys that it may have, and no others."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from multi_user_oauth.sandbox.company import JOHN, Account
from tests.crash.deployment import MICROSOFT, Deployment
from tests.support.processes import free_ports, functions

KEY_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "authorize": (),
    "callback_microsoft": ("access.public.pem", "refresh.public.pem"),
    "callback_google": ("access.public.pem", "refresh.public.pem"),
    "connectors": ("access.private.pem",),
    "list_users": (),
    "revoke": (),
    "refresh": (
        *("access.public.pem", "access.private.pem"),
        *("refresh.public.pem", "refresh.private.pem"),
    ),
    "access_token": ("access.private.pem",),
    "web": (),
}
"""As the catalogue has it; see functions/functions.yaml."""

OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "authorize": ("FLOW_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE"),
    "callback_microsoft": (
        *("FLOW_KEYS_FILE", "SESSION_SIGNING_KEY_FILE", "SESSION_PUBLIC_KEYS_FILE"),
        *("CLIENT_SECRETS_FILE", "CONNECTOR_TYPES_FILE", "DATA_DIR"),
    ),
    "callback_google": (
        *("FLOW_KEYS_FILE", "SESSION_SIGNING_KEY_FILE", "SESSION_PUBLIC_KEYS_FILE"),
        *("CLIENT_SECRETS_FILE", "CONNECTOR_TYPES_FILE", "DATA_DIR"),
    ),
    "list_users": ("SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE", "DATA_DIR"),
    "revoke": ("SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE", "DATA_DIR"),
    "refresh": ("CLIENT_SECRETS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE", "DATA_DIR"),
    "access_token": ("POLICY_FILE", "CONNECTOR_TYPES_FILE", "DATA_DIR"),
    "connectors": (
        *("LINK_KEYS_FILE", "SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE"),
        *("CONNECTOR_TYPES_FILE", "DATA_DIR"),
    ),
    "web": ("CONNECTOR_TYPES_FILE",),
}
"""What else each is given: what the catalogue names as its secrets and databases."""

ASKING: Final = ("access_token", "connectors", "revoke")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The processes' addresses, and a person whose token has run out."""

    deployment: Deployment
    urls: Mapping[str, str]
    key_folders: Mapping[str, Path]
    expired: Account = JOHN


@contextmanager
def serve(deployment: Deployment, folder: Path) -> Iterator[Served]:
    """Serve every function once, and `access_token` three times."""
    deployment.sign_in_long_ago((JOHN, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "strict"})
    folders = {name: _keys(deployment, folder / name, files) for name, files in KEY_FILES.items()}
    (port,) = free_ports(1)
    wanted = {
        instance: (name, _settings(deployment, name, folders[name], port))
        for name in KEY_FILES
        for instance in _instances(name)
    }
    with functions(wanted, ports={"refresh": port}) as urls:
        yield Served(deployment=deployment, urls=urls, key_folders=folders)


def _instances(name: str) -> list[str]:
    return [f"{name}_{number}" for number in range(3)] if name == "access_token" else [name]


def _keys(deployment: Deployment, folder: Path, files: tuple[str, ...]) -> Path:
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy2(Path(deployment.values["KEY_DIR"]) / file, folder)
    return folder


def _settings(deployment: Deployment, name: str, keys: Path, port: int) -> dict[str, str]:
    given = ("PUBLIC_ORIGIN", "DEPLOYMENT_ID", "SANDBOX_URL", *OTHERS[name])
    settings = {setting: deployment.values[setting] for setting in given}
    if KEY_FILES[name]:
        settings["KEY_DIR"] = str(keys)
    if name in ASKING:
        settings["REFRESH_URL"] = f"http://127.0.0.1:{port}"
    return settings
