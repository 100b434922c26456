"""tour: the whole system once, without hands, explained for someone who has never seen OAuth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from multi_user_oauth.cli.files import find_functions
from multi_user_oauth.cli.output import Exit, console, failures_told, json_option, print_json

if TYPE_CHECKING:
    from multi_user_oauth.cli.tour_story import Step

INTRODUCTION: Final = (
    "A small company on this machine: its people have accounts at a Microsoft and a Google that a "
    "sandbox plays, and its agents work for them. What you see is the real product: the real pages, "
    "the real libraries, real HTTP, real encryption. Only the providers are played."
)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How one step went."""

    title: str
    story: str
    checks: list[tuple[bool, str]] = field(default_factory=list)
    trouble: str = ""

    @property
    def ok(self) -> bool:
        """Whether all of it held."""
        return not self.trouble and all(held for held, _ in self.checks)

    def as_document(self) -> dict[str, object]:
        """Return it for programs."""
        checks = [{"ok": held, "what": what} for held, what in self.checks]
        document: dict[str, object] = {"title": self.title, "ok": self.ok, "checks": checks}
        return document | ({"trouble": self.trouble} if self.trouble else {})


@click.command()
@click.option(
    "--functions",
    "functions_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of functions.yaml.  [default: this clone's]",
)
@json_option
def tour(functions_dir: Path | None, *, as_json: bool) -> None:
    """Walk through the whole system once, each step explained.

    Exit codes: 0 all of it held; 1 a step failed; 2 wrong usage or configuration.
    """
    tell = _Silent() if as_json else _Narrator()
    with failures_told(as_json=as_json):
        outcomes = list(_walk(find_functions(functions_dir), tell))
    failed = next((outcome.title for outcome in outcomes if not outcome.ok), None)
    if as_json:
        steps = [outcome.as_document() for outcome in outcomes]
        print_json({"ok": failed is None, "failed": failed, "steps": steps})
    else:
        tell.end(failed)
    if failed is not None:
        raise SystemExit(Exit.FAILED)


def _walk(functions: Path, tell: "_Silent") -> Iterator[Outcome]:
    """Yield the outcomes up to the first step that fails."""
    tell.begin()
    from multi_user_oauth.cli.tour_story import story
    from multi_user_oauth.cli.tour_world import TourWorld

    with TourWorld(functions) as world:
        for number, step in enumerate(story(world), start=1):
            tell.step(number, step)
            outcome = _taken(step, tell)
            yield outcome
            if not outcome.ok:
                return


def _taken(step: "Step", tell: "_Silent") -> Outcome:
    from requests import RequestException

    from multi_user_oauth.errors import MultiUserOAuthError
    from multi_user_oauth.sandbox.browser import StuckError

    outcome = Outcome(title=step.title, story=step.story)
    try:
        for held, what in step.run():
            outcome.checks.append((held, what))
            tell.check(held=held, what=what)
            if not held:
                break
    except (RequestException, StuckError, LookupError, MultiUserOAuthError) as error:
        # Its text may hold an address with a code in it; a code of ours says nothing secret.
        code = f", {error.code}" if isinstance(error, MultiUserOAuthError) else ""
        outcome.trouble = f"it came to a halt: {type(error).__name__}{code}"
        tell.check(held=False, what=outcome.trouble)
    return outcome


class _Silent:
    """Tells nothing: the JSON document comes at the end."""

    def begin(self) -> None:
        """Say what this is."""

    def step(self, number: int, step: "Step") -> None:
        """Say what happens now, and why."""

    def check(self, *, held: bool, what: str) -> None:
        """Say what was looked at."""

    def end(self, failed: str | None) -> None:
        """Say how it went."""


class _Narrator(_Silent):
    """Tells it to people."""

    def __init__(self) -> None:
        self._out = console()

    def begin(self) -> None:
        from rich.panel import Panel

        self._out.print(Panel(INTRODUCTION, title="Multi-User OAuth, a tour", padding=(1, 2)))

    def step(self, number: int, step: "Step") -> None:
        from rich.padding import Padding

        self._out.print(f"\n[bold cyan]{number}. {step.title}[/bold cyan]")
        self._out.print(Padding(step.story, (0, 0, 0, 3)))

    def check(self, *, held: bool, what: str) -> None:
        from rich.markup import escape

        mark = "[green]✓[/green]" if held else "[bold red]✗[/bold red]"
        self._out.print(f"   {mark} {escape(what)}", soft_wrap=True)

    def end(self, failed: str | None) -> None:
        if failed is None:
            self._out.print("\n[bold green]All of it held.[/bold green]")
            self._out.print("Try it with your own hands: [bold]make demo[/bold]")
        else:
            self._out.print(f"\n[bold red]This step failed: {failed}[/bold red]")
