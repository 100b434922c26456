"""docs/configuration.md, made from `Settings` and infra/variables.tf."""

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Any, Final, get_args, get_type_hints

from multi_user_oauth.cli.doctor.settings import ALWAYS, NEEDED
from multi_user_oauth.cli.settings_file import documented
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.settings import BACKENDS, Settings
from multi_user_oauth.wiring import MODULES
from tests.documents.readers import readers
from tests.documents.settings_examples import EXAMPLES, GUARDED
from tests.documents.tables import table
from tests.infra.terraform import blocks, unquoted

HERE: Final = Path(__file__).parent
_TYPES: Final[Mapping[object, str]] = {
    str: "text", int: "whole number", bool: "`yes` or `no`", frozenset[str]: "origins, with commas"
}  # fmt: skip
_KINDS: Final = {
    "_FILE": "file", "_DIR": "folder", "_URL": "origin", "_ORIGIN": "origin", "_AUDIENCE": "origin",
    "_HOST": "host:port", "LOCAL_CLOUD": "host:port", "LOCAL_KMS": "origin", "_TOPIC": "topic",
    "_KEY": "key", "RATE_PER_": "number a second, minute, hour or day",
}  # fmt: skip
_PLACE: Final = re.compile(r"^`([A-Z_]+)`(?: \((\w+)\))?: ")


def configuration(folder: Path) -> str:
    """Return the whole page; `folder` is an empty one, for what the functions are built from."""
    head = (HERE / "configuration.head.md").read_text("utf-8")
    heads = ("setting", "type", "default", "read by", "what it does")
    settings = table(heads, _settings(readers(folder)))
    columns = ("variable", "type", "default", "what it does")
    variables = table(columns, _variables())
    end = "`infra/terraform.tfvars.example` is a file to begin with."
    return f"{head}## Settings\n\n{settings}\n\n## Variables of the deployment\n\n{variables}\n\n{end}\n"


def _settings(readers: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, ...]]:
    members = _members()
    assert members.keys() == EXAMPLES.keys()
    for name, member in sorted(members.items()):
        hint = get_type_hints(member.func)["return"]
        example = f"For example `{EXAMPLES[name]}`."
        guard = f"**{GUARDED[name]}.**" if name in GUARDED else ""
        meaning = f"{_meaning(member)} {guard} {example}"
        yield f"`{name}`", _type(name, hint), _default(name), _readers(readers[name]), meaning


def _members() -> Mapping[str, "cached_property[object]"]:
    """Return the property of each setting, by the setting's name."""
    members = {
        name.upper(): member
        for part in Settings.__mro__
        for name, member in vars(part).items()
        if isinstance(member, cached_property)
    }
    return {name: members[name] for name in documented()}


def _type(name: str, hint: object) -> str:
    some = [each for each in get_args(hint) if each is not type(None)]
    kind = some[0] if isinstance(hint, UnionType) else hint
    if kind is not bool:
        for mark, said in _KINDS.items():
            if name.endswith(mark) or name.startswith(mark):
                return said
    return _TYPES[kind]


def _default(name: str) -> str:
    """Return what stands where the setting does not, as `Settings` itself has it."""
    if name in ALWAYS:
        return "required"
    for backend, needed in NEEDED.items():
        if name in needed:
            return f"required with `BACKEND={backend}`"
    try:
        value = getattr(Settings({}), name.lower())
    except ConfigurationError as error:
        missing = str(error).partition(" ")[0]
        return "required where it is read" if missing == name else f"that of `{missing}`"
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    return f"`{value}`" if value not in (None, "", frozenset()) else "none"


def _readers(functions: frozenset[str]) -> str:
    if len(functions) == len(MODULES):
        return "all"
    if len(functions) > len(MODULES) / 2:
        others = sorted(MODULES.keys() - functions)
        return "all but " + ", ".join(f"`{name}`" for name in others)
    return ", ".join(f"`{name}`" for name in sorted(functions)) or "the command line"


def _meaning(member: "cached_property[object]") -> str:
    text = " ".join(inspect.cleandoc(member.__doc__ or "").split())
    found = _PLACE.match(text)
    assert found, text
    backend = f"With `BACKEND={found[2]}`: " if found[2] in BACKENDS else ""
    rest = text[found.end() :]
    rest = re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", rest)
    return backend + (rest if backend else rest[:1].upper() + rest[1:])


def _variables() -> Iterator[tuple[str, ...]]:
    for block in blocks("variable", "variables.tf"):
        (name,) = block.labels
        body = block.body
        default = _written(body["default"]) if "default" in body else "required"
        described = inspect.cleandoc(unquoted(body["description"]))
        yield f"`{name}`", f"`{_plain(body['type'])}`", default, described


def _written(value: Any) -> str:  # noqa: ANN401  # reason: whatever a default may be
    match unquoted(value):
        case None | "null":
            return "left out"
        case bool() as truth:
            return f"`{str(truth).lower()}`"
        case dict() as mapping if mapping:
            return ", ".join(f"`{key}`: {_written(it)}" for key, it in mapping.items())
        case "" | [] | dict():
            return "empty"
        case other:
            return f"`{other}`"


def _plain(kind: Any) -> str:  # noqa: ANN401  # reason: what the parser makes of a type
    text = str(kind)
    return re.sub(r"^\$\{(.*)\}$", r"\1", text, flags=re.DOTALL)
