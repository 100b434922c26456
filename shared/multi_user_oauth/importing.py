"""A refresh token of an older system, taken in as a connection: all of it, or nothing.

As in a sign-in, all that can fail is prepared before the provider is asked, which happens once. The
rescue is no place for an answer that can not be committed: it is adopted by the connection whose
token was used, and here there is none yet. Where a used token stays good (Microsoft, Google) nothing is
lost: the old file is as good as before, and tried again. Where it does not, the log says whose is lost.
"""

import logging
from collections.abc import Mapping

from multi_user_oauth.errors import (
    ConflictError,
    EmailMismatchError,
    GrantRefusedError,
    IdentityUnverifiedError,
    RequiredScopeMissingError,
    StoreUnavailableError,
)
from multi_user_oauth.model import (
    Caller,
    ConnectionKey,
    ConnectorType,
    ConnectorTypes,
    Provider,
    Secret,
    SignedIn,
)
from multi_user_oauth.ports import ConnectionReader, Point, nothing
from multi_user_oauth.ports.importing import ImportCall, Importing
from multi_user_oauth.sign_in.authorize import configured
from multi_user_oauth.sign_in.connecting import Connecting, Place
from multi_user_oauth.sign_in.holding import Import, leave_alone

logger = logging.getLogger(__name__)


class ImportToken:
    """The `Importer` that does it; the other one asks this one."""

    def __init__(
        self,
        *,
        store: ConnectionReader,
        connector_types: ConnectorTypes,
        providers: Mapping[Provider, Importing],
        connecting: Connecting,
        point: Point = nothing,
    ) -> None:
        self._store = store
        self._connector_types = connector_types
        self._providers = providers
        self._connecting = connecting
        self._point = point

    def take_in(
        self, key: ConnectionKey, refresh_token: Secret, *, caller: Caller, replace: bool
    ) -> None:
        """As the port. An active connection is left alone, unasked whose it is, unless `replace`."""
        connector_type = configured(self._connector_types, key.connector_type)
        imported = Import(actor=str(caller), replace=replace)
        found = self._store.read(key)
        leave_alone(imported, found.connection if found else None)
        place = self._connecting.prepare(key)
        call = self._providers[connector_type.provider].prepare(connector_type)
        self._point("prepared")
        signed_in = _asked(call, refresh_token, key)
        self._point("answered")
        missing = _accepted(key, connector_type, signed_in)
        self._keep(place, signed_in, refresh_token, missing, imported)
        self._point("imported")

    def _keep(
        self,
        place: Place,
        signed_in: SignedIn,
        used: Secret,
        missing: tuple[str, ...],
        imported: Import,
    ) -> None:
        newest = signed_in.tokens.refresh_token
        try:
            self._connecting.connect(place, signed_in, newest or used, missing, imported=imported)
        except (ConflictError, StoreUnavailableError) as failed:
            if newest is not None:
                extra = {"connection": str(place.key), "code": failed.code}
                logger.error(  # noqa: TRY400  # reason: where it comes from is nothing new
                    "an imported token was exchanged, and the new one not stored", extra=extra
                )
            raise


def _asked(call: ImportCall, refresh_token: Secret, key: ConnectionKey) -> SignedIn:
    try:
        return call(refresh_token, user_email=key.user_email)
    except GrantRefusedError as refused:
        if refused.reason == "consent_required":
            message = "a required scope was never granted"
            raise RequiredScopeMissingError(message) from refused
        raise


def _accepted(
    key: ConnectionKey, connector_type: ConnectorType, signed_in: SignedIn
) -> tuple[str, ...]:
    """Return the optional scopes that were not granted, if the owner and all else is as it must be."""
    if not signed_in.person.emails:
        raise IdentityUnverifiedError("the provider's proof names no e-mail")
    if key.user_email not in signed_in.person.emails:
        raise EmailMismatchError("the token is of another account than the one that was named")
    missing = connector_type.missing(signed_in.tokens.scopes)
    if set(missing) & set(connector_type.required_scopes):
        raise RequiredScopeMissingError("a required scope was not granted")
    return missing
