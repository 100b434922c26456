"""What a month costs, whole: that of the benchmarks, and what runs beside it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tests.architecture.catalogue import ROOT
from tests.benchmarks import costs

_JOURNEY: Final = re.compile(
    r"^\| ([\w, -]+) \| (\d+) of \d+ \| (\d+) of \d+ \| (\d+) of \d+ \|$", re.MULTILINE
)
_DAYS: Final = 30
SECONDS: Final = costs.HOURS * 3600


def counted() -> dict[str, dict[str, int]]:
    """Return the operations of each journey, as docs/benchmarks.md says that they were counted."""
    text = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    return {
        name: {"reads": int(reads), "writes": int(writes), "kms": int(kms)}
        for name, reads, writes, kms in _JOURNEY.findall(text)
    }


def month(people: int, table: Mapping[str, Any], place: str = "region") -> dict[str, float]:
    """Return the dollars of a month, by service; `place`: region or multi_region."""
    counts, also = counted(), table["also"]
    each = costs.operations(counts, table["assumptions"])
    all_ = {name: number * people for name, number in each.items()}
    found = costs.month(people, counts, table, place)
    stored = people * table["assumptions"]["kib_a_connection"] / 1024**2
    found["Firestore"] += stored * (
        also["firestore"]["pitr_gib_month"][place]
        + also["assumptions"]["backups_kept"] * also["firestore"]["backup_gib_month"]
    )
    found["Load balancer, Armor"] += _left(all_, table) * also["internet"]["gib"]
    found["Logging"] = logging(all_, table)
    found["Monitoring"] = _monitoring(also)
    return found


def logging(all_: Mapping[str, float], table: Mapping[str, Any]) -> float:
    """Return the dollars of all lines: ours, the platform's, the load balancer's, Google's audit."""
    price, assumed = table["cloud_logging"], table["also"]["assumptions"]
    swept = costs.sweeps(all_["refreshes"], table["assumptions"])
    asked = all_["reads"] + swept["reads"] + all_["writes"] + swept["writes"] + all_["kms"]
    requests = all_["requests"] + swept["shards"]
    ours = requests + all_["refreshes"]
    kept = (all_["requests"] + all_["refreshes"]) * assumed["kept_log_bytes"] / costs.GIB
    gib = (
        ours * table["assumptions"]["log_bytes_a_request"]
        + requests * assumed["platform_log_bytes"]
        + all_["requests"] * assumed["balancer_log_bytes"]
        + asked * assumed["audit_log_bytes"]
    ) / costs.GIB + kept
    retained = kept * assumed["kept_months"] * price["retained_gib_month"]
    return float(max(0.0, gib - price["free_gib_month"]) * price["gib"] + retained)


def journeys(table: Mapping[str, Any], place: str = "region") -> dict[str, float]:
    """Return the dollars of a million of each journey, at Firestore and Cloud KMS."""
    firestore, kms = table["firestore"][place], table["cloud_kms"]
    return {
        name: 1e6
        * (
            count["reads"] * firestore["reads_per_100k"] / 1e5
            + count["writes"] * firestore["writes_per_100k"] / 1e5
            + count["kms"] * kms["operations_per_10k"] / 1e4
        )
        for name, count in counted().items()
    }


def variations(people: int, table: Mapping[str, Any]) -> dict[str, float]:
    """Return what a month costs more, or less, when one thing is otherwise."""
    now = month(people, table)
    busy = {**table, "assumptions": {**table["assumptions"], "used_share": 1.0}}
    elsewhere = month(people, table, "multi_region")
    return {
        'databases in a multi-region (`database_location = "eur3"`)': _more(elsewhere, now),
        "everybody is used, not half of the people": _more(month(people, busy), now),
        "`DURABLE_READS=yes`: each use is written, and in the end deleted": _durable(people, table),
        "one instance is kept warm (`min_instances`)": _warm(table),
        "one fixed address towards the providers (`egress_address`)": _fixed(people, table),
        'no load balancer (`front_door = "function_urls"`)': -now["Load balancer, Armor"],
    }


def _more(then: Mapping[str, float], now: Mapping[str, float]) -> float:
    return sum(then.values()) - sum(now.values())


def _durable(people: int, table: Mapping[str, Any]) -> float:
    assumed, firestore = table["assumptions"], table["firestore"]["region"]
    a_month = assumed["agent_reads_a_working_day"] * assumed["working_days"]
    uses: float = people * assumed["used_share"] * a_month
    return float(uses / 1e5 * (firestore["writes_per_100k"] + firestore["deletes_per_100k"]))


def _warm(table: Mapping[str, Any]) -> float:
    price, gib = table["also"]["cloud_run_functions"], table["assumptions"]["gib_an_instance"]
    return float(SECONDS * (price["idle_vcpu_second"] + gib * price["idle_gib_second"]))


def _fixed(people: int, table: Mapping[str, Any]) -> float:
    price, assumed = table["also"]["cloud_nat"], table["assumptions"]
    each = costs.operations(counted(), assumed)
    calls = people * (each["refreshes"] + each["requests"])
    instances = table["also"]["assumptions"]["instances_that_call_out"]
    hourly = instances * price["instance_hour"] + price["address_hour"]
    return float(costs.HOURS * hourly + calls * assumed["kib_an_answer"] / 1024**2 * price["gib"])


def _left(all_: Mapping[str, float], table: Mapping[str, Any]) -> float:
    share: float = table["also"]["assumptions"]["share_outside_google"]
    answered: float = table["assumptions"]["kib_an_answer"]
    return all_["requests"] * share * answered / 1024**2


def _monitoring(also: Mapping[str, Any]) -> float:
    price, assumed = also["cloud_monitoring"], also["assumptions"]
    looks = assumed["alert_conditions"] * assumed["looked_at_a_minute"] * 60 * 24 * _DAYS
    by_condition: float = assumed["alert_conditions"] * price["condition_month"]
    by_look: float = looks / 1e6 * price["series_per_million"]
    return by_condition + by_look
