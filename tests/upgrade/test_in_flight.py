"""What browsers and agents held in their hands is good with the present program, for its time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import PAT, SARAH
from multi_user_oauth.wiring.provision import provision
from tests.support.connectors import CONNECTORS
from tests.support.functions import API, MICROSOFT, Visitor
from tests.upgrade.doing import ACCOUNT, AN_HOUR
from tests.upgrade.expected import statuses
from tests.upgrade.in_flight import FILE
from tests.upgrade.thaw import Source, Thawed, thawed

MINUTE = 60


@pytest.fixture(scope="module")
def held(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thawed]:
    """The records, for tests that do not change what others look at."""
    with thawed(source, tmp_path_factory.mktemp("held") / "thawed") as found:
        yield found


def session(held: Thawed, cookie: str) -> TestResponse:
    """Ask who this session is."""
    visitor = Visitor(held.place)
    visitor.set_session(cookie)
    return visitor.call("account", "GET", f"{ACCOUNT}/session")


def page(held: Thawed) -> TestResponse:
    """Ask for the next page of a list that was begun."""
    query = {"user_email": SARAH.email, "limit": 1, "page_token": held.left.page_token}
    path = f"{CONNECTORS}/{MICROSOFT}/messages"
    return held.place.agent().call("connectors", "GET", path, query_string=query)


def test_a_session_is_still_one(held: Thawed) -> None:
    """Sarah with both of her identities; who had signed out is out."""
    whose = session(held, held.left.session)
    assert whose.status_code == 200, whose.text
    assert (whose.json or {})["user_emails"] == [SARAH.email]
    assert len((whose.json or {})["identities"]) == 2
    assert [session(held, each).status_code for each in held.left.ended_sessions] == [401, 401]


def test_a_link_opens_its_page(held: Thawed) -> None:
    """And its handle tells that nobody has come yet."""
    opened = Visitor(held.place).call("authorize", "GET", held.left.authorization_url)
    assert opened.status_code == 200, opened.text
    told = Visitor(held.place).call("list_users", "GET", f"{API}/flow/{held.left.flow_handle}")
    assert (told.json or {})["status"] == "pending"


def test_a_list_goes_on(held: Thawed) -> None:
    """With the token of the page that comes next."""
    assert page(held).status_code == 200


def test_an_upload_goes_on(held: Thawed) -> None:
    """Under the name that it was given."""
    path = f"{CONNECTORS}/{MICROSOFT}/files/uploads/{held.left.upload_id}"
    sent = held.place.agent().call(
        "connectors", "PUT", path, query_string={"user_email": SARAH.email}, data=FILE,
        headers={"Content-Range": f"bytes 0-{len(FILE) - 1}/{len(FILE)}"},
    )  # fmt: skip
    assert sent.status_code in {200, 201}, sent.text


def test_who_is_at_the_provider_comes_back_connected(records: Thawed) -> None:
    """The cookie of then is opened, its state spent, and the connection renewed."""
    pat = Visitor(records.place)
    for name, value in records.left.flow_cookies.items():
        pat.set_cookie(name, value)
    back = pat.at_provider(records.left.flow_location, PAT)
    arrived = pat.call("callback_microsoft", "GET", back)
    assert (arrived.status_code, "error" in (arrived.location or "")) == (303, False)
    assert session(records, pat.session).status_code == 200
    found = statuses(
        each.connection for each in records.place.store.snapshots(after=None, limit=99)
    )
    assert found[MICROSOFT, PAT.upn] == "active"


def test_all_of_it_ends_when_it_would_have_ended(records: Thawed) -> None:
    """A link and a flow after ten minutes, a session after thirty, a page token after an hour."""
    place, left = records.place, records.left
    place.clock.advance(11 * MINUTE)
    late = Visitor(place).call("authorize", "GET", left.authorization_url)
    assert late.status_code == 410
    pat = Visitor(place)
    for name, value in left.flow_cookies.items():
        pat.set_cookie(name, value)
    back = pat.at_provider(left.flow_location, PAT)
    arrived = pat.call("callback_microsoft", "GET", back)
    assert (arrived.status_code, "flow_expired" in arrived.text) == (410, True)
    place.clock.advance(20 * MINUTE)
    assert session(records, left.session).status_code == 401
    place.clock.advance(AN_HOUR)
    assert page(records).status_code == 400


def test_all_of_it_is_another_deployments_secret(records: Thawed, tmp_path: Path) -> None:
    """Without the key files of then nothing is taken: the version is not the proof."""
    files = tmp_path / "thawed/files"
    for name in ("flow_keys", "session_public_keys", "session_signing_key"):
        (files / f"secrets/{name}.json").unlink()
    provision(files)
    assert session(records, records.left.session).status_code == 401
    opened = Visitor(records.place).call("authorize", "GET", records.left.authorization_url)
    assert opened.status_code == 400
