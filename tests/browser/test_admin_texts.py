"""Whatever word the API may answer, the administrators' page has words of its own for it."""

import re
from pathlib import Path

import pytest

from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.model.forecast import Ending
from multi_user_oauth.providers.aadsts import REASONS
from tests.support.api import DOCUMENT

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "functions/web/assets/admin-texts.js"
API = DOCUMENT["components"]["schemas"]


def known(name: str) -> set[str]:
    """Return the words for which this table has others."""
    body = TEXTS.read_text("utf-8").partition(f"export const {name} = {{")[2].partition("\n};")[0]
    return set(re.findall(r"^  \"?([\w.]+)\"?:", body, re.MULTILINE))


def listed(schema: str, field: str) -> set[str]:
    """Return the words that a field of an answer may have."""
    return set(API[schema]["properties"][field]["enum"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("actions", set(API["Action"]["enum"])),
        ("deeds", set(API["Action"]["enum"])),
        ("ended", set(API["ProviderOutcome"]["enum"])),
        ("failing", listed("User", "failing_because")),
        ("forecasts", set(Ending)),
        ("health", {*ConnectionStatus, "ends_soon", "quarantined"}),
        ("problems", listed("AuditVerification", "problem")),
    ],
)
def test_every_word_of_the_api_has_words(name: str, words: set[str]) -> None:
    """As many as the API's own, no more."""
    assert known(name) == words


def test_every_reason_to_sign_in_again_has_words() -> None:
    """But for the one that says no more than that."""
    assert set(REASONS.values()) - {"sign_in_required"} <= known("reasons")


def test_the_scripts_say_nothing_of_their_own() -> None:
    """Each sentence stands in one place: none is used that is not there, none is there for nothing."""
    scripts = [each for each in TEXTS.parent.glob("admin*.js") if each != TEXTS]
    used = set(re.findall(r"texts\.words\.(\w+)", "".join(map(Path.read_text, scripts))))
    assert used == known("words")
