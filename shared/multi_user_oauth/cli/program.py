"""The whole command line: however it ends, with a sentence or a JSON document and a documented code."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import click

from multi_user_oauth.cli.output import CONFIGURATION, Exit, failed

COMPLETE: Final = "_MULTI_USER_OAUTH_COMPLETE"
"""The variable by which a shell asks what could come next."""
EXTRAS: Final = {
    "authlib": "sandbox",
    "boto3": "aws",
    "botocore": "aws",
    "google": "gcp,google",
    "google_auth_oauthlib": "google",
    "grpc": "gcp",
    "mcp": "mcp",
    "msal": "microsoft",
    "rich": "cli",
    "waitress": "sandbox",
}
"""Which extra of ours brings a library; what is not named here comes with `server`."""


class Program(click.Group):
    """Click's group, but for how it ends: the table of docs/guide.md holds for all commands."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002  # reason: click's own signature
        **extra: Any,  # noqa: ANN401  # reason: handed on to click
    ) -> Any:  # noqa: ANN401  # reason: click's own signature
        """Run the command and end the process; with `standalone_mode` off, do as click does."""
        given = sys.argv[1:] if args is None else list(args)
        variable = complete_var or COMPLETE
        if os.environ.get(variable):
            from multi_user_oauth.cli.completion_bash import register

            register()
        if not standalone_mode:
            return super().main(given, prog_name, variable, standalone_mode=False, **extra)
        with _endings(as_json="--json" in given):
            code = super().main(given, prog_name, variable, standalone_mode=False, **extra)
        sys.exit(code if isinstance(code, int) else Exit.OK)


@contextmanager
def _endings(*, as_json: bool) -> Iterator[None]:
    """End the process where a command was stopped, was wrongly called, or lacks a library."""
    try:
        yield
    except click.Abort:
        message = "Interrupted."
        raise failed(Exit.INTERRUPTED, message, as_json=as_json, code="interrupted") from None
    except click.ClickException as wrong:
        if as_json:
            message = wrong.format_message()
            raise failed(Exit.USAGE, message, as_json=True, code="usage") from None
        wrong.show()
        raise SystemExit(wrong.exit_code) from None
    except ModuleNotFoundError as missing:
        library = (missing.name or "").partition(".")[0]
        if library in {"", "multi_user_oauth"}:
            raise  # a fault of ours, which no installation mends
        wanted = _wanted(library)
        raise failed(Exit.USAGE, wanted, as_json=as_json, code=CONFIGURATION) from None


def _wanted(library: str) -> str:
    extra = EXTRAS.get(library, "server")
    install = "cli" if extra == "cli" else f"cli,{extra}"
    return (
        f"This needs the library {library}, which is not installed here: "
        f"pip install 'multi-user-oauth[{install}]'"
    )
