"""Requests drawn from the written API, against all functions: no 5xx, no undocumented answer."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from multi_user_oauth.http.paths import SESSION_COOKIE
from multi_user_oauth.sandbox.company import SARAH, microsoft_identity
from multi_user_oauth.sandbox.gateway import Gateway
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from tests.support.api import DOCUMENT
from tests.support.functions import MICROSOFT, Installation, flask_app
from tests.support.installation import ORIGIN
from tests.support.processes import ROOT

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REQUESTS: Final = 25
"""For each operation and caller; `make soak` draws more."""


def document() -> dict[str, Any]:
    """Return the document without what is still to come."""
    written = deepcopy(DOCUMENT)
    for path, item in list(written["paths"].items()):
        written["paths"][path] = {
            name: entry
            for name, entry in item.items()
            if not (isinstance(entry, dict) and entry.get("x-coming"))
        }
    return written


Operation = schemathesis.APIOperation[Any, Any, Any, Any]
SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS: Final = [
    result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)
]
CALLERS: Final = ("nobody", "agent", "person")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """All functions behind one address, and what each caller sends."""

    gateway: Gateway
    headers: Mapping[str, dict[str, str]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Served:
    """Have somebody connected."""
    installation = Installation(tmp_path_factory.mktemp("generated"), keys)
    installation.connect(MICROSOFT, SARAH)
    functions = [f for f in load_catalogue(ROOT / "functions") if not f.coming]
    gateway = Gateway(functions, lambda name: flask_app(installation.endpoint(name)))
    cookie = SimpleCookie({SESSION_COOKIE: installation.session(str(microsoft_identity(SARAH)))})
    headers = {
        "nobody": {},
        "agent": {"Authorization": f"Bearer {installation.agent().bearer}"},
        "person": {
            "Cookie": cookie.output(header="", sep=";").strip(),
            "Origin": ORIGIN,
            "Sec-Fetch-Site": "same-origin",
        },
    }
    return Served(gateway=gateway, headers=headers)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_gets_a_5xx_or_an_undocumented_answer(
    operation: Operation, caller: str, served: Served
) -> None:
    """Whoever sends it, however malformed."""

    @settings(
        max_examples=REQUESTS,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: "Case[Any]") -> None:
        # The framework's own router, before us, knows no path with a line break.
        assume("\n" not in unquote("".join(map(str, (case.path_parameters or {}).values()))))
        case.call_and_validate(
            base_url=ORIGIN, headers=served.headers[caller], checks=CHECKS, app=served.gateway
        )

    send()
