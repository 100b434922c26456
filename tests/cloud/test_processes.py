"""What runs beside the demo is told what the catalogue says, is waited for, and ends with the demo."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from multi_user_oauth.cli.cloud_demo_processes import Processes, free_ports, listens
from multi_user_oauth.cli.cloud_demo_settings import Addresses, Shared, admit_callers, environment
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.sandbox.gateway_catalogue import Topic, load_catalogue
from multi_user_oauth.settings.policy import load_policy
from tests.cloud.running import FUNCTIONS
from tests.support.processes import PATIENCE, until
from tests.support.processes import environment as bare

LISTENER = """
import signal, socket, sys
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if sys.argv[2] == "family":
    import os
    os.fork()
while True:
    listening.accept()[0].close()
"""
STARTER = """
import sys, time
from pathlib import Path
from multi_user_oauth.cli.cloud_demo_processes import Processes
with Processes(Path(sys.argv[1])) as processes:
    processes.start("listener", [sys.executable, "-c", sys.argv[2], sys.argv[3], sys.argv[4]], {})
    time.sleep(60)
"""
FILES = (
    *("FLOW_KEYS_FILE", "SESSION_SIGNING_KEY_FILE", "SESSION_PUBLIC_KEYS_FILE"),
    *("LINK_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE", "CLIENT_SECRETS_FILE"),
    *("DATA_DIR", "KEY_DIR"),
)
EVERYBODYS = {
    *("BACKEND", "PUBLIC_ORIGIN", "DEPLOYMENT_ID", "SANDBOX_URL", "GOOGLE_CLOUD_PROJECT"),
    *("FIRESTORE_EMULATOR_HOST", "LOCAL_CLOUD", "LOCAL_KMS"),
}
OWN = {
    "authorize": {"FLOW_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE"},
    "callback_microsoft": {
        *("FLOW_KEYS_FILE", "SESSION_SIGNING_KEY_FILE", "SESSION_PUBLIC_KEYS_FILE"),
        *("CONNECTOR_TYPES_FILE", "ACCESS_KEY", "REFRESH_KEY"),
    },
    "list_users": {"SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE"},
    "revoke": {
        *("SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE"),
        *("REFRESH_URL", "SERVICE_ACCOUNT"),
    },
    "refresh": {"POLICY_FILE", "CONNECTOR_TYPES_FILE", "ACCESS_KEY", "REFRESH_KEY"},
    "access_token": {
        *("POLICY_FILE", "CONNECTOR_TYPES_FILE", "ACCESS_KEY"),
        *("REFRESH_URL", "SERVICE_ACCOUNT"),
    },
    "connectors": {
        *("LINK_KEYS_FILE", "SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE", "CONNECTOR_TYPES_FILE"),
        *("ACCESS_KEY", "REFRESH_URL", "SERVICE_ACCOUNT"),
    },
    "web": {"CONNECTOR_TYPES_FILE"},
    "account": {
        *("SESSION_SIGNING_KEY_FILE", "SESSION_PUBLIC_KEYS_FILE"),
        *("POLICY_FILE", "CONNECTOR_TYPES_FILE"),
    },
}
OWN["callback_google"] = OWN["callback_microsoft"]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Nothing started yet."""
    with Processes(tmp_path) as made:
        yield made


def shared() -> Shared:
    """Settings of all files."""
    return Shared(
        origin="http://localhost:8084",
        sandbox_url="http://127.0.0.1:8085",
        refresh_url="http://127.0.0.1:9000",
        project="demo",
        access_key="projects/demo/locations/l/keyRings/r/cryptoKeys/access",
        refresh_key="projects/demo/locations/l/keyRings/r/cryptoKeys/refresh",
        made={"DEPLOYMENT_ID": "id", **{name: f"/{name}" for name in FILES}},
    )


def test_a_function_is_told_its_own_settings_only() -> None:
    """No key, secret or file of another one; and nobody has a file of client secrets."""
    addresses = Addresses(firestore="127.0.0.1:1", secrets="127.0.0.1:2", kms="http://127.0.0.1:3")
    told = {
        function.name: set(shared().of_function(function, addresses)) - EVERYBODYS
        for function in load_catalogue(FUNCTIONS)
    }
    assert told == OWN


def test_a_function_is_told_of_the_topics_that_it_publishes_to() -> None:
    """Where there are topics; whoever publishes nothing does not know that there are any."""
    addresses = Addresses(firestore="127.0.0.1:1", secrets="127.0.0.1:2", kms="http://127.0.0.1:3")
    topics: dict[Topic, str] = {
        "events": "projects/p/topics/events",
        "sweep": "projects/p/topics/sweep",
    }
    known = replace(shared(), topics=topics, pubsub="127.0.0.1:4")
    names = {"EVENTS_TOPIC", "SWEEP_TOPIC", "PUBSUB_EMULATOR_HOST"}
    told = {
        function.name: names & set(known.of_function(function, addresses))
        for function in load_catalogue(FUNCTIONS)
    }
    events = {"EVENTS_TOPIC", "PUBSUB_EMULATOR_HOST"}
    assert {name: settings for name, settings in told.items() if settings} == {
        "callback_google": events,
        "callback_microsoft": events,
        "revoke": events,
        "refresh": names,
    }
    assert names & set(known.of_operator(addresses)) == events


def test_a_process_gets_nothing_of_the_demos_own_environment() -> None:
    """What somebody exported in their shell is not a setting of the functions."""
    exported = {"PATH": "/bin", "REFRESH_KEY": "x", "GOOGLE_APPLICATION_CREDENTIALS": "/x"}
    assert environment(exported, {"BACKEND": "gcp"}) == {"PATH": "/bin", "BACKEND": "gcp"}


def test_those_who_ask_refresh_are_admitted_and_nobody_else(tmp_path: Path) -> None:
    """The rest of the file stays as its owner wrote it."""
    file = tmp_path / "policy.yaml"
    agents = {"a@b.example": {"connector_types": ["x"], "users": ["*@company.com"]}}
    file.write_text(yaml.safe_dump({"agents": agents, "refresh_callers": {}}))
    for _ in range(2):
        admit_callers(file)
        policy = load_policy(file)
        assert set(policy.agents) == set(agents)
        assert policy.refresh_callers == {
            "one": {
                "access-token@company-project.iam.gserviceaccount.com",
                "connectors@company-project.iam.gserviceaccount.com",
                "operator@company-project.iam.gserviceaccount.com",
            },
            "finish": {
                "revoke@company-project.iam.gserviceaccount.com",
                "operator@company-project.iam.gserviceaccount.com",
            },
            "rewrap": {"operator@company-project.iam.gserviceaccount.com"},
            "import": {"operator@company-project.iam.gserviceaccount.com"},
            "sweep": {"scheduler@company-project.iam.gserviceaccount.com"},
            "shard": {"push@company-project.iam.gserviceaccount.com"},
        }


@pytest.mark.parametrize("content", [": not yaml", "- a list"])
def test_a_policy_that_can_not_be_read_is_named(tmp_path: Path, content: str) -> None:
    """It is its owner's file: nothing is written over it."""
    file = tmp_path / "policy.yaml"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=r"policy\.yaml"):
        admit_callers(file)
    assert file.read_text() == content


@pytest.mark.parametrize("kind", ["obedient", "stubborn", "family"])
def test_what_was_started_ends(processes: Processes, kind: str) -> None:
    """Politely asked first; whoever does not listen is killed, and so are its children."""
    (port,) = free_ports(1)
    processes.start("listener", [sys.executable, "-c", LISTENER, str(port), kind], {})
    processes.wait_for("listener", lambda: listens(port))
    processes.stop()
    until(lambda: not listens(port), "it has ended")


def test_what_ends_at_once_is_named_with_its_log(processes: Processes, tmp_path: Path) -> None:
    """The log says why."""
    processes.start("broken", [sys.executable, "-c", "raise SystemExit('because')"], {})
    with pytest.raises(ConfigurationError, match=r"broken did not start, see .*broken\.log"):
        processes.wait_for("broken", lambda: False)
    assert (tmp_path / "broken.log").read_text().strip() == "because"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["stubborn", "family"])
def test_what_was_started_ends_with_a_demo_that_is_killed(
    tmp_path: Path, number: signal.Signals, kind: str
) -> None:
    """Without a chance to clean up, too."""
    (port,) = free_ports(1)
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path), LISTENER, str(port), kind],
        env=bare({}),
    )
    until(lambda: listens(port), "it listens")
    starter.send_signal(number)
    starter.wait(PATIENCE)
    until(lambda: not listens(port), "it has ended")
