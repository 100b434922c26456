"""The versions of one Cloud KMS key, for whoever operates a deployment; no function of ours uses it."""

from typing import Final
from urllib.parse import quote

import msgspec

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.keys.cloud_kms_answers import camel
from multi_user_oauth.keys.cloud_kms_rest import CloudKms

_VERSIONS: Final = "/cryptoKeyVersions"


class _Version(msgspec.Struct):
    name: str
    state: str

    @property
    def number(self) -> str:
        return self.name.rpartition("/")[2]


class _Page(msgspec.Struct, rename=camel):
    crypto_key_versions: list[_Version] = []
    next_page_token: str = ""


class _Key(msgspec.Struct):
    name: str
    primary: _Version | None = None


_VERSION: Final = msgspec.json.Decoder(_Version)
_PAGE: Final = msgspec.json.Decoder(_Page)
_KEY: Final = msgspec.json.Decoder(_Key)


class CloudKmsVersions:
    """
    The versions of the key `projects/.../cryptoKeys/...`, by their numbers ("1", "2").

    Needs `roles/cloudkms.viewer` to look and `roles/cloudkms.admin` to change. Every method raises
    `KeysUnavailableError`, with Cloud KMS's status in its text; what changes something is tried once.
    """

    def __init__(self, kms: CloudKms, key_name: str) -> None:
        self._kms = kms
        self._key_name = key_name

    def states(self) -> dict[str, str]:
        """Return each version's state in Google's words (ENABLED, DISABLED, DESTROYED)."""
        found: dict[str, str] = {}
        token = ""
        while True:
            page = self._kms.ask(self._key_name, f"{_VERSIONS}?pageToken={quote(token)}", _PAGE)
            found |= {version.number: version.state for version in page.crypto_key_versions}
            token = page.next_page_token
            if not token:
                return found

    def primary(self) -> str:
        """Return the version that new data keys are wrapped with."""
        primary = self._kms.ask(self._key_name, "", _KEY).primary
        if primary is None:
            message = f"{self._key_name}: this key has no primary version"
            raise KeysUnavailableError(message)
        return primary.number

    def rotate(self) -> str:
        """Make a version, have new data keys wrapped with it from now on, and return its number."""
        made = self._kms.ask(self._key_name, _VERSIONS, _VERSION, body={}, once=True)
        self._kms.ask(
            self._key_name,
            ":updatePrimaryVersion",
            _KEY,
            body={"cryptoKeyVersionId": made.number},
            once=True,
        )
        return made.number

    def destroy(self, version: str) -> None:
        """Schedule the end of a version; what only it opens is lost when its time is over."""
        name = f"{self._key_name}{_VERSIONS}/{version}"
        self._kms.ask(name, ":destroy", _VERSION, body={}, once=True)
