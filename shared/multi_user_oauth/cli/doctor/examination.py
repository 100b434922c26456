"""All checks, in their order."""

import io
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from multi_user_oauth.cli.doctor.applications import application_checks
from multi_user_oauth.cli.doctor.bench import Bench
from multi_user_oauth.cli.doctor.consent import consent_checks, consent_findings
from multi_user_oauth.cli.doctor.credentials import credential_checks
from multi_user_oauth.cli.doctor.deployed import (
    Deployed,
    addresses_of,
    deployed_checks,
    deployed_findings,
)
from multi_user_oauth.cli.doctor.files import files_findings
from multi_user_oauth.cli.doctor.findings import SECONDS, Finding, Status, Theme, side_by_side
from multi_user_oauth.cli.doctor.policy import policy_findings
from multi_user_oauth.cli.doctor.reach import reach_checks, sandbox_is_away
from multi_user_oauth.cli.doctor.scopes import scope_findings
from multi_user_oauth.cli.doctor.settings import settings_findings
from multi_user_oauth.cli.doctor.stored import stored_checks
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.log import configure
from multi_user_oauth.settings import Settings
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.settings.policy import load_policy

if TYPE_CHECKING:
    from multi_user_oauth.model import ConnectorType, ConnectorTypes, Policy
    from multi_user_oauth.wiring.world import World


def examine(
    values: Mapping[str, str],
    world: "World",
    *,
    only: Collection[str] = (),
    deployed: Deployed | None = None,
    seconds: float = SECONDS,
) -> list[Finding]:
    """
    Return all findings: what the settings and files say, then what others say, side by side.

    `only`: these connector types. `deployed`: what runs is looked at, too. Raise `ConfigurationError` if
    there is no type of such a name, or what `deployed` names can not be read.
    """
    configure(
        io.StringIO()
    )  # what is refused here is a finding, not a line of any log, nor an alarm
    settings = Settings(values)
    findings = list(settings_findings(values, settings))
    if any(finding.status is Status.WRONG for finding in findings):
        what = "not looked at while settings are wrong"
        return [*findings, Theme("everything else", "all").bad(what, "", status=Status.UNKNOWN)]
    types, wrong_types = _connector_types(settings)
    policy, wrong_policy = _policy(settings)
    bench = Bench(values=values, settings=settings, world=world, all_types=frozenset(types))
    bench = replace(bench, policy=policy, types=_chosen(types, only))
    findings += [*files_findings(bench), *wrong_types, *scope_findings(bench), *wrong_policy]
    # Of a file that could not be read nothing is known: everything would seem to be missing from it.
    findings += policy_findings(bench) if not wrong_types else ()
    checks = [*stored_checks(bench), *consent_checks(bench)]
    away = sandbox_is_away(bench)
    if not away:
        asking = (reach_checks, application_checks, credential_checks)
        checks = [*(check for each in asking for check in each(bench)), *checks]
    if deployed is not None:
        addresses = addresses_of(bench, deployed)
        findings += deployed_findings(bench, addresses)
        checks = [*deployed_checks(bench, addresses), *checks]
    findings += [*away, *side_by_side(checks, seconds=seconds), *consent_findings(bench)]
    return _by_theme(findings)


def _connector_types(settings: Settings) -> "tuple[ConnectorTypes, list[Finding]]":
    try:
        return load_connector_types(settings.connector_types_file), []
    except ConfigurationError as error:
        mend = "Correct it: docs/connector-types.md explains every field."
        return {}, [Theme("connector types", "CONNECTOR_TYPES_FILE").error(error, mend)]


def _policy(settings: Settings) -> "tuple[Policy | None, list[Finding]]":
    try:
        return load_policy(settings.policy_file), []
    except ConfigurationError as error:
        mend = "Correct it: docs/policy.md explains every field, multi-user-oauth policy check reads it."
        return None, [Theme("policy", "POLICY_FILE").error(error, mend)]


def _chosen(types: "ConnectorTypes", only: Collection[str]) -> "tuple[ConnectorType, ...]":
    unknown = sorted(set(only) - types.keys())
    if unknown and types:
        raise ConfigurationError(f"There is no connector type {unknown[0]}: {', '.join(types)}")
    # One that is retired is asked for nothing any more, and its application may be gone.
    return tuple(
        each for each in types.values() if each.name in (only or types) and not each.retired
    )


def _by_theme(findings: list[Finding]) -> list[Finding]:
    """Return them with those of one theme together, the themes as they first came."""
    order = list(dict.fromkeys(finding.check for finding in findings))
    return sorted(findings, key=lambda finding: order.index(finding.check))
