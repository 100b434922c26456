"""The numbers for administrators and auditors, and the agents of the policy."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from multi_user_oauth.model import Batch, ConnectionKey, ConnectionStatus
from multi_user_oauth.sandbox.company import ADMIN, JOHN, SARAH
from tests.contract.stores.samples import change, connection, get, put, refreshed, tombstone
from tests.support.clock import START
from tests.support.functions import (
    API,
    GOOGLE,
    MICROSOFT,
    SANDBOX_URL,
    Installation,
    Visitor,
    code,
    identity,
)
from tests.support.installation import AGENT, CONNECTOR_TYPES, POLICY, SARAHS_AGENT

SUMMARY = f"{API}/summary"
AGENTS = "/api/v1/account/agents"
GONE_TYPE = "an_old_type"
NONE = {"active": 0, "needs_sign_in": 0, "revoked": 0}


@pytest.fixture
def world(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """An installation whose Google is retired, with a date for Microsoft's secret, and an auditor."""
    types, policy = tmp_path / "types.yaml", tmp_path / "policy_with_auditor.yaml"
    dated = CONNECTOR_TYPES.replace(
        "  provider: microsoft", "  provider: microsoft\n  client_secret_expires: 2026-03-01"
    ).replace("  provider: google", "  provider: google\n  retired: true")
    types.write_text(dated, "utf-8")
    more = f"""auditors: ['{identity(MICROSOFT, JOHN)}']
delegations: required
proxy: ['GET graph.microsoft.com/v1.0/me/todo/**']
"""
    narrowed = POLICY.replace(
        "    users: [sarah@",
        "    actions: [proxy, mail.read]\n    scopes: [Mail.Read]\n    rate: 5/minute\n"
        "    proxy: ['GET graph.microsoft.com/v1.0/me/todo/**']\n    users: [sarah@",
    )
    policy.write_text(narrowed + more, "utf-8")
    changes = {"CONNECTOR_TYPES_FILE": str(types), "POLICY_FILE": str(policy)}
    return Installation(tmp_path, keys, changes)


def admin(installation: Installation) -> Visitor:
    """Return an administrator."""
    return installation.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)


def auditor(installation: Installation) -> Visitor:
    """Return an auditor."""
    return installation.person(identity(MICROSOFT, JOHN), email=JOHN.email)


def fill(installation: Installation, connector_type: str) -> None:
    """Let four be active, one of them for 14 days and one for more, one wait, one be revoked."""
    store = installation.store
    keys = [ConnectionKey(connector_type, f"p{number}@company.com") for number in range(6)]
    ends = {1: timedelta(days=14), 2: timedelta(days=14, microseconds=1), 4: timedelta(days=1)}
    for number, key in enumerate(keys):
        end = START + ends[number] if number in ends else None
        put(store, replace(connection(key), refresh_token_expires_at=end))
    waits, gone = get(store, keys[4]), get(store, keys[5])
    waiting = replace(refreshed(waits), status=ConnectionStatus.NEEDS_SIGN_IN, reason="x")
    store.commit(Batch(changes=(change(waits, waiting),)))
    store.commit(Batch(changes=(change(gone, tombstone(gone)),)))


def told(visitor: Visitor) -> dict[str, Any]:
    """Return the summary."""
    response = visitor.call("list_users", "GET", SUMMARY)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json or {}
    return found


def test_each_type_is_counted(world: Installation) -> None:
    """As it is configured, in that order; then what is left of a type that nobody configures any more."""
    for connector_type in (GONE_TYPE, MICROSOFT):
        fill(world, connector_type)
    counts = {"active": 4, "needs_sign_in": 1, "revoked": 1}
    answer = told(admin(world))
    microsoft, google, gone = answer["connector_types"]
    consent = microsoft.pop("admin_consent_url")
    assert consent.startswith(f"{SANDBOX_URL}/login.microsoftonline.com/")
    assert "/v2.0/adminconsent?client_id=" in consent
    assert microsoft == {
        "connector_type": MICROSOFT,
        "title": "Microsoft 365",
        "provider": "microsoft",
        "retired": False,
        "counts": counts,
        "ends_soon": 1,
        "client_secret_expires": "2026-03-01",
    }
    assert google == {
        "connector_type": GOOGLE,
        "title": "Google Workspace",
        "provider": "google",
        "retired": True,
        "counts": NONE,
        "ends_soon": 0,
    }
    assert gone == {"connector_type": GONE_TYPE, "counts": counts, "ends_soon": 1}
    assert answer["as"] == {"kind": "admin", "name": ADMIN.email}


def test_an_auditor_sees_the_same(world: Installation) -> None:
    """By the role that they have."""
    fill(world, MICROSOFT)
    seen = told(auditor(world))
    assert seen["connector_types"] == told(admin(world))["connector_types"]
    assert seen["as"]["kind"] == "auditor"


def test_the_summary_names_nobody_and_reads_nobody(world: Installation) -> None:
    """Numbers alone: a read a number, one for each type that there is, and one more."""
    for connector_type in (GONE_TYPE, MICROSOFT):
        fill(world, connector_type)
    visitor = admin(world)
    world.meter.reset()
    response = visitor.call("list_users", "GET", SUMMARY)
    assert "company.com" not in response.text.replace(ADMIN.email, "")
    assert world.meter.counts()["main.read"] == 2 * (3 + 1) + (2 + 1)
    assert world.writes() == 0


def test_a_type_without_connections_costs_nothing(world: Installation) -> None:
    """Nor does it hide that it is there."""
    visitor = admin(world)
    world.meter.reset()
    answer = told(visitor)
    assert [each["counts"] for each in answer["connector_types"]] == [NONE, NONE]
    assert world.meter.counts()["main.read"] == 1


def test_whoever_may_not_see_all_is_told_no_number(world: Installation) -> None:
    """A person, also one with connections of their own, and every agent: 403, and nothing is read."""
    world.connect(MICROSOFT, SARAH)
    persons = (world.person(identity(MICROSOFT, SARAH)), world.person(identity(GOOGLE, ADMIN)))
    for visitor in (persons[0], world.agent(), world.agent(SARAHS_AGENT)):
        world.meter.reset()
        response = visitor.call("list_users", "GET", SUMMARY)
        assert (response.status_code, code(response)) == (403, "forbidden")
        assert "main.read" not in world.meter.counts()
    assert persons[1].call("list_users", "GET", SUMMARY).status_code == 200


def test_an_admin_beside_a_token_is_its_agent(world: Installation) -> None:
    """A session behind an `Authorization` header opens nothing."""
    visitor = admin(world)
    visitor.bearer = world.agent().bearer
    assert visitor.call("list_users", "GET", SUMMARY).status_code == 403


def test_the_summary_takes_no_parameters(world: Installation) -> None:
    """What one could mean is not guessed."""
    response = admin(world).call("list_users", "GET", f"{SUMMARY}?connector_type={MICROSOFT}")
    assert (response.status_code, code(response)) == (400, "unknown_field")


# -- the agents ---------------------------------------------------------------------------------------


def test_the_agents_are_told_as_the_policy_says_them(world: Installation) -> None:
    """To an administrator and an auditor; what the policy does not say of one is not there."""
    for visitor in (admin(world), auditor(world)):
        response = visitor.call("account", "GET", AGENTS)
        assert response.json == {
            "agents": [
                {
                    "agent": AGENT,
                    "connector_types": [GOOGLE, MICROSOFT],
                    "users": ["*@company.com"],
                    "actions": ["token"],
                },
                {
                    "agent": SARAHS_AGENT,
                    "connector_types": [MICROSOFT],
                    "users": [SARAH.email],
                    "actions": ["mail.read", "proxy"],
                    "scopes": ["Mail.Read"],
                    "rate": "5/minute",
                    "proxy": ["GET graph.microsoft.com/v1.0/me/todo/**"],
                },
            ],
            "delegations_required": True,
        }


def test_the_agents_are_not_for_everybody(world: Installation) -> None:
    """A person learns of those that can use what is theirs, and of no other; an agent has no account."""
    sarah = world.connect(MICROSOFT, SARAH)
    response = sarah.call("account", "GET", AGENTS)
    assert (response.status_code, code(response)) == (403, "forbidden")
    assert AGENT not in response.text
    assert world.agent().call("account", "GET", AGENTS).status_code == 401
    assert Visitor(world).call("account", "GET", AGENTS).status_code == 401
    response = admin(world).call("account", "GET", f"{AGENTS}?agent={AGENT}")
    assert (response.status_code, code(response)) == (400, "unknown_field")
