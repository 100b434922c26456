"""erase: what is kept of somebody who left goes, as far as it may; the rest is told, with its date."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.arguments import user_email_argument
from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.leavers import leavers, operating
from multi_user_oauth.cli.output import Exit, console, json_option, print_json, utc_text

if TYPE_CHECKING:
    from multi_user_oauth.erasing import Erased


@click.command()
@user_email_argument
@env_option
@json_option
def erase(user_email: str, env_file: Path | None, *, as_json: bool) -> None:
    """Erase what is kept of somebody who left, as an operator.

    Who used the connections, every use that was kept and every idempotency key go at once. Tombstones,
    audit and ledger stay for BACKUP_RETENTION_DAYS after the disconnect: run it again then.

    Exit codes: 0 nothing is left; 2 wrong usage or configuration; 4 try again later; 5 something stays,
    or the person is still connected.
    """
    from multi_user_oauth.wiring.erasing import erase as erasing

    with operating(env_file, as_json=as_json) as parts:
        (person,) = leavers([user_email], None)
        all_of_it = erasing(parts).erase(person)
    if as_json:
        print_json({"user_email": person, **_facts(all_of_it)})
    else:
        _print(person, all_of_it)
    if not all(each.is_gone for each in all_of_it):
        raise SystemExit(Exit.NEEDED)


def _facts(all_of_it: "tuple[Erased, ...]") -> dict[str, object]:
    return {
        "erased": [{"what": each.what, "of": each.of} for each in all_of_it if each.is_gone],
        "kept": [
            {"what": each.what, "of": each.of, "why": each.why, "until": utc_text(each.until)}
            for each in all_of_it
            if not each.is_gone
        ],
    }


def _print(person: str, all_of_it: "tuple[Erased, ...]") -> None:
    out = console()
    for each in all_of_it:
        line = f"{each.what} of {each.of}: {each.why or 'erased'}"
        if each.until:
            line += f" ({each.until:%Y-%m-%d %H:%M} UTC)"
        out.print(line, markup=False, soft_wrap=True)
    if all(each.is_gone for each in all_of_it):
        out.print(f"Nothing is kept of {person}.", markup=False, soft_wrap=True)
