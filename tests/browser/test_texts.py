"""The page's script and the functions' own pages must not say different things."""

import re
from pathlib import Path

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.http.texts import scope_text
from multi_user_oauth.providers.aadsts import REASONS

ASSETS = Path(__file__).parents[2] / "functions" / "web" / "assets"


def table(file: str, name: str) -> dict[str, str]:
    """Return a table of words of a script."""
    script = (ASSETS / file).read_text(encoding="utf-8")
    body = script.partition(f"const {name} = {{")[2].partition("\n};")[0]
    return dict(re.findall(r'^\s*"?([\w.]+)"?: "(.*)",$', body, re.MULTILINE))


def test_permissions_have_the_same_words_before_and_after_the_trip() -> None:
    """What was agreed to is found again under the same words."""
    words = table("scopes.js", "scopes")
    assert len(words) > 20
    assert {scope: scope_text(scope) for scope in words} == words


def test_what_can_go_wrong_has_words_under_the_names_that_the_api_uses() -> None:
    """A name that no answer has would never be looked up; only the network's own is the script's."""
    codes, kinds = set(), [MultiUserOAuthError]
    while kinds:
        kind = kinds.pop()
        codes.add(kind.code)
        kinds += kind.__subclasses__()
    assert table("texts.js", "troubles").keys() - codes == {"offline"}


def test_every_reason_to_sign_in_again_has_words() -> None:
    """But for the one that says no more than that."""
    assert set(REASONS.values()) - {"sign_in_required"} <= table("texts.js", "reasons").keys()
