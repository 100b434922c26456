"""What each alert listens to, as Google keeps it when it happens, and the like of it that is no trouble.

Audit entries follow Google's `AuditLog` (service, method, who); time series have the labels that Google's
lists of metrics and of monitored resources name.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.infra.alerts import REFRESH

Entry = Mapping[str, Any]
AGENT: Final = "email-agent@company-oauth.iam.gserviceaccount.com"
KEYS: Final = "projects/company-oauth/locations/europe-west1/keyRings/oauth-tokens/cryptoKeys"
SECRETS: Final = "google.cloud.secretmanager.v1.SecretManagerService"
ACTIVITY: Final = "projects/company-oauth/logs/cloudaudit.googleapis.com%2Factivity"


def logged(line: str, service: str = "oauth-refresh") -> dict[str, Any]:
    """A line of ours as Cloud Logging keeps it: a service's standard output."""
    return {
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "jsonPayload": json.loads(line),
    }


def message(text: str, service: str = "oauth-refresh") -> dict[str, Any]:
    """A line with this text."""
    return logged(json.dumps({"severity": "WARNING", "message": text}), service)


def decrypted(key: str, who: str, code: int = 0) -> dict[str, Any]:
    """Cloud KMS' record of a decryption, or of one that it refused."""
    status = {"status": {"code": code}} if code else {}
    return {
        "protoPayload": {
            "serviceName": "cloudkms.googleapis.com",
            "methodName": "Decrypt",
            "resourceName": f"{KEYS}/{key}",
            "authenticationInfo": {"principalEmail": who},
            **status,
        }
    }


def changed(service: str, method: str) -> dict[str, Any]:
    """A record of who changed what."""
    return {"logName": ACTIVITY, "protoPayload": {"serviceName": service, "methodName": method}}


def counted(metric: str, service: str, **labels: str) -> dict[str, Any]:
    """A time series of Cloud Run."""
    return {
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "metric": {"type": f"run.googleapis.com/{metric}", "labels": labels},
    }


def waiting(subscription: str) -> dict[str, Any]:
    """How many messages nobody took."""
    return {
        "resource": {"type": "pubsub_subscription", "labels": {"subscription_id": subscription}},
        "metric": {"type": "pubsub.googleapis.com/subscription/num_undelivered_messages"},
    }


def written(name: str, code: int = 0) -> dict[str, Any]:
    """Cloud Storage's record of an object that was created, or not."""
    status = {"status": {"code": code}} if code else {}
    return {
        "logName": ACTIVITY.replace("activity", "data_access"),
        "protoPayload": {
            "serviceName": "storage.googleapis.com",
            "methodName": "storage.objects.create",
            "resourceName": f"projects/_/buckets/company-oauth-oauth-{name}",
            **status,
        },
    }


def kept(metric: str) -> dict[str, Any]:
    """How many objects were written to the bucket of backups."""
    return {
        "resource": {"type": "gcs_bucket"},
        "metric": {"type": f"logging.googleapis.com/user/oauth/{metric}"},
    }


FOUND: Final[Mapping[str, list[Entry]]] = {
    "refresh_failed": [
        message("refresh failed"), message("a due connection was not refreshed", "oauth-access-token"),
    ],
    "refresh_key_used": [decrypted("refresh", REFRESH), decrypted("refresh", AGENT)],
    "refresh_key_by_another": [decrypted("refresh", AGENT), decrypted("refresh", AGENT, code=7)],
    "rights_changed": [
        changed("cloudkms.googleapis.com", "SetIamPolicy"),
        changed("secretmanager.googleapis.com", f"{SECRETS}.SetIamPolicy"),
        changed("cloudresourcemanager.googleapis.com", "SetIamPolicy"),
        changed("iam.googleapis.com", "google.iam.admin.v1.UpdateRole"),
    ],
    "server_errors": [counted("request_count", "oauth-web", response_code_class="5xx")],
    "latency": [counted("request_latencies", "oauth-access-token")],
    "dead_letters": [waiting("oauth-sweep-dead")],
    "no_sweep": [counted("request_count", "oauth-refresh", response_code_class="2xx")],
    "no_backup": [kept("backup_kept")],
}  # fmt: skip
"""By alert; of the last two it is the silence that alerts."""

PASSED_OVER: Final[Mapping[str, list[Entry]]] = {
    "refresh_failed": [message("swept"), message("refresh failed", "another-oauth-refresh")],
    "refresh_key_used": [decrypted("access", REFRESH), decrypted("refresh", AGENT, code=7)],
    "refresh_key_by_another": [decrypted("refresh", REFRESH), decrypted("access", AGENT)],
    "rights_changed": [
        changed("cloudkms.googleapis.com", "UpdateCryptoKey"),
        changed("bigquery.googleapis.com", "SetIamPolicy"),
        {**changed("cloudkms.googleapis.com", "SetIamPolicy"), "logName": "projects/p/logs/other"},
    ],
    "server_errors": [
        counted("request_count", "oauth-web", response_code_class="4xx"),
        counted("request_count", "another-oauth-desk", response_code_class="5xx"),
    ],
    "latency": [counted("request_latencies", "oauth-refresh")],
    "dead_letters": [waiting("oauth-sweep")],
    "no_sweep": [
        counted("request_count", "oauth-refresh", response_code_class="4xx"),
        counted("request_count", "oauth-web", response_code_class="2xx"),
    ],
    "no_backup": [kept("alarm_tampered")],
}
