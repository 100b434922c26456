"""An alarm in time: the last of an application's credentials will not live for long."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time

from cryptography.x509 import load_pem_x509_certificate

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model import ENDS_SOON, ConnectorType, Secret, is_signing
from multi_user_oauth.ports import Clock


class CredentialEnds:
    """
    Looks at each connector type's live credentials once a day, and says by an alarm if all end soon.

    A certificate says when it ends; `certificate` returns that of a credential, in PEM, and raises
    `KeysUnavailableError` or `ConfigurationError`. Without it such a credential is of no use here.
    A secret does not say it: its end is what the operator wrote down as `client_secret_expires`.
    """

    def __init__(self, *, now: Clock, certificate: Callable[[Secret], str] | None = None) -> None:
        self._now = now
        self._certificate = certificate
        self._looked: dict[str, date] = {}

    def look(self, connector_type: ConnectorType, credentials: Iterable[Secret]) -> None:
        """Raise the alarm where the latest end that is known is near, or past; nothing else happens."""
        now = self._now()
        # Two threads may both look: then there are two lines, and no harm.
        if self._looked.get(connector_type.name) == now.date():
            return
        self._looked[connector_type.name] = now.date()
        end = max(self._ends(connector_type, credentials), default=None)
        if end is not None and end - now <= ENDS_SOON:
            raise_alarm(
                Alarm.CLIENT_SECRET_EXPIRING,
                "the newest client credential is about to end",
                connector_type=connector_type.name,
                reason=end.date().isoformat(),
            )

    def _ends(
        self, connector_type: ConnectorType, credentials: Iterable[Secret]
    ) -> Iterator[datetime]:
        for credential in credentials:
            if is_signing(credential):
                yield from self._of_certificate(credential)
            elif connector_type.client_secret_expires is not None:
                yield datetime.combine(connector_type.client_secret_expires, time(), UTC)

    def _of_certificate(self, credential: Secret) -> Iterator[datetime]:
        if self._certificate is None:
            return
        try:
            pem = self._certificate(credential).encode()
            yield load_pem_x509_certificate(pem).not_valid_after_utc
        except (KeysUnavailableError, ConfigurationError, ValueError):
            return  # whoever makes a client of it says that it can not be used
