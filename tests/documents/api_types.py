"""The types of docs/openapi.yaml in words: of a parameter, a field, a body."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.documents.tables import anchor, table

Node = Mapping[str, Any]

_FORMATS: Final = {
    "date": "day",
    "date-time": "time",
    "email": "e-mail",
    "uri": "address",
    "uri-reference": "address or path",
}

LONG: Final = 5
NAMED: Final = {"UserEmail": "e-mail", "ConnectorType": "a connector type's name"}


class Types:
    """The types of one document; what is named in it is followed by its name."""

    def __init__(self, document: Node) -> None:
        self._document = document

    def follow(self, node: Node) -> Node:
        """Return what a `$ref` points at, or the node itself."""
        found: Any = node
        if "$ref" in node:
            found = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
        result: Node = found
        return result

    def words(self, node: Node, *, part: bool = False) -> str:
        """Return a type in words; a named object is a link to its table; a `part` without limits."""
        if "$ref" in node:
            name, named = node["$ref"].rpartition("/")[2], self.follow(node)
            if name in NAMED:
                return NAMED[name]
            return (
                f"[{name}](#{anchor(name)})" if has_place(named) else self.words(named, part=part)
            )
        for word, key in ((" and ", "allOf"), (" or ", "oneOf"), (" or ", "anyOf")):
            if key in node:
                return word.join(self.words(each, part=True) for each in node[key])
        if "enum" in node:
            return "one of " * (len(node["enum"]) > 1) + ", ".join(f"`{v}`" for v in node["enum"])
        return self._plain(node) + ("" if part else "".join(_limits(node)))

    def fields(self, node: Node) -> str:
        """Return the table of an object's fields, those of the objects within it included."""
        rows = [*self._rows(self.follow(node), "")]
        return table(("field", "type", "", "meaning"), rows) if rows else ""

    def meaning(self, node: Node) -> str:
        """Return a node's own words, else those of what it is a kind of."""
        own: str = node.get("description") or self.follow(node).get("description", "")
        return own

    def _plain(self, node: Node) -> str:
        kinds = node.get("type", "object")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        said = [self._kind(kind, node) for kind in kinds if kind != "null"]
        end = " or null" if "null" in kinds else ""
        return " or ".join(said) + end

    def _kind(self, kind: str, node: Node) -> str:
        if kind == "array":
            return f"list of {self.words(node['items'], part=True)}"
        if kind == "string" and node.get("contentEncoding"):
            return str(node["contentEncoding"])
        if kind == "object" and isinstance(node.get("additionalProperties"), Mapping):
            return f"object, each value: {self.words(node['additionalProperties'], part=True)}"
        return {"string": _FORMATS.get(node.get("format", ""), "text")}.get(kind, kind)

    def _rows(self, node: Node, prefix: str) -> Iterator[tuple[str, str, str, str]]:
        required = node.get("required", ())
        for name, entry in node.get("properties", {}).items():
            must = "required" if name in required else ""
            yield f"`{prefix}{name}`", self.words(entry), must, self.meaning(entry)
            if "$ref" not in entry:
                inner = entry.get("items", entry)
                end = "[]." if "items" in entry else "."
                if "$ref" not in inner:
                    yield from self._rows(inner, f"{prefix}{name}{end}")


def has_place(node: Node) -> bool:
    """Return whether a named type is told of in a place of its own: an object, or a long list."""
    return "properties" in node or len(node.get("enum", ())) > LONG


def _limits(node: Node) -> Iterator[str]:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        yield f", {low:,} to {high:,}"
    elif low is not None or high is not None:
        yield f", at least {low:,}" if high is None else f", at most {high:,}"
    if "maxLength" in node:
        yield f", at most {node['maxLength']:,} characters"
    if "maxItems" in node:
        yield f", at most {node['maxItems']:,}"
    if "default" in node:
        yield f"; else `{str(node['default']).lower()}`"
