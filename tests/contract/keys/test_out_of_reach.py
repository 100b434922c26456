"""Every service in a cloud is given up within six seconds, with the patience of production.

The libraries' own lasts a minute or more. All are tried at the same time: each takes its seconds.
"""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from multi_user_oauth.client_secrets import aws, secret_manager
from multi_user_oauth.client_secrets.aws import AwsClientSecrets
from multi_user_oauth.client_secrets.secret_manager import SecretManagerClientSecrets
from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.keys import aws_kms
from multi_user_oauth.keys.aws_kms import AwsKmsEncrypter
from multi_user_oauth.keys.cloud_kms import CloudKmsEncrypter
from tests.contract.keys.services import REGION, CountingMeter
from tests.support.clock import ManualClock
from tests.support.cloud import KEY_RING, our_kms

DATA_KEY = bytes(32)
ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
METER = CountingMeter()


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where somebody takes the call and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up credentials, or botocore would look for some in the network."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")


def ask_cloud_kms(address: str) -> None:
    """Wrap a key."""
    kms = our_kms(f"http://{address}")
    CloudKmsEncrypter(kms, f"{KEY_RING}/cryptoKeys/key").encrypt(DATA_KEY, b"")


def ask_secret_manager(address: str) -> None:
    """Read a secret."""
    with grpc.insecure_channel(address) as channel:
        client = secret_manager.connect(channel)
        SecretManagerClientSecrets(client, "vault", now=ManualClock()).get("teams")


def ask_aws_kms(address: str) -> None:
    """Wrap a key."""
    client = aws_kms.connect(REGION, endpoint_url=f"http://{address}")
    AwsKmsEncrypter(client, ARN, meter=METER).encrypt(DATA_KEY, b"")


def ask_aws_secrets(address: str) -> None:
    """Read a secret."""
    client = aws.connect(REGION, endpoint_url=f"http://{address}")
    AwsClientSecrets(client, now=ManualClock()).get("teams")


def seconds(ask: Callable[[str], None], address: str) -> float:
    """Return how long it took until we were told that it can not be reached."""
    began = time.monotonic()
    with pytest.raises(KeysUnavailableError):
        ask(address)
    return time.monotonic() - began


def test_a_service_that_can_not_be_reached_is_given_up_within_six_seconds(
    closed: str, silent: str
) -> None:
    """Whether nobody listens, or somebody listens and says nothing."""
    asking = (ask_cloud_kms, ask_secret_manager, ask_aws_kms, ask_aws_secrets)
    with ThreadPoolExecutor(2 * len(asking)) as at_once:
        waits = {
            (ask.__name__, address): at_once.submit(seconds, ask, address)
            for ask in asking
            for address in (closed, silent)
        }
    assert {which: wait.result() for which, wait in waits.items() if wait.result() >= 6} == {}
