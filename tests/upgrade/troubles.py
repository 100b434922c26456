"""What goes wrong, and is not over when the records are frozen."""

from contextlib import suppress
from datetime import timedelta

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.sandbox.company import ADMIN, JOHN, MARIA
from multi_user_oauth.wiring.asking import refresher
from tests.support.functions import GOOGLE, MICROSOFT, Visitor, identity
from tests.support.stores import FaultyStore
from tests.upgrade.doing import AN_HOUR, done
from tests.upgrade.places import Place
from tests.upgrade.rules import CALENDAR


def lose_and_rescue(place: Place) -> None:
    """The store fails after the provider's answer, twice; one of the two is found and adopted."""
    place.clock.advance(2 * AN_HOUR)
    for connector_type in (GOOGLE, MICROSOFT):
        parts = place.parts
        store = FaultyStore(parts.main)
        parts.main = store
        store.fail_before("commit", times=9)
        key = ConnectionKey(connector_type, JOHN.email)
        with suppress(MultiUserOAuthError):
            refresher(parts).refresh(key, min_ttl=timedelta(minutes=1))
        place.end_leases()
        if connector_type == GOOGLE:
            done(place.agent().token(GOOGLE, JOHN.email), 200)


def leave(place: Place) -> None:
    """John leaves Google, which is still to be told; Maria leaves Microsoft."""
    place.sandbox.add_fault(
        provider="google", endpoint="revoke", kind="status", status=503, times=20
    )
    for connector_type, account in ((GOOGLE, JOHN), (MICROSOFT, MARIA)):
        visitor = place.person(identity(connector_type, account), email=account.email)
        done(visitor.revoke(connector_type, account.email), 200)
    place.sandbox.clear_faults()


def refuse_and_heal(place: Place) -> None:
    """Admin's grant is called dead by mistake, and heals; Maria's is dead."""
    for account in (ADMIN, MARIA):
        visitor = Visitor(place)
        away = visitor.leave(CALENDAR, account.email)
        back = visitor.at_provider(away.location or "", account)
        done(visitor.call("callback_microsoft", "GET", back), 303)
    place.clock.advance(2 * AN_HOUR)
    for account in (ADMIN, MARIA):
        place.sandbox.add_fault(
            provider="microsoft", kind="oauth_error", error="invalid_grant", aadsts=50173
        )
        done(place.agent().token(CALENDAR, account.email), 409)
    found = place.store.read(ConnectionKey(CALENDAR, ADMIN.email))
    assert found is not None
    refresher(place.parts).renew(found)


def break_down(place: Place) -> None:
    """Microsoft does not answer: the calendar's breaker opens, Admin's connection remembers it."""
    place.clock.advance(2 * AN_HOUR)
    place.sandbox.add_fault(provider="microsoft", kind="status", status=503, times=99)
    for _ in range(5):
        place.clock.advance(AN_HOUR)
        done(place.agent().token(CALENDAR, ADMIN.email), 503)
    assert place.parts.activity.breaker(CALENDAR).breaker.trouble is not None
    place.sandbox.clear_faults()
