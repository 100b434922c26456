"""Faults on demand: how a provider should fail, for whom, how often."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from .records import ProviderName

BeforeKind = Literal[
    "status", "html", "slow", "drop", "drop_after", "oauth_error", "insufficient_claims"
]
AnswerKind = Literal[
    "missing_id_token",
    "wrong_nonce",
    "wrong_aud",
    "wrong_iss",
    "wrong_key",
    "wrong_tid",
    "wrong_sub",
    "expired_id_token",
    "unverified_email",
    "missing_email",
    "missing_refresh_token",
    "no_access_token",
    "fewer_scopes",
    "wrong_state",
    "missing_state",
    "missing_code",
]
Endpoint = Literal[
    "*",
    "authorize",
    "token",
    "revoke",
    "keys",
    "discovery",
    "userinfo",
    "admin_consent",
    "graph",
    "gmail",
    "identity",
]

BEFORE_KINDS: Final = frozenset(BeforeKind.__args__)  # type: ignore[attr-defined]  # Literal's own
ANSWER_KINDS: Final = frozenset(AnswerKind.__args__)  # type: ignore[attr-defined]  # Literal's own
FOR_EVER: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to fail. What is None is left to what the provider would say by itself."""

    provider: ProviderName
    kind: BeforeKind | AnswerKind
    endpoint: Endpoint = "token"
    status: int | None = None
    retry_after: int | None = None
    """Seconds, sent as Retry-After."""
    delay: float = 0.0
    """Seconds to wait, with any kind; the whole point of `slow`."""
    error: str | None = None
    error_description: str | None = None
    aadsts: int | None = None
    """Microsoft: the number after AADSTS, also in `error_codes`."""
    error_codes: tuple[int, ...] = ()
    """Microsoft: another way to say `aadsts`, as its answers spell it."""
    suberror: str | None = None
    error_subtype: str | None = None
    account: str | None = None
    """E-mail or id of the only person it happens to."""
    grant_type: str | None = None
    times: int = 1
    """How often; -1 is for ever."""


class Faults:
    """The faults still to come, first added first taken; the caller holds the sandbox's lock."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let `fault` happen from now on."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing more fail."""
        self._waiting.clear()

    def as_list(self) -> list[Fault]:
        """Give what is still to come."""
        return list(self._waiting)

    def take(
        self,
        kinds: Iterable[str],
        *,
        provider: str,
        endpoint: str,
        names: frozenset[str],
        grant_type: str | None = None,
    ) -> Fault | None:
        """Give the first fault that is due here and count it down; `names` are the person's."""
        for index, fault in enumerate(self._waiting):
            if (
                fault.kind in kinds
                and fault.provider == provider
                and fault.endpoint in ("*", endpoint)
                and fault.account in (None, *names)
                and fault.grant_type in (None, grant_type)
            ):
                self._count_down(index)
                return fault
        return None

    def _count_down(self, index: int) -> None:
        fault = self._waiting[index]
        if fault.times == FOR_EVER:
            return
        if fault.times > 1:
            self._waiting[index] = replace(fault, times=fault.times - 1)
        else:
            del self._waiting[index]
