"""A release's records, read and carried on by the present program."""

from multi_user_oauth.auditing.anchors import anchors_in
from multi_user_oauth.auditing.part import Part
from multi_user_oauth.auditing.verify import VerifyAudit
from multi_user_oauth.model import ConnectionKey, Kind
from multi_user_oauth.sandbox.company import JOHN, SARAH
from multi_user_oauth.stores.sqlite_anchors import SqliteAnchors
from tests.support.functions import FORM, GOOGLE, MICROSOFT, Visitor, code
from tests.support.installation import AGENT, OPERATOR, SARAHS_AGENT, SCHEDULER
from tests.upgrade import frozen
from tests.upgrade.doing import ACCOUNT, AN_HOUR, send_mail
from tests.upgrade.expected import (
    ACTIVE,
    BROKEN,
    ENDED,
    QUARANTINED,
    RESCUED,
    SERVED,
    STATUS,
    WAITS,
    admin,
    connection,
    refreshed,
    statuses,
)
from tests.upgrade.thaw import UNKNOWN, Thawed, stored


def test_everybody_is_listed_as_they_stood(records: Thawed) -> None:
    """By the store and by the function; each with what the list says of them."""
    snapshots = records.place.store.snapshots(after=None, limit=99)
    assert statuses(each.connection for each in snapshots) == STATUS
    listed = (admin(records).users().json or {})["users"]
    assert {
        (each["connector_type"], each["user_email"]): each["status"] for each in listed
    } == STATUS
    assert connection(records, QUARANTINED).quarantined_at is not None


def test_each_active_connection_gives_a_token(records: Thawed) -> None:
    """Tokens are opened or refreshed, the provider takes them, and what was rescued is used first."""
    agent, state = records.place.agent(), records.place.sandbox.app.extensions["sandbox"]
    for key in SERVED:
        answer = agent.token(*key)
        assert answer.status_code == 200, (key, answer.text)
        assert state.alive(state.find((answer.json or {})["access_token"], "access")), key
    assert refreshed(records) == len(SERVED) - 1
    *_, last, after = records.place.store.audit(ConnectionKey(*RESCUED))
    assert (last.action, after.action) == ("rescued", "refreshed")


def test_who_gets_no_token_gets_none(records: Thawed) -> None:
    """Ended, waiting, in quarantine, or behind an open breaker: no provider is asked for any."""
    agent = records.place.agent()
    told = {key: agent.token(*key) for key in STATUS if key not in SERVED}
    expected = {WAITS: (409, "needs_sign_in"), ENDED: (404, "not_connected")}
    expected_of = {key: expected[status] for key, status in STATUS.items() if status in expected}
    expected_of |= {QUARANTINED: (503, "quarantined"), BROKEN: (503, "provider_unavailable")}
    assert {key: (each.status_code, code(each)) for key, each in told.items()} == expected_of
    assert refreshed(records) == 0


def test_the_chains_verify_against_the_log_of_then(records: Thawed) -> None:
    """No record is altered, none is missing, and each meets its anchor."""
    with SqliteAnchors() as shelf:
        lines = frozen.read_text(records.source.folder / "anchors.log.gz").splitlines()
        assert shelf.put(anchors_in(lines, "log")) > len(STATUS)
        verify = VerifyAudit(store=records.place.store, part=Part(), anchors=shelf)
        assert list(verify.findings()) == []


def test_a_persons_word_and_the_past_are_kept(records: Thawed) -> None:
    """Who may use what, who used it, and each use; which versions of the keys are needed."""
    sarahs = ConnectionKey(MICROSOFT, SARAH.email)
    cut = records.place.agent(SARAHS_AGENT).token(MICROSOFT, SARAH.email)
    assert (cut.status_code, code(cut)) == (403, "delegation_required")
    activity = records.place.parts.activity
    assert [use.agent for use in activity.uses(sarahs)] == [AGENT]
    uses = [kept.use.purpose for kept in activity.kept_reads(sarahs, after=None, limit=9)]
    assert "digest" in uses
    assert {entry.key.user_email for entry in activity.entries()} == {
        email for (_, email), status in STATUS.items() if status == ENDED and "pat" not in email
    }
    for kind in Kind:
        assert activity.key_versions(kind)
    session = Visitor(records.place)
    session.set_session(records.left.session)
    query = f"connector_type={MICROSOFT}&user_email={SARAH.email}"
    past = session.call("account", "GET", f"{ACCOUNT}/audit?{query}", headers=FORM)
    assert past.status_code == 200, past.text


def test_a_mail_is_sent_once_across_the_change(records: Thawed) -> None:
    """Who was answered is answered the same; what was begun is finished under the same key."""
    sent = len(records.place.sandbox.mailbox())
    again = send_mail(records.place, "sent")
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (200, "true")
    assert len(records.place.sandbox.mailbox()) == sent
    for _ in range(2):
        assert send_mail(records.place, "begun").status_code == 200
    assert len(records.place.sandbox.mailbox()) == sent + 1


def test_pending_work_is_finished(records: Thawed) -> None:
    """Google is told of John's leaving, the rescue is adopted, the breaker closes; Admin waits on."""
    place = records.place
    assert place.store.unfinished(after=None, limit=9).revocations
    for _ in range(6):
        swept = place.agent(SCHEDULER).call("refresh", "POST", "/refresh/sweep")
        assert swept.status_code == 200, swept.text
        place.clock.advance(300)
    assert place.store.unfinished(after=None, limit=9).revocations == ()
    assert place.store.rescues(after=None, limit=9) == ()
    assert place.parts.activity.breaker(BROKEN[0]).breaker.trouble is None
    assert place.agent().token(*BROKEN).status_code == 200
    assert place.agent().token(*QUARANTINED).status_code == 503
    told = [each["status"] for each in place.sandbox.requests() if each["endpoint"] == "revoke"]
    assert told == [200]
    assert connection(records, (GOOGLE, JOHN.email)).status.value == ENDED


def test_everything_is_moved_to_the_newest_keys(records: Thawed) -> None:
    """What either version of then had sealed opens, and is wrapped anew."""
    place = records.place
    for _ in range(2):  # what waits to be rescued can not be wrapped anew before
        place.agent(SCHEDULER).call("refresh", "POST", "/refresh/sweep")
        place.clock.advance(AN_HOUR)
    newest = {kind.value: place.parts.key_rotation(kind).rotate() for kind in Kind}
    done = place.agent(OPERATOR).call("refresh", "POST", "/refresh/rewrap", json={})
    body = done.json or {}
    assert done.status_code == 200, done.text
    assert (body["skipped"], body["tampered"]) == (0, 0)
    assert {kind: set(found) for kind, found in body["versions"].items()} == {
        kind: {version} for kind, version in newest.items()
    }
    place.clock.advance(AN_HOUR)
    assert place.agent().token(MICROSOFT, SARAH.email).status_code == 200


def test_a_field_that_nobody_knows_survives_every_write(records: Thawed) -> None:
    """N98: as a newer release, which was rolled back, may have left it."""
    place = records.place
    before = stored(records)
    for _ in range(3):
        place.agent(SCHEDULER).call("refresh", "POST", "/refresh/sweep")
        place.clock.advance(AN_HOUR)
    assert (
        place.agent(OPERATOR).call("refresh", "POST", "/refresh/rewrap", json={}).status_code == 200
    )
    sarah = Visitor(place)
    sarah.set_session(place.session("google:" + SARAH.sub))
    assert sarah.revoke(GOOGLE, SARAH.email).status_code == 200
    after = stored(records)
    written = {name for name, fields in after.items() if fields != before[name]}
    assert len(written) > sum(status == ACTIVE for status in STATUS.values()) // 2
    assert {name: fields[UNKNOWN] for name, fields in after.items()} == {
        name: name for name in after
    }
