"""offboard: everything of people who leave is ended, and a certificate says what became of it."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from multi_user_oauth.cli.completing import user_emails
from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.leavers import leavers, operating
from multi_user_oauth.cli.output import Exit, console, json_option, print_json
from multi_user_oauth.cli.progress import progress

if TYPE_CHECKING:
    from datetime import datetime

    from multi_user_oauth.certificate import Certificate, CertifiedEnd
    from multi_user_oauth.errors import MultiUserOAuthError
    from multi_user_oauth.wiring.parts import Parts

    Outcome = Certificate | MultiUserOAuthError


@click.command()
@click.argument("user_emails", nargs=-1, metavar="[USER_EMAIL]...", shell_complete=user_emails)
@click.option(
    "--csv",
    "table",
    type=click.File("r", encoding="utf-8-sig"),
    help="A table of people: its column user_email, else its first; - for standard input.",
)
@env_option
@json_option
def offboard(
    user_emails: tuple[str, ...], table: TextIO | None, env_file: Path | None, *, as_json: bool
) -> None:
    """End all connections of people who leave, as an operator.

    Prints a certificate for each. It can be interrupted and run again: what was ended before is told
    as such, and what was pending is tried again.

    Exit codes: 0 all is ended; 1 somebody never connected anything; 2 wrong usage or configuration;
    4 something is pending: run it again later.
    """
    with operating(env_file, as_json=as_json) as parts:
        people = leavers(user_emails, table)
        begun = parts.world.now()
        outcomes = _ended(parts, people)
    if as_json:
        print_json(_facts(outcomes))
    else:
        for user_email, outcome in outcomes.items():
            _print(user_email, outcome, begun)
    raise SystemExit(max(map(_exit_code, outcomes.values())))


def _ended(parts: "Parts", people: list[str]) -> "dict[str, Outcome]":
    from multi_user_oauth.errors import NotConnectedError, RetryableError
    from multi_user_oauth.model import System
    from multi_user_oauth.wiring.revoke import offboard as offboarding

    use_case, operator = offboarding(parts), System(name="operator")
    outcomes: dict[str, Outcome] = {}
    with progress("Offboarding") as shown:
        for number, user_email in enumerate(people):
            shown(number, len(people))
            try:
                outcomes[user_email] = use_case.offboard(operator, user_email)
            except (NotConnectedError, RetryableError) as error:
                outcomes[user_email] = error
    return outcomes


def _facts(outcomes: "dict[str, Outcome]") -> dict[str, object]:
    from multi_user_oauth.certificate import Certificate, document_of

    return {
        "certificates": [
            document_of(each) for each in outcomes.values() if isinstance(each, Certificate)
        ],
        "failed": [
            {"user_email": user_email, "code": each.code}
            for user_email, each in outcomes.items()
            if not isinstance(each, Certificate)
        ],
    }


def _exit_code(outcome: "Outcome") -> Exit:
    from multi_user_oauth.certificate import Certificate
    from multi_user_oauth.errors import NotConnectedError

    match outcome:
        case Certificate(is_final=True):
            return Exit.OK
        case NotConnectedError():
            return Exit.FAILED
        case _:
            return Exit.LATER


def _print(user_email: str, outcome: "Outcome", begun: "datetime") -> None:
    from multi_user_oauth.certificate import Certificate, digest_of
    from multi_user_oauth.errors import NotConnectedError

    out = console()
    if not isinstance(outcome, Certificate):
        unknown = isinstance(outcome, NotConnectedError)
        why = "never connected anything" if unknown else f"not ended ({outcome.code}); run it again"
        out.print(f"{user_email}: {why}", style="red", markup=False, soft_wrap=True)
        return
    before = all(each.ended_at < begun for each in outcome.connections)
    out.print(user_email, style="bold", markup=False, end="")
    out.print(" (ended before)" if before else "", markup=False)
    for each in outcome.connections:
        out.print(*_lines(each), sep="\n", markup=False, soft_wrap=True)
    signed_out = ", ".join(map(str, outcome.signed_out))
    out.print(f"  signed out everywhere: {signed_out}", markup=False, soft_wrap=True)
    said = f"  certified at {outcome.issued_at:%Y-%m-%d %H:%M:%S} UTC for {outcome.asked_by}"
    out.print(said, f"  SHA-256 {digest_of(outcome)}", sep="\n", markup=False, soft_wrap=True)


def _lines(end: "CertifiedEnd") -> list[str]:
    by = end.ended_by or "somebody whose name was erased"
    lines = [
        f"  {end.key}",
        f"    ended {end.ended_at:%Y-%m-%d %H:%M:%S} UTC by {by}",
        f"    at the provider: {end.provider.value}. {end.reason}",
        "    our copy: " + ("destroyed" if end.copy_destroyed else "sealed until that is done"),
    ]
    if end.access_token_valid_until:
        until = f"{end.access_token_valid_until:%Y-%m-%d %H:%M:%S} UTC"
        lines.append(f"    an access token that was given out before works until {until}")
    if end.connected_elsewhere:
        lines.append(f"    connected elsewhere: {', '.join(map(str, end.connected_elsewhere))}")
    if end.left_to_do:
        lines.append(f"    left to do: {end.left_to_do}")
    return lines
