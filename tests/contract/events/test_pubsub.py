"""How Pub/Sub is spoken to: a whole CloudEvent, at once, twice at most, and never for long."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta, timezone

import grpc
import pytest
from cloudevents.http import from_http
from google.auth.exceptions import DefaultCredentialsError
from google.pubsub_v1 import PublisherClient, PublishResponse

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.events.pubsub import PubSubEvents, PubSubShards, Topic
from tests.contract.events.places import SOURCE
from tests.contract.events.test_publish import CONNECTED, LONGEST
from tests.support.pubsub import Subscribed, at


@contextmanager
def answering(*statuses: grpc.StatusCode) -> Iterator[tuple[str, list[str]]]:
    """Give the address of a Pub/Sub that answers so, one after the other, and what it was asked."""
    asked: list[str] = []

    def serve(_: bytes, context: grpc.ServicerContext) -> bytes:
        status = statuses[len(asked)]
        asked.append(status.name)
        if status is not grpc.StatusCode.OK:
            context.abort(status, "marker-of-the-service")
        answer: bytes = PublishResponse.serialize(PublishResponse(message_ids=["1"]))
        return answer

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # reason: grpc has no types
        def service(self, _: object) -> object:
            return grpc.unary_unary_rpc_method_handler(serve)

    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([Handler()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", asked
    server.stop(None).wait()


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The warnings so far."""
    return [each for each in caplog.records if each.levelno >= logging.WARNING]


def test_a_message_is_a_cloudevent(topic: Subscribed) -> None:
    """In the binary mode; CloudEvents' own library reads the same event from it."""
    here = replace(CONNECTED, at=CONNECTED.at.astimezone(timezone(timedelta(hours=2))))
    PubSubEvents(topic.as_ours(), source=SOURCE)(here)
    (message,) = topic.heard(1)
    assert dict(message.attributes) == {
        "ce-specversion": "1.0",
        "ce-id": CONNECTED.id,
        "ce-source": SOURCE,
        "ce-type": "multi-user-oauth.connection.connected",
        "ce-subject": CONNECTED.subject,
        "ce-time": "2026-05-01T12:00:00Z",
        "content-type": "application/json",
    }
    assert json.loads(message.data) == dict(CONNECTED.data)
    read = from_http(dict(message.attributes), message.data)
    assert (read["id"], read["source"], read["subject"]) == (here.id, SOURCE, here.subject)
    assert read["type"] == "multi-user-oauth.connection.connected"
    assert read.data == dict(CONNECTED.data)


def test_what_was_published_is_there_when_publishing_returns(topic: Subscribed) -> None:
    """The next thing that happens to the process may be its end."""
    PubSubEvents(topic.as_ours(), source=SOURCE)(CONNECTED)
    answer = topic.subscriber.pull(
        subscription=topic.subscription, max_messages=1, retry=None, timeout=LONGEST
    )
    assert len(answer.received_messages) == 1


def test_an_event_that_nobody_takes_is_one_warning(
    topic: Subscribed, caplog: pytest.LogCaptureFixture
) -> None:
    """It says which event and why, and nothing that the service said."""
    gone = Topic(f"{topic.name}-that-is-not-there", lambda: topic.publisher)
    PubSubEvents(gone, source=SOURCE)(CONNECTED)
    (line,) = warnings(caplog)
    assert line.__dict__["action"] == "connection.connected"
    assert line.__dict__["connection"] == CONNECTED.subject
    assert line.__dict__["code"] == "store_unavailable"
    assert line.__dict__["reason"] == f"{topic.name}-that-is-not-there: NotFound"
    assert line.exc_info is None


def test_a_service_that_is_away_for_a_moment_is_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once it says that nothing happened."""
    with (
        answering(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.OK) as (address, asked),
        at(address) as topic,
    ):
        PubSubEvents(topic, source=SOURCE)(CONNECTED)
    assert asked == ["UNAVAILABLE", "OK"]
    assert warnings(caplog) == []


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "INTERNAL", "DEADLINE_EXCEEDED"])
def test_a_no_is_a_no(caplog: pytest.LogCaptureFixture, status: str) -> None:
    """And what may have landed is not sent twice."""
    with answering(grpc.StatusCode[status]) as (address, asked), at(address) as topic:
        PubSubEvents(topic, source=SOURCE)(CONNECTED)
    assert asked == [status]
    (line,) = warnings(caplog)
    assert "marker-of-the-service" not in str(line.__dict__)


def test_who_never_answers_holds_nobody_up(silence: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever signs in waits two seconds at most, and is signed in."""
    begun = time.monotonic()
    with at(silence) as topic:
        PubSubEvents(topic, source=SOURCE)(CONNECTED)
    assert time.monotonic() - begun < LONGEST
    assert len(warnings(caplog)) == 1


def no_credentials() -> PublisherClient:
    """As Google's library where there is no identity."""
    raise DefaultCredentialsError("marker")


def test_without_an_identity_nothing_is_published(caplog: pytest.LogCaptureFixture) -> None:
    """And nobody's sign-in fails for it."""
    PubSubEvents(Topic("projects/p/topics/told", no_credentials), source=SOURCE)(CONNECTED)
    (line,) = warnings(caplog)
    assert line.__dict__["reason"] == "projects/p/topics/told: DefaultCredentialsError"


def test_the_client_is_made_once() -> None:
    """At the first message."""
    made: list[int] = []

    def connect() -> PublisherClient:
        made.append(1)
        raise DefaultCredentialsError

    topic = Topic("projects/p/topics/told", connect)
    assert made == []
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            topic.publish([])
    assert made == [1, 1]  # what failed is tried anew, not remembered


@pytest.mark.parametrize(
    "shards", [[], [0], [15, 3, 3], list(range(16))], ids=lambda shards: f"{len(shards)}"
)
def test_each_shard_is_a_message(topic: Subscribed, shards: list[int]) -> None:
    """All in one request; of none nothing is asked."""
    PubSubShards(topic.as_ours()).enqueue(shards)
    heard = topic.heard(len(shards)) if shards else []
    assert sorted(int(message.attributes["shard"]) for message in heard) == sorted(shards)
    assert all(not message.data for message in heard)


def refused(topic: Topic) -> str:
    """Why shards are not taken."""
    with pytest.raises(StoreUnavailableError) as raised:
        PubSubShards(topic).enqueue([1, 2])
    assert raised.value.__cause__ is None
    return str(raised.value)


def test_shards_that_nobody_takes_are_an_error(topic: Subscribed, silence: str) -> None:
    """Unlike a hint: whoever swept must know, and the scheduler calls again."""
    places: dict[str, Callable[[], str]] = {
        "NotFound": lambda: refused(Topic(f"{topic.name}-gone", lambda: topic.publisher)),
        "DeadlineExceeded": lambda: _refused_at(silence),
        "DefaultCredentialsError": lambda: refused(Topic(topic.name, no_credentials)),
    }
    for why, ask in places.items():
        assert ask().endswith(why)


def _refused_at(address: str) -> str:
    with at(address) as there:
        return refused(there)
