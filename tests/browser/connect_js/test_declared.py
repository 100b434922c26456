"""connect.js and what is said of it: the types, the texts, the guide; and what it may never do."""

import gzip
import re
from pathlib import Path

from tests.support.api import DOCUMENT

ROOT = Path(__file__).parents[3]
PUBLIC = ROOT / "functions" / "web" / "public"
SCRIPT = (PUBLIC / "connect.js").read_text("utf-8")
TYPES = (PUBLIC / "connect.d.ts").read_text("utf-8")
GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")
SECTION = GUIDE.partition("\n## In your own frontend\n")[2].partition("\n## ")[0]
LARGEST = 8_000
"""Bytes over the wire."""
ONLY_TYPES = {
    *("ErrorCode", "FailureCode", "Outcome", "Unknown", "ConnectOptions", "Failure"),
    "OAuthConnectEventMap",
}


def block(begin: str, end: str = "\n}", text: str = SCRIPT) -> str:
    """Return what stands between two texts; both have to be there."""
    assert begin in text
    return text.partition(begin)[2].partition(end)[0]


def properties() -> dict[str, str]:
    """Return the element's properties that stand for an attribute's text."""
    return dict(re.findall(r'(\w+): "([\w-]+)",', block("const PROPERTIES = {")))


def test_every_export_is_declared_and_no_other() -> None:
    """By its name and kind."""
    exported = set(re.findall(r"^export (?:async )?(\w+ \w+)", SCRIPT, re.MULTILINE))
    declared = set(re.findall(r"^export declare (\w+ \w+)", TYPES, re.MULTILINE))
    assert exported == declared
    assert len(exported) == 5
    types = set(re.findall(r"^export (?:type|interface) (\w+)", TYPES, re.MULTILINE))
    assert types == ONLY_TYPES


def test_every_property_is_declared_with_its_attribute() -> None:
    """And every option of the function; the guide names all attributes."""
    element = block("class OAuthConnect extends HTMLElement {", text=TYPES)
    for name, attribute in {**properties(), "disabled": "disabled"}.items():
        assert re.search(rf"^  (?:get )?{name}(?:: |\()", element, re.MULTILINE), name
        assert f"`{attribute}`" in element
        assert f"`{attribute}`" in SECTION, attribute
    options = block("const { connector, ", " } = options", SCRIPT).replace(" = HOME", "")
    used = {"connector", *re.findall(r"\w+", options.replace(" = []", ""))}
    declared = set(
        re.findall(r"^  (\w+)\??:", block("interface ConnectOptions {", text=TYPES), re.MULTILINE)
    )
    assert used - declared == {"typed"}  # what only the element says
    assert declared <= used


def test_the_guide_names_events_states_and_parts() -> None:
    """Whoever writes a page needs no other place."""
    events = set(re.findall(r'#tell\((?:found.status === )?"(\w+)"', SCRIPT))
    states = set(re.findall(r"\w+", TYPES.partition('state: "" | ')[2].partition(";")[0]))
    shown = set(re.findall(r'#show\([^)]*?"(\w+)"', SCRIPT))
    assert {"pending", "connected", "failed"} >= events
    assert shown - {"pending", "malformed_email", "popup"} <= states
    parts = set(re.findall(r"(\w+): this\.#", block("const parts = {", "}"))) | {"logo"}
    themes = set(re.findall(r"--oauth-connect-\w+", SCRIPT))
    for word in {*states, "pending", "unknown", *parts, *themes}:
        assert f"`{word}`" in SECTION, word


def test_whatever_a_sign_in_can_fail_of_is_declared() -> None:
    """The API's document lists the codes."""
    codes = set(DOCUMENT["components"]["schemas"]["FlowStatus"]["properties"]["code"]["enum"])
    known = set(re.findall(r'"(\w+)"', block("type FailureCode =", ";", TYPES)))
    ours = {"invalid_request", "step_up_required", "store_unavailable", "keys_unavailable"}
    ours |= {"revocation_pending", "conflict", "tampered", "internal_error"}
    assert codes - ours == known
    texts = set(re.findall(r"^  (\w+): ", block("const texts = {"), re.MULTILINE))
    about_the_person = known - {"identity_unverified", "no_refresh_token", "state_mismatch"}
    assert about_the_person - {"provider_misconfigured"} <= texts


def test_it_is_small_and_does_nothing_that_a_strict_policy_forbids() -> None:
    """No markup from text, no code from text, no inline style; and no cookie goes along."""
    assert len(gzip.compress(SCRIPT.encode(), mtime=0)) < LARGEST
    for forbidden in ("innerHTML", "outerHTML", "eval(", "Function(", ".style", "document.write"):
        assert forbidden not in SCRIPT
    assert SCRIPT.count("fetch(") == SCRIPT.count('credentials: "omit"') == 2
    assert "localStorage" not in SCRIPT
    assert "document.cookie" not in SCRIPT
