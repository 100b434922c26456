"""All settings, typed and documented here; read from a mapping, never from the environment itself.

A function reads the settings that it needs when it is built, so that a missing or malformed one stops
its start with the setting's name and what was expected.
"""

import re
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.settings.edge import EdgeSettings
from multi_user_oauth.settings.google_cloud import GoogleCloudSettings
from multi_user_oauth.settings.origins import is_loopback, parse_origin
from multi_user_oauth.settings.pubsub import PubSubSettings
from multi_user_oauth.settings.refreshing import RefreshSettings
from multi_user_oauth.settings.values import malformed

BACKENDS: Final = ("embedded", "gcp")


class Settings(GoogleCloudSettings, PubSubSettings, RefreshSettings, EdgeSettings):
    """The mapping, seen through one property for each setting."""

    @cached_property
    def public_origin(self) -> str:
        """`PUBLIC_ORIGIN`: where browsers reach us, `https://HOST`; on this machine `http://localhost:8084`.

        It gives redirect URIs, links, cookies, the origin that forms must come from, and the audience
        of the tokens that agents send.
        """
        return parse_origin(self._required("PUBLIC_ORIGIN"), "PUBLIC_ORIGIN")

    @cached_property
    def deployment_id(self) -> str:
        """`DEPLOYMENT_ID`: a UUID made once; sealed tokens open only in the deployment they belong to."""
        text = self._required("DEPLOYMENT_ID")
        try:
            return str(UUID(text))
        except ValueError:
            raise malformed("DEPLOYMENT_ID", "a UUID") from None

    @cached_property
    def backend(self) -> str:
        """`BACKEND`: where records, keys and secrets live: `embedded` (on this machine) or `gcp`."""
        backend = self._values.get("BACKEND") or "embedded"
        if backend not in BACKENDS:
            raise malformed("BACKEND", "one of " + ", ".join(BACKENDS))
        return backend

    @cached_property
    def data_dir(self) -> Path:
        """`DATA_DIR` (embedded): the folder of the two SQLite databases."""
        return self._path("DATA_DIR")

    @cached_property
    def key_dir(self) -> Path:
        """`KEY_DIR` (embedded): the folder of the key files; a function needs only its own."""
        return self._path("KEY_DIR")

    @cached_property
    def client_secrets_file(self) -> Path:
        """`CLIENT_SECRETS_FILE` (embedded): YAML, secret name to the secret or a list, newest first."""
        return self._path("CLIENT_SECRETS_FILE")

    @cached_property
    def connector_types_file(self) -> Path:
        """`CONNECTOR_TYPES_FILE`: YAML, what people can connect; see docs/connector-types.md."""
        return self._path("CONNECTOR_TYPES_FILE")

    @cached_property
    def policy_file(self) -> Path:
        """`POLICY_FILE`: YAML, which agents may act for whom, and who is an admin; see docs/policy.md."""
        return self._path("POLICY_FILE")

    @cached_property
    def flow_keys_file(self) -> Path:
        """`FLOW_KEYS_FILE`: JWK set of symmetric keys, newest first, that seal tickets and flows."""
        return self._path("FLOW_KEYS_FILE")

    @cached_property
    def link_keys_file(self) -> Path:
        """`LINK_KEYS_FILE`: JWK set of symmetric keys that seal providers' links which callers carry."""
        return self._path("LINK_KEYS_FILE")

    @cached_property
    def session_signing_key_file(self) -> Path:
        """`SESSION_SIGNING_KEY_FILE`: the private JWK that signs sessions; the callbacks' alone."""
        return self._path("SESSION_SIGNING_KEY_FILE")

    @cached_property
    def session_public_keys_file(self) -> Path:
        """`SESSION_PUBLIC_KEYS_FILE`: JWK set of the public keys whose sessions count."""
        return self._path("SESSION_PUBLIC_KEYS_FILE")

    @cached_property
    def web_dir(self) -> Path:
        """`WEB_DIR` (web): the folder of the page and its static files; main.py sets it."""
        return self._path("WEB_DIR")

    @cached_property
    def refresh_url(self) -> str | None:
        """`REFRESH_URL`: the origin of the function `refresh`; without it, we refresh in process."""
        url = self._values.get("REFRESH_URL")
        return parse_origin(url, "REFRESH_URL") if url else None

    @cached_property
    def refresh_audience(self) -> str:
        """`REFRESH_AUDIENCE`: whom tokens for `refresh` are made out to; by default `PUBLIC_ORIGIN`.

        Behind IAM it is the function's own address, `https://NAME-NUMBER.REGION.run.app`: the platform
        admits tokens for that one only (Cloud Run, "Custom audiences").
        """
        audience = self._values.get("REFRESH_AUDIENCE")
        return parse_origin(audience, "REFRESH_AUDIENCE") if audience else self.public_origin

    @cached_property
    def service_account(self) -> str:
        """`SERVICE_ACCOUNT`: whose identity this function proves to others; `default` is its own."""
        return self._values.get("SERVICE_ACCOUNT") or "default"

    @cached_property
    def backup_retention_days(self) -> int:
        """`BACKUP_RETENTION_DAYS`: how many days any backup of the database is kept, by default 98.

        98 days, 14 weeks, is the longest that Firestore keeps one. A key version stays for as long after
        the last record that needed it: without it, no backup of that record could be read.
        """
        text = self._values.get("BACKUP_RETENTION_DAYS") or "98"
        if not re.fullmatch(r"[0-9]{1,4}", text):
            raise malformed("BACKUP_RETENTION_DAYS", "a whole number of days")
        return int(text)

    @cached_property
    def sandbox_url(self) -> str | None:
        """`SANDBOX_URL`: the sandbox that plays Microsoft and Google; never set in production.

        Refused unless it is on this machine's loopback, outside Cloud Run, with an embedded or
        emulated store.
        """
        url = self._values.get("SANDBOX_URL")
        if not url:
            return None
        emulator = f"http://{self.firestore_emulator_host}"
        emulated = self.backend == "embedded" or is_loopback(emulator)
        if "K_SERVICE" in self._values or not emulated:
            raise ConfigurationError("SANDBOX_URL is refused outside a machine of one's own")
        origin = parse_origin(url, "SANDBOX_URL")
        if not is_loopback(origin):
            raise malformed("SANDBOX_URL", "a loopback address such as http://127.0.0.1:8085")
        return origin

    def require_safe_transport(self) -> None:
        """Raise `ConfigurationError` if oauthlib has been told to accept plain http."""
        if "OAUTHLIB_INSECURE_TRANSPORT" in self._values:
            raise ConfigurationError("OAUTHLIB_INSECURE_TRANSPORT must not be set")

    def require_own_host(self) -> None:
        """Raise `ConfigurationError` if browsers would share our host with other functions."""
        host = urlsplit(self.public_origin).hostname or ""
        if host.endswith(".cloudfunctions.net") and not self.trial_on_shared_host:
            raise ConfigurationError(
                "PUBLIC_ORIGIN is a host shared with other functions, which could read our cookies: "
                "use a name of your own, or TRIAL_ON_SHARED_HOST=yes for a trial"
            )
