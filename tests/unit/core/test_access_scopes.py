"""Which tokens may leave by their scopes, and who is on a list: the other pure functions of access."""

from dataclasses import replace

import pytest

from multi_user_oauth.access import is_listed, require_scopes
from multi_user_oauth.errors import InsufficientScopeError
from multi_user_oauth.model import Agent, Caller, Policy, Role, System
from tests.support.world import ADA_HERSELF, ADA_ID, BOB_ID
from tests.unit.core.test_access import CONNECTION, POLICY

# Scopes: a token can not be narrowed. Granted are openid, mail.read and calendar.read.


def narrow(*scopes: str) -> Policy:
    """A policy whose first agent may be given these scopes and no others."""
    limited = replace(POLICY.agents["ada@p"], scopes=frozenset(scopes))
    return replace(POLICY, agents={**POLICY.agents, limited.name: limited})


BY_ANOTHER = Agent(name="another@p", actors=("ada@p",))


@pytest.mark.parametrize(
    ("caller", "policy", "asked", "allowed"),
    [
        (Agent(name="ada@p"), POLICY, (), True),
        (Agent(name="ada@p"), POLICY, ("mail.read",), True),
        (Agent(name="ada@p"), POLICY, ("MAIL.Read", "openid"), True),
        (Agent(name="ada@p"), POLICY, ("mail.send",), False),
        (Agent(name="ada@p"), POLICY, ("mail.read", "mail.send"), False),
        (Agent(name="ada@p"), POLICY, ("mail",), False),
        (Agent(name="ada@p"), narrow("mail.read", "calendar.read"), (), True),
        (Agent(name="ada@p"), narrow("Mail.Read", "Calendar.Read", "more"), ("mail.read",), True),
        (Agent(name="ada@p"), narrow("mail.read"), (), False),
        (Agent(name="ada@p"), narrow("mail.read"), ("mail.read",), False),
        (Agent(name="ada@p"), narrow(), (), False),
        (BY_ANOTHER, POLICY, ("mail.read",), True),
        (BY_ANOTHER, narrow("mail.read", "calendar.read"), (), True),
        (BY_ANOTHER, narrow("mail.read"), (), False),
        (ADA_HERSELF, narrow("mail.read"), (), True),
        (ADA_HERSELF, POLICY, ("mail.send",), False),
        (System(name="refresh"), narrow("mail.read"), ("calendar.read",), True),
    ],
)
def test_a_token_goes_where_all_its_scopes_may(
    caller: Caller, policy: Policy, asked: tuple[str, ...], allowed: bool
) -> None:
    """N35: what is asked for was granted, and what was granted stands in every agent's rule."""
    if allowed:
        require_scopes(policy, caller, CONNECTION, asked)
        return
    with pytest.raises(InsufficientScopeError):
        require_scopes(policy, caller, CONNECTION, asked)


# Lists of admins and auditors.

BOSS = Role("00000000-0000-4000-8000-00000000000a", "Vault.Admin")
LISTED = frozenset({BOB_ID, BOSS})


@pytest.mark.parametrize(
    ("identities", "roles", "listed"),
    [
        ({BOB_ID}, set(), True),
        ({ADA_ID, BOB_ID}, set(), True),
        ({ADA_ID}, {BOSS}, True),
        ({ADA_ID}, set(), False),
        (set(), set(), False),
        ({ADA_ID}, {Role(BOSS.tenant_id, "vault.admin")}, False),
        ({ADA_ID}, {Role("00000000-0000-4000-8000-00000000000b", BOSS.value)}, False),
    ],
)
def test_an_admin_is_one_by_a_proved_identity_or_role(
    identities: set[object], roles: set[object], listed: bool
) -> None:
    """One of them is enough; no identity is none, and a role of another tenant is another role."""
    assert is_listed(LISTED, frozenset(identities), frozenset(roles)) is listed  # type: ignore[arg-type]  # reason: sets of what parametrize holds
    assert not is_listed(frozenset(), frozenset(identities), frozenset(roles))  # type: ignore[arg-type]  # reason: sets of what parametrize holds
