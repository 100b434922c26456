"""import: the refresh tokens that an older system kept in files become connections."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.leavers import operating
from multi_user_oauth.cli.output import console, json_option
from multi_user_oauth.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multi_user_oauth.cli.import_report import Told
    from multi_user_oauth.cli.import_run import ImportRun, Take
    from multi_user_oauth.cli.old_tokens import OldToken
    from multi_user_oauth.wiring.parts import Parts


@click.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check the files; ask nobody.")
@click.option("--replace", is_flag=True, help="Also where the same person is connected already.")
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=4,
    show_default=True,
    help="So many files at a time.",
)
@env_option
@json_option
def import_tokens(
    folder: Path,
    env_file: Path | None,
    *,
    dry_run: bool,
    replace: bool,
    workers: int,
    as_json: bool,
) -> None:
    """Take in the refresh tokens of an older system, as an operator.

    FOLDER holds CONNECTOR_TYPE/E-MAIL.json: a token answer, Google's authorized user, or MSAL's cache.
    Each token is used once at its provider, its owner proved, and the connection stored whole or not
    at all. No file is changed. It can be interrupted and run again: what is connected is left alone.

    Exit codes: 0 all are taken in or left alone; 1 some failed; 2 wrong usage or configuration; 4 some
    are to be tried again later.
    """
    from multi_user_oauth.cli.import_report import exit_code, print_report
    from multi_user_oauth.cli.import_run import ImportRun
    from multi_user_oauth.cli.old_tokens import find_files

    with operating(env_file, as_json=as_json) as parts:
        files = find_files(folder)
        run = ImportRun(
            connector_types=parts.connector_types,
            take=None if dry_run else _taking(parts, replace=replace),
            workers=workers,
        )
        told = list(_shown(run, files))
    told.sort(key=lambda each: each.file)
    print_report(folder, told, as_json=as_json, dry_run=dry_run)
    raise SystemExit(exit_code(told))


def _taking(parts: "Parts", *, replace: bool) -> "Take":
    from multi_user_oauth.model import System
    from multi_user_oauth.wiring.importing import importing_wherever

    importer, operator = importing_wherever(parts), System(name="operator")

    def take(old: "OldToken") -> None:
        importer.take_in(old.key, old.refresh_token, caller=operator, replace=replace)

    return take


def _shown(run: "ImportRun", files: list[Path]) -> "Iterator[Told]":
    """Yield what the run yields, and show how far it is."""
    try:
        with progress("Importing") as shown:
            shown(0, len(files))
            for number, told in enumerate(run.run(files), start=1):
                shown(number, len(files))
                yield told
    except KeyboardInterrupt:
        console(stderr=True).print("Run it again: what was taken in is left alone.")
        raise
