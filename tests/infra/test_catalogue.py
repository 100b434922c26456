"""What infra/ makes of the catalogue is what the gateway and the local cloud make of it."""

import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from multi_user_oauth.cli.cloud_demo_settings import ASK_REFRESH, OPERATOR, PUSH, SCHEDULER
from multi_user_oauth.stores import firestore_writes
from tests.architecture.catalogue import FUNCTIONS, ROOT
from tests.infra.terraform import INFRA, evaluated, local

PAGE: Final = (ROOT / "docs/security.md").read_text("utf-8")
KEY_USE: Final = {
    frozenset[str](): "none",
    frozenset({"Encrypter"}): "encrypt",
    frozenset({"Decrypter"}): "decrypt",
    frozenset({"Encrypter", "Decrypter"}): "both",
}
RIGHT: Final = {None: "none", "reader": "read", "writer": "write"}
SETTINGS: Final = "".join(
    path.read_text("utf-8") for path in (ROOT / "shared/multi_user_oauth/settings").glob("*.py")
)
OF_THE_PLATFORM: Final = {"THREADS"}
"""What functions-framework's server reads, and no setting of ours."""


def test_the_table_of_rights_is_what_is_granted(tmp_path: Path) -> None:
    """N94: row for row of docs/security.md, databases, keys and secrets, as Terraform evaluates them."""
    granted = evaluated(
        "{database = local.database_grants, key = local.key_grants,"
        " mounted = local.mounted_grants, client = local.client_grants}",
        tmp_path,
    )
    rows = re.findall(r"^\| `\w+` \|.+$", PAGE, re.MULTILINE)
    assert len(rows) >= len(FUNCTIONS)
    for function in FUNCTIONS:
        name = function.name
        databases = [
            RIGHT[granted["database"].get(f"{name}/{database}", {}).get("role")]
            for database in ("main", "activity")
        ]
        keys = [
            KEY_USE[
                frozenset(g.split("/")[1] for g in granted["key"][key] if g.startswith(f"{name}/"))
            ]
            for key in ("access", "refresh")
        ]
        given = {g["secret"] for g in granted["mounted"].values() if g["who"] == name}
        if any(g["who"] == name for g in granted["client"].values()):
            given.add("client_secrets")
        assert given == set(function.secrets)
        secrets = ", ".join(function.secrets).replace("_", " ")
        assert f"| `{name}` | {' | '.join((*databases, *keys))} | {secrets} |" in rows


def test_who_backs_up_operates_or_restores_has_the_rights_of_the_table(tmp_path: Path) -> None:
    """N94: while it is asked for; and none at a key that opens anything, or at a secret."""
    granted = evaluated(
        "{database = local.database_grants, key = local.key_grants,"
        " mounted = local.mounted_grants, client = local.client_grants}",
        tmp_path,
        backups="{}",
        restoring="true",
        operators='["group:oauth-operators@company.com"]',
    )
    others = (granted["mounted"], granted["client"], *granted["key"].values())
    for name in ("operator", "backup", "restore"):
        databases = [
            RIGHT[granted["database"][f"{name}/{database}"]["role"]]
            for database in ("main", "activity")
        ]
        assert not [g for grants in others for g in grants.values() if g["who"] == name]
        row = f"| account `{name}` | {' | '.join(databases)} | none | none | none |"
        assert row in PAGE.splitlines()


def test_nobody_backs_up_or_restores_who_was_not_asked_to(tmp_path: Path) -> None:
    """Both are switched off, and then have no rights."""
    who = {grant["who"] for grant in evaluated("local.database_grants", tmp_path).values()}
    assert who - {function.name for function in FUNCTIONS} == {"operator"}


def test_a_callback_has_its_own_provider_s_secrets(tmp_path: Path) -> None:
    """Besides `refresh`, which has both."""
    assert sorted(evaluated("keys(local.client_grants)", tmp_path)) == [
        "callback_google/google",
        "callback_microsoft/microsoft",
        "refresh/google",
        "refresh/microsoft",
    ]


def test_every_route_leads_where_the_gateway_leads_it(tmp_path: Path) -> None:
    """The first template that fits is of the function that the catalogue names; refresh has none."""
    found = evaluated("{routes = local.routes, ordered = local.ordered}", tmp_path)
    for function in FUNCTIONS:
        for route in function.routes:
            path = re.sub(r"{\w+}", "x1", route.path.replace("{path}", "a/b/c"))
            fitting = [template for template in found["ordered"] if fits(template, path)]
            if function.invoker == "iam":
                assert fitting == []
            else:
                assert found["routes"][fitting[0]] == function.name


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/a/*/b", "/a/x/b", True),
        ("/a/*", "/a/x/y", False),
        ("/a/**", "/a/x/y", True),
        ("/a", "/a/x", False),
    ],
)
def test_the_templates_are_read_as_the_load_balancer_reads_them(
    template: str, path: str, expected: bool
) -> None:
    """One star is one segment, two are the rest (Google's "URL maps overview")."""
    assert fits(template, path) == expected


def test_a_template_has_no_more_placeholders_than_google_takes(tmp_path: Path) -> None:
    """Five, in 255 characters."""
    for template in evaluated("local.ordered", tmp_path):
        assert template.count("*") - template.count("**") <= 5
        assert len(template) <= 255


def fits(template: str, path: str) -> bool:
    """Whether a path template of a URL map takes this path."""
    pattern = re.escape(template).replace(r"\*\*", ".+").replace(r"\*", "[^/]+")
    return re.fullmatch(pattern, path) is not None


def test_whoever_asks_refresh_here_asks_it_there() -> None:
    """The accounts that the local cloud's policy admits are those that IAM lets in."""
    names = {OPERATOR: "operator", SCHEDULER: "scheduler", PUSH: "push"}
    here = {
        route: sorted(names.get(who, who) for who in callers if (route, who) not in BESIDE_THE_DEMO)
        for route, callers in ASK_REFRESH.items()
    }
    assert {route: sorted(who) for route, who in local("ask_refresh").items()} == here


BESIDE_THE_DEMO: Final = {("one", OPERATOR), ("finish", OPERATOR)}
"""The command line beside the demo is given what an operator in the cloud is not."""


def test_every_setting_that_is_set_is_one() -> None:
    """A misspelt one would be a default without a word."""
    text = (INFRA / "functions.tf").read_text("utf-8") + (INFRA / "catalogue.tf").read_text("utf-8")
    named = set(re.findall(r"^ +([A-Z][A-Z_]+[A-Z]) += ", text, re.MULTILINE))
    named |= set(re.findall(r'setting = "([A-Z_]+)"', text)) | set(local("topics").values())
    assert len(named) > 20
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', SETTINGS))
    assert named - known == OF_THE_PLATFORM
    allowed = re.findall(r'"([A-Z_]{6,})"', (INFRA / "variables.tf").read_text("utf-8"))
    assert set(allowed) <= known


def test_a_field_that_ends_a_document_is_one_that_is_not_indexed() -> None:
    """Terraform has one resource a field: a time to live is set where the exemption is."""
    file = Path(firestore_writes.__file__).with_name("firestore_indexes.yaml")
    for database in yaml.safe_load(file.read_text("utf-8")).values():
        for entry in database["ttl"]:
            assert entry["field"] in database["not_indexed"][entry["collection"]]


def test_names_fit(tmp_path: Path) -> None:
    """A service account's name has 6 to 30 characters, whatever prefix is allowed."""
    names = evaluated("values(local.names)", tmp_path)
    assert len(names) == len(FUNCTIONS)
    for name in names:
        assert len("x" * 10 + name.removeprefix("oauth")) <= 30
        assert len("xx" + name.removeprefix("oauth")) >= 6
