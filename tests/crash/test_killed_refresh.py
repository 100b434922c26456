"""A process that dies in the middle of a refresh takes nothing with it that the provider would keep."""

import pytest

from tests.crash.killing import CASES, ONE_OF_EACH, Deploy, Killed, kill_refreshes


@pytest.fixture(scope="module")
def killed(deploy: Deploy) -> dict[tuple[str, str], Killed]:
    """Kill one process for each case."""
    return kill_refreshes(deploy, ONE_OF_EACH)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_next_caller_gets_a_token_once_the_lease_has_run_out(
    killed: dict[tuple[str, str], Killed], case: tuple[str, str]
) -> None:
    """
    F01, F02, F03, F04: SIGKILL at any place of a refresh.

    Where the provider lets old tokens live, nothing is lost. Where it does not, an answer that was not
    stored ends in one `needs_sign_in`, after exactly one more question to the provider; a new sign-in
    mends it.
    """
    killed[case].verify()
