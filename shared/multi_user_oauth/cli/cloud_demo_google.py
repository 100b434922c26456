"""A local Google Cloud for the demo: two keys, the applications' secrets, and who may use them."""

from collections.abc import Mapping, Sequence
from typing import Final

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.kms_v1 import KeyManagementServiceClient

from multi_user_oauth.cli.cloud_demo_rights import ADMIN, DECRYPTER, Grant, grants
from multi_user_oauth.cli.cloud_demo_settings import OPERATOR
from multi_user_oauth.client_secrets import secret_manager
from multi_user_oauth.sandbox.cloud import LocalCloud
from multi_user_oauth.sandbox.gateway_catalogue import Function

_DEPLOYER: Final = "deployer"


class DemoCloud(LocalCloud):
    """Cloud KMS and Secret Manager of one project; each function has ports of its own."""

    def __init__(
        self,
        project: str,
        functions: Sequence[Function],
        secrets: Mapping[str, Sequence[str]],
    ) -> None:
        """`secrets`: of the applications, by name, newest first."""
        names = [function.name for function in functions]
        super().__init__(dict.fromkeys((*names, OPERATOR, _DEPLOYER), 0))
        self._place = f"projects/{project}"
        self._ring = f"{self._place}/locations/europe/keyRings/tokens"
        self.access_key = f"{self._ring}/cryptoKeys/access"
        self.refresh_key = f"{self._ring}/cryptoKeys/refresh"
        self._functions = functions
        self._secrets = secrets

    def furnish(self) -> None:
        """Make keys, secrets and grants; it has to be started."""
        self.policy.grant(_DEPLOYER, ADMIN, self._place)
        self.policy.grant(_DEPLOYER, "roles/secretmanager.admin", self._place)
        self._make_keys()
        with grpc.insecure_channel(self.address(_DEPLOYER)) as channel:
            self._make_secrets(channel)
        wanted = grants(
            self._functions,
            access_key=self.access_key,
            refresh_key=self.refresh_key,
            secrets=[f"{self._place}/secrets/{name}" for name in self._secrets],
        )
        operators = (
            Grant(OPERATOR, DECRYPTER, self.access_key),
            Grant(OPERATOR, ADMIN, self.access_key),  # to rotate them; no role opens refresh tokens
            Grant(OPERATOR, ADMIN, self.refresh_key),
        )
        for grant in (*wanted, *operators):
            self.policy.grant(*grant)

    def _make_keys(self) -> None:
        kms = KeyManagementServiceClient(
            transport="rest",
            client_options={"api_endpoint": self.rest_url(_DEPLOYER)},
            credentials=AnonymousCredentials(),
        )
        for name in ("access", "refresh"):
            kms.create_crypto_key(
                request={
                    "parent": self._ring,
                    "crypto_key_id": name,
                    "crypto_key": {"purpose": "ENCRYPT_DECRYPT"},
                }
            )

    def _make_secrets(self, channel: grpc.Channel) -> None:
        manager = secret_manager.connect(channel)
        for name, versions in self._secrets.items():
            replication: dict[str, dict[str, object]] = {"replication": {"automatic": {}}}
            made = manager.create_secret(
                request={"parent": self._place, "secret_id": name, "secret": replication}
            )
            for version in reversed(versions):
                manager.add_secret_version(
                    request={"parent": made.name, "payload": {"data": version.encode()}}
                )
