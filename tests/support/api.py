"""Every answer held against docs/openapi.yaml: its status, headers, media type, body and code."""

import re
from functools import cache
from typing import Any, Final

import jsonschema
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from tests.architecture.catalogue import FUNCTIONS, ROOT, Route

TEXT: Final = (ROOT / "docs/openapi.yaml").read_text("utf-8")
# By the parser in C, where there is one: the other takes half a second.
DOCUMENT: Final[dict[str, Any]] = yaml.load(TEXT, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # reason: either is safe
PROBLEM: Final = "/components/schemas/Problem"
PROBLEM_TYPE: Final = "application/problem+json"
NOT_THERE: Final = frozenset({"not_found"})
"""What a path that is no route, or a browser route under another host, is answered."""

_REGISTRY: Final[Registry[Any]] = Registry().with_resource(
    "urn:api", DRAFT202012.create_resource(DOCUMENT)
)
BUILT: Final = {
    function.name: tuple(route for route in function.routes if not route.coming)
    for function in FUNCTIONS
    if not function.coming
}
"""The routes that are served, by function."""


def route_of(function: str, path: str) -> Route | None:
    """Return the route of a function that a path, full or bare, belongs to."""
    found = [
        (template.count("{"), template == route.path, route)
        for route in BUILT[function]
        for template in (route.path, *route.bare)
        if _pattern(template).fullmatch(path)
    ]
    return min(found, key=lambda entry: entry[:2])[2] if found else None


def check(function: str, method: str, path: str, response: TestResponse) -> None:
    """Fail unless the document says that this request may be answered so."""
    route = route_of(function, path)
    if route is None:
        assert response.status_code == 404, f"{method} {path} is no route of {function}"
    if route is None or _code(response) in NOT_THERE:
        assert response.status_code == 404
        if response.mimetype == PROBLEM_TYPE and method != "HEAD":
            _validate(PROBLEM, response.json)
        return
    item = DOCUMENT["paths"][route.path]
    verb = method.lower() if method in route.methods else route.methods[0].lower()
    if method not in route.methods:
        assert response.status_code == 405, f"{method} {path}"
    status, answers = str(response.status_code), item[verb]["responses"]
    # As OpenAPI reads them: the status itself, its hundred, any other.
    named = next((name for name in (status, f"{status[0]}XX", "default") if name in answers), "")
    where = f"/paths/{route.path.replace('/', '~1')}/{verb}/responses/{named}"
    answer = answers.get(named)
    assert answer, f"{method} {path} may not answer {response.status_code}: {response.text[:300]}"
    if "$ref" in answer:
        where = answer["$ref"].removeprefix("#")
        answer = _at(where)
    _check_headers(answer, response)
    _check_body(where, answer, response, method)


def _check_headers(answer: dict[str, Any], response: TestResponse) -> None:
    for name, header in answer.get("headers", {}).items():
        described = _at(header["$ref"].removeprefix("#")) if "$ref" in header else header
        sent = response.headers.get(name)
        assert sent is not None or not described.get("required"), f"{name} is missing"
        if name == "Cache-Control":
            assert sent == described["schema"].get("const", sent), f"{name}: {sent}"


def _check_body(where: str, answer: dict[str, Any], response: TestResponse, method: str) -> None:
    content = answer.get("content", {})
    if method == "HEAD" or not content:
        assert response.data == b""
        return
    if "*/*" in content and response.mimetype not in content:
        return
    assert response.mimetype in content, f"{response.mimetype} is not one of {sorted(content)}"
    if response.mimetype not in {"text/html", "text/plain", "text/javascript"}:
        pointer = str(response.mimetype).replace("/", "~1")
        _validate(f"{where}/content/{pointer}/schema", response.json)


def _validate(pointer: str, body: object) -> None:
    schema = {"$ref": f"urn:api#{pointer}"}
    jsonschema.Draft202012Validator(schema, registry=_REGISTRY).validate(body)


def _at(pointer: str) -> dict[str, Any]:
    node: dict[str, Any] = DOCUMENT
    for part in pointer.removeprefix("/").split("/"):
        node = node[part]
    return node


def _code(response: TestResponse) -> str | None:
    if response.mimetype == PROBLEM_TYPE and response.data:
        body: dict[str, str] = response.json or {}
        return body["code"]
    shown = re.search(r'<code id="code">(\w+)</code>', response.text)
    return shown[1] if shown else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    literal = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"{\w+}", "[^/]+", literal.replace("{path}", ".+")), re.DOTALL)
