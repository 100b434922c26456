"""What only Secret Manager can do to us: disable versions, refuse by identity, garble, be away."""

from typing import Any

import pytest
from google.cloud.secretmanager_v1 import SecretManagerServiceClient

from multi_user_oauth.client_secrets.kept import OutOfReachError
from multi_user_oauth.client_secrets.secret_manager import SecretManagerClientSecrets
from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from multi_user_oauth.sandbox.cloud import FOR_EVER, Fault
from multi_user_oauth.sandbox.cloud.faults import Spoilt
from tests.contract.client_secrets.places import GooglePlace
from tests.support.clock import ManualClock
from tests.support.cloud import OPERATOR, REFRESH, STRANGER, Cloud

NAME = "teams"
OLD, NEW = Secret("the-old-one"), Secret("the-new-one")


@pytest.fixture
def place(cloud: Cloud) -> GooglePlace:
    """Secret Manager with one secret of two versions."""
    place = GooglePlace(cloud)
    place.store({NAME: ("the-new-one", "the-old-one")})
    cloud.calls.clear()
    return place


@pytest.fixture
def secrets(place: GooglePlace) -> SecretManagerClientSecrets:
    """What is under test."""
    return place.reader(ManualClock())


def asked(cloud: Cloud, method: str) -> int:
    """Return how often Secret Manager was asked."""
    return sum(call.method == method for call in cloud.calls.as_list())


def test_three_versions_are_two_live_ones(
    place: GooglePlace, secrets: SecretManagerClientSecrets
) -> None:
    """The newest, and the one before it: a third would mean that nobody finished a rotation."""
    place.add(NAME, b"the-newest")
    assert secrets.get(NAME) == (Secret("the-newest"), NEW)


def test_a_disabled_newest_version_is_taken_back(
    cloud: Cloud, place: GooglePlace, secrets: SecretManagerClientSecrets
) -> None:
    """A rotation that went wrong: "latest" would still be the disabled one."""
    wrong = place.add(NAME, b"pasted-wrongly")
    cloud.secrets(OPERATOR).disable_secret_version(request={"name": wrong})
    assert secrets.get(NAME) == (NEW, OLD)


@pytest.mark.parametrize("value", [b"", b"new line\n", b" space", b"\xff\xfe"])
def test_what_is_no_client_secret_is_not_used(
    place: GooglePlace, secrets: SecretManagerClientSecrets, value: bytes
) -> None:
    """The one before it is live, so nobody need notice but who reads the log."""
    place.add(NAME, value)
    assert secrets.get(NAME) == (NEW,)


def test_no_enabled_version_is_unavailable(
    place: GooglePlace, secrets: SecretManagerClientSecrets
) -> None:
    """The message says which secret."""
    place.disable(NAME)
    with pytest.raises(KeysUnavailableError, match=f"projects/vault/secrets/{NAME}: no enabled"):
        secrets.get(NAME)


@pytest.mark.parametrize("status", ["FAILED_PRECONDITION", "NOT_FOUND"])
def test_a_version_that_was_just_disabled_is_passed_over(
    cloud: Cloud, secrets: SecretManagerClientSecrets, status: str
) -> None:
    """Between the list and the access somebody may disable or destroy it."""
    cloud.faults.add(Fault(method="AccessSecretVersion", status=status))
    assert secrets.get(NAME) == (OLD,)


@pytest.mark.parametrize("spoilt", ["wrong_crc", "missing_crc", "corrupted", "wrong_name"])
def test_a_garbled_secret_is_asked_for_once_more(
    cloud: Cloud, secrets: SecretManagerClientSecrets, spoilt: Spoilt
) -> None:
    """Once garbled: the second answer counts. Twice: it is not sent to any provider."""
    cloud.faults.add(Fault(method="AccessSecretVersion", spoilt=spoilt, times=2))
    with pytest.raises(OutOfReachError, match="GarbledAnswer"):
        secrets.get(NAME)
    assert asked(cloud, "ListSecretVersions") == 2

    cloud.faults.add(Fault(method="AccessSecretVersion", spoilt=spoilt))
    assert secrets.get(NAME) == (NEW, OLD)


@pytest.mark.parametrize("status", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"])
@pytest.mark.parametrize("method", ["ListSecretVersions", "AccessSecretVersion"])
def test_what_passes_is_tried_again(
    cloud: Cloud, secrets: SecretManagerClientSecrets, method: str, status: str
) -> None:
    """At once; the library's own first back-off is two seconds."""
    cloud.faults.add(Fault(method=method, status=status))
    assert secrets.get(NAME) == (NEW, OLD)


@pytest.mark.usefixtures("place")
def test_who_may_not_read_it_does_not(cloud: Cloud) -> None:
    """IAM says no by identity."""
    stranger = SecretManagerClientSecrets(cloud.secrets(STRANGER), "vault", now=ManualClock())
    with pytest.raises(KeysUnavailableError, match=f"{NAME}: .*PermissionDenied") as refusal:
        stranger.get(NAME)

    assert not isinstance(refusal.value, OutOfReachError)
    assert refusal.value.__context__ is None
    assert asked(cloud, "AccessSecretVersion") == 0


def test_a_project_by_its_number_is_the_same_project(place: GooglePlace) -> None:
    """Google answers with the project's number where it was asked by its id."""

    class Numbering(SecretManagerServiceClient):
        """A client whose answers to `access` name the project by number."""

        def access_secret_version(self, **more: Any) -> Any:  # type: ignore[override]  # noqa: ANN401  # reason: the library's
            """As Google."""
            answer = super().access_secret_version(**more)
            answer.name = answer.name.replace("projects/vault/", "projects/1234567890/")
            return answer

    client = Numbering(transport=place.cloud.secrets(REFRESH).transport)
    assert SecretManagerClientSecrets(client, "vault", now=ManualClock()).get(NAME) == (NEW, OLD)


def test_a_warm_process_survives_an_outage_and_a_cold_one_does_not(place: GooglePlace) -> None:
    """F23: what was read is used for 900 s at most; whoever has nothing says 503."""
    clock = ManualClock()
    warm, cold = place.reader(clock), place.reader(clock)
    warm.get(NAME)
    place.lose()
    clock.advance(899)

    assert warm.get(NAME) == (NEW, OLD)
    with pytest.raises(KeysUnavailableError):
        cold.get(NAME)
    clock.advance(1)
    with pytest.raises(KeysUnavailableError):
        warm.get(NAME)


def test_a_secret_replaced_just_now_is_reloaded(place: GooglePlace) -> None:
    """After a provider's `invalid_client` nobody waits for 300 s."""
    clock = ManualClock()
    secrets = place.reader(clock)
    secrets.get(NAME)
    place.add(NAME, b"the-newest")
    clock.advance(10)

    assert secrets.get(NAME) == (NEW, OLD)
    assert secrets.reload(NAME) == (Secret("the-newest"), NEW)
    assert secrets.get(NAME) == (Secret("the-newest"), NEW)


def test_a_withdrawn_right_ends_it_at_once(cloud: Cloud, place: GooglePlace) -> None:
    """The kill switch is IAM: a no is not an outage."""
    clock = ManualClock()
    secrets = place.reader(clock)
    secrets.get(NAME)
    cloud.faults.add(Fault(method="ListSecretVersions", status="PERMISSION_DENIED"))
    clock.advance(300)

    with pytest.raises(KeysUnavailableError, match="PermissionDenied"):
        secrets.get(NAME)
    cloud.faults.add(Fault(method="ListSecretVersions", status="UNAVAILABLE", times=FOR_EVER))
    with pytest.raises(OutOfReachError):
        secrets.get(NAME)
