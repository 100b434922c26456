"""What a function must install to verify a token."""

import subprocess
import sys


def test_verifying_a_token_needs_no_providers_library() -> None:
    """The functions that agents reach can not refresh: they have no library to do it with."""
    program = (
        "import sys\n"
        "import multi_user_oauth.providers.id_token, multi_user_oauth.providers.transport\n"
        "found = {'msal', 'google.auth', 'google.oauth2', 'google_auth_oauthlib', 'oauthlib'}\n"
        "print(sorted(found & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60,
        env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\n", "")
