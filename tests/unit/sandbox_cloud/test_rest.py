"""The local cloud over REST: Google's own clients, by REST and by gRPC, see one and the same cloud."""

from typing import Any

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, Forbidden, NotFound, ServiceUnavailable
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient

from multi_user_oauth.sandbox.cloud import Fault
from tests.support.cloud import CALLBACK, KEY_RING, OPERATOR, PROJECT, REFRESH, STRANGER, Cloud

PLAINTEXT, AAD = bytes(range(32)), b"aad"


@pytest.fixture
def key_name(cloud: Cloud) -> str:
    """A new key."""
    return cloud.new_key()


def ask(cloud: Cloud, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401  # reason: of requests
    """Send a request of one's own, as the operator."""
    url = f"{cloud.local.rest_url(OPERATOR)}{path}"
    return requests.request(method, url, timeout=10, **more)


def test_what_one_transport_wraps_the_other_opens(cloud: Cloud, key_name: str) -> None:
    """Checksums and all, with Google's unmodified clients."""
    aad = {"additional_authenticated_data": AAD}
    for wrap, unwrap in (
        (cloud.kms_by_rest(CALLBACK), cloud.kms(REFRESH)),
        (cloud.kms(CALLBACK), cloud.kms_by_rest(REFRESH)),
    ):
        checksum = google_crc32c.value(PLAINTEXT)
        wrapped = wrap.encrypt(
            request={
                "name": key_name,
                "plaintext": PLAINTEXT,
                "plaintext_crc32c": checksum,
                **aad,
            }
        )
        assert wrapped.verified_plaintext_crc32c
        assert not wrapped.verified_additional_authenticated_data_crc32c
        assert wrapped.ciphertext_crc32c == google_crc32c.value(wrapped.ciphertext)
        opened = unwrap.decrypt(request={"name": key_name, "ciphertext": wrapped.ciphertext, **aad})
        assert (opened.plaintext, opened.used_primary) == (PLAINTEXT, True)
        assert opened.plaintext_crc32c == google_crc32c.value(PLAINTEXT)


def test_a_key_is_administered_by_rest(cloud: Cloud) -> None:
    """Made, rotated, disabled, destroyed, listed: paths, queries, masks and numbers are Google's."""
    kms = cloud.kms_by_rest(OPERATOR)
    name = kms.create_crypto_key(
        request={
            "parent": KEY_RING,
            "crypto_key_id": "by-rest",
            "crypto_key": {"purpose": "ENCRYPT_DECRYPT"},
        }
    ).name
    with pytest.raises(Conflict):
        kms.create_crypto_key(
            request={
                "parent": KEY_RING,
                "crypto_key_id": "by-rest",
                "crypto_key": {"purpose": "ENCRYPT_DECRYPT"},
            }
        )
    second = kms.create_crypto_key_version(request={"parent": name})
    kms.update_crypto_key_primary_version(request={"name": name, "crypto_key_version_id": "2"})
    kms.update_crypto_key_version(
        request={
            "crypto_key_version": {"name": f"{name}/cryptoKeyVersions/1", "state": "DISABLED"},
            "update_mask": {"paths": ["state"]},
        }
    )

    assert kms.get_crypto_key(request={"name": name}).primary.name == second.name
    listed = kms.list_crypto_key_versions(request={"parent": name, "page_size": 1})
    assert [version.state.name for version in listed] == ["DISABLED", "ENABLED"]
    kms.destroy_crypto_key_version(request={"name": f"{name}/cryptoKeyVersions/1"})
    (left,) = kms.list_crypto_key_versions(request={"parent": name, "filter": "state:ENABLED"})
    assert left.name == second.name


def test_secrets_are_read_by_rest(cloud: Cloud) -> None:
    """The same rules serve Secret Manager."""
    secrets = SecretManagerServiceClient(
        transport="rest",
        client_options={"api_endpoint": cloud.local.rest_url(OPERATOR)},
        credentials=AnonymousCredentials(),
    )
    replication: dict[str, dict[str, object]] = {"replication": {"automatic": {}}}
    made = secrets.create_secret(
        request={"parent": PROJECT, "secret_id": "by-rest", "secret": replication}
    )
    secrets.add_secret_version(
        request={"parent": made.name, "payload": {"data": b"made-up-client-secret"}}
    )
    read = secrets.access_secret_version(request={"name": f"{made.name}/versions/latest"})
    assert read.payload.data == b"made-up-client-secret"
    assert read.payload.data_crc32c == google_crc32c.value(read.payload.data)


def test_rights_faults_and_calls_are_those_of_grpc(cloud: Cloud, key_name: str) -> None:
    """One port for each caller here too."""
    request = {"name": key_name, "plaintext": PLAINTEXT}
    with pytest.raises(Forbidden):
        cloud.kms_by_rest(STRANGER).encrypt(request=request)
    cloud.faults.add(Fault(method="Encrypt", status="UNAVAILABLE"))
    with pytest.raises(ServiceUnavailable):
        cloud.kms_by_rest(CALLBACK).encrypt(request=request, retry=None)
    cloud.kms_by_rest(CALLBACK).encrypt(request=request)

    calls = [(call.caller, call.status) for call in cloud.calls.as_list()[1:]]
    assert calls == [(STRANGER, "PERMISSION_DENIED"), (CALLBACK, "UNAVAILABLE"), (CALLBACK, "OK")]


def test_what_is_wrong_is_refused_as_google_refuses_it(cloud: Cloud, key_name: str) -> None:
    """By the status, in the shape of google.rpc.Status."""
    kms = cloud.kms_by_rest(REFRESH)
    with pytest.raises(BadRequest):
        kms.decrypt(request={"name": key_name, "ciphertext": bytes(40)})
    with pytest.raises(NotFound):
        kms.encrypt(request={"name": f"{KEY_RING}/cryptoKeys/nowhere", "plaintext": b"x"})
    refused = ask(cloud, "GET", f"/v1/{KEY_RING}/cryptoKeys/nowhere")
    assert refused.status_code == 404
    error = refused.json()["error"]
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("place", "body", "status"),
    [
        ("POST :encrypt", "{", "INVALID_ARGUMENT"),
        ("POST :encrypt", "[]", "INVALID_ARGUMENT"),
        ("POST :encrypt", '{"plaintext": 7}', "INVALID_ARGUMENT"),
        ("POST :encrypt", '{"plaintxt": ""}', "INVALID_ARGUMENT"),
        ("PATCH /cryptoKeyVersions/1?updateMask=state", "[]", "INVALID_ARGUMENT"),
        ("GET ?colour=red", "", "INVALID_ARGUMENT"),
        ("POST :melt", "{}", "NOT_FOUND"),
        ("DELETE ", "", "NOT_FOUND"),
    ],
)
def test_what_can_not_be_read_is_refused(
    cloud: Cloud, key_name: str, place: str, body: str, status: str
) -> None:
    """Nothing is guessed."""
    method, _, path = place.partition(" ")
    refused = ask(cloud, method, f"/v1/{key_name}{path}", data=body)
    assert refused.json()["error"]["status"] == status
    assert refused.status_code == {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404}[status]


def test_states_are_words_unless_numbers_are_asked_for(cloud: Cloud, key_name: str) -> None:
    """Google's client asks for numbers, people do not."""
    version = f"/v1/{key_name}/cryptoKeyVersions"
    words = ask(cloud, "GET", version).json()["cryptoKeyVersions"]
    numbers = ask(cloud, "GET", f"{version}?$alt=json;enum-encoding=int").json()
    assert words == [{"name": f"{key_name}/cryptoKeyVersions/1", "state": "ENABLED"}]
    assert numbers["cryptoKeyVersions"][0]["state"] == 1


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_a_page_of_another_site_uses_no_key(
    cloud: Cloud, key_name: str, headers: dict[str, str]
) -> None:
    """Its browser runs on this machine too."""
    assert ask(cloud, "GET", f"/v1/{key_name}", headers=headers).status_code == 403
