"""Secret Manager: secrets and their versions, as `google.cloud.secretmanager.v1` has them."""

import re
from typing import Final

import google_crc32c
from google.cloud.secretmanager_v1 import types

from .methods import LARGEST, Method, method, page, parent, wanted_state
from .refusals import malformed, taken, unknown, wrong_state
from .state import Holdings, SecretVersion

SERVICE: Final = "google.cloud.secretmanager.v1.SecretManagerService"
_PERMISSION: Final = "secretmanager.versions"
_SECRET: Final = re.compile(r"projects/[^/]+/secrets/[A-Za-z0-9_-]{1,255}")
_STATES: Final = types.SecretVersion.State


class SecretManager:
    """Serves one call at a time; whoever calls it holds the cloud's lock."""

    def __init__(self, holdings: Holdings) -> None:
        self._secrets = holdings.secrets

    def methods(self) -> tuple[Method, ...]:
        """Give what can be called."""
        return (
            method(
                types,
                "CreateSecret",
                "secretmanager.secrets.create",
                self.create,
                of=parent,
                changes=True,
            ),
            method(
                types, "AddSecretVersion", f"{_PERMISSION}.add", self.add, of=parent, changes=True
            ),
            method(types, "AccessSecretVersion", f"{_PERMISSION}.access", self.access),
            method(
                types, "ListSecretVersions", f"{_PERMISSION}.list", self.list_versions, of=parent
            ),
            *(
                method(
                    types,
                    f"{verb}SecretVersion",
                    f"{_PERMISSION}.{verb.lower()}",
                    serve,
                    changes=True,
                )
                for verb, serve in (
                    ("Enable", lambda request: self._change(request.name, _STATES.ENABLED)),
                    ("Disable", lambda request: self._change(request.name, _STATES.DISABLED)),
                    ("Destroy", lambda request: self._change(request.name, _STATES.DESTROYED)),
                )
            ),
        )

    def create(self, request: types.CreateSecretRequest) -> types.Secret:
        """Make a secret without a version."""
        name = f"{request.parent}/secrets/{request.secret_id}"
        if _SECRET.fullmatch(name) is None:
            text = f"{name} can not be the name of a secret"
            raise malformed(text)
        if name in self._secrets:
            raise taken(name)
        self._secrets[name] = {}
        return types.Secret(name=name)

    def add(self, request: types.AddSecretVersionRequest) -> types.SecretVersion:
        """Make the next version."""
        versions, payload = self._versions(request.parent), request.payload
        if len(payload.data) > LARGEST:
            text = f"the payload exceeds {LARGEST} bytes"
            raise malformed(text)
        if "data_crc32c" in payload and payload.data_crc32c != google_crc32c.value(payload.data):
            raise malformed("data_crc32c did not match data")
        number = max(versions, default=0) + 1
        versions[number] = SecretVersion(data=payload.data)
        return types.SecretVersion(
            name=f"{request.parent}/versions/{number}", state=_STATES.ENABLED
        )

    def access(
        self, request: types.AccessSecretVersionRequest
    ) -> types.AccessSecretVersionResponse:
        """Give the payload of a version; `latest` is the one made last, whatever its state."""
        name, version = self._version(request.name)
        if version.state != _STATES.ENABLED:
            raise wrong_state(name, _STATES(version.state).name)
        payload = types.SecretPayload(
            data=version.data, data_crc32c=google_crc32c.value(version.data)
        )
        return types.AccessSecretVersionResponse(name=name, payload=payload)

    def list_versions(
        self, request: types.ListSecretVersionsRequest
    ) -> types.ListSecretVersionsResponse:
        """List a secret's versions, newest first."""
        state = wanted_state(request.filter, _STATES)
        found = [
            types.SecretVersion(name=f"{request.parent}/versions/{number}", state=version.state)
            for number, version in sorted(self._versions(request.parent).items(), reverse=True)
            if state in (None, version.state)
        ]
        shown, token = page(found, request.page_size, request.page_token)
        return types.ListSecretVersionsResponse(
            versions=shown, next_page_token=token, total_size=len(found)
        )

    def _change(self, name: str, state: int) -> types.SecretVersion:
        name, version = self._version(name)
        if version.state == _STATES.DESTROYED:
            raise wrong_state(name, "DESTROYED")
        version.state = int(state)
        if state == _STATES.DESTROYED:
            version.data = b""
        return types.SecretVersion(name=name, state=state)

    def _versions(self, name: str) -> dict[int, SecretVersion]:
        if name not in self._secrets:
            raise unknown(name)
        return self._secrets[name]

    def _version(self, name: str) -> tuple[str, SecretVersion]:
        secret, _, asked = name.partition("/versions/")
        versions = self._versions(secret)
        if asked == "latest":
            asked = str(max(versions, default=0))
        if not asked.isdecimal() or int(asked) not in versions:
            raise unknown(name)
        return f"{secret}/versions/{int(asked)}", versions[int(asked)]
