"""files: a person's files, through the API."""

from pathlib import Path
from typing import Any, Final

import click

from multi_user_oauth.cli.connectors_client import Acting, acting
from multi_user_oauth.cli.connectors_group import ListingGroup
from multi_user_oauth.cli.connectors_output import (
    PAGE,
    at_most,
    print_table,
    refusals_told,
    size_text,
)
from multi_user_oauth.cli.connectors_times import minute
from multi_user_oauth.cli.output import Exit, console, failed, print_json
from multi_user_oauth.cli.progress import Amount, progress

COPIED_WHOLE: Final = 48
"""An id of so many characters leaves room for a name beside it in 80 columns."""


@click.group("files", cls=ListingGroup)
def file_commands() -> None:
    """List, download and upload a person's files.

    `files CONNECTOR_TYPE USER_EMAIL` lists them.
    """


@file_commands.command("list")
@acting
@click.option("--search", help="Words to look for, in the provider's search.")
@click.option("--folder", "folder_id", help="The id of a folder.  [default: the top one]")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many."
)
def list_files(
    here: Acting,
    search: str | None,
    folder_id: str | None,
    limit: int,
) -> None:
    """List a person's files.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    with refusals_told(as_json=here.as_json):
        found = here.connectors().files(
            *here.whose,
            search=search,
            folder_id=folder_id,
            page_size=min(limit, PAGE),
            purpose=here.purpose,
        )
        items = at_most(found, limit)
    if here.as_json:
        print_json({"files": items})
    elif not items:
        console().print("No files.")
    else:
        short = all(len(item.get("id", "")) <= COPIED_WHOLE for item in items)
        print_table(("modified", "size", "id", "name"), map(_row, items), whole=3 if short else 2)


@file_commands.command()
@acting
@click.argument("file_id")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=Path(),
    help="A folder, or a file.  [default: this folder]",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def download(
    here: Acting,
    file_id: str,
    into: Path,
    *,
    overwrite: bool,
) -> None:
    """Download a file by its id.

    What broke off goes on when the same line is given again.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    with refusals_told(as_json=here.as_json):
        from multi_user_oauth.client.downloads import safe_name

        api = here.connectors()
        if into.is_dir():
            known = api.file(*here.whose, file_id, purpose=here.purpose)
            into /= safe_name(str(known.get("name", "")))
        if into.exists() and not overwrite:
            message = f"{into} is there already: --overwrite replaces it."
            raise failed(Exit.FAILED, message, as_json=here.as_json)
        with progress(into.name, of=Amount.BYTES) as told:
            api.download(*here.whose, file_id, into, progress=told, purpose=here.purpose)
    size = into.stat().st_size
    if here.as_json:
        print_json({"path": str(into), "size": size})
    else:
        console().print(f"{into}: {size_text(size)}", markup=False, soft_wrap=True)


@file_commands.command()
@acting
@click.argument("path", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--name", help="Its name there.  [default: its name here]")
@click.option("--folder", "folder_id", help="The id of a folder.  [default: the top one]")
def upload(
    here: Acting,
    path: Path,
    name: str | None,
    folder_id: str | None,
) -> None:
    """Upload a file.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    with (
        refusals_told(as_json=here.as_json),
        progress(name or path.name, of=Amount.BYTES) as told,
    ):
        stored = here.connectors().upload(
            *here.whose,
            path,
            name=name,
            folder_id=folder_id,
            progress=told,
            purpose=here.purpose,
        )
    if here.as_json:
        print_json(stored)
        return
    size, stored_id = size_text(stored.get("size")), stored.get("id", "")
    text = f"{stored.get('name', path.name)}: {size}, with the id {stored_id}"
    console().print(text, markup=False, soft_wrap=True)


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    size = "folder" if item.get("folder") else size_text(item.get("size"))
    modified = minute(item.get("modified_at"))[:10]
    return modified, size, str(item.get("id", "")), str(item.get("name", ""))
