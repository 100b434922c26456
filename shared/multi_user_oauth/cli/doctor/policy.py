"""Whether the policy says what somebody can have meant."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Finding, Status, Theme
from multi_user_oauth.model import AgentRule, Provider

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.model import Policy

CHECK: Final = "policy"
ACCOUNT: Final = re.compile(
    r"[^@\s]+@(?:([a-z0-9.:-]+)\.iam|(developer|appspot))\.gserviceaccount\.com"
)
"""A service account's e-mail: of a project, or one that Google makes for every project."""
PAGE: Final = "docs/policy.md"


def policy_findings(bench: "Bench") -> Iterator[Finding]:
    """Yield what is to be said of a policy that was read without a mistake."""
    policy = bench.policy
    if policy is None:
        return
    wrong = [*_nobody(policy), *_refreshing(bench, policy)]
    for rule in policy.agents.values():
        wrong += _agent(bench, rule)
    yield from wrong
    if not any(finding.status is Status.WRONG for finding in wrong):
        projects = sorted(
            {found[1] for each in policy.agents if (found := ACCOUNT.match(each))} - {None}
        )
        of = f" of {', '.join(projects)}" if projects else ""
        yield Theme(CHECK, "all").ok(
            f"{len(policy.agents)} agents{of}, {len(policy.admins)} admins"
        )


def _nobody(policy: "Policy") -> Iterator[Finding]:
    if not policy.agents:
        mend = f"Name one under agents: {PAGE}"
        what = "no agent may do anything"
        yield Theme(CHECK, "agents").bad(what, mend, status=Status.WARNING)
    if not policy.admins:
        what = "nobody is an admin: nobody can end another person's connection on the page"
        mend = "multi-user-oauth doctor whoami E-MAIL prints what is written under admins."
        yield Theme(CHECK, "admins").bad(what, mend, status=Status.WARNING)


def _agent(bench: "Bench", rule: AgentRule) -> Iterator[Finding]:
    theme = Theme(CHECK, rule.name)
    if "/" not in rule.name and not ACCOUNT.fullmatch(rule.name):
        mend = f"Write the service account's whole e-mail, or ISSUER/SUBJECT: {PAGE}"
        yield theme.bad("it is no service account, and so can never prove who it is", mend)
    for unknown in sorted(rule.connector_types - bench.all_types):
        mend = f"Correct it; there are: {', '.join(sorted(bench.all_types)) or 'none'}."
        yield theme.bad(f"there is no connector type {unknown}", mend)
    domains = {user.rpartition("@")[2] for user in rule.users}
    for each in bench.types:
        if each.name in rule.connector_types and each.provider is Provider.GOOGLE:
            strangers = sorted(domains - set(each.hosted_domains))
            if strangers and not domains & set(each.hosted_domains):
                what = f"nobody of {', '.join(strangers)} can connect {each.name}"
                mend = f"Correct users, or add the domain to hosted_domains of {each.name}."
                yield theme.bad(what, mend, status=Status.WARNING)


def _refreshing(bench: "Bench", policy: "Policy") -> Iterator[Finding]:
    """Yield who has to be let in where refreshing is a function of its own."""
    settings = bench.settings
    wanted = {
        "one": (settings.refresh_url is not None, "the functions that ask for a refresh"),
        "sweep": (settings.backend != "embedded", "the service account of Cloud Scheduler"),
        "shard": (settings.sweep_topic is not None, "that of the push subscription of SWEEP_TOPIC"),
    }
    for route, (needed, who) in wanted.items():
        if needed and not policy.refresh_callers.get(route):
            what = f"refresh_callers names nobody for {route}: nobody is let in there"
            mend = f"Write under refresh_callers: {route}: {who}."
            yield Theme(CHECK, f"refresh_callers.{route}").bad(what, mend, status=Status.WARNING)
