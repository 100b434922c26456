"""A secret that is logged anywhere, in whatever spelling, fails the run and is not repeated."""

import base64
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.plugins.watch import Hit, Watch

pytest_plugins = ["pytester"]

SECRET = "0.AXkA+/~Lz9-made_up/for=this.test"
ROOT = Path(__file__).parents[2]
LEAKS = """
import logging
import requests
import pytest
from flask import Flask, Response, redirect
from multi_user_oauth.log import configure
from multi_user_oauth.sandbox.ledger import SecretLedger
from tests.plugins.no_secret_in_logs import log_file, remember

def secret(kind):
    value = f"{kind}-{kind}-{kind}-{kind}"
    SecretLedger().add(kind, value)
    return value

def answered(response):
    app = Flask("a_function")
    app.add_url_rule("/", view_func=lambda: response)
    app.test_client().get("/")

def test_message(): logging.getLogger("multi_user_oauth.some").debug("got %s", secret("code"))
def test_field(): logging.getLogger("another").info("so", extra={"reason": secret("state")})
def test_error():
    try:
        raise ValueError(secret("refresh_token"))
    except ValueError:
        logging.getLogger("third").exception("failed")
def test_print(): print(secret("access_token"))
def test_process(): log_file("a-process").write_text("x" * 9 + secret("id_token"))
def test_cookie():
    response = Response()
    response.set_cookie("__Host-session", "s" * 40)
    answered(response)
    logging.getLogger("cookie").warning("s" * 40)
def test_ticket():
    answered(redirect("/?ticket=" + "t" * 40))
    logging.getLogger("ticket").warning("t" * 40)
def test_told():
    remember("told", "told-told-told-told")
    logging.getLogger("told").warning("told-told-told-told")
def test_configured_otherwise():
    import sys
    configure(sys.stdout)
def test_after_that(): logging.getLogger("after").warning(secret("nonce"))
"""
CLEAN = """
import logging
from multi_user_oauth.sandbox.ledger import SecretLedger

def test_clean():
    SecretLedger().add("code", "a-code-that-nobody-says")
    logging.getLogger("multi_user_oauth").info("a-code-that-is-no-secret")
"""


def base64_at(alignment: int, encode: Callable[[bytes], bytes]) -> str:
    """The secret inside something longer that somebody encoded."""
    return encode(b"x" * alignment + SECRET.encode() + b"y" * 5).decode()


def url_of(secret: str) -> str:
    """The secret in an address."""
    return f"https://host.example/callback?code={quote(secret, safe='')}&state=1"


SAID = {
    "as it is": f"token={SECRET}",
    "in JSON": f'{{"token":"{SECRET}"}}',
    "in an address": url_of(SECRET),
    "cut off": f"{SECRET[:24]}...",
    **{f"in base64 at {n}": base64_at(n, base64.b64encode) for n in range(3)},
    **{f"in base64url at {n}": base64_at(n, base64.urlsafe_b64encode) for n in range(3)},
}


@pytest.mark.parametrize("text", SAID.values(), ids=SAID)
def test_a_secret_is_found_in_each_spelling(text: str) -> None:
    """However it got into a line, it is found."""
    watch = Watch()
    watch.hear("a place", text)
    watch.know("a kind", SECRET)

    assert watch.found() == [Hit("a place", "a kind")]


@pytest.mark.parametrize("text", [SECRET[:20], SECRET[1:], SECRET.lower(), "", "nothing at all"])
def test_what_is_no_secret_is_not_found(text: str) -> None:
    """A common beginning or a likeness is no leak."""
    watch = Watch()
    watch.hear("a place", text)
    watch.know("a kind", SECRET)

    assert watch.found() == []


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, code: str) -> pytest.RunResult:
    """Run tests with the plugin, in a process of their own: this run must not hear them."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'shared'}:{':'.join(sys.path)}")
    pytester.makepyfile(test_them=code)
    plugin = "tests.plugins.no_secret_in_logs"
    return pytester.runpytest_subprocess("-p", plugin, "-p", "no:randomly", timeout=60)


def test_leaks_fail_the_run_and_are_named_by_place_and_kind(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each test passes; the run fails, says who leaked what kind, and shows no value."""
    result = run(pytester, monkeypatch, LEAKS)

    result.assert_outcomes(passed=10)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    told = [line for line in result.outlines if ": " in line and "-->" not in line]
    assert set(told) >= {
        "a-process-0.log: id_token",
        "logger after: nonce",
        "logger another as JSON: state",
        "logger cookie: cookie __Host-session",
        "logger multi_user_oauth.some: code",
        "logger third, exception: refresh_token",
        "logger ticket: ticket",
        "logger told: told",
        "Captured stdout call of test_them.py::test_print: access_token",
    }
    assert "code-code" not in result.stdout.str()


def test_a_clean_run_passes_and_says_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads a block that is always there."""
    result = run(pytester, monkeypatch, CLEAN)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*Secrets in logs*")
