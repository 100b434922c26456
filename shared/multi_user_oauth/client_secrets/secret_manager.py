"""Client secrets in Secret Manager; only this module imports its library.

Needs `secretmanager.versions.list` and `.access` on each secret. The client's own retry (60 s, from 2 s
on) is switched off: reading is tried again here, and given up within six seconds.
"""

import logging
from functools import partial
from itertools import islice
from typing import Any, Final

import google_crc32c
from google.api_core.exceptions import (
    BadRequest,
    DeadlineExceeded,
    FailedPrecondition,
    Forbidden,
    GoogleAPIError,
    NotFound,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
    Unauthorized,
)
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from multi_user_oauth.client_secrets.kept import KeptSecrets, OutOfReachError
from multi_user_oauth.client_secrets.texts import secret_text
from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from multi_user_oauth.ports import Clock

GIVE_UP_AFTER: Final = 3.0  # seconds; no try begins later
ONE_CALL: Final = 1.0  # seconds; a try is at most three calls
LIVE_AT_ONCE: Final = 2
RECONNECTING: Final = (("grpc.max_reconnect_backoff_ms", 1_000),)
"""Else the longer nobody listened, the longer (two minutes at last) gRPC would refuse every call."""
_PASSING: Final = (ServiceUnavailable, DeadlineExceeded, ResourceExhausted)
_A_NO: Final = (BadRequest, Forbidden, NotFound, Unauthorized)

_log = logging.getLogger(__name__)


def connect(channel: Any = None) -> SecretManagerServiceClient:  # noqa: ANN401  # reason: grpc has no types
    """Return a client of Secret Manager, or of whatever is behind a channel made by the caller."""
    transport = SecretManagerServiceGrpcTransport
    if channel is None:
        return SecretManagerServiceClient(transport=partial(transport, channel=_channel))
    return SecretManagerServiceClient(transport=transport(channel=channel))


def _channel(*arguments: Any, options: Any = (), **named: Any) -> Any:  # noqa: ANN401  # reason: grpc has no types
    return SecretManagerServiceGrpcTransport.create_channel(
        *arguments, options=(*options, *RECONNECTING), **named
    )


class SecretManagerClientSecrets:
    """
    Implements `ClientSecrets` over `projects/{project}/secrets/{name}`.

    The live ones are the newest enabled version and the enabled one before it, so a secret is rotated by
    adding a version, and taken back by disabling it.
    """

    def __init__(
        self,
        client: SecretManagerServiceClient,
        project: str,
        *,
        now: Clock,
        give_up_after: float = GIVE_UP_AFTER,
    ) -> None:
        self._client = client
        self._project = project
        self._give_up_after = give_up_after
        self._one_call = min(ONE_CALL, give_up_after)
        self._kept = KeptSecrets(self._read, now=now)

    def get(self, name: str) -> tuple[Secret, ...]:
        """Return the live secrets of this name, newest first; raise `KeysUnavailableError`."""
        return self._kept.get(name)

    def reload(self, name: str) -> tuple[Secret, ...]:
        """Return them as they are now: for once after a provider's `invalid_client`; same errors."""
        return self._kept.reload(name)

    def _read(self, name: str) -> tuple[Secret, ...]:
        place = f"projects/{self._project}/secrets/{name}"
        try:
            secrets = self._patience()(self._live)(place)
        except _A_NO as error:
            refusal = KeysUnavailableError(f"{place}: Secret Manager says {type(error).__name__}")
        except (GoogleAPIError, GoogleAuthError, _GarbledError) as error:
            cause = error.cause if isinstance(error, RetryError) else error
            reason = "GarbledAnswer" if isinstance(cause, _GarbledError) else type(cause).__name__
            refusal = OutOfReachError(f"{place}: Secret Manager does not serve us now ({reason})")
        else:
            if secrets:
                return secrets
            refusal = KeysUnavailableError(f"{place}: no enabled version holds a client secret")
        # Not chained: what a service or the network said belongs in no log of ours.
        raise refusal

    def _live(self, place: str) -> tuple[Secret, ...]:
        # "latest" would be the last one made even if it is disabled, and would not name the one before.
        versions = self._client.list_secret_versions(
            request={"parent": place, "filter": "state:ENABLED", "page_size": LIVE_AT_ONCE},
            retry=None,
            timeout=self._one_call,
        )
        # Newest first, by Google's promise; only the first page is asked for.
        secrets = (self._secret(version.name) for version in islice(versions, LIVE_AT_ONCE))
        return tuple(secret for secret in secrets if secret is not None)

    def _secret(self, version: str) -> Secret | None:
        try:
            answer = self._client.access_secret_version(
                request={"name": version}, retry=None, timeout=self._one_call
            )
        except (FailedPrecondition, NotFound):
            return None  # disabled or destroyed since it was listed
        payload = answer.payload
        if (
            "data_crc32c" not in payload
            or payload.data_crc32c != google_crc32c.value(payload.data)
            or _without_project(answer.name) != _without_project(version)
        ):
            raise _GarbledError
        secret = secret_text(payload.data)
        if secret is None:
            _log.error("%s: expected text without white space around it; not used", version)
        return secret

    def _patience(self) -> Retry:
        garbled = 0

        def may_pass(error: Exception) -> bool:
            nonlocal garbled
            if not isinstance(error, _GarbledError):
                return isinstance(error, _PASSING)
            garbled += 1
            return garbled == 1

        return Retry(
            may_pass, initial=0.1, maximum=1.0, multiplier=2.0, timeout=self._give_up_after
        )


def _without_project(name: str) -> str:
    # Where a project's id was asked for, Google may answer with its number.
    return name.partition("/secrets/")[2]


class _GarbledError(Exception):
    """An answer is not what was sent, or is to another request: once more, then never mind."""
