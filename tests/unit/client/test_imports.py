"""What an agent loads with the client: little, and nothing that it did not ask for."""

import subprocess
import sys
from typing import Final

import pytest

HEAVY: Final = {
    *("msgspec", "flask", "werkzeug", "click", "rich", "yaml", "jinja2", "grpc", "msal"),
    *("google.auth", "google.cloud", "joserfc", "cryptography", "azure", "httpx", "boto3"),
}


def loaded(code: str) -> set[str]:
    """Return what a Python of its own has loaded after this code, beyond what it had after `requests`."""
    lines = (
        "import sys, requests, requests.auth, concurrent.futures",
        "before = set(sys.modules)",
        *code.splitlines(),
        "print(*(set(sys.modules) - before))",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


def ours(modules: set[str]) -> set[str]:
    """Return the packages of ours among them."""
    return {name.split(".")[1] for name in modules if name.startswith("multi_user_oauth.")}


def test_importing_the_client_loads_nothing() -> None:
    """Its names are loaded on first use."""
    code = (
        "import sys, multi_user_oauth.client\n"
        "assert 'requests' not in sys.modules and 'asyncio' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_vault_brings_no_more_than_requests() -> None:
    """Its own modules, values and errors, and no library besides."""
    found = loaded("from multi_user_oauth.client import ApiError, Connectors, Vault")
    assert ours(found) == {"client", "errors", "loading", "model"}
    assert found & HEAVY == set()
    others = {name.partition(".")[0] for name in found} - {"multi_user_oauth"}
    assert others <= set(sys.stdlib_module_names)
    assert "asyncio" not in found


@pytest.mark.parametrize(
    ("module", "brings"),
    [("requests_auth", ""), ("httpx_auth", "httpx"), ("google", "google.auth"), ("azure", "azure")],
)
def test_an_adapter_brings_its_own_library_alone(module: str, brings: str) -> None:
    """Whatever that brings in turn: httpx looks for click and rich, which its command would use."""
    found = loaded(f"import multi_user_oauth.client.{module}")
    for library in ("google.auth", "azure", "httpx", "msgspec", "flask", "msal", "grpc"):
        assert (library in found) == (library == brings), library
    assert ours(found) == {"client", "errors", "loading", "model"}
