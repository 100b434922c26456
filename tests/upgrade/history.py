"""What people, agents and operators did with a release: after it, there are records of every kind."""

from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from typing import Final

from multi_user_oauth.backup.releasing import Part
from multi_user_oauth.model import Kind
from multi_user_oauth.sandbox.company import ADMIN, JOHN, MARIA, PAT, SARAH, Account
from multi_user_oauth.sandbox.records import ProviderName
from multi_user_oauth.stores.file_backup import BackupFile
from multi_user_oauth.wiring.backup import releasing, restoring
from tests.support.functions import FORM, GOOGLE, MICROSOFT, Visitor
from tests.support.installation import AGENT, OPERATOR, SARAHS_AGENT
from tests.support.old_tokens import GRANTED, old_token
from tests.upgrade.doing import ACCOUNT, AN_HOUR, PATS_OTHER_NAME, backed_up, done, send_mail
from tests.upgrade.in_flight import InFlight, in_flight, sign_out
from tests.upgrade.places import KilledError, Place
from tests.upgrade.troubles import break_down, leave, lose_and_rescue, refuse_and_heal

YEAR: Final = 365 * 24 * AN_HOUR


def live(before: Place, place: Place) -> InFlight:
    """Let everything happen: in a database that is lost, and in the one that it is restored into."""
    begin(before)
    restore(before, place)
    connect_everybody(place)
    move_keys(place)
    bring_old_tokens(place)
    send(place)
    lose_and_rescue(place)
    leave(place)
    refuse_and_heal(place)
    break_down(place)
    return in_flight(place, sign_out(place))


def begin(before: Place) -> None:
    """Three who are backed up."""
    before.connect(MICROSOFT, PAT)
    before.connect(GOOGLE, PAT)
    before.connect(GOOGLE, ADMIN)
    before.clock.advance(60)


def restore(before: Place, place: Place) -> None:
    """All three come back; Admin stays in quarantine, and Pat gets another address."""
    restored = restoring(place.parts).restore(BackupFile(BytesIO(backed_up(before)), "lost"), [])
    assert restored.quarantined == 3
    released = releasing(place.parts).release(Part(user_email=PAT.email))
    assert released.released == 2
    place.clock.advance(60)
    moved = Visitor(place).sign_in(MICROSOFT, PAT, user_email=PATS_OTHER_NAME)
    assert moved.status_code == 303, moved.text


def connect_everybody(place: Place) -> None:
    """Sarah and John at both, Maria at Microsoft; Sarah lets agents in, limits one and cuts it."""
    sarah = place.connect(MICROSOFT, SARAH)
    place.sandbox.set("google", refresh_token_expires_in=YEAR)
    done(sarah.sign_in(GOOGLE, SARAH), 303)
    place.sandbox.set("google", refresh_token_expires_in=None)
    for connector_type in (MICROSOFT, GOOGLE):
        place.connect(connector_type, JOHN)
    place.connect(MICROSOFT, MARIA)
    until = place.clock() + timedelta(days=300)
    for asked in (
        {"agent": AGENT, "actions": ["token"], "expires_at": until.isoformat()},
        {"agent": SARAHS_AGENT, "actions": ["token"]},
        {"agent": SARAHS_AGENT, "actions": ["mail.send"]},
    ):
        body = {"connector_type": MICROSOFT, "user_email": SARAH.email, **asked}
        said = sarah.call("account", "PUT", f"{ACCOUNT}/delegations", json=body, headers=FORM)
        done(said, 200)
    cut = f"connector_type={MICROSOFT}&user_email={SARAH.email}&agent={SARAHS_AGENT}"
    done(sarah.call("account", "DELETE", f"{ACCOUNT}/delegations?{cut}", headers=FORM), 204)
    for connector_type in (MICROSOFT, GOOGLE):
        done(place.agent().token(connector_type, SARAH.email, "?purpose=digest"), 200)


def move_keys(place: Place) -> None:
    """Both keys get a new version; what is sealed so far needs the old one, and that is noted."""
    for kind in Kind:
        place.parts.key_rotation(kind).rotate()
    counted = place.agent(OPERATOR).call(
        "refresh", "POST", "/refresh/rewrap", json={"count_only": True}
    )
    done(counted, 200)


def bring_old_tokens(place: Place) -> None:
    """Two who come from an older system, by either provider."""
    old: tuple[tuple[ProviderName, str, Account], ...] = (
        ("google", GOOGLE, MARIA), ("microsoft", MICROSOFT, ADMIN),
    )  # fmt: skip
    for provider, connector_type, account in old:
        scope = GRANTED[provider]
        scope += " Mail.ReadWrite" if provider == "microsoft" else ""
        state = place.sandbox.app.extensions["sandbox"]
        body = {
            "connector_type": connector_type,
            "user_email": account.email,
            "refresh_token": old_token(state, provider, account, scope=scope),
        }
        done(place.agent(OPERATOR).call("refresh", "POST", "/refresh/import", json=body), 201)


def send(place: Place) -> None:
    """One mail is sent under a key; another's sender dies before it is."""
    done(send_mail(place, "sent"), 200)
    place.points.add("send.prepared")
    with suppress(KilledError):
        send_mail(place, "begun")
