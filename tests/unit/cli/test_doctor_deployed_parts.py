"""doctor --deployed: where it looks, until when secrets are kept, and how it is asked."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud.secretmanager_v1 import types

from multi_user_oauth.cli.doctor.bench import Bench
from multi_user_oauth.cli.doctor.deployed.addresses import (
    Addresses,
    Outputs,
    at,
    differences,
    read_outputs,
)
from multi_user_oauth.cli.doctor.deployed.platform import platform_checks, platform_findings
from multi_user_oauth.cli.doctor.deployed.refusing import refusing_checks
from multi_user_oauth.cli.doctor.deployed.secret_ends import secret_checks
from multi_user_oauth.cli.doctor.findings import Finding, Status, side_by_side
from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.settings import Settings
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.wiring.world import World
from tests.support.clock import START

from .conftest import Run
from .doctor_platform import FUNCTIONS
from .processes import free_ports, running

ORIGIN = "https://connect.company.com"
RUN = "https://oauth-refresh-123456.europe-west1.run.app"
SHARED = "https://europe-west1-company-oauth.cloudfunctions.net"
BY_NAME = {each.name: each for each in FUNCTIONS}


def outputs(file: Path, **changes: object) -> Path:
    """Write what `terraform output -json` prints."""
    values: dict[str, object] = {
        "public_origin": ORIGIN,
        "refresh_url": RUN,
        "function_urls": {"web": f"{SHARED}/oauth-web"},
        "secrets": {"policy": "oauth-policy", "client secret google": "google"},
        "ip_address": None,
    } | changes
    file.write_text(json.dumps({name: {"value": value} for name, value in values.items()}))
    return file


def bench(env_file: Path, **changes: str) -> Bench:
    """Settings as an operator has them."""
    values = {**read_settings(env_file), "PUBLIC_ORIGIN": ORIGIN, **changes}
    settings = Settings(values)
    types_ = load_connector_types(settings.connector_types_file)
    world = World(now=lambda: START)
    return Bench(values=values, settings=settings, world=world, types=tuple(types_.values()))


def test_what_terraform_prints_is_read(tmp_path: Path) -> None:
    """What is not needed is passed over."""
    read = read_outputs(outputs(tmp_path / "outputs.json"))
    assert (read.public_origin, read.refresh_url) == (ORIGIN, RUN)
    assert read.function_urls == {"web": f"{SHARED}/oauth-web"}
    assert read.secrets == ("google", "oauth-policy")


@pytest.mark.parametrize(
    "changes",
    [
        {"public_origin": "http://connect.company.com"},
        {"refresh_url": None},
        {"function_urls": {"web": "http://connect.company.com/web"}},
        {"function_urls": {"web": "https://user@connect.company.com/web"}},
        {"function_urls": {"web": "https://connect.company.com/web?x=1"}},
        {"function_urls": ["web"]},
    ],
)
def test_addresses_that_are_none_stop_it(tmp_path: Path, changes: dict[str, object]) -> None:
    """Nothing is sent anywhere."""
    with pytest.raises(ConfigurationError):
        read_outputs(outputs(tmp_path / "outputs.json", **changes))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"public_origin": "x"}', "{"])
def test_a_file_of_something_else_is_named(tmp_path: Path, text: str) -> None:
    """With the command that writes the right one."""
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="terraform -chdir=infra output -json"):
        read_outputs(file)


def test_addresses_of_cloud_run_follow_from_that_of_refresh() -> None:
    """So that settings alone are enough to find a function that answers past the load balancer."""
    where = Addresses(origin=ORIGIN, functions=FUNCTIONS, refresh_url=RUN)
    assert where.own["access_token"] == ("https://oauth-access-token-123456.europe-west1.run.app",)
    assert where.own["refresh"] == (RUN,)
    assert list(platform_findings(where)) == []


def test_where_functions_own_addresses_are_not_known_that_is_said() -> None:
    """And how they would be."""
    where = Addresses(origin=ORIGIN, functions=FUNCTIONS, refresh_url="https://r.company.com")
    (found,) = platform_findings(where)
    assert (found.status, "--outputs" in found.mend) == (Status.BY_HAND, True)


@pytest.mark.parametrize("refresh_url", ["", "http://127.0.0.1:8090"])
def test_refresh_without_an_address_of_its_own_is_looked_at_by_hand(
    env_file: Path, refresh_url: str
) -> None:
    """On this machine no IAM stands before it."""
    where = Addresses(origin=SHARED, functions=FUNCTIONS, refresh_url=refresh_url)
    (found,) = platform_findings(where)
    assert list(platform_checks(bench(env_file), where)) == []
    assert (found.subject, found.status) == ("refresh", Status.BY_HAND)


def test_on_the_shared_host_functions_are_asked_by_their_own_addresses(env_file: Path) -> None:
    """There no path of PUBLIC_ORIGIN leads to a function, and nothing is past anything."""
    told = Outputs(public_origin=SHARED, function_urls={"web": f"{SHARED}/oauth-web"})
    where = Addresses(origin=SHARED, functions=FUNCTIONS, refresh_url=RUN, outputs=told)
    web, users = BY_NAME["web"], BY_NAME["list_users"]
    assert where.of(web, web.routes[1], "teams") == f"{SHARED}/oauth-web/connect"
    assert where.of(users, users.routes[0], "teams") == ""
    assert [each.theme.subject for each in platform_checks(bench(env_file), where)] == ["refresh"]
    without = Addresses(origin=SHARED, functions=FUNCTIONS, refresh_url=RUN)
    found = side_by_side([*refusing_checks(bench(env_file), without)])
    assert {each.status for each in found} == {Status.BY_HAND}
    assert len(found) == len(FUNCTIONS) - 1


def test_behind_a_name_a_function_sees_what_follows_it() -> None:
    """Google's shared host takes the name away, Cloud Run's own leaves the path as it is."""
    route = BY_NAME["refresh"].routes[0]
    assert at(RUN, route, "teams") == f"{RUN}/refresh/one"
    assert at(f"{SHARED}/oauth-refresh", route, "teams") == f"{SHARED}/oauth-refresh/one"


def test_settings_that_agree_with_terraform_are_ok(env_file: Path) -> None:
    """Without its outputs there is nothing to compare."""
    made = bench(env_file, REFRESH_URL=RUN, REFRESH_AUDIENCE=RUN)
    told = Outputs(public_origin=ORIGIN, refresh_url=RUN)
    where = Addresses(origin=ORIGIN, functions=FUNCTIONS, refresh_url=RUN, outputs=told)
    assert {each.status for each in differences(made, where)} == {Status.OK}
    assert list(differences(made, Addresses(origin=ORIGIN, functions=FUNCTIONS))) == []
    (found,) = [
        each
        for each in differences(bench(env_file, REFRESH_URL=RUN), where)
        if each.status is not Status.OK
    ]
    assert (found.subject, found.status) == ("REFRESH_AUDIENCE", Status.WRONG)


# --- until when secrets are kept

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
STATES = types.SecretVersion.State


@contextmanager
def secret_manager(get: Any, listed: Any) -> Iterator[str]:  # noqa: ANN401  # reason: grpc has no types
    """A Secret Manager that answers so; its address."""
    handlers = {
        "GetSecret": grpc.unary_unary_rpc_method_handler(
            get,
            request_deserializer=types.GetSecretRequest.deserialize,
            response_serializer=types.Secret.serialize,
        ),
        "ListSecretVersions": grpc.unary_unary_rpc_method_handler(
            listed,
            request_deserializer=types.ListSecretVersionsRequest.deserialize,
            response_serializer=types.ListSecretVersionsResponse.serialize,
        ),
    }
    with ThreadPoolExecutor() as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def ends(env_file: Path, get: Any, *states: int) -> list[Finding]:  # noqa: ANN401  # reason: grpc has no types
    """What is found of the secret `google`, whose versions are in these states, newest first."""

    def listed(_: object, __: object) -> types.ListSecretVersionsResponse:
        versions = [types.SecretVersion(state=state) for state in states]
        return types.ListSecretVersionsResponse(versions=versions)

    with secret_manager(get, listed) as place:
        made = bench(env_file, BACKEND="gcp", GOOGLE_CLOUD_PROJECT="p", LOCAL_CLOUD=place)
        where = Addresses(origin=ORIGIN, functions=FUNCTIONS)
        checks = [each for each in secret_checks(made, where) if each.theme.subject == "google"]
        return side_by_side(checks)


@pytest.mark.parametrize(
    ("days", "status", "said"),
    [
        (None, Status.OK, "without an end"),
        (45, Status.OK, "in 45 days"),
        (30, Status.WARNING, "in 30 days"),
        (-1, Status.WRONG, "in -1 days"),
    ],
)
def test_a_secret_that_deletes_itself_is_told_in_time(
    env_file: Path, days: int | None, status: Status, said: str
) -> None:
    """With the command that keeps it."""

    def get(request: types.GetSecretRequest, _: object) -> types.Secret:
        assert request.name == "projects/p/secrets/google"
        end = None if days is None else START + timedelta(days=days)
        return types.Secret(name=request.name, expire_time=end)

    (found,) = ends(env_file, get, STATES.ENABLED)
    assert (found.status, said in found.what) == (status, True), found.what
    assert status is Status.OK or "gcloud secrets update google --project=p" in found.mend


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((STATES.DISABLED, STATES.ENABLED), "disabled"),
        ((STATES.DESTROYED,), "destroyed"),
        ((), "no version"),
    ],
)  # fmt: skip
def test_a_newest_version_that_can_not_be_read_is_wrong(
    env_file: Path, states: tuple[int, ...], said: str
) -> None:
    """Functions mount `latest`: the next one would not start."""
    found = ends(env_file, lambda request, _: types.Secret(name=request.name), *states)
    assert [each.status for each in found] == [Status.OK, Status.WRONG]
    assert said in found[1].what


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, Status.BY_HAND),
        (grpc.StatusCode.UNIMPLEMENTED, Status.BY_HAND),
        (grpc.StatusCode.NOT_FOUND, Status.WRONG),
        (grpc.StatusCode.UNAVAILABLE, Status.UNKNOWN),
    ],
)
def test_what_may_not_be_seen_is_not_called_missing(
    env_file: Path, code: grpc.StatusCode, status: Status
) -> None:
    """An operator who may not read secrets is as it should be."""

    def get(_: object, context: grpc.ServicerContext) -> None:
        context.abort(code, "a text that is not repeated")

    (found,) = ends(env_file, get)
    assert found.status is status
    assert found.mend
    assert "not repeated" not in found.what + found.mend


def test_every_secret_that_is_named_is_looked_at(env_file: Path, tmp_path: Path) -> None:
    """Those of applications by the connector types, all others by Terraform; on this machine none."""
    read = read_outputs(outputs(tmp_path / "outputs.json"))
    where = Addresses(origin=ORIGIN, functions=FUNCTIONS, outputs=read)
    gcp = {"BACKEND": "gcp", "GOOGLE_CLOUD_PROJECT": "p"}

    def names(**changes: str) -> list[str]:
        return [each.theme.subject for each in secret_checks(bench(env_file, **changes), where)]

    assert names(**gcp) == ["google", "microsoft", "oauth-policy"]
    assert names(**gcp, AWS_SECRETS_REGION="eu-central-1") == ["google", "oauth-policy"]
    assert names() == []


# --- the command


def test_a_demo_is_said_to_be_no_deployment_and_all_else_is_looked_at(
    tmp_path: Path, run: Run
) -> None:
    """Real functions, asked as a deployment would be."""
    port, beside = free_ports()
    with running("demo", "--port", port, "--sandbox-port", beside, cwd=tmp_path) as demo:
        ended = run("doctor", "--deployed", "--env", demo.told["settings"], "--json")
    rows = json.loads(ended.stdout)["findings"]
    assert ended.exit_code == 0
    assert [row["subject"] for row in rows if row["status"] != "ok"] == ["refresh", "https"]
    assert {row["status"] for row in rows} == {"ok", "by_hand"}
    told = {(row["check"], row["subject"]): row["what"] for row in rows}
    for name in ("list_users", "revoke", "access_token", "connectors", "account"):
        assert "refuses by itself (401)" in told["forged_identities", name]
    assert told["front_door", "unknown path"] == "it is answered with our 404"
    departures = [row["what"] for row in rows if row["check"] == "sign-in_as_deployed"]
    assert sum(1 for what in departures if "with PKCE, state and nonce" in what) == 2


def test_options_of_a_deployment_go_with_deployed(run: Run, env_file: Path, tmp_path: Path) -> None:
    """Else they would seem to count."""
    file = outputs(tmp_path / "outputs.json")
    ended = run("doctor", "--env", env_file, "--outputs", file)
    assert (ended.exit_code, "go with --deployed" in ended.stderr) == (2, True)
    ended = run("doctor", "--deployed", "whoami", "ann@company.com")
    assert (ended.exit_code, "options after whoami" in ended.stderr) == (2, True)


def test_outputs_that_can_not_be_read_are_a_wrong_usage(
    run: Run, env_file: Path, tmp_path: Path
) -> None:
    """Before anything is asked of anybody."""
    file = tmp_path / "outputs.json"
    file.write_text("{}")
    ended = run("doctor", "--deployed", "--env", env_file, "--outputs", file)
    assert (ended.exit_code, "terraform" in ended.stderr) == (2, True)
