"""What the functions' own pages say when something went wrong."""

import pytest

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.http.texts import _FAILURES, failure_text

OTHERWISE = failure_text("no such code")


def codes() -> set[str]:
    """Return every code that an error of ours can have."""
    found, kinds = set(), [MultiUserOAuthError]
    while kinds:
        kind = kinds.pop()
        found.add(kind.code)
        kinds += kind.__subclasses__()
    return found


def test_every_text_is_for_a_code_that_there_is() -> None:
    """A misspelt one would never be shown."""
    assert len(_FAILURES) > 25
    assert _FAILURES.keys() <= codes()


@pytest.mark.parametrize("code", sorted(_FAILURES))
def test_every_failure_says_what_happened_why_and_what_to_do_next(code: str) -> None:
    """A heading without a full stop, and two whole sentences that are not the ones for the rest."""
    heading, explanation, next_step = failure_text(code)
    assert heading != OTHERWISE[0]
    assert not heading.endswith(".")
    assert explanation.endswith(".")
    assert next_step.endswith(".")
