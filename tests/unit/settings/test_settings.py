"""Each setting: what it may be, what it is when it is not given, and how it is refused."""

from pathlib import Path
from typing import Final

import pytest

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.settings import Settings

PATHS = (
    "client_secrets_file",
    "connector_types_file",
    "data_dir",
    "flow_keys_file",
    "key_dir",
    "link_keys_file",
    "policy_file",
    "session_public_keys_file",
    "session_signing_key_file",
    "web_dir",
)
KEYS = ("access_key", "refresh_key")
REQUIRED = (*PATHS, *KEYS, "public_origin", "deployment_id", "google_cloud_project")


def test_every_setting_is_tested_here() -> None:
    """A new setting must be given to these tests, and says its own name in its documentation."""
    optional = {
        "backend",
        "backup_retention_days",
        "return_origins",
        "cors_origins",
        "rate_per_address",
        "rate_per_caller",
        "rate_per_person",
        "trusted_proxy_hops",
        "behind_iam",
        "durable_reads",
        "reads_retention_days",
        "refresh_url",
        "refresh_audience",
        "service_account",
        "trial_on_shared_host",
        "sandbox_url",
        "firestore_main_database",
        "firestore_activity_database",
        "local_cloud",
        "local_kms",
        "aws_secrets_region",
        "firestore_emulator_host",
        "events_topic",
        "sweep_topic",
        "pubsub_emulator_host",
        "sweep_threads",
        "sweep_rate",
        "used_within_hours",
        "keep_alive_days",
        "idle_limit_days",
    }
    documented = {name: value for part in Settings.__mro__ for name, value in vars(part).items()}
    named = {name for name in documented if not name.startswith("_")}
    # Checks, and what is another setting's value, where it may be left out.
    checks = {"require_safe_transport", "require_own_host", "trace_project"}
    assert named - checks == {*REQUIRED, *optional}
    for name in named - checks:
        assert (documented[name].__doc__ or "").startswith(f"`{name.upper()}`")


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_required_setting_is_named_when_it_is_missing(name: str, value: str | None) -> None:
    """Not set, empty or blank."""
    settings = Settings({} if value is None else {name.upper(): value})
    with pytest.raises(ConfigurationError, match=f"^{name.upper()} is not set$"):
        getattr(settings, name)


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_a_path(name: str) -> None:
    """As it was given."""
    assert getattr(Settings({name.upper(): " /some/where "}), name) == Path("/some/where")


def test_the_defaults() -> None:
    """What is not given has its documented value; set to nothing is not given."""
    empty = {
        "BACKEND": "",
        "BACKUP_RETENTION_DAYS": "",
        "RETURN_ORIGINS": "",
        "REFRESH_URL": "",
        "REFRESH_AUDIENCE": "",
        "SERVICE_ACCOUNT": "",
        "SANDBOX_URL": "",
        "TRIAL_ON_SHARED_HOST": "",
        "FIRESTORE_MAIN_DATABASE": "",
        "FIRESTORE_ACTIVITY_DATABASE": "",
        "LOCAL_CLOUD": "",
        "LOCAL_KMS": "",
        "AWS_SECRETS_REGION": "",
        "FIRESTORE_EMULATOR_HOST": "",
        "CORS_ORIGINS": "",
        "RATE_PER_ADDRESS": "",
        "RATE_PER_CALLER": "",
        "RATE_PER_PERSON": "",
        "TRUSTED_PROXY_HOPS": "",
        "BEHIND_IAM": "",
        "DURABLE_READS": "",
        "READS_RETENTION_DAYS": "",
    }
    for values in ({}, empty):
        settings = Settings(values)
        assert settings.backend == "embedded"
        assert settings.backup_retention_days == 98
        assert settings.return_origins == frozenset()
        assert settings.cors_origins == frozenset()
        assert settings.rate_per_address == settings.rate_per_caller == "3000/minute"
        assert settings.rate_per_person == "600/minute"
        assert settings.trusted_proxy_hops == 0
        assert settings.behind_iam is False
        assert settings.durable_reads is False
        assert settings.reads_retention_days == 400
        assert settings.refresh_url is None
        assert settings.service_account == "default"
        assert settings.trial_on_shared_host is False
        assert settings.sandbox_url is None
        assert settings.firestore_main_database == "main"
        assert settings.firestore_activity_database == "activity"
        assert settings.trace_project == ""
        assert settings.local_cloud is None
        assert settings.local_kms is None
        assert settings.aws_secrets_region is None
        assert settings.firestore_emulator_host is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BACKEND", "oracle", "expected one of embedded"),
        ("BACKUP_RETENTION_DAYS", "-1", "expected a whole number of days"),
        ("BACKUP_RETENTION_DAYS", "1.5", "expected a whole number of days"),
        ("BACKUP_RETENTION_DAYS", "14 weeks", "expected a whole number of days"),
        ("DEPLOYMENT_ID", "production", "expected a UUID"),
        ("ACCESS_KEY", "access", "expected projects/P/locations/L/keyRings/R/cryptoKeys/K"),
        ("REFRESH_KEY", "projects/p/cryptoKeys/k", "expected projects/P"),
        ("LOCAL_CLOUD", "cloud.example:8801", "expected a loopback address"),
        ("LOCAL_CLOUD", "10.0.0.1:8801", "expected a loopback address"),
        ("LOCAL_KMS", "https://127.0.0.1:8802", "expected a loopback address"),
        ("LOCAL_KMS", "https://cloudkms.example", "expected a loopback address"),
        ("LOCAL_KMS", "http://10.0.0.1:8802", "expected an origin"),
        ("LOCAL_KMS", "127.0.0.1:8802", "expected an origin"),
        ("ACCESS_KEY", "arn:aws:kms:eu-central-1:123456789012:alias/a", "expected projects/P"),
        ("REFRESH_KEY", "arn:aws:kms:eu-central-1:1234:key/a", "expected projects/P"),
        ("AWS_SECRETS_REGION", "Frankfurt", "expected a region such as eu-central-1"),
        ("AWS_SECRETS_REGION", "eu-central-1.evil.example", "expected a region"),
        ("EVENTS_TOPIC", "events", "expected projects/P/topics/T"),
        ("EVENTS_TOPIC", "projects/p/topics/ev", "expected projects/P/topics/T"),
        ("EVENTS_TOPIC", "projects/p/topics/a b c", "expected projects/P/topics/T"),
        ("SWEEP_TOPIC", "projects/p/subscriptions/sweep", "expected projects/P/topics/T"),
        ("SWEEP_TOPIC", "projects/p/topics/sweep/more", "expected projects/P/topics/T"),
        ("PUBSUB_EMULATOR_HOST", "pubsub.example:8085", "expected a loopback address"),
        ("PUBSUB_EMULATOR_HOST", "10.0.0.1:8085", "expected a loopback address"),
        ("TRIAL_ON_SHARED_HOST", "true", "expected yes or no"),
        ("TRIAL_ON_SHARED_HOST", "YES", "expected yes or no"),
        ("PUBLIC_ORIGIN", "http://vault.company.com", "expected an origin"),
        ("REFRESH_URL", "refresh", "expected an origin"),
        ("REFRESH_URL", "https://refresh.run.app/refresh", "expected an origin"),
        ("RETURN_ORIGINS", "https://a.example, b.example", "expected an origin"),
        ("RETURN_ORIGINS", "*", "expected an origin"),
        ("CORS_ORIGINS", "*", "expected an origin"),
        ("CORS_ORIGINS", "null", "expected an origin"),
        ("RATE_PER_ADDRESS", "fast", "expected a number a second"),
        ("RATE_PER_CALLER", "0/minute", "expected a number a second"),
        ("RATE_PER_PERSON", "600", "expected a number a second"),
        ("TRUSTED_PROXY_HOPS", "-1", "expected a number from 0 to 9"),
        ("TRUSTED_PROXY_HOPS", "10", "expected a number from 0 to 9"),
        ("BEHIND_IAM", "true", "expected yes or no"),
        ("DURABLE_READS", "1", "expected yes or no"),
        ("READS_RETENTION_DAYS", "0", "expected a number of days"),
        ("READS_RETENTION_DAYS", "1.5", "expected a number of days"),
        ("SANDBOX_URL", "https://localhost:8085", "expected a loopback address"),
        ("SANDBOX_URL", "http://192.168.0.1:8085", "expected an origin"),
        ("SANDBOX_URL", "https://sandbox.example", "expected a loopback address"),
    ],
)
def test_a_malformed_setting_is_named_with_what_was_expected(
    name: str, value: str, expected: str
) -> None:
    """Nothing is guessed or silently left out."""
    with pytest.raises(ConfigurationError, match=f"^{name} is malformed: {expected}"):
        getattr(Settings({name: value}), name.lower())


def test_signatures_are_left_to_the_platform_in_cloud_run_only() -> None:
    """Elsewhere nobody would have checked them."""
    with pytest.raises(ConfigurationError, match=r"^BEHIND_IAM is refused"):
        _ = Settings({"BEHIND_IAM": "yes"}).behind_iam
    assert Settings({"BEHIND_IAM": "yes", "K_SERVICE": "refresh"}).behind_iam is True
    assert Settings({"BEHIND_IAM": "no", "K_SERVICE": "refresh"}).behind_iam is False


def test_return_origins_are_a_list() -> None:
    """Separated by commas, with or without white space."""
    settings = Settings(
        {"RETURN_ORIGINS": "https://a.example,, https://b.example/ ,http://localhost:3000"}
    )
    assert settings.return_origins == {
        "https://a.example",
        "https://b.example",
        "http://localhost:3000",
    }


def test_a_deployment_id_has_one_spelling() -> None:
    """However the UUID was written: sealed values are bound to it."""
    for text in ("0C5F9C1E-6A0F-4A3C-9A55-2F5B7F5F3F10", "0c5f9c1e6a0f4a3c9a552f5b7f5f3f10"):
        assert (
            Settings({"DEPLOYMENT_ID": text}).deployment_id
            == "0c5f9c1e-6a0f-4a3c-9a55-2f5b7f5f3f10"
        )


def test_the_sandbox_is_refused_in_cloud_run() -> None:
    """Even on loopback, even with an empty K_SERVICE."""
    for service in ("authorize", ""):
        settings = Settings({"SANDBOX_URL": "http://127.0.0.1:8085", "K_SERVICE": service})
        with pytest.raises(ConfigurationError, match=r"^SANDBOX_URL is refused"):
            _ = settings.sandbox_url
    assert Settings({"SANDBOX_URL": "http://127.0.0.1:8085"}).sandbox_url == "http://127.0.0.1:8085"


def test_the_sandbox_needs_a_store_that_is_no_ones() -> None:
    """With Google Cloud's back end only while Firestore is an emulator on this machine."""
    gcp = {"SANDBOX_URL": "http://127.0.0.1:8085", "BACKEND": "gcp"}
    for values in (gcp, {**gcp, "FIRESTORE_EMULATOR_HOST": "firestore.example:8080"}):
        with pytest.raises(ConfigurationError, match=r"^SANDBOX_URL is refused"):
            _ = Settings(values).sandbox_url
    emulated = {**gcp, "FIRESTORE_EMULATOR_HOST": "127.0.0.1:8790"}
    assert Settings(emulated).sandbox_url == "http://127.0.0.1:8085"


@pytest.mark.parametrize("name", ["EVENTS_TOPIC", "SWEEP_TOPIC", "PUBSUB_EMULATOR_HOST"])
def test_without_topics_nothing_is_published(name: str) -> None:
    """They are not set, or set to nothing."""
    for values in ({}, {name: ""}):
        assert getattr(Settings(values), name.lower()) is None


REFRESHING: Final = {
    "SWEEP_THREADS": 16,
    "SWEEP_RATE": 500,
    "USED_WITHIN_HOURS": 72,
    "KEEP_ALIVE_DAYS": 30,
    "IDLE_LIMIT_DAYS": None,
}


@pytest.mark.parametrize("name", REFRESHING)
def test_how_often_is_refreshed(name: str) -> None:
    """By default as documented; else a whole number that is none."""
    for values in ({}, {name: ""}):
        assert getattr(Settings(values), name.lower()) == REFRESHING[name]
    assert getattr(Settings({name: "7"}), name.lower()) == 7
    for malformed in ("0", "-1", "1.5", "many", "1234567", "٣"):
        with pytest.raises(ConfigurationError, match=f"^{name} is malformed"):
            getattr(Settings({name: malformed}), name.lower())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCAL_CLOUD", "127.0.0.1:8801"),
        ("LOCAL_KMS", "http://127.0.0.1:8802"),
        ("PUBSUB_EMULATOR_HOST", "127.0.0.1:8803"),
    ],
)
def test_the_local_cloud_is_refused_in_cloud_run(name: str, value: str) -> None:
    """What stands on one's own machine has no place in production."""
    assert getattr(Settings({name: value}), name.lower()) == value
    with pytest.raises(ConfigurationError, match=f"^{name} is refused"):
        getattr(Settings({name: value, "K_SERVICE": ""}), name.lower())


@pytest.mark.parametrize(
    "name",
    [
        "projects/p/locations/europe-west3/keyRings/vault/cryptoKeys/access",
        "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1234abcd",
    ],
)
def test_a_key_is_named_in_full(name: str) -> None:
    """As Cloud KMS or AWS KMS names it; the name says which of them has it."""
    assert Settings({"ACCESS_KEY": name}).access_key == name


@pytest.mark.parametrize("name", ["EVENTS_TOPIC", "SWEEP_TOPIC"])
def test_a_topic_is_named_in_full(name: str) -> None:
    """As Pub/Sub names it."""
    topic = "projects/company-project/topics/oauth-events.v1"
    assert getattr(Settings({name: topic}), name.lower()) == topic


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "ap-southeast-4"])
def test_a_region_of_aws(region: str) -> None:
    """As AWS names it."""
    assert Settings({"AWS_SECRETS_REGION": region}).aws_secrets_region == region


@pytest.mark.parametrize("value", ["1", "0", ""])
def test_oauthlib_may_not_be_told_to_accept_plain_http(value: str) -> None:
    """Oauthlib takes any value for yes."""
    with pytest.raises(ConfigurationError, match="OAUTHLIB_INSECURE_TRANSPORT must not be set"):
        Settings({"OAUTHLIB_INSECURE_TRANSPORT": value}).require_safe_transport()
    Settings({}).require_safe_transport()


@pytest.mark.parametrize(
    "origin", ["https://x.cloudfunctions.net", "https://r-p.cloudfunctions.net:8443"]
)
def test_a_shared_host_needs_the_trial_switch(origin: str) -> None:
    """With or without a port; a name that only ends alike is our own."""
    with pytest.raises(ConfigurationError, match="TRIAL_ON_SHARED_HOST=yes"):
        Settings({"PUBLIC_ORIGIN": origin}).require_own_host()
    Settings({"PUBLIC_ORIGIN": origin, "TRIAL_ON_SHARED_HOST": "yes"}).require_own_host()
    Settings({"PUBLIC_ORIGIN": "https://mycloudfunctions.net"}).require_own_host()


def test_tokens_for_refresh_are_for_our_origin_unless_another_address_is_named() -> None:
    """Behind IAM it is the function's own: the platform admits no token for another."""
    origin = {"PUBLIC_ORIGIN": "https://connect.company.com"}
    assert Settings(origin).refresh_audience == "https://connect.company.com"
    own = "https://oauth-refresh-1.europe-west1.run.app"
    assert Settings(origin | {"REFRESH_AUDIENCE": own}).refresh_audience == own
    with pytest.raises(ConfigurationError, match="REFRESH_AUDIENCE"):
        _ = Settings(origin | {"REFRESH_AUDIENCE": f"{own}/refresh"}).refresh_audience
