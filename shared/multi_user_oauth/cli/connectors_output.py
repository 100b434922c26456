"""What the commands of the connectors say: refusals that help, tables that fold."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from multi_user_oauth.cli.output import Exit, failed, failures_told, show_table, tame

if TYPE_CHECKING:
    from multi_user_oauth.errors.client import ApiError

PAGE: Final = 100
"""The largest page that the API gives."""
WRONG: Final = frozenset({400, 413, 415, 416, 422})
LATER: Final = frozenset({429, 503})
AGAIN: Final = frozenset({"conflict", "send_in_progress", "no_answer"})
KILO: Final = 1000
UNITS: Final = ("B", "KB", "MB", "GB", "TB")


HINTS: Final = {
    "forbidden": "The policy decides: see `multi-user-oauth policy explain`.",
    "outcome_unknown": "Look there before you send it again, with another key.",
    "unauthenticated": "It takes a fresh OIDC token that was made for this origin.",
}
"""What else helps, by the API's code."""


@contextmanager
def refusals_told(*, as_json: bool, key: str | None = None) -> Iterator[None]:
    """
    End the command as `failures_told` does; of the API's refusals tell where they can be mended.

    With `key`, the command may be given again, and what it does is done once.
    """
    from multi_user_oauth.errors.client import ApiError

    with failures_told(as_json=as_json):
        try:
            yield
        except ApiError as refused:
            named = {
                "code": refused.code,
                "status": refused.status or None,
                "field": refused.field,
                "reason": refused.reason,
                "scope": refused.scope,
                "retry_after": refused.retry_after,
                "reauthorize_url": refused.reauthorize_url,
                "delegate_url": refused.delegate_url,
                "idempotency_key": key,
            }
            facts = {name: value for name, value in named.items() if value is not None}
            message = refused.detail if as_json else _sentences(refused, key)
            raise failed(_exit_code(refused), message, as_json=as_json, **facts) from None
        except OSError as trouble:
            name = f"{trouble.filename}: " if trouble.filename else ""
            message = f"{name}{trouble.strerror or type(trouble).__name__}"
            raise failed(Exit.FAILED, message, as_json=as_json) from None


def _exit_code(refused: "ApiError") -> Exit:
    if refused.code == "needs_sign_in" or (refused.scope and refused.reauthorize_url):
        return Exit.NEEDS_SIGN_IN
    if refused.code in AGAIN or refused.status in LATER:
        return Exit.LATER
    return Exit.USAGE if refused.status in WRONG else Exit.FAILED


def _sentences(refused: "ApiError", key: str | None) -> str:
    detail = refused.detail or refused.code
    said = [f"{detail}." if refused.field else _sentence(detail), HINTS.get(refused.code, "")]
    if refused.scope:
        said.append(f"It takes the permission {refused.scope}.")
    elif refused.reason:
        said.append(f"Its own word for why: {refused.reason}.")
    if refused.reauthorize_url:
        said.append(f"The person signs in here: {refused.reauthorize_url}")
    if refused.delegate_url:
        said.append(f"The person can allow it here: {refused.delegate_url}")
    if refused.retry_after:
        said.append(f"Try again in {refused.retry_after} s.")
    if key and _exit_code(refused) is Exit.LATER:
        said.append(f"With --idempotency-key {key} it is done once, however often you try.")
    return " ".join(filter(None, said))


def _sentence(text: str) -> str:
    told = text[:1].upper() + text[1:]
    return told if told.endswith((".", "!", "?")) else f"{told}."


def at_most(items: Iterable[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Return the first items; no page is asked for that is not needed."""
    return list(islice(items, limit))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, whole: int = 0) -> None:
    """Print rows that fold where the terminal is narrow; the first `whole` columns do not."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=number < whole, overflow="fold")
    for row in rows:
        table.add_row(*(Text(tame(cell)) for cell in row))
    show_table(table)


def size_text(size: object) -> str:
    """Return a number of bytes as people read it; nothing for what has none."""
    if not isinstance(size, int):
        return ""
    value, unit = float(size), 0
    while value >= KILO and unit < len(UNITS) - 1:
        value, unit = value / KILO, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if unit == 0 else f"{value:.1f} {UNITS[unit]}"
