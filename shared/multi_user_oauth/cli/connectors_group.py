"""A group of commands of which one is meant where none is named."""

from typing import Final

import click

DEFAULT: Final = "list"


class ListingGroup(click.Group):
    """`files CONNECTOR_TYPE USER_EMAIL` is `files list CONNECTOR_TYPE USER_EMAIL`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the command that is meant."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)
