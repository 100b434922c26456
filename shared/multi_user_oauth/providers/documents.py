"""Public documents of a provider (discovery, JWKS), fetched once for all threads."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Final

LIFETIME: Final = 24 * 3600.0
REFETCH_AFTER: Final = 60.0

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Kept:
    document: Json
    at: float


class Documents:
    """A cache over `fetch`, which returns a document by its URL or raises."""

    def __init__(self, fetch: Callable[[str], Json], *, monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}
        self._tried: dict[str, float] = {}
        self._flights: dict[str, Future[Json]] = {}

    def get(self, url: str) -> Json:
        """Return the document, at most 24 hours old; raise what `fetch` raises."""
        kept = self._kept.get(url)
        if kept is not None and self._monotonic() - kept.at < LIFETIME:
            return kept.document
        return self._single_flight(url)

    def refetch(self, url: str) -> Json:
        """Return the document anew, or as it is if a fetch began within the last minute."""
        kept, tried = self._kept.get(url), self._tried.get(url)
        recent = tried is not None and self._monotonic() - tried < REFETCH_AFTER
        if recent and kept is not None:
            return kept.document
        return self._single_flight(url)

    def _single_flight(self, url: str) -> Json:
        # Who comes while a fetch is under way waits for it and shares its end, be it an error: in an
        # outage a queue of threads, each with a timeout of its own, would never drain.
        with self._lock:
            flight = self._flights.get(url)
            ours = flight is None
            if flight is None:
                flight = self._flights[url] = Future()
                self._tried[url] = self._monotonic()
        if ours:
            self._fly(url, flight)
        return flight.result()

    def _fly(self, url: str, flight: "Future[Json]") -> None:
        try:
            document = self._fetch(url)
        except BaseException as error:  # noqa: BLE001  # reason: those who wait must never wait for ever; result() raises it
            self._land(url)
            flight.set_exception(error)
        else:
            self._kept[url] = _Kept(document, self._monotonic())
            self._land(url)
            flight.set_result(document)

    def _land(self, url: str) -> None:
        with self._lock:
            del self._flights[url]
