"""What Microsoft publishes of Graph's calls (tests/vectors/graph_api.yaml), to hold a call against."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

HOST = "graph.microsoft.com"
FILE = Path(__file__).parents[1] / "vectors" / "graph_api.yaml"
PARTS = {"{id}": "[^/]+", "{path}": "[^:]+", "{text}": ".*"}
PLAIN = {"%27": "'", "%28": "(", "%29": ")", "%24": "$"}
"""Characters that a client may write either way in a path."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at one path."""

    name: str
    verb: str
    pattern: re.Pattern[str]
    query: Collection[str]
    required: Collection[str]
    top: int | None
    scopes: tuple[str, ...]
    request: str | None
    answer: str
    status: Collection[int]
    mime: bool
    """Whether it also takes a mail as it is (RFC 5322), in base64."""

    @property
    def item(self) -> str:
        """Give the type of what it answers, or of each in a list."""
        return self.answer.strip("[]")


@cache
def _file() -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load(FILE.read_text())
    return content


@cache
def operations() -> tuple[Operation, ...]:
    """Give every operation of the file."""
    return tuple(
        Operation(
            name=f"{verb} {entry['path']}",
            verb=verb,
            pattern=_pattern(entry["path"]),
            query=entry.get("query", ()),
            required=entry.get("required", ()),
            top=entry.get("top"),
            scopes=tuple(entry["scopes"]),
            request=method.get("request"),
            answer=method["answer"],
            status=method["status"],
            mime=method.get("mime", False),
        )
        for entry in _file()["operations"]
        for verb, method in entry["methods"].items()
    )


def _pattern(path: str) -> re.Pattern[str]:
    pieces = re.split(r"(\{\w+\})", path)
    return re.compile("".join(PARTS.get(piece) or re.escape(piece) for piece in pieces))


def find(verb: str, url: str) -> Operation:
    """Find the operation that a request calls. Raises AssertionError where there is none."""
    parts = urlsplit(url)
    assert parts.scheme == "https", "not https"
    assert parts.hostname == HOST, "not Graph's host"
    assert parts.path.startswith("/v1.0/"), "not Graph v1.0"
    path = parts.path.removeprefix("/v1.0")
    for written, plain in PLAIN.items():
        path = path.replace(written, plain)
    for operation in operations():
        if operation.verb == verb and operation.pattern.fullmatch(path):
            return operation
    raise AssertionError(f"no operation of Graph's has this path and {verb}")


def check_request(
    verb: str, url: str, headers: Mapping[str, str], body: bytes, scopes: Collection[str] | None
) -> None:
    """Hold a request against its operation. Raises AssertionError that names what is wrong."""
    operation = find(verb, url)
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    for name, value in query:
        assert name in operation.query, f"{operation.name} has no query parameter {name}"
        _check_parameter(operation, name, value)
    names = [name for name, _ in query]
    assert len(names) == len(set(names)), f"{operation.name}: a parameter is given twice"
    for name in operation.required:
        assert name in names, f"{operation.name} needs {name}"
    if scopes is not None:
        assert set(operation.scopes) & set(scopes), f"no scope of {operation.name}"
    if operation.request == "bytes" or not body:
        return
    assert operation.request, f"{operation.name} takes no body"
    named = {name.casefold(): value.partition(";")[0] for name, value in headers.items()}
    if operation.mime and named.get("content-type") == "text/plain":
        return  # a whole mail, in base64
    assert named.get("content-type") == "application/json", "the body is not called JSON"
    check_shape(_decoded(body), operation.request, operation.name, asked=True)


def _check_parameter(operation: Operation, name: str, value: str) -> None:
    kind = _file()["parameters"][name]
    if kind == "integer":
        assert value.isdecimal(), f"{name} is no whole number"
        most = operation.top if name == "$top" and operation.top else int(value)
        assert int(value) <= most, f"{name} is more than {most}"
    if kind == "boolean":
        assert value in ("true", "false"), f"{name} is no boolean"
    if kind == "date-time":
        assert MOMENT.fullmatch(value), f"{name} is no time"
    if kind == "properties":
        known = _file()["types"][operation.item]
        for part in value.split(","):
            first = part.strip().partition(" ")[0].partition("/")[0]
            assert first in known, f"{name} names a property that {operation.item} has not"


def check_answer(verb: str, url: str, status: int, body: bytes) -> None:
    """Hold an answer against its operation. Raises AssertionError that names what is wrong."""
    operation = find(verb, url)
    if status >= 400:  # reason: RFC 9110, section 15.5
        if body.startswith(b"{"):
            content = _decoded(body)
            assert isinstance(content, dict), "an error is an object"
            assert content.keys() == {"error"}, "an error has another shape"
            check_shape(content["error"], "error", f"{operation.name}'s error")
        return
    assert status in operation.status, f"{operation.name} answers {status}"
    if operation.answer in ("bytes", "redirect"):
        return
    if operation.answer == "nothing":
        assert not body, f"{operation.name} answers something"
        return
    content = _decoded(body)
    if operation.answer.startswith("["):
        assert isinstance(content, dict), f"{operation.name} answers no list"
        more = content.keys() - {"value", *_file()["annotations"]}
        assert not more, f"{operation.name} answers {', '.join(sorted(more))}"
        content = content.get("value")
    check_shape(content, operation.answer, operation.name)


def check_shape(value: object, kind: str, where: str, *, asked: bool = False) -> None:
    """Hold JSON against a type of the file. Raises AssertionError that names what is wrong."""
    types, enums = _file()["types"], _file()["enums"]
    if kind == "any" or (value is None and not asked):
        return
    if kind.startswith("["):
        assert isinstance(value, list), f"{where} is no list"
        for item in value:
            check_shape(item, kind[1:-1], f"{where}[]", asked=asked)
    elif kind in types:
        assert isinstance(value, dict), f"{where} is no object"
        for name, inner in value.items():
            if name in types[kind]:
                check_shape(inner, types[kind][name], f"{where}.{name}", asked=asked)
            else:
                known = not asked and _is_annotation(name)
                assert known, f"{where} has no {name}"
    elif kind in enums:
        assert isinstance(value, str), f"{where} is no text"
        said = [word.casefold() for word in enums[kind]] if asked else enums[kind]
        word = value.casefold() if asked else value
        assert word in said, f"{where} is none of its values"
    else:
        _check_plain(value, kind, where)


def _check_plain(value: object, kind: str, where: str) -> None:
    if kind in ("integer", "boolean"):
        right = isinstance(value, bool) == (kind == "boolean") and isinstance(value, int)
        assert right, f"{where} is no {kind}"
        return
    assert isinstance(value, str), f"{where} is no text"
    assert kind != "date-time" or MOMENT.fullmatch(value), f"{where} is no time"


def _is_annotation(name: str) -> bool:
    """Tell whether a name is OData's: of the object, or of one of its properties."""
    return f"@{name.partition('@')[2]}" in _file()["annotations"]


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise AssertionError("the body is not JSON") from None
