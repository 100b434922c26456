"""The alerts of infra/: their names, and the filter of each with its references written out."""

import re
from functools import cache
from typing import Any, Final

from tests.infra.terraform import INFRA, Block, blocks, local, unquoted

METRICS: Final = (INFRA / "metrics.tf").read_text("utf-8")
ALERTS: Final = (INFRA / "alerts.tf").read_text("utf-8")
POLICY: Final = "google_monitoring_alert_policy"
OF_MAPS: Final = {"counted", "measured", "noticed"}
"""Policies that are made one for each entry of the local of that name."""
REFRESH: Final = "oauth-refresh@company-oauth.iam.gserviceaccount.com"
ANSWERING: Final = '${join(",", [for name in local.answering : "\\"${local.names[name]}\\""])}'
WRITTEN_OUT: Final = {
    "${google_kms_key_ring.tokens.name}": "oauth-tokens",
    '${google_service_account.function["refresh"].email}': REFRESH,
    "${google_pubsub_subscription.dead.name}": "oauth-sweep-dead",
    "${google_storage_bucket.backups[0].name}": "company-oauth-oauth-backups",
    ANSWERING: '"oauth-access-token","oauth-web"',
    '${local.names["refresh"]}': "oauth-refresh",
    "${var.prefix}": "oauth",
}


@cache
def filters() -> dict[str, str]:
    """Return the filter of each alert by the alert's name, which its section in the documents has too."""
    alarm = re.search(r'filter = "(.*jsonPayload\.alarm=.*)"$', METRICS, re.MULTILINE)
    assert alarm is not None
    found = {name: alarm[1].replace("${name}", name) for name in local("alarms")}
    entry = re.compile(r'^ +(\w+) = \{\n +filter += "(.*)"$', re.MULTILINE)
    found |= dict(entry.findall(METRICS) + entry.findall(ALERTS))
    for policy in own_policies():
        found[policy.labels[1]] = _condition(policy)["filter"]
    return {name: _written_out(text) for name, text in found.items()}


def counted_by(metric: str) -> str:
    """Return the filter of a metric that counts lines of a log."""
    (found,) = (
        each.body["filter"]
        for each in blocks("resource")
        if each.labels == ("google_logging_metric", metric)
    )
    return _written_out(str(unquoted(found)))


def own_policies() -> list[Block]:
    """Return the policies that stand for themselves."""
    return [each for each in policies() if each.labels[1] not in OF_MAPS]


def policies() -> list[Block]:
    """Return all policies."""
    return [each for each in blocks("resource") if each.labels[0] == POLICY]


def _condition(policy: Block) -> dict[str, Any]:
    kinds = unquoted(policy.body["conditions"])[0]
    (condition,) = next(value for name, value in kinds.items() if name.startswith("condition_"))
    return dict(condition)


def _written_out(text: str) -> str:
    """Return a text of Terraform's as a plan shows it."""
    for _ in range(3):  # a local may name another
        for name in re.findall(r"\$\{local\.(\w+)\}", text):
            text = text.replace(f"${{local.{name}}}", str(local(name)))
        for reference, value in WRITTEN_OUT.items():
            text = text.replace(reference, value)
    assert "${" not in text, text
    return text.replace('\\"', '"')
