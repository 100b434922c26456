"""What the sandbox tells tests afterwards: every secret it knew, every request it served."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from threading import Lock
from typing import ClassVar, Final
from urllib.parse import unquote

REQUESTS_KEPT: Final = 10_000
NEVER_IN_A_URL: Final = frozenset(
    {
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "access_token",
        "refresh_token",
        "id_token",
        "token",
    }
)
"""Names of parameters, and kinds of secrets, that a request to a provider carries elsewhere."""


class SecretLedger:
    """Every secret issued or seen, so that a test can look for them in all logs.

    A reset of the sandbox keeps it: what was issued before is still a secret.
    """

    sinks: ClassVar[list[Callable[[str, str], None]]] = []
    """Told kind and value of every secret of every sandbox in this process."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._lock = Lock()

    def add(self, kind: str, value: str | None) -> None:
        """Remember `value`; empty ones are nobody's secret."""
        if value:
            with self._lock:
                self._kinds.setdefault(value, kind)
            for sink in self.sinks:
                sink(kind, value)

    def as_list(self) -> list[dict[str, str]]:
        """Give `{kind, value}` for each secret, oldest first."""
        with self._lock:
            return [{"kind": kind, "value": value} for value, kind in self._kinds.items()]

    def leaks(self, path: str, query: Iterable[tuple[str, str]]) -> bool:
        """Tell whether a URL carries something that belongs in a body or a header."""
        texts = [unquote(part) for part in path.split("/")]
        for name, value in query:
            if name in NEVER_IN_A_URL and value:
                return True
            texts.append(value)
        with self._lock:
            return any(self._kinds.get(text) in NEVER_IN_A_URL for text in texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request, without anything secret."""

    time: float
    provider: str
    endpoint: str
    method: str
    path: str
    grant_type: str | None
    account: str | None
    status: int
    leak: bool
    claims: str | None
    """What a token request brought of an API's claims challenge."""


class RequestLog:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._served: deque[Served] = deque(maxlen=REQUESTS_KEPT)

    def add(self, served: Served) -> None:
        """Remember one request."""
        self._served.append(served)

    def as_list(self) -> list[Mapping[str, object]]:
        """Give each request as a mapping, oldest first."""
        return [asdict(served) for served in tuple(self._served)]

    def clear(self) -> None:
        """Forget all requests."""
        self._served.clear()
