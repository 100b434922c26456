"""Whom an agent's rule covers."""

import pytest

from multi_user_oauth.model import AgentRule, ConnectionKey

RULE = AgentRule(
    name="mailer@project.iam.gserviceaccount.com",
    connector_types=frozenset({"microsoft_teams", "google_workspace"}),
    users=frozenset({"ada@example.com", "*@lab.example"}),
)


@pytest.mark.parametrize(
    ("connector_type", "user_email"),
    [
        ("microsoft_teams", "ada@example.com"),
        ("google_workspace", "ada@example.com"),
        ("microsoft_teams", "anyone@lab.example"),
    ],
)
def test_what_the_rule_names_is_covered(connector_type: str, user_email: str) -> None:
    """A person by e-mail, everybody of a domain by `*@domain`."""
    assert RULE.covers(ConnectionKey(connector_type, user_email))


@pytest.mark.parametrize(
    ("connector_type", "user_email"),
    [
        ("microsoft_teams", "bob@example.com"),
        ("microsoft_teams", "ada@example.com.evil.example"),
        ("microsoft_teams", "ada@sub.lab.example"),
        ("microsoft_teams", "ada@evil-lab.example"),
        ("microsoft_teams", "ada@lab.example@evil.example"),
        ("microsoft_teams", ""),
        ("microsoft_outlook", "ada@example.com"),
        ("", "ada@example.com"),
        ("*", "anyone@lab.example"),
    ],
)
def test_everything_else_is_not(connector_type: str, user_email: str) -> None:
    """Not another person, a subdomain, a name that only ends alike, nor another connector type."""
    assert not RULE.covers(ConnectionKey(connector_type, user_email))


@pytest.mark.parametrize(
    "users", [{"*"}, {"*@*"}, {"*@"}, {"@example.com"}, {"a*@example.com"}, set()]
)
def test_there_is_no_other_wildcard(users: set[str]) -> None:
    """Only `*@domain` stands for more than one person."""
    rule = AgentRule(
        name="agent", connector_types=frozenset({"microsoft_teams"}), users=frozenset(users)
    )

    assert not rule.covers(ConnectionKey("microsoft_teams", "ada@example.com"))


def test_a_rule_without_connector_types_covers_nothing() -> None:
    """Nothing is meant by leaving it out."""
    rule = AgentRule(
        name="agent", connector_types=frozenset(), users=frozenset({"ada@example.com"})
    )

    assert not rule.covers(ConnectionKey("microsoft_teams", "ada@example.com"))
