"""The files of an embedded deployment on this machine: only their owner can read them."""

import os
import secrets
import uuid
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final, TextIO

from multi_user_oauth.errors import ConfigurationError

CATALOGUE: Final = "functions.yaml"


def find_functions(given: Path | None) -> Path:
    """
    Return the folder of the functions: the given one, the one of this clone, or ./functions.

    Raise `ConfigurationError` if it holds no functions.yaml.
    """
    beside_us = Path(__file__).resolve().parents[3] / "functions"
    for folder in (given,) if given else (beside_us, Path("functions")):
        if (folder / CATALOGUE).is_file():
            return folder.resolve()
    raise ConfigurationError("There is no functions/functions.yaml: give --functions DIR")


def open_log(file: Path) -> TextIO:
    """Open a log to be appended to; raise `ConfigurationError`."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{file} can not be written: {error.strerror}") from None
    return os.fdopen(descriptor, "a", encoding="utf-8", buffering=1)


def provision_deployment(directory: Path) -> dict[str, str]:
    """
    Make what is missing below `directory` and return the settings that name it.

    Keys, the deployment's id, the two YAML files (the demo's), and made-up client secrets; what is
    there is left alone. Raise `ConfigurationError`.
    """
    from multi_user_oauth.wiring.provision import provision

    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = directory.resolve()
        keys = provision(directory)
        made = {
            "CONNECTOR_TYPES_FILE": _once(directory / "connector_types.yaml", _template),
            "POLICY_FILE": _once(directory / "policy.yaml", _template),
            "CLIENT_SECRETS_FILE": _once(
                directory / "secrets" / "client_secrets.yaml", _made_up_secrets
            ),
        }
        deployment = _once(directory / "deployment_id", lambda _: f"{uuid.uuid4()}\n")
        deployment_id = Path(deployment).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{directory} can not be used: {error.strerror}") from None
    return {"DEPLOYMENT_ID": deployment_id, **keys, **made}


def sandbox_secrets(file: Path) -> Mapping[str, list[str]]:
    """Return the client secrets by name, for the sandbox, which has to know them too."""
    import yaml

    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: value if isinstance(value, list) else [value] for name, value in document.items()}


def _once(file: Path, content: Callable[[str], str]) -> str:
    if not file.exists():
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(content(file.name), encoding="utf-8")
        draft.replace(file)
    return str(file)


def _template(name: str) -> str:
    return (files("multi_user_oauth.cli") / "templates" / name).read_text(encoding="utf-8")


def _made_up_secrets(_: str) -> str:
    names = ("microsoft", "google")
    return "".join(f"{name}: {secrets.token_urlsafe(32)}\n" for name in names)
