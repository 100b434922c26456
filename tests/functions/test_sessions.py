"""Sessions: what counts as one, what does not, and how a second sign-in changes it."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from multi_user_oauth.model import ConnectionStatus, Identity
from multi_user_oauth.sandbox.company import JOHN, SARAH
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from tests.support.functions import (
    GOOGLE,
    MICROSOFT,
    Installation,
    Visitor,
    code,
    identity,
)
from tests.support.installation import ORIGIN

WHO = identity(MICROSOFT, SARAH)


def own_key(installation: Installation) -> ECKey:
    """Return the key that signs sessions."""
    file = Path(installation.settings["SESSION_SIGNING_KEY_FILE"])
    return ECKey.import_key(json.loads(file.read_text("utf-8")))


def signed(
    installation: Installation,
    *,
    key: ECKey | OctKey | None = None,
    header: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401  # reason: each test says what differs
) -> str:
    """Sign a session with this key (our own, if none is given) and these differences."""
    now = int(installation.clock().timestamp())
    key = key or own_key(installation)
    head = {"alg": "ES256", "typ": "session+jwt", "kid": own_key(installation).kid} | (header or {})
    claims = {
        "aud": ORIGIN, "sid": "0" * 32, "identities": [WHO], "email": SARAH.email,
        "roles": [], "contexts": {}, "iat": now, "exp": now + 600, "ends": now + 600,
    } | changes  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(head, claims, key, algorithms=["ES256", "HS256"])


def b64(value: object) -> str:
    """Encode a part of a JWS."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims_of(session: str) -> dict[str, Any]:
    """Return what a session says."""
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(session.split(".")[1] + "=="))
    return claims


def unsigned(installation: Installation) -> str:
    """A session with `alg` none."""
    _, payload, _ = signed(installation).split(".")
    return f"{b64({'alg': 'none', 'typ': 'session+jwt'})}.{payload}."


def tampered(installation: Installation) -> str:
    """A session whose claims were changed after it was signed."""
    header, payload, signature = signed(installation).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{b64(claims | {'identities': [identity(MICROSOFT, JOHN)]})}.{signature}"


def by_public_key(installation: Installation) -> str:
    """A session "signed" by HMAC with our public key as the secret."""
    file = Path(installation.settings["SESSION_PUBLIC_KEYS_FILE"])
    public = json.loads(file.read_text("utf-8"))["keys"][0]
    return signed(installation, key=OctKey.import_key(json.dumps(public)), header={"alg": "HS256"})


FORGERIES: dict[str, Callable[[Installation], str]] = {
    "empty": lambda _: "",
    "text": lambda _: "anything",
    "dots": lambda _: "..",
    "not ascii": lambda _: "é.é.é",
    "long": lambda _: "a" * 4_030,
    "deep header": lambda _: (
        b64(None)[:0] + base64.urlsafe_b64encode(b"[" * 2_000).decode() + ".e30.AA"
    ),
    "alg none": unsigned,
    "tampered": tampered,
    "HS256 with the public key": by_public_key,
    "another key": lambda i: signed(i, key=ECKey.generate_key("P-256")),
    "another key of its own id": lambda i: signed(
        i, key=ECKey.generate_key("P-256"), header={"kid": "x"}
    ),
    "expired": lambda i: signed(i, exp=int(i.clock().timestamp())),
    "no expiry": lambda i: signed(i, exp=None),
    "expiry that is none": lambda i: signed(i, exp="never"),
    "another audience": lambda i: signed(i, aud="https://other.example"),
    "several audiences": lambda i: signed(i, aud=[ORIGIN]),
    "no audience": lambda i: signed(i, aud=None),
    "typ of another token": lambda i: signed(i, header={"typ": "JWT"}),
    "nobody": lambda i: signed(i, identities=[]),
    "an e-mail as identity": lambda i: signed(i, identities=[SARAH.email]),
    "no session id": lambda i: signed(i, sid=None),
    "an end that is over": lambda i: signed(i, ends=int(i.clock().timestamp())),
    "no end": lambda i: signed(i, ends=None),
    "no roles": lambda i: signed(i, roles=None),
    "a role of no tenant": lambda i: signed(i, roles=["role:admin"]),
    "contexts that are none": lambda i: signed(i, contexts=["c1"]),
    "a context of no time": lambda i: signed(i, contexts={"c1": None}),
}


def test_the_signature_of_the_tests_is_a_good_one(installation: Installation) -> None:
    """What the forgeries below start from does count."""
    visitor = Visitor(installation)
    visitor.set_session(signed(installation))
    assert visitor.users().status_code == 200


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_session_is_none(nothing_stored: Installation, forgery: str) -> None:
    """Neither for reading nor for changing."""
    visitor = Visitor(nothing_stored)
    visitor.set_session(FORGERIES[forgery](nothing_stored))
    for response in (visitor.users(), visitor.revoke(MICROSOFT, SARAH.email)):
        assert (response.status_code, code(response)) == (401, "unauthenticated")


def test_a_flow_or_ticket_is_no_session(nothing_stored: Installation) -> None:
    """Though we sealed it ourselves."""
    visitor = Visitor(nothing_stored)
    away = visitor.leave(MICROSOFT, SARAH.email)
    visitor.set_session(away.headers["Set-Cookie"].partition("=")[2].partition(";")[0])
    assert visitor.users().status_code == 401


SESSION = "/api/v1/account/session"


def test_a_session_that_nobody_uses_ends_after_half_an_hour(installation: Installation) -> None:
    """N18: idle means that its page is closed; other requests do not keep it alive."""
    visitor = installation.person(WHO)
    installation.clock.advance(30 * 60 - 1)
    assert visitor.users().status_code == 200
    installation.clock.advance(1)
    assert visitor.users().status_code == 401


def test_a_session_ends_after_eight_hours(installation: Installation) -> None:
    """N18: however busy it is; it stays the same session all the time."""
    visitor = installation.person(WHO)
    first = claims_of(visitor.session)
    for _ in range(19):
        installation.clock.advance(25 * 60)
        assert visitor.call("account", "GET", SESSION).status_code == 200
    last = claims_of(visitor.session)
    assert (last["sid"], last["iat"], last["ends"]) == (first["sid"], first["iat"], first["ends"])
    assert last["exp"] == first["ends"]
    installation.clock.advance(5 * 60 - 1)
    answer = visitor.call("account", "GET", SESSION)
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, [])
    installation.clock.advance(1)
    assert visitor.call("account", "GET", SESSION).status_code == 401


def test_an_old_cookie_of_a_session_that_was_renewed_ends_when_it_said(
    installation: Installation,
) -> None:
    """N18: a copy of the cookie does not live on with the page that it was taken from."""
    visitor = installation.person(WHO)
    copied = visitor.session
    installation.clock.advance(20 * 60)
    assert visitor.call("account", "GET", SESSION).status_code == 200
    installation.clock.advance(10 * 60)
    assert visitor.users().status_code == 200
    visitor.set_session(copied)
    assert visitor.users().status_code == 401


def test_a_second_sign_in_makes_no_session_of_more_than_eight_hours(
    installation: Installation,
) -> None:
    """N18: what the first provider proved is not kept for longer by the second one's sign-in."""
    visitor = installation.connect(MICROSOFT, SARAH)
    ends = claims_of(visitor.session)["ends"]
    installation.clock.advance(20 * 60)
    assert visitor.sign_in(GOOGLE, SARAH).status_code == 303
    both = claims_of(visitor.session)
    assert (len(both["identities"]), both["ends"]) == (2, ends)
    again = installation.connect(MICROSOFT, SARAH)
    installation.clock.advance(20 * 60)
    assert again.sign_in(MICROSOFT, SARAH).status_code == 303
    assert claims_of(again.session)["ends"] > ends


def test_signing_out_ends_one_session_or_all(installation: Installation) -> None:
    """N18: An old cookie, kept and sent again, is worth nothing."""
    activity = Parts("tests", Settings(installation.settings), installation.world).activity
    one, two = installation.person(WHO), installation.person(WHO)
    claims = claims_of(one.session)
    until = installation.clock() + timedelta(hours=8)
    activity.sign_out(Identity.parse(WHO), claims["sid"], until)
    assert (one.users().status_code, two.users().status_code) == (401, 200)
    installation.clock.advance(1)
    activity.sign_out_everywhere(Identity.parse(WHO), installation.clock())
    assert two.users().status_code == 401
    assert installation.person(WHO).users().status_code == 200


def test_a_sign_out_of_one_identity_ends_the_session_that_also_holds_it(
    installation: Installation,
) -> None:
    """A session is as good as the worst of its identities."""
    activity = Parts("tests", Settings(installation.settings), installation.world).activity
    both = installation.person(WHO, identity(GOOGLE, SARAH))
    installation.clock.advance(1)
    activity.sign_out_everywhere(Identity.parse(identity(GOOGLE, SARAH)), installation.clock())
    assert both.users().status_code == 401


def test_a_sign_in_makes_a_new_session(installation: Installation) -> None:
    """N17: a session that was put into the browser before does not become the person's, and it ends."""
    planted = installation.session(identity(MICROSOFT, JOHN), email=JOHN.email)
    victim, attacker = Visitor(installation), Visitor(installation)
    victim.set_session(planted)
    attacker.set_session(planted)
    assert victim.sign_in(MICROSOFT, SARAH).status_code == 303
    assert victim.session != planted
    assert [u["user_email"] for u in (victim.users().json or {})["users"]] == [SARAH.email]
    assert attacker.users().status_code == 401
    again = victim.session
    attacker.set_session(again)
    assert victim.sign_in(MICROSOFT, SARAH).status_code == 303
    assert claims_of(victim.session)["sid"] != claims_of(again)["sid"]
    assert attacker.users().status_code == 401


def test_a_second_provider_adds_an_identity(installation: Installation) -> None:
    """By its own sign-in, for the same e-mail; then both connections are in one list."""
    visitor = installation.connect(MICROSOFT, SARAH)
    assert visitor.sign_in(GOOGLE, SARAH).status_code == 303
    users = (visitor.users().json or {})["users"]
    assert [user["connector_type"] for user in users] == [GOOGLE, MICROSOFT]


def test_the_next_person_at_a_browser_inherits_nothing(installation: Installation) -> None:
    """Another e-mail: the session is theirs alone."""
    visitor = installation.connect(MICROSOFT, SARAH)
    assert visitor.sign_in(GOOGLE, JOHN).status_code == 303
    users = (visitor.users().json or {})["users"]
    assert [(user["user_email"], user["connector_type"]) for user in users] == [
        (JOHN.email, GOOGLE)
    ]


def test_an_ended_session_gives_nothing_to_the_next(installation: Installation) -> None:
    """What was signed out is not carried along into the session of a new sign-in."""
    visitor = installation.connect(MICROSOFT, SARAH)
    installation.clock.advance(1)
    activity = Parts("tests", Settings(installation.settings), installation.world).activity
    activity.sign_out_everywhere(Identity.parse(WHO), installation.clock())
    assert visitor.sign_in(GOOGLE, SARAH).status_code == 303
    users = (visitor.users().json or {})["users"]
    assert [user["connector_type"] for user in users] == [GOOGLE]


def test_a_failed_sign_in_leaves_the_session_as_it_was(installation: Installation) -> None:
    """Whoever cancels is still who they were."""
    visitor = installation.connect(MICROSOFT, SARAH)
    before = visitor.session
    assert visitor.sign_in(GOOGLE, SARAH, accept=False).status_code == 403
    assert visitor.session == before


def test_a_session_is_not_a_bearer_token(installation: Installation) -> None:
    """It counts in its cookie only."""
    session = installation.session(WHO)
    bearer = Visitor(installation, bearer=session)
    assert bearer.users().status_code == 401


# -- keys change --------------------------------------------------------------------------------------


def changed_keys(installation: Installation, folder: Path, *, both: bool) -> Installation:
    """Return the installation with a new signing key, and with the old public key or without it."""
    new = ECKey.generate_key("P-256", {"use": "sig"}, private=True)
    new.ensure_kid()
    old = json.loads(Path(installation.settings["SESSION_PUBLIC_KEYS_FILE"]).read_text("utf-8"))
    keys = [new.as_dict(private=False), *(old["keys"] if both else [])]
    files = {
        "SESSION_SIGNING_KEY_FILE": new.as_dict(private=True),
        "SESSION_PUBLIC_KEYS_FILE": {"keys": keys},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), "utf-8")
        (folder / name).chmod(0o600)
    changes = {name: str(folder / name) for name in files}
    return Installation(folder, installation.settings, changes)


def test_a_change_of_keys_signs_nobody_out(installation: Installation, tmp_path: Path) -> None:
    """The newest key signs; sessions of the older one count while its public half is there."""
    before = installation.session(WHO)
    after = changed_keys(installation, tmp_path, both=True)
    visitor = Visitor(after)
    visitor.set_session(before)
    after.clock.advance(600)
    assert visitor.call("account", "GET", SESSION).status_code == 200
    assert visitor.session != before
    assert visitor.users().status_code == 200
    over = changed_keys(installation, tmp_path, both=False)
    visitor = Visitor(over)
    visitor.set_session(before)
    assert visitor.users().status_code == 401
    assert over.person(WHO).users().status_code == 200


def test_an_identity_reaches_its_own_providers_connection_only(installation: Installation) -> None:
    """With Google Sarah neither sees nor ends what she connected at Microsoft; with both, she does."""
    installation.connect(MICROSOFT, SARAH)
    sarah = Visitor(installation)
    assert sarah.sign_in(GOOGLE, SARAH).status_code == 303
    seen = (sarah.users().json or {})["users"]
    assert [user["connector_type"] for user in seen] == [GOOGLE]
    refused = sarah.revoke(MICROSOFT, SARAH.email)
    assert (refused.status_code, code(refused)) == (404, "not_connected")
    assert installation.status(MICROSOFT, SARAH.email) is ConnectionStatus.ACTIVE

    assert sarah.sign_in(MICROSOFT, SARAH, fields={"intent": "sign_in"}).status_code == 303
    seen = (sarah.users().json or {})["users"]
    assert sorted(user["connector_type"] for user in seen) == [GOOGLE, MICROSOFT]
    assert sarah.revoke(MICROSOFT, SARAH.email).status_code == 200
    assert sarah.revoke(GOOGLE, SARAH.email).status_code == 200
