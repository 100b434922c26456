"""Secrets are revealed, opened, compared and spoken of in few places, and those are written down here."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from multi_user_oauth.log import ALLOWED_FIELDS

PACKAGE: Final = Path(__file__).parents[2] / "shared" / "multi_user_oauth"
FUNCTIONS: Final = PACKAGE.parents[1] / "functions"

MAY_REVEAL: Final[Mapping[str, str]] = {
    "cli/connections.py": "prints the token that the operator asked for",
    "client/holder.py": "a person's token, to the library that uses it",
    "client/identity.py": "an agent's own token, to our API",
    "connectors/api.py": "what is sent to the provider's API",
    "connectors/proxy.py": "what is sent to the provider's API",
    "connectors/drive_uploads.py": "the address of an upload, which is called",
    "connectors/onedrive_uploads.py": "the address of an upload, which is called",
    "http/access_token.py": "the answer to the agent",
    "http/authorize.py": "the ticket in the link",
    "http/bearer_cache.py": "a caller's token, to remember its hash",
    "http/cookies.py": "those of sessions and of flows",
    "http/uploads.py": "the address of an upload, to be sealed",
    "keys/envelope.py": "what is sealed",
    "model/client_credential.py": "is it a secret, or a key that only signs",
    "model/secret.py": "comparison",
    "providers/client_credentials.py": "the key that signs",
    "providers/google.py": "what is sent to Google",
    "providers/importing.py": "what is sent to Google, to ask whose it is",
    "providers/microsoft.py": "what is sent to Microsoft",
    "providers/microsoft_client.py": "what is sent to Microsoft",
    "providers/issuers.py": "a caller's token, to verify it",
    "providers/microsoft_endpoints.py": "what is sent to Microsoft Graph",
    "refreshers/remote.py": "our own identity towards refresh",
    "refreshers/remote_importing.py": "an older system's token, on its way in",
    "sign_in/flow.py": "the state: sealed in the cookie, hashed for the mark",
    "wiring/proofs.py": "an agent's token, to verify it",
}
MAY_OPEN_REFRESH_TOKENS: Final = {"wiring/asking.py"}
"""Where the use cases `RefreshConnection` and `FinishRevocation` are built, and nothing else is."""

SECRET_WORDS: Final = {
    *("challenge", "cookie", "credential", "nonce", "password", "secret", "signature"),
    *("state", "ticket", "token", "verifier"),
}


def trees(*roots: Path) -> dict[str, ast.Module]:
    """Every module, by its path from the package, or from functions/; the sandbox keeps no custody."""
    return {
        path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for root in roots
        for path in sorted(root.rglob("*.py"))
        if not path.is_relative_to(PACKAGE / "sandbox")
    }


TREES: Final = trees(PACKAGE, FUNCTIONS)


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of a function or method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and named(node.func) == name:
            yield node


def named(node: ast.AST) -> str:
    """What a name, an attribute, an element or a call is called; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=func):
            return named(func)
        case _:
            return ""


def test_secrets_are_revealed_only_where_they_are_used() -> None:
    """A new place is a decision; one that has gone leaves this list."""
    revealing = {file for file, tree in TREES.items() if any(calls(tree, "reveal"))}
    assert revealing - MAY_REVEAL.keys() == set()
    there = {file for file in MAY_REVEAL if (PACKAGE / file).exists()}
    assert there - revealing == set()


def test_refresh_tokens_are_opened_only_for_the_two_use_cases_that_may() -> None:
    """No other place asks for what opens them, and nobody goes round the wiring."""
    opening = {
        file
        for file, tree in TREES.items()
        for call in calls(tree, "opener")
        if [ast.unparse(argument) for argument in call.args] != ["Kind.ACCESS"]
    }
    assert opening == MAY_OPEN_REFRESH_TOKENS
    for name in ("Credentials", "FinishRevocation", "RefreshConnection"):
        building = {
            file
            for file, tree in TREES.items()
            if file != "providers/google.py"  # google-auth's class has that name too
            and any(calls(tree, name))
        }
        assert building == MAY_OPEN_REFRESH_TOKENS, name
    for name, place in {
        "EnvelopeOpener": "wiring/parts.py",
        "EnvelopeRewrapper": "wiring/parts.py",
        "rewrapper": "wiring/asking.py",
        "LocalDecrypter": "wiring/embedded.py",
        "CloudKmsDecrypter": "wiring/google_cloud.py",
        "AwsKmsDecrypter": "wiring/google_cloud.py",
        "decrypter": "wiring/parts.py",
    }.items():
        building = {file for file, tree in TREES.items() if any(calls(tree, name))}
        assert building == {place}, name


def secret_comparisons(tree: ast.AST) -> Iterator[str]:
    """Comparisons by `==`, `!=` or `in` of something that is called like a secret."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        by_value = any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        # Secret compares in constant time; a constant is no secret.
        harmless = any(isinstance(s, ast.Constant) or named(s) == "Secret" for s in sides)
        if by_value and not harmless and any(is_secret(named(side)) for side in sides):
            yield ast.unparse(node)


def is_secret(name: str) -> bool:
    """Whether a name says that it holds a secret."""
    return not SECRET_WORDS.isdisjoint(name.lower().split("_"))


def test_secrets_are_compared_in_constant_time_only() -> None:
    """N65: how long `==` takes tells how much of a guess was right."""
    found = {file: list(secret_comparisons(tree)) for file, tree in TREES.items()}
    assert {file: texts for file, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("state == flow.state", True),
        ("claims['nonce'] != nonce", True),
        ("refresh_token in (a,) or given.code_verifier == b", True),
        ("flow.state == Secret(state)", False),
        ("response.status == 200", False),
        ("flow_state == 'x'", False),
        ("key == other", False),
    ],
)
def test_the_search_for_comparisons_finds_them(code: str, caught: bool) -> None:
    """A search that finds nothing would be no proof."""
    assert bool(list(secret_comparisons(ast.parse(code)))) == caught


def swallowed(tree: ast.AST) -> Iterator[str]:
    """Places where any error at all disappears without a word."""
    broad = {"Exception", "BaseException"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            silent = all(isinstance(each, ast.Pass | ast.Continue) for each in node.body)
            if silent and (node.type is None or named(node.type) in broad):
                yield ast.unparse(node)
    for call in calls(tree, "suppress"):
        if any(named(argument) in broad for argument in call.args):
            yield ast.unparse(call)


def test_no_error_disappears() -> None:
    """`except Exception: pass` hides what nobody has foreseen."""
    found = {file: list(swallowed(tree)) for file, tree in TREES.items()}
    assert {file: texts for file, texts in found.items() if texts} == {}


def log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls of a module's logger."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and named(node.func.value) == "logger"
        ):
            yield node


def is_plain(call: ast.Call, tree: ast.AST) -> bool:
    """Whether a log call has a fixed text, and only fields that are on the list."""
    fixed = len(call.args) == 1 and isinstance(call.args[0], ast.Constant)
    extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
    if extra is None or not fixed:
        return fixed
    assigned = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and named(node.targets[0]) == named(extra) != ""
    ]
    return all(
        isinstance(fields, ast.Dict)
        and all(
            isinstance(key, ast.Constant) and key.value in ALLOWED_FIELDS for key in fields.keys
        )
        for fields in assigned or [extra]
    )


def test_a_log_line_is_a_fixed_text_and_allowed_fields() -> None:
    """No text is made of values, so that none can slip in; fields are written if on the list (N64)."""
    logged = [(file, tree, call) for file, tree in TREES.items() for call in log_calls(tree)]
    assert logged
    odd = [
        f"{file}: {ast.unparse(call)}" for file, tree, call in logged if not is_plain(call, tree)
    ]
    assert odd == []


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("logger.info('so')", True),
        ("logger.info('so', extra={'code': code})", True),
        ("extra = {'code': code}\nlogger.info('so', extra=extra)", True),
        ("logger.info(f'so {token}')", False),
        ("logger.info('so %s', token)", False),
        ("logger.info('so', extra={'token': token})", False),
        ("extra = {'token': token}\nlogger.info('so', extra=extra)", False),
        ("logger.info('so', extra=given)", False),
    ],
)
def test_the_search_for_odd_log_calls_finds_them(code: str, plain: bool) -> None:
    """A search that finds nothing would be no proof."""
    tree = ast.parse(code)
    assert [is_plain(call, tree) for call in log_calls(tree)] == [plain]
