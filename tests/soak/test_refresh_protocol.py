"""The model of the refresh protocol with more at a time, and every mutant with every provider."""

import pytest

from docs.models.refresh_protocol import LARGE, caught
from docs.models.refresh_rules import Beyond, Mode, Mutant, Rules
from docs.models.refresh_search import Size, explore
from tests.property.test_refresh_protocol import ROWS


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("size", LARGE, ids=str)
def test_no_order_of_more_events_breaks_anything(size: Size, mode: Mode) -> None:
    """As in every run of the tests, with more at a time."""
    result = explore(Rules(mode), size)
    assert result.invariant is None, result.trace


@pytest.mark.parametrize("name", [*Mutant, *Beyond])
def test_a_mistake_shows_with_no_other_provider(name: str) -> None:
    """The page names all that notice."""
    assert tuple(caught(name)) == ROWS[name].modes
