"""What an older instance does with a newer one's records, while both serve: it leaves them to it."""

from collections.abc import Callable
from functools import partial

import pytest

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import ConnectionKey, FlowMark, Identity, Kind
from multi_user_oauth.sandbox.company import MARIA, SARAH
from multi_user_oauth.wiring.backend import ActivityStore
from tests.support.functions import MICROSOFT, Visitor, code
from tests.support.installation import SCHEDULER
from tests.upgrade.doing import ACCOUNT
from tests.upgrade.expected import SERVED, admin, refreshed
from tests.upgrade.rules import CALENDAR
from tests.upgrade.thaw import Thawed, raise_schemas, stored

SARAHS = ConnectionKey(MICROSOFT, SARAH.email)
ASKING: dict[str, Callable[[ActivityStore], object]] = {
    "people": lambda store: store.sign_outs(Identity.google(MARIA.sub)),
    "usage": lambda store: store.uses(SARAHS),
    "reads": lambda store: store.kept_reads(SARAHS, after=None, limit=1),
    "key_versions": lambda store: store.key_versions(Kind.REFRESH),
    "ledger": lambda store: store.entries(),
    "breakers": lambda store: store.breaker(CALENDAR),
}
"""Each reads documents of its collection."""


def test_whoever_asks_is_told_to_ask_again(records: Thawed) -> None:
    """N98: 503 with a time, for another instance may be a newer one; no provider hears of it."""
    raise_schemas(records)
    before, place = stored(records), records.place
    for key in SERVED:
        refused = place.agent().token(*key)
        assert (refused.status_code, code(refused)) == (503, "store_unavailable"), key
        assert int(refused.headers["Retry-After"]) >= 1
    assert admin(records).users().status_code == 503
    place.agent(SCHEDULER).call("refresh", "POST", "/refresh/sweep")
    assert refreshed(records) == 0
    assert stored(records) == before


@pytest.mark.parametrize("source", ["gcp"], indirect=True)
def test_no_collection_is_half_understood(records: Thawed) -> None:
    """N98: where Firestore's documents have a schema, and SQLite's rows only their columns, too."""
    place = records.place
    activity, back = place.parts.activity, place.parts.putting_back
    walk = place.parts.activity_walk
    asking: list[Callable[[], object]] = [partial(ask, activity) for ask in ASKING.values()]
    asking += [
        back.restoration,
        lambda: walk.all_sign_outs(after=None, limit=9),
        lambda: walk.all_uses(after=None, limit=9),
        lambda: activity.by_handle("a handle"),
    ]
    activity.spend(FlowMark(state_hash="a", handle="a handle", expires_at=place.clock()))
    for ask in asking:
        ask()
    raise_schemas(records)
    for ask in asking:
        with pytest.raises(StoreUnavailableError, match="schema"):
            ask()
    sarah = Visitor(place)
    sarah.set_session(records.left.session)
    told = sarah.call("account", "GET", f"{ACCOUNT}/session")
    assert (told.status_code, code(told)) == (503, "store_unavailable")
