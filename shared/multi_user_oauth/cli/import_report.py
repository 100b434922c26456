"""What became of an older system's files: counted, each with a stable reason and what to do about it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.output import Exit, console, print_json

if TYPE_CHECKING:
    from multi_user_oauth.errors import MultiUserOAuthError


class Outcome(StrEnum):
    """What became of one file."""

    TAKEN_IN = "taken_in"
    LEFT_ALONE = "left_alone"
    READY = "ready"
    """Of a dry run: there is nothing to say against it."""
    FAILED = "failed"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One file, and why it was not taken in; `reason` is empty where it was."""

    file: Path
    outcome: Outcome
    reason: str = ""


_SIGN_IN: Final = "let the person sign in: the connection page is enough, no file is needed"
ADVICE: Final[Mapping[str, str]] = {
    "malformed": "not CONNECTOR_TYPE/E-MAIL.json with one refresh token in it; nobody was asked",
    "unknown_connector_type": "the folder is not called as a connector type is; nobody was asked",
    "dead": f"the provider refuses the token, or another application got it; {_SIGN_IN}",
    "other_identity": "the account is a guest's, a private one or another organisation's",
    "email_mismatch": f"the token is of another account than the file's name says; {_SIGN_IN}",
    "identity_unproved": f"the old grant does not reach as far as proving whose it is; {_SIGN_IN}",
    "scope_missing": f"a required permission was never granted; {_SIGN_IN}",
    "held_by_another_account": "another account is connected under this e-mail: revoke that first",
    "already_connected": "connected already, so left alone; --replace takes the old token all the same",
    "provider_misconfigured": "the provider refuses our application; see `multi-user-oauth doctor`",
    "not_tried": "given up before it came to this one; run it again",
}
LATER: Final = "nothing changed; run it again"
_REASONS: Final[Mapping[str, str]] = {
    "consent_missing_required_scope": "scope_missing",
    "consumer_account_refused": "other_identity",
    "guest_refused": "other_identity",
    "identity_unverified": "identity_unproved",
    "invalid_request": "malformed",
    "malformed_email": "malformed",
    "needs_sign_in": "dead",
    "wrong_tenant": "other_identity",
}
"""Our word where it is not the error's code."""


def told_of(file: Path, error: "MultiUserOAuthError") -> Told:
    """Return what an error means for its file."""
    from multi_user_oauth.errors import AlreadyConnectedError, RetryableError

    outcome = Outcome.FAILED
    if isinstance(error, RetryableError):
        outcome = Outcome.LATER
    elif isinstance(error, AlreadyConnectedError):
        outcome = Outcome.LEFT_ALONE
    return Told(file=file, outcome=outcome, reason=_REASONS.get(error.code, error.code))


def exit_code(told: Iterable[Told]) -> Exit:
    """Return how the command ends."""
    outcomes = {each.outcome for each in told}
    if Outcome.LATER in outcomes:
        return Exit.LATER
    return Exit.FAILED if Outcome.FAILED in outcomes else Exit.OK


def print_report(folder: Path, told: list[Told], *, as_json: bool, dry_run: bool) -> None:
    """Print what became of the files of this folder."""
    counts = Counter(each.outcome for each in told)
    if as_json:
        files = [_facts(folder, each) for each in told]
        print_json({**{each.value: counts[each] for each in Outcome}, "files": files})
        return
    out = console()
    for each in told:
        if each.reason and each.outcome is not Outcome.LEFT_ALONE:
            name = each.file.relative_to(folder)
            out.print(f"{name}: {each.reason}", style="red", markup=False, soft_wrap=True)
    reasons = Counter(each.reason for each in told if each.reason)
    if reasons:
        out.print("\nWhat to do:", markup=False)
    for reason, number in reasons.most_common():
        line = f"  {reason} ({number}): {ADVICE.get(reason, LATER)}"
        out.print(line, markup=False, soft_wrap=True)
    out.print(_summary(counts, dry_run=dry_run), markup=False, soft_wrap=True)
    if not dry_run and counts[Outcome.TAKEN_IN] + counts[Outcome.LEFT_ALONE]:
        out.print(_DESTROY.format(folder=folder), markup=False, soft_wrap=True)


_DESTROY: Final = (
    "The files were not touched, and what they hold still works: once nothing needs them any more, "
    "destroy {folder} and every copy of it."
)


def _summary(counts: "Counter[Outcome]", *, dry_run: bool) -> str:
    if dry_run:
        ready, failed = counts[Outcome.READY], counts[Outcome.FAILED]
        return f"Nobody was asked. Ready: {ready}, failed: {failed}."
    text = (
        f"Taken in: {counts[Outcome.TAKEN_IN]}, left alone: {counts[Outcome.LEFT_ALONE]}, "
        f"failed: {counts[Outcome.FAILED]}"
    )
    later = counts[Outcome.LATER]
    return f"{text}, to be tried again: {later}." if later else f"{text}."


def _facts(folder: Path, told: Told) -> dict[str, str | None]:
    file = told.file.relative_to(folder)
    return {
        "file": str(file),
        "connector_type": file.parent.name,
        "user_email": file.stem,
        "outcome": told.outcome.value,
        "reason": told.reason or None,
    }
