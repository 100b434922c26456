"""cloudbuild.yaml: pinned, without a secret, and nothing is applied that nobody approved."""

import re
from typing import Any, Final

import yaml

from tests.infra.terraform import INFRA, ROOT

TEXT: Final = (ROOT / "cloudbuild.yaml").read_text("utf-8")
BUILD: Final[dict[str, Any]] = yaml.safe_load(TEXT)
STEPS: Final[dict[str, dict[str, Any]]] = {step["id"]: step for step in BUILD["steps"]}


def script(name: str) -> str:
    """What a step runs."""
    return str(STEPS[name]["args"][-1])


def test_the_steps_come_in_their_order() -> None:
    """Nothing is planned that did not pass, nothing applied that was not planned."""
    assert list(STEPS) == [
        "tools", "lint-and-test", "package", "plan", "approved-plan", "apply", "smoke-test",
    ]  # fmt: skip
    for earlier, later in zip(list(STEPS)[1:], list(STEPS)[2:], strict=False):
        assert STEPS[later]["waitFor"] == [earlier]


def test_every_image_is_pinned() -> None:
    """By digest, or by a tag that says the whole version."""
    for step in STEPS.values():
        image = BUILD["substitutions"][step["name"].removeprefix("$")]
        assert re.fullmatch(r"[\w./-]+(?:@sha256:[0-9a-f]{64}|:\d+\.\d+\.\d+[\w.-]*)", image), image


def test_no_step_is_given_a_secret() -> None:
    """What tests, plans and applies needs none."""
    assert "availableSecrets" not in BUILD
    assert not [step for step in STEPS.values() if "secretEnv" in step]


def test_nothing_is_skipped() -> None:
    """The same checks as everywhere, with all emulators."""
    assert "REQUIRE=all .ci/run" in script("lint-and-test")
    assert STEPS["lint-and-test"]["name"] == "$_EMULATORS"


def test_only_an_approved_plan_is_applied() -> None:
    """By default nothing is; then what says the same as the plan that was read, of the same sources."""
    assert BUILD["substitutions"]["_APPLY"] == "no"
    for name in ("apply", "smoke-test"):
        assert script(name).startswith('[ "$$APPLY" = yes ] || exit 0\n')
    compared = script("approved-plan")
    assert "cmp approved.sha256 archives.sha256\ndiff approved.txt plan.txt\n" in compared
    assert "set +e" not in compared
    assert STEPS["approved-plan"]["args"][0] == "-euc"
    assert "approval_required = each.value.approval" in (INFRA / "build.tf").read_text("utf-8")


def test_the_plan_and_what_it_was_made_of_are_kept() -> None:
    """Beside the build's own record of their hashes; and what the pages looked like."""
    assert set(BUILD["artifacts"]["objects"]["paths"]) == {
        "infra/build/plan.txt",
        "infra/build/archives.sha256",
        "infra/build/*.zip",
        "test-results/screenshots/*.png",
    }
    assert BUILD["options"]["requestedVerifyOption"] == "VERIFIED"


def test_no_script_takes_a_substitution_for_a_program() -> None:
    """Who may start a build could else write commands into it: values come by the environment."""
    for name, step in STEPS.items():
        if step["entrypoint"] in {"sh", "bash"}:
            assert not re.search(r"(?<!\$)\$\{?_", script(name)), name
