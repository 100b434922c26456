"""The settings of `BACKEND=gcp`: databases, keys and secrets; keys and secrets may be at AWS."""

import re
from functools import cached_property
from typing import Final

from multi_user_oauth.settings.origins import is_loopback, parse_origin
from multi_user_oauth.settings.values import Values, malformed

_CLOUD_KMS: Final = r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[A-Za-z0-9_-]+"
_AWS_KMS: Final = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}"
_KEY: Final = re.compile(f"{_CLOUD_KMS}|{_AWS_KMS}")
_AWS_REGION: Final = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]{1,2}")


class GoogleCloudSettings(Values):
    """What only `BACKEND=gcp` reads."""

    @cached_property
    def google_cloud_project(self) -> str:
        """`GOOGLE_CLOUD_PROJECT` (gcp): the project of databases and client secrets."""
        return self._required("GOOGLE_CLOUD_PROJECT")

    @property
    def trace_project(self) -> str:
        """`GOOGLE_CLOUD_PROJECT`, where it is set: whose traces the lines of the log belong to."""
        return self._values.get("GOOGLE_CLOUD_PROJECT", "")

    @cached_property
    def firestore_main_database(self) -> str:
        """`FIRESTORE_MAIN_DATABASE` (gcp): the database of connections, by default `main`."""
        return self._values.get("FIRESTORE_MAIN_DATABASE") or "main"

    @cached_property
    def firestore_activity_database(self) -> str:
        """`FIRESTORE_ACTIVITY_DATABASE` (gcp): the database of all else, by default `activity`."""
        return self._values.get("FIRESTORE_ACTIVITY_DATABASE") or "activity"

    @cached_property
    def firestore_emulator_host(self) -> str | None:
        """`FIRESTORE_EMULATOR_HOST` (gcp): host:port of an emulator; Google's client knows the name."""
        return self._values.get("FIRESTORE_EMULATOR_HOST") or None

    @cached_property
    def access_key(self) -> str:
        """`ACCESS_KEY` (gcp): the key of access tokens, and by its name where it is.

        `projects/P/locations/L/keyRings/R/cryptoKeys/K` in Cloud KMS, or
        `arn:aws:kms:REGION:ACCOUNT:key/ID` in AWS KMS.
        """
        return self._key("ACCESS_KEY")

    @cached_property
    def refresh_key(self) -> str:
        """`REFRESH_KEY` (gcp): the key of refresh tokens, named as `ACCESS_KEY` is."""
        return self._key("REFRESH_KEY")

    @cached_property
    def aws_secrets_region(self) -> str | None:
        """`AWS_SECRETS_REGION` (gcp): where AWS Secrets Manager has the client secrets.

        Without it they are in Secret Manager of `GOOGLE_CLOUD_PROJECT`.
        """
        region = self._values.get("AWS_SECRETS_REGION")
        if region and not _AWS_REGION.fullmatch(region):
            raise malformed("AWS_SECRETS_REGION", "a region such as eu-central-1")
        return region or None

    @cached_property
    def local_cloud(self) -> str | None:
        """`LOCAL_CLOUD` (gcp): host:port of the stand-in for Secret Manager.

        Refused unless it is on this machine's loopback, outside Cloud Run.
        """
        address = self._of_this_machine("LOCAL_CLOUD")
        if address and not is_loopback(f"http://{address}"):
            raise malformed("LOCAL_CLOUD", "a loopback address such as 127.0.0.1:8801")
        return address

    @cached_property
    def local_kms(self) -> str | None:
        """`LOCAL_KMS` (gcp): the origin of the stand-in for Cloud KMS, `http://127.0.0.1:PORT`.

        Refused unless it is on this machine's loopback, outside Cloud Run.
        """
        text = self._of_this_machine("LOCAL_KMS")
        origin = parse_origin(text, "LOCAL_KMS") if text else None
        if origin and not is_loopback(origin):
            raise malformed("LOCAL_KMS", "a loopback address such as http://127.0.0.1:8802")
        return origin

    def _key(self, name: str) -> str:
        text = self._required(name)
        if not _KEY.fullmatch(text):
            raise malformed(
                name,
                "projects/P/locations/L/keyRings/R/cryptoKeys/K or arn:aws:kms:REGION:ACCOUNT:key/ID",
            )
        return text
