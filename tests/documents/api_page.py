"""docs/api.md, made from docs/openapi.yaml, functions/functions.yaml and the lines to try."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from tests.architecture.catalogue import FUNCTIONS, ROOT, Function, Route
from tests.documents.api_types import Node, Types, has_place
from tests.documents.tables import anchor, table

HERE: Final = Path(__file__).parent
SCOPES: Final = (
    "User.Read", "Mail.Send", "Mail.ReadWrite", "Files.ReadWrite", "Calendars.ReadWrite",
    "Chat.ReadWrite", "ChannelMessage.Send", "Team.ReadBasic.All", "Channel.ReadBasic.All",
)  # fmt: skip
"""What Sarah has to grant for every line of the page."""
SESSIONS: Final = (
    "PERSON='Cookie: __Host-session=SARAHS'\nADMIN='Cookie: __Host-session=THE_ADMINS'\n"
)
EVERYWHERE: Final = frozenset({"method_not_allowed", "too_many_requests", "internal_error"})
"""Refusals that every route knows: said once."""
SHOWN_WHERE_SENT: Final = ("Request", "Form", "Push", "Problem")
"""Bodies that one route takes; and the refusals' own."""
EMPTY: Final = {"application/json": "`{}`"}
_PROBLEM: Final = "application/problem+json"


def read(name: str) -> str:
    """Return a file beside this one."""
    return (HERE / name).read_text("utf-8")


def examples() -> Mapping[str, str]:
    """Return the lines to try, by the operation's name."""
    found: dict[str, str] = yaml.safe_load(read("api_examples.yaml"))
    return found


class ApiPage:
    """The page of one document."""

    def __init__(self) -> None:
        text = (ROOT / "docs" / "openapi.yaml").read_text("utf-8")
        self._document: dict[str, Any] = yaml.safe_load(text)
        self._types = Types(self._document)
        self._examples = examples()

    def text(self) -> str:
        """Return the whole page."""
        parts = (self._head(), *self._functions(), self._named(), self._problems())
        return "\n".join(part.strip() + "\n" for part in parts)

    @cached_property
    def operations(self) -> Mapping[tuple[str, str], Node]:
        """Every operation by its method and path."""
        return {
            (verb.upper(), path): operation
            for path, item in self._document["paths"].items()
            for verb, operation in item.items()
        }

    def _head(self) -> str:
        return read("api.head.md").format(
            description=_without_marks(self._document["info"]["description"]),
            contents=self._contents(),
            policy=read("api.policy.yaml"),
            prelude=read("api_prelude.sh"),
            sessions=SESSIONS,
            scopes="%20".join(SCOPES),
        )

    def _contents(self) -> str:
        rows = [
            (
                f"`{method} {route.path}`",
                f"[{it['summary']}](#{anchor(it['summary'])})",
                _who(route),
            )
            for _, route, method, it in self._routes()
        ]
        functions = ", ".join(f"[{function.name}](#{function.name})" for function in FUNCTIONS)
        return f"By function: {functions}.\n\n{table(('route', 'what it does', 'who'), rows)}"

    def _routes(self) -> Iterator[tuple[Function, Route, str, Node]]:
        for function in FUNCTIONS:
            for route in function.routes:
                for method in route.methods:
                    yield function, route, method, self.operations[method, route.path]

    def _functions(self) -> Iterator[str]:
        tags = {tag["name"]: tag["description"] for tag in self._document["tags"]}
        for function in FUNCTIONS:
            yield f"## {function.name}\n\n{tags[function.name]}"
            for each, route, method, operation in self._routes():
                if each is function:
                    yield self._operation(route, method, operation)

    def _operation(self, route: Route, method: str, operation: Node) -> str:
        return "\n\n".join(
            part.strip()
            for part in (
                f"### {operation['summary']}",
                f"`{method} {route.path}`",
                f"Who: {_who(route)}. Under the function's own address: {_listed(route.bare)}.",
                operation["description"],
                self._parameters(operation),
                *self._body(operation),
                self._answers(operation),
                f"```sh\n{self._examples[operation['operationId']]}```",
            )
            if part
        )

    def _parameters(self, operation: Node) -> str:
        each = [self._types.follow(entry) for entry in operation.get("parameters", ())]
        rows = [
            (
                f"`{it['name']}`",
                it["in"],
                self._types.words(it["schema"]),
                "required" if it.get("required") else "",
                self._types.meaning(it),
            )
            for it in each
        ]
        return table(("parameter", "in", "type", "", "meaning"), rows) if rows else ""

    def _body(self, operation: Node) -> Iterator[str]:
        body = operation.get("requestBody", {})
        for kind, entry in body.get("content", {}).items():
            must = "" if body.get("required") else ", which may be left out"
            fields = self._types.fields(entry["schema"])
            yield f"Body `{kind}`{must}:" + ("" if fields else f" {EMPTY.get(kind, 'any bytes')}.")
            yield fields

    def _answers(self, operation: Node) -> str:
        done, refused = [], []
        for status, entry in operation["responses"].items():
            answer = self._types.follow(entry)
            content = answer.get("content", {})
            if _PROBLEM not in content:
                kinds = " ".join(self._answer(kind, it) for kind, it in content.items())
                done.append((status, f"{answer['description']} {kinds}"))
                continue
            codes = content[_PROBLEM]["schema"]["allOf"][1]["properties"]["code"]["enum"]
            named = [f"`{code}`" for code in codes if code not in EVERYWHERE]
            refused += [f"{status} {', '.join(named)}"] if named else []
        end = f"\n\n[Refusals](#problem-codes): {'; '.join(refused)}." if refused else ""
        return table(("answer", ""), done) + end

    def _answer(self, kind: str, entry: Node) -> str:
        if kind == "application/json":
            return f"{self._types.words(entry['schema'])}"
        return f"(`{kind}`)"

    def _named(self) -> str:
        objects = {
            name: node
            for name, node in sorted(self._document["components"]["schemas"].items())
            if has_place(node) and not name.endswith(SHOWN_WHERE_SENT)
        }
        parts = [
            f"### {name}\n\n{node.get('description', '')}\n\n"
            + (self._types.fields(node) or self._types.words(node))
            for name, node in objects.items()
        ]
        return "\n\n".join(("## Types", *parts)).replace("\n\n\n\n", "\n\n")

    def _problems(self) -> str:
        problem = self._document["components"]["schemas"]["Problem"]
        lead, _, rows = problem["description"].partition("\n\n")
        code = {**problem["properties"]["code"], "enum": ["not_connected"]}
        fields = {**problem, "properties": {**problem["properties"], "code": code}}
        return f"## Problem codes\n\n{lead}\n\n{rows}\n\n{self._types.fields(fields)}"


def _without_marks(text: str) -> str:
    """Leave out what is said of the document's own marks, which no reader of the page sees."""
    return "\n\n".join(part for part in text.strip().split("\n\n") if "`x-coming" not in part)


def _who(route: Route) -> str:
    return ", ".join(route.who)


def _listed(paths: list[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)
