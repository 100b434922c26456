"""What a function does not need it does not load; what it loads, its own requirements.txt pins."""

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import packages_distributions
from typing import Final

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from multi_user_oauth.wiring.provision import provision
from tests.support.processes import ROOT, environment

FUNCTIONS: Final = sorted(main.parent.name for main in ROOT.glob("functions/*/main.py"))
GOOGLE: Final = {"google.auth", "google.oauth2", "google_auth_oauthlib", "oauthlib"}
PROVIDERS: Final = {*GOOGLE, "msal"}
NEVER: Final = {
    *("authlib", "boto3", "grpc", "pytest", "waitress", "google.cloud.firestore"),
    *("multi_user_oauth.cli", "multi_user_oauth.manager", "multi_user_oauth.sandbox"),
}
"""No function loads any of these, unless it is told of a sandbox."""

RECORDS: Final = {
    *("multi_user_oauth.model.connection", "multi_user_oauth.model.records"),
    *("multi_user_oauth.ports.activity_store", "multi_user_oauth.ports.main_store"),
    "multi_user_oauth.wiring.backend",
}
SESSIONS: Final = {"multi_user_oauth.access", "multi_user_oauth.http.sessions"}
NOT_FOR_WEB: Final = {
    *("limits", "multi_user_oauth.http.limits", "multi_user_oauth.http.pages"),
    *("multi_user_oauth.model.policy", "multi_user_oauth.sign_in"),
}
"""Own modules that cost a start as much as a library does; `model` and `ports` load what is asked for."""

NOT_LOADED: Final[Mapping[str, set[str]]] = {
    "access_token": PROVIDERS,
    "account": PROVIDERS,
    # The first person who is sent away loads one of them.
    "authorize": {*PROVIDERS, *RECORDS, *SESSIONS, "sqlite3"},
    "callback_google": {"msal"},
    "callback_microsoft": GOOGLE,
    "connectors": PROVIDERS,
    "list_users": PROVIDERS,
    "refresh": set(),
    "revoke": PROVIDERS,
    "web": {
        *(*PROVIDERS, *RECORDS, *SESSIONS, *NOT_FOR_WEB),
        *("cryptography", "joserfc", "requests", "sqlite3"),
    },
}
IN_GOOGLE_CLOUD: Final = {
    "BACKEND": "gcp",
    "GOOGLE_CLOUD_PROJECT": "vault",
    "ACCESS_KEY": "projects/p/locations/l/keyRings/r/cryptoKeys/access",
    "REFRESH_KEY": "projects/p/locations/l/keyRings/r/cryptoKeys/refresh",
    # Nobody listens there: a start asks nobody anything.
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
    "LOCAL_CLOUD": "127.0.0.1:9",
    "LOCAL_KMS": "http://127.0.0.1:9",
    "EVENTS_TOPIC": "projects/vault/topics/events",
    "SWEEP_TOPIC": "projects/vault/topics/sweep",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
}
AT_AWS: Final = {
    "ACCESS_KEY": "arn:aws:kms:eu-central-1:123456789012:key/access",
    "REFRESH_KEY": "arn:aws:kms:eu-central-1:123456789012:key/refresh",
    "AWS_SECRETS_REGION": "eu-central-1",
}
SECRETS: Final = "google.cloud.secretmanager_v1"
LIBRARIES: Final = {"google_auth_oauthlib", "msal"}
NEVER_IN_GOOGLE_CLOUD: Final = {
    *("boto3", "sqlite3", "google.cloud.kms", "google.cloud.kms_v1"),
    *("google.cloud.pubsub", "google.pubsub_v1", "multi_user_oauth.events.pubsub"),
    *("authlib", "pytest", "waitress", "multi_user_oauth.cli", "multi_user_oauth.sandbox"),
}
KEYS: Final = {"multi_user_oauth.keys.cloud_kms", "multi_user_oauth.keys.envelope"}
NOT_LOADED_IN_GOOGLE_CLOUD: Final[Mapping[str, set[str]]] = {
    "access_token": {*LIBRARIES, SECRETS},
    "account": {*LIBRARIES, *KEYS, SECRETS},
    "authorize": {*PROVIDERS, *RECORDS, *SESSIONS, "google.cloud", "grpc"},
    "callback_google": {"msal"},
    "callback_microsoft": {"google_auth_oauthlib"},
    "connectors": {*LIBRARIES, SECRETS},
    "list_users": {*LIBRARIES, *KEYS, SECRETS},
    "refresh": set(),
    "revoke": {*LIBRARIES, *KEYS, SECRETS},
    "web": {
        *(*PROVIDERS, *RECORDS, *SESSIONS, *NOT_FOR_WEB),
        *("cryptography", "google.cloud", "grpc", "joserfc", "requests"),
    },
}
"""What Firestore loads by itself (google.auth, requests) it brings to whoever has a database."""

CLIENT: Final = ("requests", "certifi", "charset_normalizer", "idna", "urllib3")
FIRST: Final = "import json, runpy, sys\nbefore = set(sys.modules)"
LAST: Final = """
print(json.dumps({
    name: getattr(module, "__file__", None)
    for name, module in list(sys.modules.items()) if name not in before
}))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give every setting that a function may read, of a machine without a sandbox."""
    folder = tmp_path_factory.mktemp("settings")
    contents = {
        "CLIENT_SECRETS_FILE": {"secret": "made-up-client-secret"},
        "CONNECTOR_TYPES_FILE": {
            "google_workspace": {
                "provider": "google",
                "title": "Google Workspace",
                "client_id": "1234.apps.googleusercontent.com",
                "client_secret": "secret",
                "hosted_domains": ["example.com"],
                "required_scopes": ["https://www.googleapis.com/auth/gmail.send"],
            }
        },
        "POLICY_FILE": {"agents": {}},
    }
    for name, content in contents.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(yaml.safe_dump(content))
    return {
        **provision(folder),
        **{name: str(folder / name) for name in contents},
        "PUBLIC_ORIGIN": "https://oauth.example.com",
        "DEPLOYMENT_ID": "6f6a5a1e-0000-4000-8000-000000000004",
        "REFRESH_URL": "https://refresh.example.com",
    }


def loaded_by(program: str, settings: Mapping[str, str]) -> dict[str, str | None]:
    """Run a program in a fresh interpreter; return its modules and the files they come from."""
    done = subprocess.run(
        [sys.executable, "-c", f"{FIRST}\n{program}\n{LAST}"],
        cwd=ROOT, env=environment(settings), capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    modules: dict[str, str | None] = json.loads(done.stdout)
    return modules


@pytest.fixture(scope="module")
def loaded(settings: dict[str, str]) -> dict[str, dict[str, str | None]]:
    """Start each function once."""
    return started(settings)


@pytest.fixture(scope="module")
def loaded_in_google_cloud(settings: dict[str, str]) -> dict[str, dict[str, str | None]]:
    """Start each function once, with all that it keeps in Google Cloud."""
    return started(settings | IN_GOOGLE_CLOUD)


def started(settings: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """Start each function and return what it loaded."""
    with ThreadPoolExecutor(2) as pool:
        runs = {
            name: pool.submit(loaded_by, f"runpy.run_path('functions/{name}/main.py')", settings)
            for name in FUNCTIONS
        }
        return {name: run.result() for name, run in runs.items()}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_nothing_that_it_does_not_need(
    loaded: dict[str, dict[str, str | None]], name: str
) -> None:
    """Above all: who can not refresh has no provider's library to do it with."""
    assert loaded[name].keys() & (NOT_LOADED[name] | NEVER) == set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_in_google_cloud_too_a_function_loads_nothing_that_it_does_not_need(
    loaded_in_google_cloud: dict[str, dict[str, str | None]], name: str
) -> None:
    """Nobody loads Google's client of Cloud KMS; who reads no client secret has nothing to do it with."""
    unwanted = NOT_LOADED_IN_GOOGLE_CLOUD[name] | NEVER_IN_GOOGLE_CLOUD
    assert loaded_in_google_cloud[name].keys() & unwanted == set()


@pytest.mark.parametrize("name", ["access_token", "callback_google", "refresh"])
def test_with_keys_and_secrets_at_aws_googles_are_not_loaded(
    settings: dict[str, str], name: str
) -> None:
    """And the other way round: the names of the keys say which."""
    modules = loaded_by(
        f"runpy.run_path('functions/{name}/main.py')", settings | IN_GOOGLE_CLOUD | AT_AWS
    )
    assert modules.keys() & {SECRETS, "multi_user_oauth.keys.cloud_kms"} == set()
    assert "boto3" in modules


@pytest.mark.parametrize("backend", ["loaded", "loaded_in_google_cloud"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_only_what_its_requirements_pin(
    request: pytest.FixtureRequest, backend: str, name: str
) -> None:
    """A library that is there by chance on this machine is not there in production."""
    loaded: dict[str, dict[str, str | None]] = request.getfixturevalue(backend)
    lines = (ROOT / "functions" / name / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line[:1].isalnum()]
    pinned = {canonicalize_name(Requirement(pin.rstrip(" \\")).name) for pin in pins}
    distributions = packages_distributions()
    unpinned = {
        package
        for package in installed(loaded[name])
        if not pinned & {canonicalize_name(each) for each in distributions[package]}
    }
    assert unpinned == set()


def installed(modules: Mapping[str, str | None]) -> set[str]:
    """Return the packages that came from somewhere else than Python, us, and empty namespaces."""
    files = {name: file for name, file in modules.items() if file and "site-packages" in file}
    return {name.partition(".")[0] for name in files} & packages_distributions().keys()


def test_without_an_address_of_refresh_the_library_is_loaded_at_the_first_refresh_only(
    settings: dict[str, str],
) -> None:
    """A process that serves all, as the demo, starts without it too."""
    values = {name: value for name, value in settings.items() if name != "REFRESH_URL"}
    modules = loaded_by("runpy.run_path('functions/access_token/main.py')", values)
    assert modules.keys() & PROVIDERS == set()


def test_importing_the_package_costs_nothing() -> None:
    """Its names are loaded on first use; `from multi_user_oauth import Secret` loads values only."""
    modules = loaded_by("import multi_user_oauth\nfrom multi_user_oauth import Secret", {})
    ours = {name for name in modules if name.startswith("multi_user_oauth.")}
    assert {name.split(".")[1] for name in ours} <= {"loading", "model", "errors"}
    heavy = {"requests", "flask", "msgspec", "cryptography", "sqlite3", *PROVIDERS}
    assert modules.keys() & heavy == set()


@pytest.mark.parametrize("package", ["multi_user_oauth.model", "multi_user_oauth.errors"])
def test_values_and_errors_need_no_more_than_the_client_brings(package: str) -> None:
    """The bare install has requests and what that needs; everything else is an extra."""
    program = f"""
    import importlib.abc
    import multi_user_oauth
    class OnlyTheClient(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            top = name.partition(".")[0]
            if top in {CLIENT} or top in sys.stdlib_module_names or top == "multi_user_oauth":
                return None
            raise ModuleNotFoundError(f"the bare install has no {{name}}")
    sys.meta_path.insert(0, OnlyTheClient())
    import requests
    from {package} import *
    """
    lines = [line.removeprefix("    ") for line in program.splitlines()]
    assert package in loaded_by("\n".join(lines), {})


def test_the_lists_here_name_every_function() -> None:
    """A new function says what it must not load."""
    assert sorted(NOT_LOADED) == sorted(NOT_LOADED_IN_GOOGLE_CLOUD) == FUNCTIONS
