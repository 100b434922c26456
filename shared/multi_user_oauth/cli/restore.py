"""restore: a backup back into empty databases, in quarantine; and ending that."""

import hmac
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.completing import connector_types, user_emails
from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.leavers import operating
from multi_user_oauth.cli.output import console, json_option, print_json, utc_text
from multi_user_oauth.cli.progress import Amount, progress

if TYPE_CHECKING:
    from multi_user_oauth.backup.releasing import Released
    from multi_user_oauth.backup.restoring import Restored
    from multi_user_oauth.stores.file_backup import BackupFile
    from multi_user_oauth.wiring.parts import Parts

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", required=False, type=existing_file)
@click.option(
    "--ledger",
    "ledgers",
    multiple=True,
    type=existing_file,
    help="A later backup, or a ledger: who ended there stays ended. Give it again for another.",
)
@click.option("--digest", help="What `backup` printed: another file is refused.")
@click.option(
    "--release", "releases", is_flag=True, help="End the quarantine of what was restored."
)
@click.option("--connector-type", shell_complete=connector_types, help="Release only this one.")
@click.option("--user", shell_complete=user_emails, help="Release only this person's connections.")
@env_option
@json_option
def restore(  # noqa: PLR0917  # reason: click gives them by name
    file: Path | None,
    ledgers: tuple[Path, ...],
    digest: str | None,
    connector_type: str | None,
    user: str | None,
    env_file: Path | None,
    *,
    releases: bool,
    as_json: bool,
) -> None:
    """Put the backup FILE into an empty main database, or --release what was put there.

    What was disconnected before or after the backup stays so, as far as the ledgers know: the one in
    FILE, the one of the activity database, and each --ledger. All else waits in quarantine: no token
    is given out, no provider asked and nobody told to sign in, until it is released. Interrupted, run
    it again.

    Exit codes: 0 done; 2 wrong usage or configuration; 4 try again later.
    """
    if releases == (file is not None):
        raise click.UsageError("Give FILE to restore it, or --release to end the quarantine.")
    if (ledgers or digest) if releases else (connector_type or user):
        raise click.UsageError("--ledger and --digest go with FILE, the others with --release.")
    with operating(env_file, as_json=as_json) as parts:
        if file is None:
            _tell_released(_release(parts, connector_type, user), as_json=as_json)
        else:
            _restore(parts, file, ledgers, digest, as_json=as_json)


def _restore(
    parts: "Parts", file: Path, ledgers: tuple[Path, ...], digest: str | None, *, as_json: bool
) -> None:
    from multi_user_oauth.errors import ConfigurationError
    from multi_user_oauth.stores.file_backup import BackupFile
    from multi_user_oauth.wiring.backup import restoring

    backup: BackupFile | None = None
    with (
        ExitStack() as open_files,
        progress(
            "Restoring",
            of=Amount.UNKNOWN,
            says=lambda: f"{backup.seen} records" if backup else "reading",
        ),
    ):
        files = [
            BackupFile(open_files.enter_context(each.open("rb")), each.name)
            for each in (file, *ledgers)
        ]
        if digest is not None and not hmac.compare_digest(digest.strip().lower(), files[0].digest):
            raise ConfigurationError(f"{file.name} has another digest; nothing was restored")
        backup = files[0]
        restored = restoring(parts).restore(backup, files[1:])
    _tell_restored(restored, backup, as_json=as_json)


def _release(parts: "Parts", connector_type: str | None, user: str | None) -> "Released":
    from multi_user_oauth.backup.releasing import Part
    from multi_user_oauth.model import normalise_email
    from multi_user_oauth.wiring.backup import releasing

    seen = 0

    def told(number: int) -> None:
        nonlocal seen
        seen = number

    part = Part(connector_type=connector_type, user_email=normalise_email(user) if user else None)
    with progress("Releasing", of=Amount.UNKNOWN, says=lambda: f"{seen} connections"):
        return releasing(parts).release(part, told)


def _tell_restored(restored: "Restored", backup: "BackupFile", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "written": restored.written,
                "left_alone": restored.left_alone,
                "ended": restored.ended,
                "quarantined": restored.quarantined,
                "taken_at": utc_text(backup.heading.taken_at),
                "digest": backup.digest,
            }
        )
        return
    text = f"Restored as of {backup.heading.taken_at:%Y-%m-%d %H:%M} UTC. Connections written: "
    text += f"{restored.written}. Ended since, and left so: {restored.ended}."
    if restored.left_alone:
        text += f" Connected meanwhile, and left alone: {restored.left_alone}."
    out = console()
    out.print(text, markup=False, soft_wrap=True)
    out.print(f"In quarantine: {restored.quarantined}.", markup=False, end=" ")
    out.print("Next: multi-user-oauth restore --release", markup=False, soft_wrap=True)


def _tell_released(released: "Released", *, as_json: bool) -> None:
    if as_json:
        names = ("released", "ended", "waiting")
        print_json({name: getattr(released, name) for name in names})
        return
    text = f"Released: {released.released}. Ended by the ledger: {released.ended}. "
    text += f"Still in quarantine: {released.waiting}."
    console().print(text, markup=False, soft_wrap=True)
