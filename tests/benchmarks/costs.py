"""What a month costs: operations as they were counted, times list prices, by stated assumptions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

PRICES: Final = Path(__file__).with_name("prices.yaml")
GIB: Final = 1024**3
TIB: Final = 1024**4
USERS: Final = (1_000, 100_000, 1_000_000)
HOURS: Final = 730

Counts = Mapping[str, Mapping[str, int]]
"""By journey: documents read and written, operations of Cloud KMS."""


def prices() -> dict[str, Any]:
    """Return the table."""
    table: dict[str, Any] = yaml.safe_load(PRICES.read_text())
    return table


def operations(counts: Counts, assumed: Mapping[str, float]) -> dict[str, float]:
    """Return what one person causes in a month: requests, reads, writes, Cloud KMS operations."""
    reads = assumed["agent_reads_a_working_day"] * assumed["working_days"]
    cold = reads * assumed["cold_share"]
    first = assumed["hours_with_reads_a_working_day"] * assumed["working_days"]
    times = {
        "token read, warm": reads - cold - first,
        "token read, cold": cold,
        "token read, cold, first in the hour": first,
        "refresh, cold": assumed["refreshes_a_day"] * assumed["days"],
        "sign-in": assumed["sign_ins_a_month"],
        "own list": assumed["page_visits_a_month"],
    }
    total = {
        kind: sum(number * counts[name][kind] for name, number in times.items())
        for kind in ("reads", "writes", "kms")
    }
    total["reads"] += times["refresh, cold"] * assumed["sweep_reads_a_refresh"]
    return {**total, "requests": sum(times.values()), "refreshes": times["refresh, cold"]}


def month(users: int, counts: Counts, table: Mapping[str, Any], place: str) -> dict[str, float]:
    """Return the dollars of a month, by service; `place`: region or multi_region."""
    assumed = table["assumptions"]
    each = {name: number * users for name, number in operations(counts, assumed).items()}
    firestore, run = table["firestore"][place], table["cloud_run_functions"]
    busy = (
        (each["requests"] - each["refreshes"]) * assumed["milliseconds_a_read"]
        + each["refreshes"] * assumed["milliseconds_a_refresh"]
    ) / (1000 * assumed["requests_at_once"])
    logged = max(
        0.0,
        each["requests"] * assumed["log_bytes_a_request"] / GIB
        - table["cloud_logging"]["free_gib_month"],
    )
    armor, balancer = table["cloud_armor"], table["load_balancing"]
    # A refresh is asked for by another function or the sweep: past the load balancer, by Pub/Sub.
    outside = each["requests"] - each["refreshes"]
    message = 2 * table["pubsub"]["smallest_request_bytes"]
    return {
        "Firestore": each["reads"] / 1e5 * firestore["reads_per_100k"]
        + each["writes"] / 1e5 * firestore["writes_per_100k"]
        + users * assumed["kib_a_connection"] / 1024**2 * firestore["gib_month"],
        "Cloud KMS": each["kms"] / 1e4 * table["cloud_kms"]["operations_per_10k"]
        + assumed["key_versions"] * table["cloud_kms"]["key_version_month"],
        "Functions": each["requests"] / 1e6 * run["requests_per_million"]
        + busy * (run["vcpu_second"] + assumed["gib_an_instance"] * run["gib_second"]),
        "Load balancer, Armor": HOURS * balancer["forwarding_rules_hour"]
        + outside * assumed["kib_an_answer"] / 1024**2 * balancer["gib"]
        + armor["policy_month"]
        + assumed["armor_rules"] * armor["rule_month"]
        + outside / 1e6 * armor["requests_per_million"],
        "Logging": logged * table["cloud_logging"]["gib"],
        "Secrets, Scheduler, Pub/Sub": assumed["secret_versions"]
        * table["secret_manager"]["version_month"]
        + assumed["scheduler_jobs"] * table["cloud_scheduler"]["job_month"]
        + each["refreshes"] * message / TIB * table["pubsub"]["tib"],
    }
