"""What only AWS Secrets Manager can do to us; where moto is not as AWS, its answers are scripted."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from multi_user_oauth.client_secrets import aws
from multi_user_oauth.client_secrets.aws import AwsClientSecrets
from multi_user_oauth.client_secrets.kept import OutOfReachError
from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from tests.support.clock import ManualClock

NAME = "teams"


class Scripted:
    """A client that has this answer to each stage, and remembers what it was asked for."""

    def __init__(self, stages: Mapping[str, Mapping[str, Any] | Exception]) -> None:
        self.asked: list[object] = []
        self._stages = stages

    def get_secret_value(self, **request: object) -> Mapping[str, Any]:
        """Answer."""
        self.asked.append(request["SecretId"])
        answer = self._stages.get(str(request["VersionStage"]))
        if answer is None:
            raise refusal("ResourceNotFoundException")
        if isinstance(answer, Exception):
            raise answer
        return answer


def refusal(code: str, status: int = 400) -> Exception:
    """Return what the library raises."""
    response = {
        "Error": {"Code": code, "Message": "said by AWS"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    error: Exception = ClientError(response, "GetSecretValue")
    return error


def reader(
    client: aws.AwsSecretsManager, prefix: str = "", clock: ManualClock | None = None
) -> AwsClientSecrets:
    """Return what is under test."""
    return AwsClientSecrets(client, now=clock or ManualClock(), prefix=prefix)


def test_a_prefix_tells_deployments_apart() -> None:
    """AWS has no project: the name has to say whose it is."""
    client = Scripted({"AWSCURRENT": {"SecretString": "current"}})

    assert reader(client, "vault/").get(NAME) == (Secret("current"),)
    assert client.asked == [f"vault/{NAME}"] * 2


def test_a_binary_secret_is_text_too() -> None:
    """Tools store either."""
    client = Scripted(
        {"AWSCURRENT": {"SecretBinary": b"current"}, "AWSPREVIOUS": {"SecretString": "previous"}}
    )
    assert reader(client).get(NAME) == (Secret("current"), Secret("previous"))


@pytest.mark.parametrize("value", [{"SecretString": "line\n"}, {"SecretBinary": b"\xff"}, {}])
def test_what_is_no_client_secret_is_not_used(value: Mapping[str, Any]) -> None:
    """The one before it is live, so nobody need notice but who reads the log."""
    client = Scripted({"AWSCURRENT": value, "AWSPREVIOUS": {"SecretString": "previous"}})
    assert reader(client).get(NAME) == (Secret("previous"),)


@pytest.mark.parametrize(
    ("error", "out_of_reach"),
    [
        (refusal("AccessDeniedException"), False),
        (refusal("InvalidRequestException"), False),
        (refusal("DecryptionFailure"), False),
        (refusal("ThrottlingException"), True),
        (refusal("InternalServiceError", 500), True),
        (refusal("ServiceUnavailable", 503), True),
        (ReadTimeoutError(endpoint_url="https://secretsmanager.example"), True),
        (BotoCoreError(), True),
    ],
    ids=repr,
)
def test_a_no_is_told_from_an_outage(error: Exception, out_of_reach: bool) -> None:
    """Only in an outage is what was read before still used. The text is not passed on."""
    with pytest.raises(KeysUnavailableError, match=NAME) as refused:
        reader(Scripted({"AWSCURRENT": error})).get(NAME)

    assert isinstance(refused.value, OutOfReachError) is out_of_reach
    assert "said by AWS" not in str(refused.value)
    assert refused.value.__context__ is None


def test_a_secret_replaced_just_now_is_reloaded() -> None:
    """After a provider's `invalid_client` nobody waits for 300 s."""
    clock, stages = ManualClock(), {"AWSCURRENT": {"SecretString": "first"}}
    client = Scripted(stages)
    secrets = reader(client, clock=clock)
    secrets.get(NAME)
    stages["AWSCURRENT"] = {"SecretString": "second"}
    clock.advance(10)

    assert secrets.get(NAME) == (Secret("first"),)
    assert secrets.reload(NAME) == (Secret("second"),)
