"""doctor: what is wrong with a deployment, and how to mend it; doctor whoami: who is who."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.doctor.whoami import whoami
from multi_user_oauth.cli.output import Exit, console, failures_told, json_option, print_json
from multi_user_oauth.cli.settings_file import chosen_settings

__all__ = ["doctor"]


@click.group(invoke_without_command=True)
@click.option("--only", multiple=True, metavar="CONNECTOR_TYPE", help="Only these connector types.")
@click.option("--deployed", is_flag=True, help="Look at what runs, too, as a stranger would.")
@click.option(
    "--outputs",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --deployed: what `terraform -chdir=infra output -json` prints.",
)
@click.option(
    "--functions",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --deployed: the folder of functions.yaml.  [default: this clone's]",
)
@env_option
@json_option
@click.pass_context
def doctor(
    context: click.Context,
    only: tuple[str, ...],
    outputs: Path | None,
    functions: Path | None,
    env_file: Path | None,
    *,
    deployed: bool,
    as_json: bool,
) -> None:
    """Look what is wrong, and say how to mend it.

    Nobody signs in for it, no token is read, and nothing is written.

    With --deployed the functions are asked, too: the platform has to keep strangers out of `refresh`,
    forged identities have to be refused, and names, certificates, headers, cookies and redirect URIs
    have to be what they should be.

    Exit codes: 0 nothing is wrong (there may be warnings, and things to look at by hand); 1 something
    is wrong; 2 wrong usage, or settings that can not be read; 4 something could not be found out now.
    """
    if context.invoked_subcommand is not None:
        if only or env_file or as_json or deployed or outputs or functions:
            # or it would seem to count
            raise click.UsageError(f"write options after {context.invoked_subcommand}")
        return
    if (outputs or functions) and not deployed:
        raise click.UsageError("--outputs and --functions go with --deployed")
    with failures_told(as_json=as_json):
        values = chosen_settings(env_file)
        with _progress(as_json=as_json):
            from multi_user_oauth.cli.doctor.deployed import Deployed
            from multi_user_oauth.cli.doctor.examination import examine
            from multi_user_oauth.wiring.world import World

            asked = Deployed(outputs=outputs, functions=functions) if deployed else None
            findings = examine(values, World(), only=only, deployed=asked)
    from multi_user_oauth.cli.doctor.findings import exit_code
    from multi_user_oauth.cli.doctor.shown import as_document, print_findings

    code = exit_code(findings)
    if as_json:
        print_json(as_document(findings, ok=code is Exit.OK))
    else:
        print_findings(findings)
    if code is not Exit.OK:
        raise SystemExit(code)


def _progress(*, as_json: bool) -> AbstractContextManager[object]:
    """Return what shows that something is done, to whoever waits at a terminal."""
    if as_json or not sys.stderr.isatty():
        return nullcontext()
    return console(stderr=True).status("Looking, for at most ten seconds or so")


doctor.add_command(whoami)
