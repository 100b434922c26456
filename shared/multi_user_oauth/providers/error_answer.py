"""A provider's error answer, cut down to what is safe to compare, to log and to carry in an error."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from multi_user_oauth.errors import MultiUserOAuthError

_WORD: Final = re.compile(r"[a-z][a-z_]{0,47}")
_ID: Final = re.compile(r"[0-9a-f-]{8,36}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """The few words of an error answer that are safe to compare and to log."""

    error: str = ""
    suberror: str = ""
    codes: tuple[int, ...] = ()
    correlation_id: str = ""
    trace_id: str = ""
    status: int = 0

    @classmethod
    def of(cls, document: Mapping[str, object], *, status: int) -> Self:
        """Return what is readable of a token endpoint's error (RFC 6749, 5.2); the rest is empty."""
        codes = document.get("error_codes")
        return cls(
            error=word(document.get("error")),
            suberror=word(document.get("suberror") or document.get("error_subtype")),
            codes=tuple(c for c in codes if type(c) is int) if isinstance(codes, list) else (),
            correlation_id=_matching(_ID, document.get("correlation_id")),
            trace_id=_matching(_ID, document.get("trace_id")),
            status=status,
        )


class RefusedError(MultiUserOAuthError):
    """The provider answered with an error; it stays inside this package until it is classified."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__("the provider refused")
        self.answer = answer


def word(value: object) -> str:
    """Return an error's name, or nothing if it is not written like one."""
    return _matching(_WORD, value)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""
