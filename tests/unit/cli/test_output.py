"""How a command ends, for each kind of error."""

import json

import pytest

from multi_user_oauth.cli.output import Exit, failures_told
from multi_user_oauth.errors import (
    ConfigurationError,
    ForbiddenError,
    GrantRefusedError,
    KeysUnavailableError,
    MalformedEmailError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    ProviderUnavailableError,
    TamperedError,
)

KEY = "microsoft_teams/sarah@company.com"
CASES = [
    (ConfigurationError("DATA_DIR is not set"), Exit.USAGE, "DATA_DIR is not set."),
    (MalformedEmailError("user_email is no e-mail"), Exit.USAGE, "user_email is no e-mail."),
    (NeedsSignInError(KEY, reason="expired"), Exit.NEEDS_SIGN_IN, f"{KEY} needs a new sign-in"),
    (GrantRefusedError(KEY, reason="revoked"), Exit.NEEDS_SIGN_IN, "for good"),
    (ProviderUnavailableError(KEY, retry_after=7), Exit.LATER, "Try again in 7 s."),
    (KeysUnavailableError("/secret/path"), Exit.LATER, "Try again in 1 s."),
    (NotConnectedError(KEY), Exit.FAILED, f"There is no connection {KEY}"),
    (ForbiddenError("x"), Exit.FAILED, "may not do this"),
    (TamperedError("x"), Exit.FAILED, "did not open"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "sentence"), CASES)
def test_an_error_becomes_a_sentence_and_an_exit_code(
    error: MultiUserOAuthError, code: Exit, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing on standard output, no traceback, one line."""
    with pytest.raises(SystemExit) as ended, failures_told(as_json=False):
        raise error
    said = capsys.readouterr()
    assert ended.value.code == code
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1


def test_an_error_becomes_a_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With its stable code, and the hint that belongs to it."""
    hints = {"needs_sign_in": "There: https://x"}
    with pytest.raises(SystemExit), failures_told(as_json=True, hints=hints):
        raise NeedsSignInError(KEY, reason="expired")
    document = json.loads(capsys.readouterr().out)
    assert document["code"] == "needs_sign_in"
    assert document["error"].endswith("There: https://x")
