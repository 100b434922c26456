"""The example that mails people who have to sign in again: on real events of a real Pub/Sub."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from multi_user_oauth.events.pubsub import PubSubEvents
from multi_user_oauth.ports.events import Event, EventType
from multi_user_oauth.sandbox.company import ADMIN, JOHN, MARIA, PAT, SARAH, Account
from multi_user_oauth.sandbox.records import Mail
from tests.cloud.running import GOOGLE, MICROSOFT, RunningDemo
from tests.examples import printed
from tests.support.processes import PATIENCE, until
from tests.support.pubsub import Subscribed, subscribed

HEADING: Final = "A mail when somebody has to sign in"
LONG: Final = "an-event-" + 250 * "x"
"""An e-mail may be so long, and stands in the event's id."""


@pytest.fixture(scope="module")
def lines(demo: RunningDemo) -> Mapping[str, str]:
    """What is printed, as it runs beside this demo; Admin's mailbox is connected."""
    demo.sign_in(ADMIN, MICROSOFT)
    settings = printed.settings(demo.world.origin, demo.world.sandbox_url)
    file = {".demo/gcp/settings.env": str(demo.world.settings_file)}
    listening, publishing = printed.blocks(HEADING)
    there = {"http://localhost:8084": demo.world.origin}
    return {
        "listen": settings + printed.exchanged(listening, printed.PYTHON | file),
        "publish": printed.exchanged(publishing, file | there),
    }


@pytest.fixture
def topic(pubsub_emulator: str) -> Iterator[Subscribed]:
    """A topic of this test's own, and what hears it."""
    with subscribed(pubsub_emulator) as found:
        yield found


def to(topic: Subscribed) -> Mapping[str, str]:
    """Name a subscription instead of the printed one."""
    return {'"${EVENTS_TOPIC%/topics/*}/subscriptions/events"': topic.subscription}


@contextmanager
def consumer(lines: str) -> Iterator[Path]:
    """Run the example, and press Ctrl-C at the end; give the file of what it says."""
    with printed.running("sign-in-needed", lines) as (process, log):
        until(lambda: "Listening to " in log.read_text(), "it listens")
        yield log
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0


def publish(demo: RunningDemo, topic: Subscribed, account: Account, **changes: str) -> None:
    """Tell what the function `refresh` tells of a connection that its provider refuses."""
    event_type = EventType(changes.pop("type", EventType.NEEDS_SIGN_IN))
    source = changes.pop("source", demo.world.origin)
    told = {"connector_type": GOOGLE, "user_email": account.email, "epoch": "1", **changes}
    event = Event(
        id=f"{LONG}-{account.id}",
        type=event_type,
        subject=f"{told['connector_type']}/{account.email}",
        at=datetime(2027, 5, 3, tzinfo=UTC),
        data=told,
    )
    PubSubEvents(topic.as_ours(), source=source)(event)


def reminders(demo: RunningDemo) -> list[Mail]:
    """Return the mails that the example has sent."""
    return [mail for mail in demo.cloud.sandbox.mailbox() if mail.subject == "Please sign in again"]


def test_an_event_that_comes_twice_is_mailed_once(
    demo: RunningDemo, lines: Mapping[str, str], topic: Subscribed
) -> None:
    """Though its id is longer than a key may be; whatever else is published is nothing to it."""
    before = len(reminders(demo))
    with consumer(printed.exchanged(lines["listen"], to(topic))) as log:
        publish(demo, topic, MARIA, type=EventType.REVOKED)
        publish(demo, topic, MARIA, source="https://evil.example")
        publish(demo, topic, JOHN)
        until(lambda: f"Mailed: {JOHN.email}" in log.read_text(), "the first is mailed")
        publish(demo, topic, JOHN)
        until(lambda: f"Mailed before: {JOHN.email}" in log.read_text(), "the second is heard")
    (mail,) = reminders(demo)[before:]
    assert (mail.sender, mail.recipients) == (ADMIN.email, (JOHN.email,))
    page = (
        f"{demo.world.origin}/connect?connector_type=google_workspace&user_email=john%40company.com"
    )
    assert f"\n{page}\n" in mail.body.replace("\r\n", "\n")
    assert MARIA.email not in log.read_text()
    assert "Traceback" not in log.read_text()


def test_the_printed_lines_mail_sarah(demo: RunningDemo, lines: Mapping[str, str]) -> None:
    """The demo's own subscription, and an event that a reader publishes, twice."""
    before = len(reminders(demo))
    with consumer(lines["listen"]) as log:
        for said in ("Mailed: ", "Mailed before: "):
            assert printed.run(lines["publish"]).returncode == 0
            until(lambda s=said: f"{s}{SARAH.email}" in log.read_text(), "it is heard")  # type: ignore[misc]  # reason: mypy can not infer a default's type
    assert [mail.recipients for mail in reminders(demo)[before:]] == [(SARAH.email,)]


def test_the_mailbox_itself_is_not_mailed_about(
    demo: RunningDemo, lines: Mapping[str, str], topic: Subscribed
) -> None:
    """Whoever runs it is told, once; others are mailed as far as the mailbox still serves."""
    before = len(reminders(demo))
    with consumer(printed.exchanged(lines["listen"], to(topic))) as log:
        publish(demo, topic, ADMIN, connector_type=MICROSOFT)
        until(lambda: "itself has to be connected" in log.read_text(), "it is told")
        publish(demo, topic, MARIA)
        until(lambda: f"Mailed: {MARIA.email}" in log.read_text(), "others are mailed")
    page = (
        f"{demo.world.origin}/connect?connector_type=microsoft_teams&user_email=admin%40company.com"
    )
    assert log.read_text().count(f"{ADMIN.email} itself has to be connected: {page}\n") == 1
    assert [mail.recipients for mail in reminders(demo)[before:]] == [(MARIA.email,)]


def test_without_its_mailbox_it_ends_and_loses_nothing(
    demo: RunningDemo, lines: Mapping[str, str], topic: Subscribed
) -> None:
    """It asks once, says where the mailbox is connected, and the event is there for the next start."""
    before = len(reminders(demo))
    text = printed.exchanged(lines["listen"], {**to(topic), ADMIN.email: PAT.email})
    publish(demo, topic, MARIA, connector_type=MICROSOFT)
    with printed.running("sign-in-needed", text) as (process, log):
        assert process.wait(PATIENCE) == 3
    page = f"{demo.world.origin}/connect?connector_type=microsoft_teams&user_email=pat.lee%40company.com"
    assert log.read_text().count(f"{PAT.email} itself has to be connected: {page}\n") == 1
    assert reminders(demo)[before:] == []
    (kept,) = topic.heard(1)
    assert kept.attributes["ce-id"] == f"{LONG}-{MARIA.id}"
