"""The two files: what may stand in them, and that every mistake is named with its place."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.model import Identity, Issuer, IssuerKind, Provider, Role, StepUp
from multi_user_oauth.model.proxy_rule import ProxyRule
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.settings.policy import load_policy

TENANT = "7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40"
CALL = "GET graph.microsoft.com/v1.0/me"
MICROSOFT: dict[str, Any] = {
    "provider": "microsoft",
    "title": "Microsoft 365",
    "client_id": "id",
    "client_secret": "name",
    "tenants": [TENANT],
    "required_scopes": ["User.Read"],
}
GOOGLE: dict[str, Any] = {
    "provider": "google",
    "title": "Google",
    "client_id": "id",
    "client_secret": "name",
    "hosted_domains": ["Company.com"],
    "required_scopes": ["openid"],
}
AGENT: dict[str, Any] = {"connector_types": ["microsoft_teams"], "users": ["*@Company.com"]}
ISSUER: dict[str, Any] = {
    "kind": "agent",
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "https://connect.company.com",
    "jwks_uri": "https://token.actions.githubusercontent.com/.well-known/jwks",
    "subject": "{sub}",
}
PERSONS = {"kind": "person", "subject": "microsoft:{tid}:{oid}"}
OID = "11111111-2222-3333-4444-555555555555"


def write(tmp_path: Path, content: object) -> Path:
    """Write a file: text as it is, anything else as YAML."""
    file = tmp_path / "the_file.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return file


def test_connector_types_are_read(tmp_path: Path) -> None:
    """With their defaults; tenants and domains in lower case."""
    file = write(tmp_path, {"m": {**MICROSOFT, "tenants": [TENANT.upper()]}, "g": GOOGLE})
    types = load_connector_types(file)
    assert types["m"].provider is Provider.MICROSOFT
    assert types["m"].tenant_ids == (TENANT,)
    assert types["m"].optional_scopes == types["m"].allowed_scopes == ()
    assert types["g"].hosted_domains == ("company.com",)
    assert types["g"].client_secret_name == "name"
    assert types["g"].client_secret_expires is None


def test_what_a_connector_type_is_for_is_read(tmp_path: Path) -> None:
    """One sentence for people, if there is one; a whole page is not."""
    file = write(tmp_path, {"m": {**MICROSOFT, "purpose": " For your mail. "}, "g": GOOGLE})
    assert load_connector_types(file)["m"].purpose == "For your mail."
    assert not load_connector_types(file)["g"].purpose
    file = write(tmp_path, {"m": {**MICROSOFT, "purpose": "x" * 301}})
    with pytest.raises(ConfigurationError, match="purpose"):
        load_connector_types(file)


def test_the_day_a_client_secret_ends_is_read(tmp_path: Path) -> None:
    """As YAML writes a day, in quotes or without."""
    for day in (date(2027, 5, 1), "2027-05-01"):
        file = write(tmp_path, {"m": {**MICROSOFT, "client_secret_expires": day}})
        assert load_connector_types(file)["m"].client_secret_expires == date(2027, 5, 1)


def test_a_type_may_be_retired(tmp_path: Path) -> None:
    """By one word; else it is not."""
    file = write(tmp_path, {"m": {**MICROSOFT, "retired": True}, "g": GOOGLE})
    types = load_connector_types(file)
    assert (types["m"].retired, types["g"].retired) == (True, False)


def without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the entry less one field."""
    return {key: value for key, value in entry.items() if key != name}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        *(
            (without(MICROSOFT, name), f"missing required field `{name}`")
            for name in ("provider", "title", "client_id", "client_secret", "required_scopes")
        ),
        (without(MICROSOFT, "tenants"), "the_type.tenants: expected at least one"),
        (without(GOOGLE, "hosted_domains"), "the_type.hosted_domains: expected at least one"),
        ({**MICROSOFT, "tenants": []}, "the_type.tenants: expected at least one"),
        ({**MICROSOFT, "hosted_domains": ["a.com"]}, "the_type.hosted_domains: expected nothing"),
        ({**GOOGLE, "tenants": [TENANT]}, "the_type.tenants: expected nothing"),
        ({**MICROSOFT, "tenants": ["common"]}, "$.tenants[0]"),
        ({**MICROSOFT, "tenants": ["organizations"]}, "$.tenants[0]"),
        ({**MICROSOFT, "tenants": TENANT}, "$.tenants"),
        ({**MICROSOFT, "provider": "apple"}, "$.provider"),
        ({**MICROSOFT, "provider": None}, "$.provider"),
        ({**MICROSOFT, "title": 7}, "$.title"),
        ({**MICROSOFT, "title": ""}, "$.title"),
        ({**MICROSOFT, "title": "x" * 513}, "$.title"),
        ({**MICROSOFT, "required_scopes": []}, "$.required_scopes"),
        ({**MICROSOFT, "required_scopes": "User.Read"}, "$.required_scopes"),
        ({**MICROSOFT, "optional_scopes": [None]}, "$.optional_scopes"),
        ({**MICROSOFT, "tenant": TENANT}, "unknown field `tenant`"),
        ({**MICROSOFT, "client_secret": ["a"]}, "$.client_secret"),
        ({**MICROSOFT, "client_secret_expires": "May"}, "$.client_secret_expires"),
        ({**MICROSOFT, "client_secret_expires": 2027}, "$.client_secret_expires"),
        ({**MICROSOFT, "client_secret_expires": None}, "$.client_secret_expires"),
        (None, "the_type"),
        ("text", "the_type"),
        ([], "the_type"),
    ],
    ids=str,
)
def test_a_mistake_in_a_connector_type_is_named(tmp_path: Path, entry: object, said: str) -> None:
    """The file, the entry and the field."""
    file = write(tmp_path, {"good": GOOGLE, "the_type": entry})
    with pytest.raises(ConfigurationError) as refused:
        load_connector_types(file)
    assert str(refused.value).startswith(f"{file}: the_type")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "name", ["Microsoft", "1st", "a-b", "a b", "", "a" * 64, "../x", 7, None, True]
)
def test_a_connector_type_has_a_plain_name(tmp_path: Path, name: object) -> None:
    """It stands in paths and document ids."""
    with pytest.raises(ConfigurationError, match=r"the_file\.yaml"):
        load_connector_types(write(tmp_path, {name: GOOGLE}))


@pytest.mark.parametrize("load", [load_connector_types, load_policy])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expected `object`, got `null`"),
        ("7", "Expected `object`, got `int`"),
        ("[]", "Expected `object`"),
        ("a: [", "line 1"),
        ("a: 1\n\tb: 2", "line 2"),
        ("a: 1\na: 2", "line 2: not YAML: this key stands twice"),
        ("a:\n  b: 1\n  b: 2", "line 3: not YAML: this key stands twice"),
        ("? [a, b]\n: 1", "a key must be text"),
        ("? {a: 1}\n: 1", "a key must be text"),
        ("a: !!python/object:os.system x", "line 1"),
        ("a: &x [*x]", "the_file"),
        ("a: *nothing", "line 1"),
        ("a: 2026-99-99", "the_file"),
        ("a: \x07", "not YAML"),
        ("a: !!int text", "not YAML"),
        ("[" * 3000, "not YAML"),
        ("a: 1\n---\nb: 2", "line 2"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_yaml_object_is_refused(tmp_path: Path, load: Any, text: str, said: str) -> None:  # noqa: ANN401  # reason: either loader
    """By the file's name and, where there is one, the line."""
    with pytest.raises(ConfigurationError) as refused:
        load(write(tmp_path, text))
    assert str(tmp_path / "the_file.yaml") in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("load", [load_connector_types, load_policy])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, load: Any) -> None:  # noqa: ANN401  # reason: either loader
    """Missing, a folder, or no text."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    for file in (tmp_path / "missing", tmp_path, binary):
        with pytest.raises(ConfigurationError, match=str(file)):
            load(file)


def test_a_policy_is_read(tmp_path: Path) -> None:
    """Patterns are normalised as e-mails are; admins are identities."""
    policy = load_policy(
        write(
            tmp_path,
            {
                "agents": {
                    "a@p.iam.gserviceaccount.com": {
                        **AGENT,
                        "users": ["*@Bücher.example", "Ann@Company.com"],
                    }
                },
                "admins": [f"microsoft:{TENANT}:{OID}", "google:123"],
                "refresh_callers": {"one": ["r@p.iam.gserviceaccount.com"]},
            },
        )
    )
    rule = policy.agents["a@p.iam.gserviceaccount.com"]
    assert rule.users == {"*@xn--bcher-kva.example", "ann@company.com"}
    assert policy.admins == {Identity.microsoft(TENANT, OID), Identity.google("123")}
    assert policy.refresh_callers == {"one": {"r@p.iam.gserviceaccount.com"}}
    assert load_policy(write(tmp_path, "{}")).agents == {}


def test_all_that_a_policy_can_say_is_read(tmp_path: Path) -> None:
    """An agent's actions, scopes, rate, calls; roles, auditors, issuers, step-up, delegations, calls."""
    policy = load_policy(
        write(
            tmp_path,
            {
                "agents": {
                    "github/repo:company/reports:ref:refs/heads/main": {
                        **AGENT,
                        "actions": ["mail.read", "mail.send"],
                        "scopes": ["Mail.Send"],
                        "rate": "600/minute",
                        "proxy": ["GET graph.microsoft.com/v1.0/me/messages/*"],
                    },
                    "a@p.iam.gserviceaccount.com": AGENT,
                },
                "admins": [f"role:{TENANT}:Vault.Admin"],
                "auditors": ["google:7"],
                "issuers": {"github": ISSUER},
                "delegations": "required",
                "step_up": {"context": "c1", "max_age_minutes": 5},
                "proxy": ["* graph.microsoft.com/v1.0/me/**"],
            },
        )
    )
    rule = policy.agents["github/repo:company/reports:ref:refs/heads/main"]
    assert rule.actions == {"mail.read", "mail.send"}
    assert rule.scopes == frozenset({"Mail.Send"})
    assert rule.rate == "600/minute"
    assert rule.proxy == (ProxyRule.parse("GET graph.microsoft.com/v1.0/me/messages/*"),)
    assert policy.proxy == (ProxyRule.parse("* graph.microsoft.com/v1.0/me/**"),)
    plain = policy.agents["a@p.iam.gserviceaccount.com"]
    assert plain.actions == {"token"}
    assert plain.scopes is None
    assert plain.rate is None
    assert plain.proxy is None
    assert policy.admins == {Role(TENANT, "Vault.Admin")}
    assert policy.auditors == {Identity.google("7")}
    assert policy.delegations_required
    assert policy.step_up == StepUp(context="c1", max_age=timedelta(minutes=5))
    assert policy.issuers["github"] == Issuer(
        name="github",
        kind=IssuerKind.AGENT,
        issuer=ISSUER["issuer"],
        audience=ISSUER["audience"],
        jwks_uri=ISSUER["jwks_uri"],
        subject="{sub}",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"admins": ["role:company:Vault.Admin"]}, "admins: expected identities"),
        ({"auditors": ["ann@company.com"]}, "auditors: expected identities"),
        ({"delegations": "none"}, "$.delegations"),
        ({"step_up": {"context": "mfa"}}, "$.step_up.context"),
        ({"step_up": {"context": "c1", "max_age_minutes": 0}}, "$.step_up.max_age_minutes"),
        ({"agents": {"a": {**AGENT, "actions": ["mail"]}}}, "agents.a.actions: expected some of"),
        ({"agents": {"a": {**AGENT, "actions": ["see"]}}}, "agents.a.actions: expected some of"),
        ({"agents": {"a": {**AGENT, "actions": []}}}, "agents.a: "),
        ({"agents": {"a": {**AGENT, "scopes": []}}}, "agents.a: "),
        ({"agents": {"a": {**AGENT, "rate": "fast"}}}, "agents.a.rate: expected a number"),
        ({"agents": {"a": {**AGENT, "rate": "0/minute"}}}, "agents.a.rate: expected a number"),
        ({"agents": {"github/repo:x": AGENT}}, "agents.github/repo:x: expected the name of an"),
        (
            {"agents": {"me/x": AGENT}, "issuers": {"me": {**ISSUER, **PERSONS}}},
            "agents.me/x: expected the name of an issuer of kind agent",
        ),
        ({"issuers": {"github": {**ISSUER, "issuer": "http://x.example"}}}, "issuers.github: "),
        ({"issuers": {"github": {**ISSUER, "jwks_uri": "https://x.example/?a"}}}, "issuers.github"),
        ({"issuers": {"github": {**ISSUER, "algorithms": ["HS256"]}}}, "issuers.github: "),
        ({"issuers": {"github": {**ISSUER, "algorithms": ["none"]}}}, "issuers.github: "),
        ({"issuers": {"github": {**ISSUER, "subject": "x"}}}, "issuers.github.subject: expected"),
        ({"issuers": {"me": {**ISSUER, "kind": "person"}}}, "issuers.me.subject: expected"),
        ({"issuers": {"me": {**ISSUER, "kind": "admin"}}}, "issuers.me: "),
        ({"issuers": {"Me": ISSUER}}, "issuers"),
        ({"admins": ["admin@company.com"]}, "admins: expected identities"),
        ({"admins": ["microsoft:admin@company.com"]}, "never an e-mail"),
        ({"admins": [f"microsoft:{OID}"]}, "admins: expected identities"),
        ({"admins": ["apple:1"]}, "admins: expected identities"),
        ({"admins": ["google:*"]}, "admins: expected identities"),
        ({"admins": "google:1"}, "$.admins"),
        ({"admins": [""]}, "$.admins"),
        ({"admin": []}, "unknown field `admin`"),
        ({"agents": []}, "$.agents"),
        ({"agents": {"a": {}}}, "agents.a: "),
        ({"agents": {"a": without(AGENT, "users")}}, "agents.a: "),
        ({"agents": {"a": {**AGENT, "users": []}}}, "agents.a: "),
        (
            {"agents": {"a": {**AGENT, "users": ["*"]}}},
            "agents.a.users: expected an e-mail or *@domain",
        ),
        (
            {"agents": {"a": {**AGENT, "users": ["*@*"]}}},
            "agents.a.users: expected an e-mail or *@domain",
        ),
        ({"agents": {"a": {**AGENT, "users": ["*@*.company.com"]}}}, "agents.a.users"),
        ({"agents": {"a": {**AGENT, "users": ["*@company"]}}}, "agents.a.users"),
        ({"agents": {"a": {**AGENT, "users": ["company.com"]}}}, "agents.a.users"),
        ({"agents": {"a": {**AGENT, "users": ["*@a@company.com"]}}}, "agents.a.users"),
        ({"agents": {"a": {**AGENT, "connector_types": []}}}, "agents.a: "),
        ({"agents": {"a": {**AGENT, "connector_types": ["*"]}}}, "agents.a: "),
        ({"agents": {"a": {**AGENT, "admin": True}}}, "unknown field `admin`"),
        ({"proxy": ["GET example.com/x"]}, "proxy[0]: expected METHOD host/path"),
        ({"proxy": [CALL, "GET graph.microsoft.com/v1.0/users/*"]}, "proxy[1]: expected a path"),
        ({"proxy": CALL}, "proxy"),
        ({"proxy": [CALL], "agents": {"a": {**AGENT, "proxy": ["x"]}}}, "agents.a.proxy[0]"),
        ({"agents": {"a": {**AGENT, "proxy": [CALL]}}}, "agents.a.proxy: expected calls that"),
        ({"refresh_callers": {"two": ["a"]}}, "refresh_callers"),
        ({"refresh_callers": {"one": "a"}}, "refresh_callers"),
        ({"refresh_callers": ["a"]}, "refresh_callers"),
    ],
    ids=str,
)
def test_a_mistake_in_the_policy_is_named(tmp_path: Path, content: object, said: str) -> None:
    """Nobody becomes an admin, and no agent reaches further, by a typing error."""
    file = write(tmp_path, content)
    with pytest.raises(ConfigurationError) as refused:
        load_policy(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert said in str(refused.value)
