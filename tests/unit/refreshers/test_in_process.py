"""Refreshing in this process: built at the first use, and once."""

from datetime import timedelta

import pytest

from multi_user_oauth.errors import NotConnectedError, StoreUnavailableError
from multi_user_oauth.model import ConnectionKey, RevocationResult
from multi_user_oauth.ports import Anew, Finisher, Refresher
from multi_user_oauth.refreshers.in_process import InProcess

KEY = ConnectionKey("microsoft_teams", "sarah@company.com")


class Both:
    """A refresher and a finisher that can fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.built: list[str] = []
        self.asked: list[Anew | None] = []

    def refresher(self) -> Refresher:
        """Build the refresher."""
        self.built.append("refresher")
        return self

    def finisher(self) -> Finisher:
        """Build the finisher."""
        self.built.append("finisher")
        return self

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None) -> None:
        """As the port."""
        self.asked.append(anew)
        if self.error:
            raise self.error

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """As the port."""
        if self.error:
            raise self.error
        return RevocationResult.REVOKED


def test_each_is_built_at_its_first_use_and_once() -> None:
    """Who never refreshes never loads a provider's library."""
    both = Both()
    here = InProcess(refresher=both.refresher, finisher=both.finisher)
    assert both.built == []
    assert here.finish(KEY, 1) is here.finish(KEY, 1) is RevocationResult.REVOKED
    assert both.built == ["finisher"]
    for _ in range(2):
        here.refresh(KEY, min_ttl=timedelta(0))
    assert both.built == ["finisher", "refresher"]


def test_the_wish_for_another_token_is_passed_on() -> None:
    """Which one was refused, and what the API wants to see."""
    both = Both()
    here = InProcess(refresher=both.refresher, finisher=both.finisher)
    anew = Anew(generation=7, claims="{}")
    here.refresh(KEY, min_ttl=timedelta(0), anew=anew)
    here.refresh(KEY, min_ttl=timedelta(0))
    assert both.asked == [anew, None]


def test_errors_are_passed_on_but_for_a_disconnect_in_an_outage() -> None:
    """That is pending: it is written down already."""
    outage = Both(StoreUnavailableError("x"))
    here = InProcess(refresher=outage.refresher, finisher=outage.finisher)
    assert here.finish(KEY, 1) is RevocationResult.PENDING
    with pytest.raises(StoreUnavailableError):
        here.refresh(KEY, min_ttl=timedelta(0))
    lost = Both(NotConnectedError("x"))
    with pytest.raises(NotConnectedError):
        InProcess(refresher=lost.refresher, finisher=lost.finisher).refresh(
            KEY, min_ttl=timedelta(0)
        )
