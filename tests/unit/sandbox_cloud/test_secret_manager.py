"""The local Secret Manager does what Google's does, asked by Google's own client."""

from itertools import count

import google_crc32c
import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)
from google.cloud.secretmanager_v1 import AccessSecretVersionResponse

from tests.support.cloud import OPERATOR, PROJECT, Cloud

NUMBERS = count()


@pytest.fixture
def secret(cloud: Cloud) -> str:
    """A new secret with the versions `one` and `two`."""
    name = (
        cloud.secrets(OPERATOR)
        .create_secret(request={"parent": PROJECT, "secret_id": f"secret-{next(NUMBERS)}"})
        .name
    )
    for value in (b"one", b"two"):
        add(cloud, name, value)
    return name


def add(cloud: Cloud, secret: str, value: bytes, **more: object) -> str:
    """Add a version and return its name."""
    request = {"parent": secret, "payload": {"data": value, **more}}
    return cloud.secrets(OPERATOR).add_secret_version(request=request).name


def access(cloud: Cloud, name: str) -> AccessSecretVersionResponse:
    """Read a version."""
    return cloud.secrets(OPERATOR).access_secret_version(request={"name": name}, retry=None)


def test_versions_are_numbered_and_the_latest_has_a_name(cloud: Cloud, secret: str) -> None:
    """Each answer names the version and carries a checksum."""
    latest = access(cloud, f"{secret}/versions/latest")

    assert (latest.name, latest.payload.data) == (f"{secret}/versions/2", b"two")
    assert latest.payload.data_crc32c == google_crc32c.value(b"two")
    assert access(cloud, f"{secret}/versions/1").payload.data == b"one"


def test_the_latest_is_the_last_made_be_it_disabled(cloud: Cloud, secret: str) -> None:
    """That is why our reader lists the enabled ones."""
    client = cloud.secrets(OPERATOR)
    client.disable_secret_version(request={"name": f"{secret}/versions/2"})
    with pytest.raises(FailedPrecondition):
        access(cloud, f"{secret}/versions/latest")

    client.enable_secret_version(request={"name": f"{secret}/versions/2"})
    assert access(cloud, f"{secret}/versions/latest").payload.data == b"two"


def test_a_destroyed_version_never_comes_back(cloud: Cloud, secret: str) -> None:
    """Its number stays taken."""
    client, name = cloud.secrets(OPERATOR), f"{secret}/versions/2"
    client.destroy_secret_version(request={"name": name})
    with pytest.raises(FailedPrecondition):
        access(cloud, name)
    with pytest.raises(FailedPrecondition):
        client.enable_secret_version(request={"name": name})

    assert add(cloud, secret, b"three") == f"{secret}/versions/3"


def test_versions_are_listed_newest_first_by_state_and_page(cloud: Cloud, secret: str) -> None:
    """As the order of our reader needs it."""
    client = cloud.secrets(OPERATOR)
    for value in (b"three", b"four"):
        add(cloud, secret, value)
    client.disable_secret_version(request={"name": f"{secret}/versions/3"})

    def numbers(**more: object) -> list[str]:
        listed = client.list_secret_versions(request={"parent": secret, **more})
        return [version.name.rpartition("/")[2] for version in listed]

    assert numbers() == numbers(page_size=3) == ["4", "3", "2", "1"]
    assert numbers(filter="state:ENABLED", page_size=1) == ["4", "2", "1"]
    with pytest.raises(InvalidArgument):
        numbers(filter="create_time<2026")


def test_what_is_not_whole_is_not_stored(cloud: Cloud, secret: str) -> None:
    """A checksum of something else, or more than 64 KiB."""
    with pytest.raises(InvalidArgument):
        add(cloud, secret, b"three", data_crc32c=1)
    with pytest.raises(InvalidArgument):
        add(cloud, secret, bytes(65_537))
    assert add(cloud, secret, b"three", data_crc32c=google_crc32c.value(b"three"))


@pytest.mark.parametrize("version", ["3", "0", "first"])
def test_what_is_not_there_is_not_found(cloud: Cloud, secret: str, version: str) -> None:
    """A version, or a secret."""
    with pytest.raises(NotFound):
        access(cloud, f"{secret}/versions/{version}")
    with pytest.raises(NotFound):
        access(cloud, f"{secret}-not/versions/1")


def test_a_secret_is_made_once(cloud: Cloud, secret: str) -> None:
    """And under a proper name."""
    client = cloud.secrets(OPERATOR)
    with pytest.raises(AlreadyExists):
        client.create_secret(request={"parent": PROJECT, "secret_id": secret.rpartition("/")[2]})
    with pytest.raises(InvalidArgument):
        client.create_secret(request={"parent": PROJECT, "secret_id": "no way"})
