"""Implements `Rewrapper` over any key service: the same data key, wrapped by a newer version."""

from dataclasses import replace
from typing import Final

from multi_user_oauth.errors import KeysUnavailableError, TamperedError
from multi_user_oauth.keys.envelope import (
    KEY_BYTES,
    Envelope,
    KeyDecrypter,
    KeyEncrypter,
    unwrapped,
)
from multi_user_oauth.keys.wrapped import LOCAL_HEADER_BYTES, LOCAL_VERSION, key_version
from multi_user_oauth.model import Binding
from multi_user_oauth.ports import Draw

_THROWN_AWAY: Final = b"multi-user-oauth: which version wraps now?"


class EnvelopeRewrapper:
    """
    Three calls of the key service for each value: unwrap, wrap, and unwrap what was wrapped.

    The data key stays, and with it nonce and ciphertext: the token itself is not sealed anew.
    """

    def __init__(self, encrypter: KeyEncrypter, decrypter: KeyDecrypter, draw: Draw) -> None:
        self._encrypter = encrypter
        self._decrypter = decrypter
        self._draw = draw

    def version(self, sealed: bytes) -> str:
        """Return the version that the value's data key says it is wrapped with."""
        return _version(Envelope.parse(sealed).wrapped)

    def newest(self) -> str:
        """Return the version that wraps now: found out by wrapping a key that nobody will use."""
        return _version(self._encrypter.encrypt(self._draw(KEY_BYTES), _THROWN_AWAY))

    def rewrap(self, sealed: bytes, binding: Binding) -> bytes:
        """Return the value under the newest version; raise `TamperedError`, `KeysUnavailableError`."""
        envelope, outer = Envelope.parse(sealed), binding.outer()
        data_key = unwrapped(self._decrypter, envelope.wrapped, outer)
        value = envelope.opened(data_key, binding)
        rewrapped = replace(envelope, wrapped=self._encrypter.encrypt(data_key, outer))
        # Read as whoever opens it next will read it: a good record is not replaced by a hope.
        again = Envelope.parse(bytes(rewrapped))
        try:
            opens = again.opened(unwrapped(self._decrypter, again.wrapped, outer), binding) == value
        except TamperedError:
            opens = False
        if not opens:
            raise KeysUnavailableError("the key service does not unwrap what it has just wrapped")
        return bytes(rewrapped)


def _version(wrapped: bytes) -> str:
    if wrapped[:1] == LOCAL_VERSION and len(wrapped) > LOCAL_HEADER_BYTES:
        return wrapped[1:LOCAL_HEADER_BYTES].hex()
    return key_version(wrapped)
