"""Faults on demand: how a provider should fail, for whom, how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from .fault_queue import Counted, FaultQueue
from .records import ProviderName

BeforeKind = Literal[
    "status",
    "status_after",
    "html",
    "slow",
    "drop",
    "drop_after",
    "oauth_error",
    "insufficient_claims",
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
    "wrong_email",
    "no_token",
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
    "onedrive_bytes",
    "gmail",
    "drive",
    "google_calendar",
    "identity",
]

BEFORE_KINDS: Final = frozenset(get_args(BeforeKind))
ANSWER_KINDS: Final = frozenset(get_args(AnswerKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Counted):
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


class Faults(FaultQueue[Fault]):
    """The faults still to come."""

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
        return self.take_first(
            lambda fault: (
                fault.kind in kinds
                and fault.provider == provider
                and fault.endpoint in ("*", endpoint)
                and fault.account in (None, *names)
                and fault.grant_type in (None, grant_type)
            )
        )
