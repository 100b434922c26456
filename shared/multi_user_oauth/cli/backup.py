"""backup: everything that is kept, as it lies and sealed, in one file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.leavers import operating
from multi_user_oauth.cli.output import console, json_option, print_json
from multi_user_oauth.cli.progress import Amount, progress

if TYPE_CHECKING:
    from multi_user_oauth.stores.file_backup import BackupWriter

STDOUT: Final = Path("-")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--ledger-only",
    is_flag=True,
    help="Only who disconnected and signed out: small, take it often.",
)
@env_option
@json_option
def backup(file: Path, env_file: Path | None, *, ledger_only: bool, as_json: bool) -> None:
    """Write everything that is kept to FILE, or to standard output for `-`.

    Tokens stay sealed: this needs no key, and only the right to read both databases. FILE has its name
    once it is whole, and only its owner can read it. It may run while the vault is in use. Keep the
    digest that it prints elsewhere: restore compares it.

    Exit codes: 0 done; 2 wrong usage or configuration; 4 try again later.
    """
    from multi_user_oauth.ports.backup import BackupKind
    from multi_user_oauth.stores.file_backup import BackupWriter
    from multi_user_oauth.wiring.backup import heading, taking

    if file == STDOUT and as_json:
        raise click.UsageError("With - standard output is the backup: --json has no place there.")
    if file == STDOUT and sys.stdout.isatty():
        raise click.UsageError("A backup is no text: send it to a file, or name one.")
    writer: BackupWriter | None = None

    def says() -> str:
        return f"{writer.counts.total()} records" if writer else ""

    with (
        operating(env_file, as_json=as_json) as parts,
        _output(file) as stream,
        progress("Backing up", of=Amount.UNKNOWN, says=says),
    ):
        kind = BackupKind.LEDGER if ledger_only else BackupKind.WHOLE
        writer = BackupWriter(stream, heading(parts, kind))
        take = taking(parts)
        (take.take_ledger if ledger_only else take.take)(writer)
        writer.end()
    _tell(writer, file, as_json=as_json)


@contextmanager
def _output(file: Path) -> Iterator[BinaryIO]:
    from multi_user_oauth.errors import ConfigurationError
    from multi_user_oauth.stores.file_backup import whole_file

    if file == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with whole_file(file) as stream:
            yield stream
    except OSError as error:
        raise ConfigurationError(f"{file} can not be written: {error.strerror}") from None


def _tell(writer: "BackupWriter", file: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file), "counts": dict(writer.counts), "digest": writer.digest})
        return
    counts = writer.counts
    names = {"connection": "connections", "audit": "audit records", "ledger": "disconnects"}
    parts = [f"{name} {counts[kind]}" for kind, name in names.items() if counts[kind]]
    # With `-` standard output is the backup itself.
    out = console(stderr=file == STDOUT)
    out.print(f"Backed up: {', '.join(parts) or 'nothing is kept'}.", markup=False, soft_wrap=True)
    out.print(f"Digest: {writer.digest}", markup=False, soft_wrap=True)
