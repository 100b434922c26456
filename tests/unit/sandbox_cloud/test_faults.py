"""Faults happen to whom they should, as often as they should, and over HTTP too."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

import google_crc32c
import pytest
from google.api_core.exceptions import ServiceUnavailable

from multi_user_oauth.sandbox.cloud import FOR_EVER, Fault
from tests.support.cloud import CALLBACK, OPERATOR, REFRESH, Cloud


@pytest.fixture
def key_name(cloud: Cloud) -> str:
    """A new key."""
    return cloud.new_key()


def encrypt(cloud: Cloud, key_name: str, caller: str = CALLBACK) -> str:
    """Encrypt, and return the name of the version that did."""
    request = {"name": key_name, "plaintext": b"x"}
    return cloud.kms(caller).encrypt(request=request, retry=None).name


def test_a_fault_happens_so_often(cloud: Cloud, key_name: str) -> None:
    """And to nobody else, and to nothing else."""
    cloud.faults.add(Fault(method="Encrypt", caller=CALLBACK, status="UNAVAILABLE", times=2))
    assert encrypt(cloud, key_name, REFRESH)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            encrypt(cloud, key_name)
    assert encrypt(cloud, key_name)
    assert cloud.faults.as_list() == []


def test_a_fault_for_ever_ends_when_it_is_cleared(cloud: Cloud, key_name: str) -> None:
    """Not before."""
    cloud.faults.add(Fault(method="Encrypt", status="UNAVAILABLE", times=FOR_EVER))
    for _ in range(3):
        with pytest.raises(ServiceUnavailable):
            encrypt(cloud, key_name)
    cloud.faults.clear()
    assert encrypt(cloud, key_name)


def test_answers_are_spoilt(cloud: Cloud, key_name: str) -> None:
    """Each way of spoiling is what its name says."""
    kms = cloud.kms(CALLBACK)

    def answer(how: Any) -> Any:  # noqa: ANN401  # reason: the library's message
        cloud.faults.add(Fault(method="Encrypt", spoilt=how))
        data = {"plaintext": b"x", "plaintext_crc32c": google_crc32c.value(b"x")}
        return kms.encrypt(request={"name": key_name, **data}, retry=None)

    assert answer("missing_crc").ciphertext_crc32c is None
    assert "/cryptoKeys/not-" in answer("wrong_name").name
    assert not answer("unverified_data").verified_plaintext_crc32c
    assert answer("unverified_aad").verified_plaintext_crc32c
    for how, fits in (("wrong_crc", False), ("corrupted", False), ("forged", True)):
        spoilt = answer(how)
        assert (spoilt.ciphertext_crc32c == google_crc32c.value(spoilt.ciphertext)) is fits


def test_an_unknown_status_is_a_mistake() -> None:
    """It is found where it was made."""
    with pytest.raises(ValueError, match="no gRPC status"):
        Fault(method="Encrypt", status="OUT_OF_ORDER")


def ask(
    cloud: Cloud,
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """Turn a knob over HTTP."""
    connection = HTTPConnection(cloud.local.admin_url.removeprefix("http://"), timeout=10)
    try:
        connection.request(
            method, path, None if body is None else json.dumps(body), dict(headers or {})
        )
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_faults_and_calls_are_reached_over_http(cloud: Cloud, key_name: str) -> None:
    """For whoever runs the cloud in another process."""
    fault = {"method": "Encrypt", "status": "UNAVAILABLE"}
    assert ask(cloud, "POST", "/faults", fault)[0] == HTTPStatus.OK
    assert ask(cloud, "GET", "/faults")[1][0]["status"] == "UNAVAILABLE"
    assert ask(cloud, "DELETE", "/calls")[0] == HTTPStatus.OK
    with pytest.raises(ServiceUnavailable):
        encrypt(cloud, key_name)

    call = {
        "caller": CALLBACK, "method": "Encrypt", "resource": key_name, "status": "UNAVAILABLE",
        "reads": 0, "writes": 0,
    }  # fmt: skip
    assert ask(cloud, "GET", "/calls") == (HTTPStatus.OK, [call])
    ask(cloud, "POST", "/faults", fault)
    ask(cloud, "DELETE", "/faults")
    assert encrypt(cloud, key_name)
    ports = ask(cloud, "GET", "/callers")[1]
    assert f"127.0.0.1:{ports[OPERATOR]}" == cloud.local.address(OPERATOR)


@pytest.mark.parametrize(
    "body", [{"method": "Encrypt", "status": "NONE"}, {"status": "UNAVAILABLE"}, [], "x"]
)
def test_a_wrong_fault_is_refused(cloud: Cloud, body: object) -> None:
    """With what is wrong."""
    status, answer = ask(cloud, "POST", "/faults", body)
    assert status == HTTPStatus.BAD_REQUEST
    assert answer["error"]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_a_page_of_another_site_turns_no_knob(cloud: Cloud, headers: dict[str, str]) -> None:
    """Its browser runs on this machine too."""
    assert ask(cloud, "GET", "/calls", headers=headers)[0] == HTTPStatus.FORBIDDEN


def test_there_are_no_other_knobs(cloud: Cloud) -> None:
    """Nobody guesses."""
    assert ask(cloud, "GET", "/secrets")[0] == HTTPStatus.NOT_FOUND
