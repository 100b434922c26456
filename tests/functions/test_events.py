"""What the functions tell of: in the log where there is no topic, else to whoever subscribes."""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.log import JsonFormatter
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring import build
from multi_user_oauth.wiring.messages import publisher, shard_queue
from multi_user_oauth.wiring.world import World
from tests.support.functions import GOOGLE, Installation
from tests.support.processes import free_ports
from tests.support.pubsub import Subscribed, subscribed

KEY = f"{GOOGLE}/{SARAH.email}"
BOTH = ["connection.connected", "connection.revoked"]


@pytest.fixture
def topic(pubsub_emulator: str) -> Iterator[Subscribed]:
    """A topic of its own."""
    with subscribed(pubsub_emulator) as topic:
        yield topic


def come_and_go(installation: Installation) -> None:
    """Let Sarah connect, and disconnect."""
    sarah = installation.connect(GOOGLE, SARAH)
    assert sarah.revoke(GOOGLE, SARAH.email).status_code == 200


def test_without_a_topic_each_event_is_a_line(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """As production writes it."""
    caplog.set_level(logging.INFO)
    come_and_go(installation)
    lines = [
        json.loads(JsonFormatter().format(record))
        for record in caplog.records
        if record.name == "multi_user_oauth.events.local"
    ]
    assert [(line["message"], line["action"], line["connection"]) for line in lines] == [
        ("event", kind, KEY) for kind in BOTH
    ]
    assert lines[1]["reason"] == "disconnected"


def test_with_a_topic_whoever_subscribes_hears_of_it(
    tmp_path: Path, keys: Mapping[str, str], topic: Subscribed
) -> None:
    """The source is where people reach us."""
    changes = {"EVENTS_TOPIC": topic.name, "PUBSUB_EMULATOR_HOST": topic.address}
    installation = Installation(tmp_path, keys, changes)
    come_and_go(installation)
    heard = [dict(message.attributes) for message in topic.heard(2)]
    assert sorted(each["ce-type"].removeprefix("multi-user-oauth.") for each in heard) == BOTH
    assert {each["ce-subject"] for each in heard} == {KEY}
    assert {each["ce-source"] for each in heard} == {installation.settings["PUBLIC_ORIGIN"]}


def test_a_topic_out_of_reach_is_nobodys_trouble(
    tmp_path: Path, keys: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Sarah is connected, and disconnected; two warnings say that nobody heard of it."""
    changes = {
        "EVENTS_TOPIC": "projects/test/topics/told",
        "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{free_ports(1)[0]}",
    }
    come_and_go(Installation(tmp_path, keys, changes))
    missed = [each.__dict__ for each in caplog.records if each.name.endswith("events.pubsub")]
    assert [each["action"] for each in missed] == BOTH


def test_shards_go_to_their_topic(topic: Subscribed) -> None:
    """The queue that the sweep is given; without the setting there is none."""
    origin = {"PUBLIC_ORIGIN": "https://oauth.example.com"}
    settings = {"SWEEP_TOPIC": topic.name, "PUBSUB_EMULATOR_HOST": topic.address}
    queue = shard_queue(Settings(origin | settings))
    assert queue is not None
    queue.enqueue([3, 5])
    assert sorted(message.attributes["shard"] for message in topic.heard(2)) == ["3", "5"]
    assert shard_queue(Settings(origin)) is None


@pytest.mark.parametrize("name", ["callback_google", "callback_microsoft", "revoke"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"EVENTS_TOPIC": "events"}, "EVENTS_TOPIC is malformed"),
        ({"PUBSUB_EMULATOR_HOST": "pubsub.example:1"}, "PUBSUB_EMULATOR_HOST is malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_setting_stops_the_start(
    untouched: Installation, name: str, changes: dict[str, str], said: str
) -> None:
    """It would else be found out by the first person who signs in."""
    topic = {"EVENTS_TOPIC": "projects/test/topics/told"}
    with pytest.raises(ConfigurationError, match=said):
        build(name, untouched.settings | topic | changes, world=World())


def test_without_the_library_the_start_stops(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not the first sign-in: it is looked for, and not loaded."""
    settings = {
        "EVENTS_TOPIC": "projects/test/topics/told",
        "PUBLIC_ORIGIN": "https://oauth.example.com",
    }
    publisher(Settings(settings))
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.setattr("google.__path__", [str(tmp_path)])
    monkeypatch.delitem(__import__("sys").modules, "google.pubsub_v1", raising=False)
    with pytest.raises(ConfigurationError, match="need the extra `pubsub`"):
        publisher(Settings(settings))
