"""The written API, the catalogue of functions and the tree of errors say the same."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import openapi_spec_validator
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from multi_user_oauth import errors
from multi_user_oauth.errors import connector
from tests.architecture.catalogue import FUNCTIONS
from tests.support.api import DOCUMENT

PROBLEM: dict[str, Any] = DOCUMENT["components"]["schemas"]["Problem"]
VERBS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
ROW = re.compile(r"^\| `(\w+)` \| (\d{3}) \| (.+) \| (.+) \|$", re.MULTILINE)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the path, method and text of every operation."""
    for path, item in DOCUMENT["paths"].items():
        for verb in sorted(VERBS & item.keys()):
            yield path, verb.upper(), item[verb]


OPERATIONS = [pytest.param(*entry, id=entry[2]["operationId"]) for entry in operations()]


def follow(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a `$ref` points at, or the node itself."""
    found: dict[str, Any] = node
    if "$ref" in node:
        found = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    return found


def nested(node: object, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every mapping in the document with its JSON pointer."""
    if isinstance(node, dict):
        yield pointer, node
        for key, value in node.items():
            yield from nested(value, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nested(value, f"{pointer}/{index}")


def named_examples() -> Iterator[tuple[str, object]]:
    """Yield every example of a body, a parameter or a header, with the pointer of its owner."""
    for pointer, node in nested(DOCUMENT):
        if "schema" in node:
            yield from ((pointer, entry["value"]) for entry in node.get("examples", {}).values())
            if "example" in node:
                yield pointer, node["example"]


def answered_codes() -> Iterator[tuple[str, int, str]]:
    """Yield the operation, status and code of every problem that an answer may hold."""
    for _, _, operation in operations():
        for status, answer in operation["responses"].items():
            if status[0] in "45":
                problem = follow(answer)["content"]["application/problem+json"]["schema"]
                for code in problem["allOf"][1]["properties"]["code"]["enum"]:
                    yield operation["operationId"], int(status), code


def table() -> dict[str, tuple[int, str]]:
    """Return the documented problems: code to status and meaning."""
    rows = ROW.findall(PROBLEM["description"])
    assert len(rows) == len({code for code, *_ in rows})
    return {code: (int(status), meaning) for code, status, meaning, _ in rows}


def test_the_document_is_openapi_3_1() -> None:
    """The document is valid OpenAPI 3.1."""
    assert DOCUMENT["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(DOCUMENT)


def test_catalogue_and_document_list_the_same_routes() -> None:
    """
    Every method and path of the catalogue stands in the document and the other way round, under the
    same function's name and with the same word on whether it is still to come.
    """
    catalogued = [
        (method, route.path, function.name, function.coming or route.coming)
        for function in FUNCTIONS
        for route in function.routes
        for method in route.methods
    ]
    documented = [
        (method, path, operation["tags"][0], operation.get("x-coming", False))
        for path, method, operation in operations()
    ]
    assert sorted(catalogued) == sorted(documented)
    assert [tag["name"] for tag in DOCUMENT["tags"]] == [function.name for function in FUNCTIONS]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_an_operation_is_described_in_full(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    """An operation has a snake_case name, its path's parameters, and says whether it is coming."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
    parameters = [follow(parameter) for parameter in operation.get("parameters", [])]
    named = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    assert named == set(re.findall(r"{(\w+)}", path))
    assert operation.get("x-coming", False) == operation["description"].startswith("Coming. ")
    assert {"405", "500"} <= operation["responses"].keys()
    assert "security" in operation
    assert ("requestBody" in operation) <= (method in {"POST", "PUT", "PATCH"})


def test_every_code_in_an_answer_is_documented_with_that_status() -> None:
    """The enum, the table and the answers of all operations hold the same codes."""
    documented = {code: status for code, (status, _) in table().items()}
    assert list(documented) == PROBLEM["properties"]["code"]["enum"]
    wrong = [answer for answer in answered_codes() if documented.get(answer[2]) != answer[1]]
    assert wrong == []
    assert {code for _, _, code in answered_codes()} == documented.keys()


def test_every_error_that_we_raise_is_documented() -> None:
    """The codes and statuses of the tree of errors are those of the table, but for coming ones."""
    assert connector.__name__.startswith(errors.__name__)
    tree = [errors.MultiUserOAuthError]
    for error in tree:
        tree += [c for c in error.__subclasses__() if c.__module__.startswith(errors.__name__)]
    raised = {(error.code, error.status) for error in tree}
    rows = table().items()
    assert raised == {(c, status) for c, (status, text) in rows if not text.startswith("Coming. ")}


def test_examples_fit_their_schemas() -> None:
    """Whoever copies an example sends, or gets, what the schema says."""
    registry = Registry().with_resource("urn:api", DRAFT202012.create_resource(DOCUMENT))
    examples = list(named_examples())
    assert len(examples) > 20
    for pointer, example in examples:
        schema = {"$ref": f"urn:api#{pointer}/schema"}
        jsonschema.Draft202012Validator(schema, registry=registry).validate(example)


def test_no_answer_holds_a_refresh_token() -> None:
    """N41c: Only the operators' import names a refresh token, and there it can only be sent."""
    named = {pointer: node for pointer, node in nested(DOCUMENT) if "refresh_token" in node}
    assert list(named) == ["/components/schemas/ImportRequest/properties"]
    assert named.popitem()[1]["refresh_token"]["writeOnly"] is True
