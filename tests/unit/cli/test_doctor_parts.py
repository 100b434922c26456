"""doctor: what it says where no sandbox plays the providers, and of what never answers."""

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests
from google.pubsub_v1 import GetTopicRequest, Topic

from multi_user_oauth.cli.doctor.bench import Bench
from multi_user_oauth.cli.doctor.consent import consent_findings
from multi_user_oauth.cli.doctor.credentials import credential_checks
from multi_user_oauth.cli.doctor.findings import Check, Finding, Status, Theme, side_by_side
from multi_user_oauth.cli.doctor.policy import policy_findings
from multi_user_oauth.cli.doctor.reach import reach_checks, told_time
from multi_user_oauth.cli.doctor.scopes import needs
from multi_user_oauth.cli.doctor.stored import stored_checks
from multi_user_oauth.cli.settings_file import documented, read_settings
from multi_user_oauth.errors import KeysUnavailableError, ProviderUnavailableError
from multi_user_oauth.model import Policy, Provider
from multi_user_oauth.net.http_answer import HttpAnswer
from multi_user_oauth.settings import Settings
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.wiring.world import World

from .doctors import Silent

LOOK = Theme("theme", "subject")
TOPIC = "projects/p/topics/told"


def bench(env_file: Path, *, world: World | None = None, **changes: str) -> Bench:
    """Settings without a sandbox."""
    values = {**read_settings(env_file), **changes}
    settings = Settings(values)
    types = load_connector_types(settings.connector_types_file)
    return Bench(
        values=values, settings=settings, world=world or World(),
        types=tuple(types.values()), all_types=frozenset(types),
    )  # fmt: skip


def looked(checks: Iterator[Check], *subjects: str) -> list[Finding]:
    """What these checks find."""
    return side_by_side([each for each in checks if each.theme.subject in subjects])


def test_whatever_never_answers_ends_with_the_others() -> None:
    """And is said to be what could not be found out."""
    answered = threading.Event()

    def hangs() -> Iterator[Finding]:
        answered.wait()
        yield LOOK.ok("at last")

    def half() -> Iterator[Finding]:
        yield LOOK.ok("so far")
        answered.wait()

    checks = [Check(LOOK, hangs), Check(LOOK, half), Check(LOOK, lambda: [LOOK.ok("at once")])]
    try:
        found = side_by_side(checks, seconds=0.2)
    finally:
        answered.set()
    statuses = [Status.UNKNOWN, Status.OK, Status.UNKNOWN, Status.OK]
    assert [each.status for each in found] == statuses
    assert "no answer within" in found[0].what


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (ZeroDivisionError("a secret"), "could not be looked at (ZeroDivisionError)"),
        (ProviderUnavailableError("no answer"), "no answer"),
    ],
)
def test_a_check_that_fails_is_not_the_end_of_the_others(error: Exception, what: str) -> None:
    """The text of an error that is not ours is left out."""

    def fails() -> list[Finding]:
        raise error

    found = side_by_side([Check(LOOK, fails), Check(LOOK, lambda: [LOOK.ok("")])])
    assert [each.status for each in found] == [Status.UNKNOWN, Status.OK]
    assert found[0].what == what
    assert found[0].mend


def test_every_setting_can_be_looked_at() -> None:
    """Each is an attribute by its name in small letters: none is passed over."""
    assert [name for name in documented() if not hasattr(Settings, name.lower())] == []


def test_at_the_real_providers_the_traps_of_their_pages_are_named(env_file: Path) -> None:
    """No program sees them, and each has its page; restricted scopes are listed."""
    found = list(consent_findings(bench(env_file)))
    assert {each.status for each in found} == {Status.BY_HAND}
    assert all(each.mend for each in found)
    told = " ".join(each.what + each.mend for each in found)
    for trap in ("7 days", "Internal", "Assignment required", "verification", "APIs & Services"):
        assert trap in told
    assert "restricted scopes: drive.readonly, gmail.readonly." in told


def test_that_no_end_is_written_down_is_a_warning_at_the_real_microsoft(env_file: Path) -> None:
    """All of its credentials end; Google's do not."""
    world = World(adapter=Silent())
    found = side_by_side(list(credential_checks(bench(env_file, world=world))))
    missing = [each for each in found if "not written down" in each.what]
    assert [(each.subject, each.status) for each in missing] == [
        ("microsoft_teams", Status.WARNING)
    ]


class Answering(Silent):
    """Every GET is answered with this document."""

    def __init__(self, document: Mapping[str, object], status: int = 200) -> None:
        super().__init__()
        self._document, self._status = document, status

    def send(  # type: ignore[override]  # reason: the options do not matter here
        self, request: requests.PreparedRequest, **_: object
    ) -> requests.Response:
        """Answer."""
        body = json.dumps(self._document).encode()
        return HttpAnswer(status=self._status, headers={}, body=body).response(request)


@pytest.mark.parametrize("subject", ["microsoft_teams", "google_workspace"])
def test_whoever_answers_in_the_providers_place_is_not_believed(
    env_file: Path, subject: str
) -> None:
    """A proxy that opens TLS would see every code and secret."""
    evil = Answering({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"})
    (found,) = looked(reach_checks(bench(env_file, world=World(adapter=evil))), subject)
    assert found.status is Status.WRONG
    assert "proxy" in found.mend


def test_an_answer_without_a_time_tells_nothing_of_the_clock(env_file: Path) -> None:
    """So it is not called right."""
    world = World(adapter=Answering({}))
    (found,) = looked(reach_checks(bench(env_file, world=world)), "Google")
    assert found.status is Status.UNKNOWN


def test_what_a_cache_kept_tells_a_later_time() -> None:
    """Google's discovery comes from one, and may be an hour old."""
    date = "Mon, 05 Jan 2026 12:00:00 GMT"
    assert told_time({"Date": date, "Age": "60"}) == datetime(2026, 1, 5, 12, 1, tzinfo=UTC)
    assert told_time({"Date": date}) == datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_secrets_that_are_out_of_reach_are_not_called_missing(env_file: Path) -> None:
    """A place that is silent has said no to nothing; nor is what this identity may not see."""
    for error, status in (
        (OutOfReachError("silent"), "unknown"),
        (KeysUnavailableError("none"), "wrong"),
        (KeysUnavailableError("Secret Manager says PermissionDenied"), "by_hand"),
    ):
        found = side_by_side(list(credential_checks(Failing.of(bench(env_file), error))))
        assert {each.status.value for each in found if each.status is not Status.WARNING} == {
            status
        }


class OutOfReachError(KeysUnavailableError):
    """As the places in the cloud raise it."""


class Failing(Bench):
    """A bench whose place of secrets fails."""

    error: Exception

    @classmethod
    def of(cls, given: Bench, error: Exception) -> "Failing":
        """Return one."""
        made = cls(
            values=given.values, settings=given.settings, world=given.world, types=given.types
        )
        object.__setattr__(made, "error", error)
        return made

    def parts(self) -> Any:  # noqa: ANN401  # reason: one attribute of many
        """Return parts with nothing but that."""
        error = self.error

        class Parts:
            class client_secrets:  # noqa: N801  # reason: an attribute's name
                @staticmethod
                def get(_: str) -> None:
                    raise error

        return Parts()


def test_where_refreshing_is_a_function_its_callers_are_missed(env_file: Path) -> None:
    """Nobody would refresh anything, and nobody would be told."""
    in_cloud = bench(
        env_file, BACKEND="gcp", REFRESH_URL="https://refresh.company.com", SWEEP_TOPIC=TOPIC
    )
    told = Bench(
        values=in_cloud.values, settings=in_cloud.settings, world=in_cloud.world, policy=Policy()
    )
    subjects = {each.subject for each in policy_findings(told)}
    routes = {f"refresh_callers.{route}" for route in ("one", "sweep", "shard")}
    assert routes <= subjects


def test_every_action_of_agents_has_its_scopes() -> None:
    """Of both providers; those of chats are Microsoft's alone."""
    actions = {action.value for action in needs(Provider.MICROSOFT)}
    assert {"mail.read", "files.write", "calendar.write", "chat.send"} <= actions
    assert needs(Provider.GOOGLE).keys() < needs(Provider.MICROSOFT).keys()


@pytest.fixture
def pubsub() -> Iterator[str]:
    """A Pub/Sub that knows one topic; its address."""

    def get(request: GetTopicRequest, context: grpc.ServicerContext) -> Topic:
        if request.topic != TOPIC:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such topic")
        return Topic(name=request.topic)

    handler = grpc.unary_unary_rpc_method_handler(
        get,
        request_deserializer=GetTopicRequest.deserialize,
        response_serializer=Topic.serialize,
    )
    with ThreadPoolExecutor() as pool:
        server = grpc.server(pool)
        methods = {"GetTopic": handler}
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", methods)]
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


@pytest.mark.parametrize(
    ("topic", "status", "mend"),
    [(TOPIC, Status.OK, ""), (f"{TOPIC}2", Status.WRONG, f"gcloud pubsub topics create {TOPIC}2")],
)
def test_a_topic_that_is_not_there_is_found(
    env_file: Path, pubsub: str, topic: str, status: Status, mend: str
) -> None:
    """With the command that makes it."""
    given = bench(env_file, EVENTS_TOPIC=topic, PUBSUB_EMULATOR_HOST=pubsub)
    (found,) = looked(stored_checks(given), "EVENTS_TOPIC")
    assert (found.status, mend in found.mend) == (status, True)


def test_a_topic_that_can_not_be_looked_at_is_not_called_missing(env_file: Path) -> None:
    """Nobody listens there."""
    given = bench(env_file, SWEEP_TOPIC=TOPIC, PUBSUB_EMULATOR_HOST="127.0.0.1:1")
    (found,) = looked(stored_checks(given), "SWEEP_TOPIC")
    assert (found.status, "ServiceUnavailable" in found.what) == (Status.UNKNOWN, True)
