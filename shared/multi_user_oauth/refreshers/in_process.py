"""`Refresher` and `Finisher` in this process, for the library and for one process that serves all."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import ConnectionKey, RevocationResult
from multi_user_oauth.ports import Anew, Finisher, Refresher

logger = logging.getLogger(__name__)


class InProcess:
    """Builds the use cases at their first use: who never refreshes never loads a provider's library."""

    def __init__(
        self, *, refresher: Callable[[], Refresher], finisher: Callable[[], Finisher]
    ) -> None:
        self._build_refresher = refresher
        self._build_finisher = finisher

    @cached_property
    def _refresher(self) -> Refresher:
        return self._build_refresher()

    @cached_property
    def _finisher(self) -> Finisher:
        return self._build_finisher()

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None) -> None:
        """Refresh the connection; raise what `Refresher` says."""
        self._refresher.refresh(key, min_ttl=min_ttl, anew=anew)

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """Finish the disconnect; what can not be found out now is `PENDING`."""
        try:
            return self._finisher.finish(key, epoch)
        except StoreUnavailableError:
            logger.warning("revocation is pending", extra={"connection": str(key)})
            return RevocationResult.PENDING
