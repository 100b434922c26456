"""The sweep without a request: for one process that serves all, and that no scheduler calls."""

import logging
from collections.abc import Callable, Mapping

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.http.sweeping import SWEEPING_FOR
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.sweeping import Sweeping
from multi_user_oauth.wiring.world import World

logger = logging.getLogger(__name__)


def sweeping(values: Mapping[str, str], world: World | None = None) -> Callable[[], None]:
    """Return what does one round of the function `refresh`; a round that fails is a line of the log."""
    parts = Parts("refresh", Settings(values), world or World())
    now, swept = parts.world.now, Sweeping(parts).rounds()

    def once() -> None:
        try:
            swept.round(now() + SWEEPING_FOR)
        except MultiUserOAuthError as failed:
            logger.warning("a sweep failed", extra={"code": failed.code})
        except Exception:  # the next one may go well, and this thread must live to see it
            logger.exception("a sweep failed")

    return once
