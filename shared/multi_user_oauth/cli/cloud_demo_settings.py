"""What each process of the cloud demo is told: its own settings, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from multi_user_oauth.sandbox.company import AGENT_PROJECT
from multi_user_oauth.sandbox.gateway_catalogue import Function, SecretName, Topic
from multi_user_oauth.settings.policy import load_policy

OPERATOR: Final = "operator"
"""Whoever runs `multi-user-oauth users`, `token`, `revoke` and `keys` beside the demo."""
SCHEDULER: Final = "scheduler"
"""Whoever calls for a sweep, as Cloud Scheduler."""
PUSH: Final = "push"
"""Whoever brings shards of it, as the push subscription."""
ASK_REFRESH: Final[Mapping[str, tuple[str, ...]]] = {
    "one": ("access_token", "connectors", OPERATOR),
    "finish": ("revoke", OPERATOR),
    "rewrap": (OPERATOR,),
    "import": (OPERATOR,),
    "sweep": (SCHEDULER,),
    "shard": (PUSH,),
}
"""Who asks the function `refresh`, by its route."""

_MOUNTED: Final[Mapping[SecretName, str]] = {
    "flow_keys": "FLOW_KEYS_FILE",
    "link_keys": "LINK_KEYS_FILE",
    "session_signing_key": "SESSION_SIGNING_KEY_FILE",
    "session_public_keys": "SESSION_PUBLIC_KEYS_FILE",
    "policy": "POLICY_FILE",
    "connector_types": "CONNECTOR_TYPES_FILE",
}
"""Secrets as files; those of the applications stand in Secret Manager."""
_SHARING: Final = ("authorize", "list_users")
"""With routes that scripts of other origins may use."""
_TOPICS: Final[Mapping[Topic, str]] = {"events": "EVENTS_TOPIC", "sweep": "SWEEP_TOPIC"}
_SYSTEM: Final = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where one identity finds the cloud; no port is another's."""

    firestore: str
    kms: str
    secrets: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the settings of all are made of."""

    origin: str
    sandbox_url: str
    refresh_url: str
    project: str
    access_key: str
    refresh_key: str
    made: Mapping[str, str]
    """What `provision_deployment` made."""
    topics: Mapping[Topic, str] = field(default_factory=dict)
    """By what is published there; none without an emulator of Pub/Sub."""
    pubsub: str = ""
    """The emulator's address."""
    return_origins: str = ""
    """Where a sign-in may end besides our own pages."""
    cors_origins: str = ""
    """Whose scripts may begin one, and ask how it ended."""

    def of_function(self, function: Function, addresses: Addresses) -> dict[str, str]:
        """Return what the catalogue lets this function have."""
        settings = self._of_anybody(function.name, addresses)
        if function.name == "authorize" and self.return_origins:
            settings["RETURN_ORIGINS"] = self.return_origins
        if function.name in _SHARING and self.cors_origins:
            settings["CORS_ORIGINS"] = self.cors_origins
        for secret, setting in _MOUNTED.items():
            if secret in function.secrets:
                settings[setting] = self.made[setting]
        if function.keys.access != "none":
            settings["ACCESS_KEY"] = self.access_key
        if function.keys.refresh != "none":
            settings["REFRESH_KEY"] = self.refresh_key
        return settings | self._published(function.publishes)

    def of_operator(self, addresses: Addresses) -> dict[str, str]:
        """Return what the command line works with: it opens access tokens, `refresh` does the rest."""
        return {
            **self._of_anybody(OPERATOR, addresses),
            **self._published(["events"]),  # it ends connections too
            "ACCESS_KEY": self.access_key,
            "REFRESH_KEY": self.refresh_key,
            **{
                name: self.made[name]
                for name in ("DATA_DIR", "POLICY_FILE", "CONNECTOR_TYPES_FILE")
            },
        }

    def _published(self, wanted: Sequence[Topic]) -> dict[str, str]:
        topics = {_TOPICS[name]: self.topics[name] for name in wanted if name in self.topics}
        return {"PUBSUB_EMULATOR_HOST": self.pubsub, **topics} if topics else {}

    def _of_anybody(self, name: str, addresses: Addresses) -> dict[str, str]:
        settings = {
            "BACKEND": "gcp",
            "PUBLIC_ORIGIN": self.origin,
            "DEPLOYMENT_ID": self.made["DEPLOYMENT_ID"],
            "SANDBOX_URL": self.sandbox_url,
            "GOOGLE_CLOUD_PROJECT": self.project,
            "FIRESTORE_EMULATOR_HOST": addresses.firestore,
            "LOCAL_CLOUD": addresses.secrets,
            "LOCAL_KMS": addresses.kms,
        }
        if any(name in asking for asking in ASK_REFRESH.values()):
            settings |= {"REFRESH_URL": self.refresh_url, "SERVICE_ACCOUNT": service_account(name)}
        return settings


def service_account(name: str) -> str:
    """Return the e-mail of a function's identity."""
    return f"{name.replace('_', '-')}@{AGENT_PROJECT}.iam.gserviceaccount.com"


def environment(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process with these settings: nothing else of ours is in it."""
    return {name: environ[name] for name in _SYSTEM if name in environ} | dict(settings)


def admit_callers(policy_file: Path) -> None:
    """Put the functions that ask `refresh` on its list; raise `ConfigurationError`."""
    load_policy(policy_file)
    policy = yaml.safe_load(policy_file.read_text(encoding="utf-8"))
    callers = {route: [service_account(n) for n in names] for route, names in ASK_REFRESH.items()}
    if policy.get("refresh_callers") != callers:
        policy["refresh_callers"] = callers
        policy_file.write_text(yaml.safe_dump(policy, sort_keys=False), encoding="utf-8")
