"""A secret that is logged or stored anywhere, in whatever spelling, fails the run and is not repeated."""

import base64
import gzip
import json
import sqlite3
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.contract.stores.lines import connect
from tests.plugins.no_secret_in_logs import remember_project
from tests.plugins.places import BY_DESIGN, hear_emulator, hear_environment, hear_folder
from tests.plugins.watch import Hit, Watch

pytest_plugins = ["pytester"]

SECRET = "0.AXkA+/~Lz9-made_up/for=this.test"
ROOT = Path(__file__).parents[2]
LEAKS = """
import gzip
import logging
import os
import sqlite3
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
def test_field():
    logging.getLogger("multi_user_oauth.x").info("so", extra={"reason": secret("state")})
def test_other_field(): logging.getLogger("another").info("so", extra={"reason": secret("other")})
def test_late():
    logging.getLogger("late").info("late-late-late-late")
def test_later(): secret("late")
def test_error():
    try:
        raise ValueError(secret("refresh_token"))
    except ValueError:
        logging.getLogger("third").exception("failed")
def test_print(): print(secret("access_token"))
def test_stored(tmp_path):
    with sqlite3.connect(tmp_path / "some.db") as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (?)", (secret("stored").encode().hex(),))
    database.close()
def test_packed(tmp_path):
    (tmp_path / "old.log.gz").write_bytes(gzip.compress(secret("packed").encode()))
def test_by_design(tmp_path): (tmp_path / "client_secrets.yaml").write_text(secret("kept"))
def test_environment(): os.environ["SOMETHING"] = secret("environment")
def test_process(): log_file("a-process").write_text("x" * 9 + secret("id_token"))
def test_cookie():
    response = Response()
    response.set_cookie("__Host-session", "so" * 20)
    answered(response)
    logging.getLogger("cookie").warning("so" * 20)
def test_ticket():
    answered(redirect("/?ticket=" + "to" * 20))
    logging.getLogger("ticket").warning("to" * 20)
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
    "in JSON in JSON": json.dumps(json.dumps({"token": SECRET})),
    "in PHP's JSON": json.dumps({"token": SECRET}).replace("/", r"\/"),
    "in Gson's JSON": json.dumps({"token": SECRET}).replace("=", r"\u003d"),
    "in hex": SECRET.encode().hex(),
    "in capital hex": f"b'{SECRET.encode().hex().upper()}'",
    "in hex, in the middle": (b"before" + SECRET.encode() + b"after").hex(),
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


PACKED = {
    "by gzip": gzip.compress(SECRET.encode()),
    "by gzip, behind something": b"a\x00b" * 9 + gzip.compress(f"x {SECRET}".encode()) + b"tail",
    "by zlib": zlib.compress(SECRET.encode() * 9),
}


@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED)
def test_a_secret_is_found_in_what_is_packed(data: bytes) -> None:
    """N54: a log that was rotated is a log."""
    watch = Watch()
    watch.know("a kind", SECRET)
    watch.hear_bytes("a file", data)

    assert watch.found() == [Hit("a file, unpacked", "a kind")]


def test_what_only_looks_packed_is_searched_as_it_is() -> None:
    """Bytes that begin like gzip or zlib may be anything."""
    watch = Watch()
    watch.know("a kind", SECRET)
    for begin in (b"\x1f\x8b\x08", b"\x78\x9c"):
        watch.hear_bytes("a file", begin + SECRET.encode())

    assert watch.found() == [Hit("a file", "a kind")]


def test_a_secret_is_found_in_a_database_whatever_became_of_its_row(tmp_path: Path) -> None:
    """N54: SQLite's files and its journals; a row that was deleted may still stand there."""
    watch = Watch()
    watch.know("a kind", SECRET)
    (tmp_path / "deep").mkdir()
    with sqlite3.connect(tmp_path / "deep" / "main.db") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (?)", (SECRET,))
        database.commit()
        database.execute("DELETE FROM t")
        database.commit()
        hear_folder(watch, tmp_path)
    database.close()

    assert [hit.source for hit in watch.found()] == ["deep/main.db-wal"]


def test_only_files_that_are_made_to_hold_secrets_are_left_out(tmp_path: Path) -> None:
    """By their names, each with its reason."""
    watch = Watch()
    watch.know("a kind", SECRET)
    for name in (*BY_DESIGN, "settings.env"):
        (tmp_path / name).write_text(SECRET)
    hear_folder(watch, tmp_path)

    assert all(BY_DESIGN.values())
    assert watch.found() == [Hit("settings.env", "a kind")]


def test_a_secret_is_found_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N54: now, and as the process was given it; on systems without /proc only the former."""
    process = tmp_path / "environ"
    process.write_bytes(b"PATH=/bin\x00TOKEN=" + SECRET.encode() + b"\x00")
    watch = Watch()
    watch.know("a kind", SECRET)
    hear_environment(watch, tmp_path / "none")
    assert watch.found() == []
    hear_environment(watch, process)
    assert watch.found() == [Hit(str(process), "a kind")]

    monkeypatch.setenv("SOMETHING", SECRET[::-1])
    watch.know("another kind", SECRET[::-1])
    hear_environment(watch, tmp_path / "none")
    assert Hit("the environment", "another kind") in watch.found()


@pytest.mark.parametrize("value", [SECRET, SECRET.encode(), {"deep": [SECRET]}], ids=type)
def test_a_secret_is_found_in_firestore(
    firestore_emulator: str, firestore_project: str, value: object
) -> None:
    """N54: in every document of both databases, as text, as bytes, and inside of something."""
    watch = Watch()
    watch.know("a kind", SECRET)
    client = connect(firestore_emulator, firestore_project, "activity")
    client.document("a/b/c/d").set({"x": value})
    hear_emulator(watch, firestore_emulator, firestore_project)

    place = f"projects/{firestore_project}/databases/activity/documents"
    assert watch.found() == [Hit(place, "a kind")]


def test_a_test_is_told_at_once_what_it_let_slip() -> None:
    """N56: what was heard since the last test, and known by now; the rest is found at the end."""
    watch = Watch()
    watch.know("a kind", SECRET)
    watch.hear("first", SECRET)
    watch.hear("second", SECRET[::-1])
    assert watch.found_lately() == [Hit("first", "a kind")]
    assert watch.found_lately() == []
    watch.know("another kind", SECRET[::-1])
    assert watch.found_lately() == []
    assert watch.found() == [Hit("first", "a kind"), Hit("second", "another kind")]


def test_a_project_is_searched_once_it_is_named() -> None:
    """Whoever makes one up names it in passing."""
    assert remember_project("test-nothing-in-it") == "test-nothing-in-it"


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, code: str, *more: str
) -> pytest.RunResult:
    """Run tests with the plugin, in a process of their own: this run must not hear them."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'shared'}:{':'.join(sys.path)}")
    pytester.makepyfile(test_them=code)
    plugin = "tests.plugins.no_secret_in_logs"
    return pytester.runpytest_subprocess("-p", plugin, "-p", "no:randomly", *more, timeout=60)


@pytest.mark.parametrize("more", [(), ("-n", "2", "--dist", "loadfile")])
def test_leaks_fail_the_run_and_are_named_by_place_and_kind(
    more: tuple[str, ...], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N54, N56: the test fails at its end, the run too; both say who leaked what kind, and no value."""
    result = run(pytester, monkeypatch, LEAKS, *more)

    result.assert_outcomes(passed=17, errors=9)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    told = [line for line in result.outlines if ": " in line and "-->" not in line]
    assert set(told) >= {
        "a-process-0.log: id_token",
        "logger after: nonce",
        "logger another, field reason: other",
        "logger late: late",
        "logger multi_user_oauth.x as JSON: state",
        "the environment: environment",
        "logger cookie: cookie __Host-session",
        "logger multi_user_oauth.some: code",
        "logger third, exception: refresh_token",
        "logger ticket: ticket",
        "logger told: told",
        "Captured stdout call of test_them.py::test_print: access_token",
    }
    assert {line.partition("/")[2] for line in told if line.startswith("test_")} == {
        "some.db: stored",
        "old.log.gz, unpacked: packed",
    }
    assert "code-code" not in result.stdout.str()


def test_a_clean_run_passes_and_says_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads a block that is always there."""
    result = run(pytester, monkeypatch, CLEAN)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*Secrets in logs*")
