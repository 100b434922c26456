"""What Google's own discovery documents say of Gmail, Drive and Calendar, to hold a call against."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

GMAIL = "gmail.googleapis.com"
HOSTS = frozenset({GMAIL, "www.googleapis.com"})
DOCUMENTS = ("gmail.v1", "drive.v3", "calendar.v3")
NEVER_IN_A_QUERY = frozenset({"access_token", "oauth_token", "key"})
ERROR = {
    "type": "object",
    "properties": {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "status": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object", "additionalProperties": {}}},
        "details": {"type": "array", "items": {"type": "any"}},
    },
}
ERRORS = {"type": "object", "properties": {"error": ERROR}}
TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool}
WRITTEN = {
    "integer": re.compile(r"-?\d+"),
    "number": re.compile(r"-?\d+(\.\d+)?"),
    "boolean": re.compile("true|false"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
}
"""How a parameter of that type or format is written in a query (RFC 3339, section 5.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of one document."""

    spec: Mapping[str, Any]
    document: Mapping[str, Any]
    pattern: re.Pattern[str]
    upload: bool
    """Whether the path is that of its media upload."""

    @property
    def name(self) -> str:
        """Give what Google calls it: `calendar.events.list`."""
        return str(self.spec["id"])

    def shape(self, which: str) -> Mapping[str, Any]:
        """Give the schema of `request` or `response`, empty without one."""
        shape: Mapping[str, Any] = self.spec.get(which, {})
        return shape

    def parameters(self) -> dict[str, Mapping[str, Any]]:
        """Give all that may stand in a query."""
        own = {n: p for n, p in self.spec["parameters"].items() if p["location"] == "query"}
        found: dict[str, Mapping[str, Any]] = dict(self.document["parameters"]) | own
        if self.upload:
            kinds = {"type": "string", "enum": ["media", "multipart", "resumable"]}
            found |= {"uploadType": kinds, "upload_id": {"type": "string"}}
        return {name: found[name] for name in found if name not in NEVER_IN_A_QUERY}


@cache
def methods() -> tuple[Method, ...]:
    """Give every method of the three documents, at each of its paths."""
    folder = files("googleapiclient") / "discovery_cache" / "documents"
    found: list[Method] = []
    for name in DOCUMENTS:
        document = json.loads((folder / f"{name}.json").read_text())
        for spec in _methods_of(document):
            path = spec.get("flatPath", spec["path"])
            ways = [(f"/{document['servicePath']}{path}", False)]
            if "mediaUpload" in spec:
                ways.append((spec["mediaUpload"]["protocols"]["simple"]["path"], True))
            for way, upload in ways:
                pattern = re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(way)))
                found.append(Method(spec=spec, document=document, pattern=pattern, upload=upload))
    return tuple(found)


def _methods_of(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from part.get("methods", {}).values()
    for inner in part.get("resources", {}).values():
        yield from _methods_of(inner)


def find(verb: str, url: str) -> Method:
    """Find the method that a request calls. Raises AssertionError where there is none."""
    parts = urlsplit(url)
    assert parts.scheme == "https", "not https"
    assert parts.hostname in HOSTS, "not a host of these APIs"
    session = "upload_id" in dict(parse_qsl(parts.query))
    for method in methods():
        if parts.hostname == GMAIL and not method.name.startswith("gmail."):
            continue
        same = verb == method.spec["httpMethod"] or (session and method.upload)
        if same and method.pattern.fullmatch(parts.path):
            return method
    raise AssertionError(f"no method of Google's has this path and {verb}")


def check_request(
    verb: str, url: str, headers: Mapping[str, str], body: bytes, scopes: Collection[str] | None
) -> None:
    """Hold a request against its method. Raises AssertionError that names what is wrong."""
    method = find(verb, url)
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    _check_query(method, query)
    if "upload_id" in dict(query):
        return  # the address of an upload session says all the rest
    if scopes is not None:
        assert set(method.spec.get("scopes", ())) & set(scopes), f"no scope of {method.name}"
    kind = dict(query).get("uploadType", "") if method.upload else ""
    content_type = {name.casefold(): value for name, value in headers.items()}.get(
        "content-type", ""
    )
    if kind == "media":
        return
    if kind == "multipart":
        body = _first_part(content_type, body)
    if not body:
        return
    assert method.shape("request"), f"{method.name} takes no body"
    if kind != "multipart":
        assert content_type.partition(";")[0] == "application/json", "the body is not called JSON"
    check_shape(_decoded(body), method.shape("request"), method.document, method.name)


def _check_query(method: Method, query: Collection[tuple[str, str]]) -> None:
    known = method.parameters()
    for name, value in query:
        assert name in known, f"{method.name} has no query parameter {name}"
        said = known[name]
        written = WRITTEN.get(said.get("format", ""), WRITTEN.get(said["type"]))
        assert not written or written.fullmatch(value), f"{name} is no {said['type']}"
        assert value in said.get("enum", [value]), f"{name} is none of its values"
    names = [name for name, _ in query]
    for name, said in known.items():
        assert said.get("repeated") or names.count(name) <= 1, f"{name} is given twice"
        assert not said.get("required") or name in names, f"{name} is missing"


def check_answer(verb: str, url: str, status: int, body: bytes) -> None:
    """Hold an answer against its method. Raises AssertionError that names what is wrong."""
    method = find(verb, url)
    if status >= 400:  # reason: RFC 9110, section 15.5
        if body.startswith(b"{"):
            check_shape(_decoded(body), ERRORS, method.document, f"{method.name}'s error")
        return
    shape = method.shape("response")
    media = dict(parse_qsl(urlsplit(url).query)).get("alt") == "media"
    if media or status == 308 or (method.spec.get("supportsMediaDownload") and not shape):
        return  # bytes; Google's word for "go on"; an export
    if not body:
        assert method.upload or not shape, f"{method.name} answers nothing"
        return
    assert shape, f"{method.name} answers something"
    check_shape(_decoded(body), shape, method.document, method.name)


def check_shape(
    value: object, schema: Mapping[str, Any], document: Mapping[str, Any], where: str
) -> None:
    """Hold JSON against a schema of a document. Raises AssertionError that names what is wrong."""
    schema = document["schemas"][schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type", "any")
    if kind == "any":
        return
    if kind in ("integer", "number"):
        right = isinstance(value, int if kind == "integer" else int | float)
        assert right, f"{where} is no {kind}"
        assert not isinstance(value, bool), f"{where} is no {kind}"
        return
    assert isinstance(value, TYPES[kind]), f"{where} is no {kind}"
    if isinstance(value, str):
        assert value in schema.get("enum", [value]), f"{where} is none of its values"
        whole = not schema.get("format", "").endswith("int64") or WRITTEN["integer"].fullmatch(
            value
        )
        assert whole, f"{where} is no whole number"
    if isinstance(value, list):
        for item in value:
            check_shape(item, schema.get("items", {}), document, f"{where}[]")
    if isinstance(value, dict):
        for name, inner in value.items():
            said = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            assert said is not None, f"{where} has no {name}"
            check_shape(inner, said, document, f"{where}.{name}")


def _first_part(content_type: str, body: bytes) -> bytes:
    assert content_type.startswith("multipart/related"), "a multipart upload is multipart/related"
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = message.get_payload()
    assert isinstance(parts, list), "a multipart upload has two parts"
    assert len(parts) == 2, "a multipart upload has two parts"
    assert isinstance(parts[0], Message), "a multipart upload has two parts"
    content = parts[0].get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise AssertionError("the body is not JSON") from None
