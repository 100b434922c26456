"""completion: what a shell is to be told, so that the Tab key completes our command line."""

import click

from multi_user_oauth.cli.output import json_option, print_json
from multi_user_oauth.cli.program import COMPLETE

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@json_option
@click.pass_context
def completion(ctx: click.Context, shell: str, *, as_json: bool) -> None:
    """Print what makes the Tab key complete commands, options, connector types and e-mails.

    \b
    bash: multi-user-oauth completion bash >> ~/.bashrc
    zsh:  multi-user-oauth completion zsh >> ~/.zshrc   (below compinit)
    fish: multi-user-oauth completion fish > ~/.config/fish/completions/multi-user-oauth.fish

    It holds for terminals that are opened afterwards.

    Exit codes: 0 done; 2 wrong usage.
    """  # noqa: D301  # reason: \b tells click to leave the lines as they are
    from click.shell_completion import get_completion_class

    from multi_user_oauth.cli.completion_bash import register

    register()
    made = get_completion_class(shell)
    program = ctx.find_root()
    if made is None:  # no click that we may be installed with
        raise click.UsageError(f"the library click does not know {shell}")
    script = made(program.command, {}, "multi-user-oauth", COMPLETE).source()
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script, nl=False)
