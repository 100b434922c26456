"""A setting that is missing or malformed stops the start of each function that needs it, by its name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.wiring import MODULES, build
from multi_user_oauth.wiring.world import World
from tests.support.functions import SANDBOX_URL
from tests.support.installation import write_settings

ALL: Final = ("PUBLIC_ORIGIN",)
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "authorize": ("CONNECTOR_TYPES_FILE", "FLOW_KEYS_FILE", "POLICY_FILE"),
    "callback_microsoft": (
        "CONNECTOR_TYPES_FILE", "FLOW_KEYS_FILE", "SESSION_SIGNING_KEY_FILE",
        "SESSION_PUBLIC_KEYS_FILE", "CLIENT_SECRETS_FILE", "DEPLOYMENT_ID", "DATA_DIR", "KEY_DIR",
    ),
    "callback_google": (
        "CONNECTOR_TYPES_FILE", "FLOW_KEYS_FILE", "SESSION_SIGNING_KEY_FILE",
        "SESSION_PUBLIC_KEYS_FILE", "CLIENT_SECRETS_FILE", "DEPLOYMENT_ID", "DATA_DIR", "KEY_DIR",
    ),
    "list_users": ("CONNECTOR_TYPES_FILE", "SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE", "DATA_DIR"),
    "revoke": ("SESSION_PUBLIC_KEYS_FILE", "POLICY_FILE", "DATA_DIR"),
    "refresh": (
        "CONNECTOR_TYPES_FILE", "POLICY_FILE", "CLIENT_SECRETS_FILE", "DEPLOYMENT_ID", "DATA_DIR",
        "KEY_DIR",
    ),
    "access_token": ("POLICY_FILE", "DEPLOYMENT_ID", "DATA_DIR", "KEY_DIR"),
    "web": ("CONNECTOR_TYPES_FILE", "WEB_DIR"),
}  # fmt: skip
CASES: Final = [(name, setting) for name, needed in NEEDED.items() for setting in (*ALL, *needed)]
FILES: Final = [(name, setting) for name, setting in CASES if setting.endswith("_FILE")]


@pytest.fixture
def settings(tmp_path: Path, keys: Mapping[str, str]) -> dict[str, str]:
    """Settings with which every function starts."""
    return write_settings(tmp_path, keys, SANDBOX_URL)


def refusal(name: str, settings: Mapping[str, str]) -> str:
    """Return why the function does not start."""
    with pytest.raises(ConfigurationError) as refused:
        build(name, settings, world=World())
    return str(refused.value)


def test_every_function_starts_with_good_settings(settings: dict[str, str]) -> None:
    """Without touching a database or a provider."""
    before = set(Path(settings["DATA_DIR"]).iterdir())
    for name in MODULES:
        build(name, settings, world=World())
    assert set(Path(settings["DATA_DIR"]).iterdir()) == before


@pytest.mark.parametrize(("name", "setting"), CASES)
def test_a_missing_setting_is_named(settings: dict[str, str], name: str, setting: str) -> None:
    """Not set, or set to nothing."""
    for empty in ("", "  "):
        assert refusal(name, settings | {setting: empty}) == f"{setting} is not set"
    del settings[setting]
    assert refusal(name, settings) == f"{setting} is not set"


@pytest.mark.parametrize(("name", "setting"), FILES)
def test_a_file_that_is_not_there_or_holds_nonsense_is_named(
    settings: dict[str, str], tmp_path: Path, name: str, setting: str
) -> None:
    """Whichever file it is; its content is not shown."""
    missing = tmp_path / "missing"
    assert str(missing) in refusal(name, settings | {setting: str(missing)})
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("['marker-in-a-secret-file', {")
    nonsense.chmod(0o600)
    text = refusal(name, settings | {setting: str(nonsense)})
    assert str(nonsense) in text
    assert "marker" not in text


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PUBLIC_ORIGIN": "vault.company.com"}, "PUBLIC_ORIGIN is malformed: expected an origin"),
        ({"OAUTHLIB_INSECURE_TRANSPORT": "0"}, "OAUTHLIB_INSECURE_TRANSPORT must not be set"),
        ({"K_SERVICE": "x"}, "SANDBOX_URL is refused"),
        ({"SANDBOX_URL": "http://10.0.0.1:8085"}, "SANDBOX_URL is malformed"),
        (
            {"SANDBOX_URL": "https://sandbox.example"},
            "SANDBOX_URL is malformed: expected a loopback",
        ),
        ({"BACKEND": "oracle"}, "BACKEND is malformed: expected one of embedded"),
    ],
)
def test_a_dangerous_or_malformed_setting_stops_every_function(
    settings: dict[str, str], name: str, changes: dict[str, str], said: str
) -> None:
    """Whether or not the function would have used it."""
    assert said in refusal(name, settings | changes)


@pytest.mark.parametrize("name", ["authorize", "callback_microsoft", "callback_google", "web"])
def test_browsers_need_a_host_of_our_own(settings: dict[str, str], name: str) -> None:
    """On a shared host other people's functions could read our cookies."""
    shared = settings | {"PUBLIC_ORIGIN": "https://region-project.cloudfunctions.net"}
    assert "TRIAL_ON_SHARED_HOST=yes" in refusal(name, shared)
    build(name, shared | {"TRIAL_ON_SHARED_HOST": "yes"}, world=World())


def test_a_private_key_is_no_public_key(settings: dict[str, str]) -> None:
    """Whoever only verifies must not hold what signs."""
    swapped = settings | {"SESSION_PUBLIC_KEYS_FILE": settings["SESSION_SIGNING_KEY_FILE"]}
    assert settings["SESSION_SIGNING_KEY_FILE"] in refusal("list_users", swapped)
