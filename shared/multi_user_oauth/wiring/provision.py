"""Making the keys of the embedded default at the first start; what is there is left alone."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey, OctKey

from multi_user_oauth.keys.local_versions import provision as provision_key_files


def provision(directory: Path) -> Mapping[str, str]:
    """
    Make the key files that are missing below `directory` and return the settings that name them.

    Every file has mode 0600, every folder 0700. Safe at every start.
    """
    secrets = directory / "secrets"
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    provision_key_files(directory / "keys")
    flow_keys, signing, public = (
        secrets / name
        for name in ("flow_keys.json", "session_signing_key.json", "session_public_keys.json")
    )
    _create(flow_keys, {"keys": [_flow_key()]})
    if not public.exists():
        key = ECKey.generate_key("P-256", {"use": "sig"}, private=True)
        key.ensure_kid()
        _create(signing, key.as_dict(private=True))
        stored = ECKey.import_key(json.loads(signing.read_text(encoding="utf-8")))
        _create(public, {"keys": [stored.as_dict(private=False)]})
    return {
        "DATA_DIR": str(directory),
        "KEY_DIR": str(directory / "keys"),
        "FLOW_KEYS_FILE": str(flow_keys),
        "SESSION_SIGNING_KEY_FILE": str(signing),
        "SESSION_PUBLIC_KEYS_FILE": str(public),
    }


def _flow_key() -> dict[str, Any]:
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
