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
    """Return what one person causes in a month: requests, refreshes, reads, writes, Cloud KMS."""
    used, idle = assumed["used_share"], 1 - assumed["used_share"]
    reads = used * assumed["agent_reads_a_working_day"] * assumed["working_days"]
    cold = reads * assumed["cold_share"]
    first = used * assumed["hours_with_reads_a_working_day"] * assumed["working_days"]
    rests = idle * assumed["refreshes_a_month_while_idle"]
    times = {
        "token read, warm": reads - cold - first,
        "token read, cold": cold,
        "token read, cold, first in the hour": first,
        "sign-in": assumed["sign_ins_a_month"],
        "own list": assumed["page_visits_a_month"],
    }
    requests = sum(times.values())
    # By the sweep, where a refresh is no request; nobody used its data keys within five minutes.
    refreshes = used * assumed["refreshes_a_day_while_used"] * assumed["days"] + rests
    times["refresh, cold"] = refreshes
    total = {
        kind: sum(number * counts[name][kind] for name, number in times.items())
        for kind in ("reads", "writes", "kms")
    }
    total["reads"] += refreshes * assumed["sweep_reads_a_refresh"] + rests * assumed["rest_reads"]
    total["writes"] += rests
    return {**total, "requests": requests, "refreshes": refreshes}


def sweeps(refreshes: float, assumed: Mapping[str, float]) -> dict[str, float]:
    """Return what the sweep itself causes, whoever is connected; `refreshes`: of all people."""
    shards = assumed["shard_messages_a_minute"] * 60 * 24 * assumed["days"]
    with_work = min(shards, refreshes)
    return {
        "shards": shards,
        "reads": shards * assumed["shard_reads"] + with_work * assumed["shard_reads_with_work"],
        "writes": with_work * assumed["shard_writes_with_work"],
    }


def month(users: int, counts: Counts, table: Mapping[str, Any], place: str) -> dict[str, float]:
    """Return the dollars of a month, by service; `place`: region or multi_region."""
    assumed = table["assumptions"]
    each = {name: number * users for name, number in operations(counts, assumed).items()}
    swept = sweeps(each["refreshes"], assumed)
    firestore, run = table["firestore"][place], table["cloud_run_functions"]
    requests = each["requests"] + swept["shards"]
    busy = (
        each["requests"] * assumed["milliseconds_a_read"] / assumed["requests_at_once"]
        + each["refreshes"] * assumed["milliseconds_a_refresh"]
        + swept["shards"] * assumed["milliseconds_a_shard"]
    ) / 1000
    logged = max(
        0.0,
        (requests + each["refreshes"]) * assumed["log_bytes_a_request"] / GIB
        - table["cloud_logging"]["free_gib_month"],
    )
    armor, balancer = table["cloud_armor"], table["load_balancing"]
    # Shards come by Pub/Sub, past the load balancer.
    outside = each["requests"]
    message = 2 * table["pubsub"]["smallest_request_bytes"]
    return {
        "Firestore": (each["reads"] + swept["reads"]) / 1e5 * firestore["reads_per_100k"]
        + (each["writes"] + swept["writes"]) / 1e5 * firestore["writes_per_100k"]
        + users * assumed["kib_a_connection"] / 1024**2 * firestore["gib_month"],
        "Cloud KMS": each["kms"] / 1e4 * table["cloud_kms"]["operations_per_10k"]
        + assumed["key_versions"] * table["cloud_kms"]["key_version_month"],
        "Functions": requests / 1e6 * run["requests_per_million"]
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
        + swept["shards"] * message / TIB * table["pubsub"]["tib"],
    }
