"""The application's live credentials, tried in turn while a provider does not know the one before."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from multi_user_oauth.errors import (
    ConfigurationError,
    KeysUnavailableError,
    ProviderUnavailableError,
)
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model import ConnectorType, Provider, Secret
from multi_user_oauth.net.http_answer import Json
from multi_user_oauth.ports import ClientSecrets
from multi_user_oauth.providers.aadsts import EXPIRED_CREDENTIAL
from multi_user_oauth.providers.credential_ends import CredentialEnds
from multi_user_oauth.providers.error_answer import ErrorAnswer, RefusedError

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


class Client(Protocol):
    """A provider's library with one client credential, ready for one send; raises `RefusedError`."""

    def exchange(self, code: Secret, redirect_uri: str, transaction: Mapping[str, str]) -> Json:
        """Return the answer to the code."""

    def refresh(self, refresh_token: Secret, claims: str | None) -> Json:
        """Return the answer to the refresh token, and to an API's claims challenge."""


def always() -> bool:
    """Return that there is time: nobody holds a lease while a code is exchanged."""
    return True


class LiveClients:
    """
    One client for each live credential, newest first, for one operation.

    `ready` makes a client, signature included; a credential that it can make nothing of
    (`KeysUnavailableError`, `ConfigurationError`) is passed over while there is another. `ends` is
    shown them all. Raise `KeysUnavailableError` if there is none.
    """

    def __init__(
        self,
        connector_type: ConnectorType,
        client_secrets: ClientSecrets | None,
        ready: Callable[[Secret], Client],
        ends: CredentialEnds,
    ) -> None:
        if client_secrets is None:
            raise ConfigurationError("this function has no client secrets: it can only begin trips")
        self._connector_type = connector_type
        self._client_secrets = client_secrets
        self._ready = ready
        self._tried: list[Secret] = []
        credentials = client_secrets.get(connector_type.client_secret_name)
        ends.look(connector_type, credentials)
        self._clients = list(self._made(credentials))
        if not self._clients:
            name = connector_type.client_secret_name
            raise KeysUnavailableError(f"{name}: none of its client credentials can be used")

    def first_accepted(
        self, attempt: Callable[[Client], T], *, in_time: Callable[[], bool] = always
    ) -> T:
        """
        Return what the first client gets, trying the next one only after `invalid_client`.

        While a credential is replaced two live. The client is refused before the code or refresh token
        is looked at (RFC 6749, 5.2), so neither is used up, and each client sends once. For the same
        reason, and only here, something may still be prepared after a provider has answered: where all
        were refused they are read anew, once, and those not tried before are tried. Raise what the
        last one raises, or `ProviderUnavailableError` if it is no longer `in_time` to send another.
        """
        clients = self._in_turn()
        client: Client | None = next(clients)
        while client is not None:
            try:
                return attempt(client)
            except RefusedError as refused:
                if refused.answer.error != "invalid_client":
                    raise
                _log_refusal(self._connector_type, refused.answer)
                client = next(clients, None)
                if client is None:
                    raise
            if not in_time():
                break
        raise ProviderUnavailableError("no time is left to try the next client credential")

    def _in_turn(self) -> Iterator[Client]:
        yield from self._clients
        name = self._connector_type.client_secret_name
        try:
            secrets = self._client_secrets.reload(name)
        except KeysUnavailableError as error:
            fields = {"connector_type": self._connector_type.name, "reason": str(error)}
            _LOG.warning("client credentials could not be read anew", extra=fields)
        else:
            yield from self._made(secrets)

    def _made(self, secrets: Iterable[Secret]) -> Iterator[Client]:
        for secret in secrets:
            if secret in self._tried:  # compared in constant time, as every `Secret`
                continue
            self._tried.append(secret)
            try:
                client = self._ready(secret)
            except (KeysUnavailableError, ConfigurationError) as error:
                fields = {"connector_type": self._connector_type.name, "reason": str(error)}
                _LOG.error("a client credential can not be used", extra=fields)
            else:
                yield client


def _log_refusal(connector_type: ConnectorType, answer: ErrorAnswer) -> None:
    _LOG.warning(
        "a client credential was refused",
        extra={
            "connector_type": connector_type.name,
            "provider": str(connector_type.provider),
            "error_codes": list(answer.codes),
        },
    )
    microsoft = connector_type.provider is Provider.MICROSOFT
    if microsoft and EXPIRED_CREDENTIAL & set(answer.codes):
        message = "a client credential has expired"
        raise_alarm(Alarm.CLIENT_SECRET_EXPIRED, message, connector_type=connector_type.name)
