"""What browsers and agents hold in their hands while one release takes the place of another."""

from dataclasses import dataclass
from typing import Final

from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import MARIA, PAT, SARAH
from tests.support.connectors import CONNECTORS
from tests.support.functions import (
    AUTHORIZE,
    FORM,
    GOOGLE,
    MICROSOFT,
    WANTS_JSON,
    Visitor,
    identity,
)
from tests.upgrade.doing import ACCOUNT, PATS_OTHER_NAME, done
from tests.upgrade.places import Place
from tests.upgrade.rules import CALENDAR

FILE: Final = b"x" * 100


@dataclass(frozen=True, kw_only=True)
class InFlight:
    """What browsers and agents held in their hands when the release was replaced."""

    at: str
    session: str
    ended_sessions: list[str]
    flow_location: str
    flow_cookies: dict[str, str]
    authorization_url: str
    flow_handle: str
    page_token: str
    upload_id: str


def sign_out(place: Place) -> list[str]:
    """Pat ends one session, Maria all of hers; return them."""
    ended = []
    for account, path in ((PAT, "session"), (MARIA, "session?everywhere=true")):
        visitor = place.person(identity(GOOGLE, account), email=account.email)
        ended.append(visitor.session)
        place.clock.advance(1)
        done(visitor.call("account", "DELETE", f"{ACCOUNT}/{path}", headers=FORM), 204)
    return ended


def in_flight(place: Place, ended_sessions: list[str]) -> InFlight:
    """Sarah is signed in and was sent a link, Pat is at the provider, agents are half-way through."""
    sarah = place.person(identity(MICROSOFT, SARAH), identity(GOOGLE, SARAH), email=SARAH.email)
    pat, link = Visitor(place), Visitor(place)
    away = pat.leave(MICROSOFT, PATS_OTHER_NAME)
    asked = link.call(
        "authorize", "POST", AUTHORIZE,
        json={"user_email": SARAH.email, "connector_type": CALENDAR}, headers=WANTS_JSON,
    )  # fmt: skip
    agent = place.agent()
    whose = {"user_email": SARAH.email}
    messages = agent.call(
        "connectors", "GET", f"{CONNECTORS}/{MICROSOFT}/messages", query_string=whose | {"limit": 1}
    )
    upload = agent.call(
        "connectors", "POST", f"{CONNECTORS}/{MICROSOFT}/files/uploads",
        json={**whose, "name": "report.txt", "size": len(FILE)},
    )  # fmt: skip
    for response, status in ((asked, 200), (messages, 200), (upload, 201)):
        done(response, status)
    link_body, page = asked.json or {}, messages.json or {}
    return InFlight(
        at=place.clock().isoformat(),
        session=sarah.session,
        ended_sessions=ended_sessions,
        flow_location=away.location or "",
        flow_cookies=cookies_of(away),
        authorization_url=link_body["authorization_url"],
        flow_handle=link_body["flow_handle"],
        page_token=page["next_page_token"],
        upload_id=(upload.json or {})["upload_id"],
    )


def cookies_of(response: TestResponse) -> dict[str, str]:
    """Return the cookies that an answer sets."""
    pairs = [
        cookie.split(";")[0].partition("=") for cookie in response.headers.getlist("Set-Cookie")
    ]
    return {name: value for name, _, value in pairs}
