"""A group of commands of which one is meant where none is named."""

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

DEFAULT: Final = "list"


class ListingGroup(click.Group):
    """`files CONNECTOR_TYPE USER_EMAIL` is `files list CONNECTOR_TYPE USER_EMAIL`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the command that is meant."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Offer the commands, and what follows the one that is meant where none is named."""
        meant = self.commands[DEFAULT]
        following = meant.params[0].shell_complete(ctx, incomplete)
        return [*super().shell_complete(ctx, incomplete), *following]
