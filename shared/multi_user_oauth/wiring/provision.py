"""Making the keys of the embedded default at the first start; what is there is left alone."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, OctKey

from multi_user_oauth.keys.local_versions import provision as provision_key_files


def places(directory: Path) -> Mapping[str, str]:
    """Return the settings that name what `provision` makes below `directory`."""
    secrets = directory / "secrets"
    return {
        "DATA_DIR": str(directory),
        "KEY_DIR": str(directory / "keys"),
        "FLOW_KEYS_FILE": str(secrets / "flow_keys.json"),
        "LINK_KEYS_FILE": str(secrets / "link_keys.json"),
        "SESSION_SIGNING_KEY_FILE": str(secrets / "session_signing_key.json"),
        "SESSION_PUBLIC_KEYS_FILE": str(secrets / "session_public_keys.json"),
    }


def provision(directory: Path) -> Mapping[str, str]:
    """
    Make the key files that are missing below `directory` and return the settings that name them.

    Every file has mode 0600, every folder 0700. Safe at every start.
    """
    made = places(directory)
    (directory / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    provision_key_files(Path(made["KEY_DIR"]))
    flow_keys, signing, public = (
        Path(made[name])
        for name in ("FLOW_KEYS_FILE", "SESSION_SIGNING_KEY_FILE", "SESSION_PUBLIC_KEYS_FILE")
    )
    for sealing in (flow_keys, Path(made["LINK_KEYS_FILE"])):
        _create(sealing, {"keys": [_sealing_key()]})
    if not public.exists():
        key = ECKey.generate_key("P-256", {"use": "sig"}, private=True)
        key.ensure_kid()
        _create(signing, key.as_dict(private=True))
        stored = ECKey.import_key(json.loads(signing.read_text(encoding="utf-8")))
        _create(public, {"keys": [stored.as_dict(private=False)]})
    return made


def _sealing_key() -> dict[str, Any]:
    key = OctKey.generate_key(256, {"use": "enc"})
    key.ensure_kid()
    return dict(key.as_dict())


def _create(file: Path, content: object) -> None:
    if file.exists():
        return
    # Written whole under another name first: nobody ever reads half a key.
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(content, out)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # another process was first; its key is the key
    finally:
        draft.unlink()
