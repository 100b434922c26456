"""The `Box` of tickets and flow cookies: JWE (RFC 7516), direct AES-256-GCM, by joserfc."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from multi_user_oauth.errors import ConfigurationError, TamperedError

_ALGORITHM: Final = {"alg": "dir", "enc": "A256GCM"}
_LONGEST: Final = 8192
_KEY_BITS: Final = 256


class JweBox:
    """The newest key seals; all of them open, so that a key is rotated without losing a flow."""

    def __init__(self, file: Path) -> None:
        try:
            keys = KeySet.import_key_set(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, JoseError, KeyError, TypeError, AttributeError):
            raise _malformed(file) from None
        self._keys = {key.kid: key for key in keys.keys if isinstance(key, OctKey) and key.kid}
        if not self._keys or len(self._keys) != len(keys.keys):
            raise _malformed(file)
        if any(len(key.raw_value) * 8 != _KEY_BITS for key in self._keys.values()):
            raise _malformed(file)
        self._newest = next(iter(self._keys.values()))

    def seal(self, purpose: str, claims: Mapping[str, object]) -> str:
        """Return the claims as a compact JWE whose authenticated header names purpose and key."""
        header = {**_ALGORITHM, "typ": purpose, "kid": self._newest.kid}
        return jwe.encrypt_compact(header, json.dumps(claims).encode(), self._newest)

    def open(self, purpose: str, text: str) -> Mapping[str, object]:
        """Return the claims; raise `TamperedError` for anything not sealed here, for this purpose."""
        try:
            if len(text) > _LONGEST:
                raise ValueError  # noqa: TRY301  # reason: every way of being wrong ends in one place
            opened = jwe.decrypt_compact(text, self._key, algorithms=["dir", "A256GCM"])
            claims = json.loads(opened.plaintext or b"")
        except (JoseError, ValueError, KeyError, TypeError):
            raise TamperedError(purpose) from None
        if opened.protected.get("typ") != purpose or not isinstance(claims, dict):
            raise TamperedError(purpose)
        return claims

    def _key(self, recipient: object) -> OctKey:
        headers = getattr(recipient, "headers", None)
        kid = headers().get("kid") if headers else None
        return self._keys[str(kid)]


def _malformed(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{file}: expected a JWK set of {_KEY_BITS}-bit oct keys, each with a kid"
    )
