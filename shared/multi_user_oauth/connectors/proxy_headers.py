"""Which headers a call that is passed on takes along, there and back: these, and no others."""

from collections.abc import Mapping
from typing import Final

_TO_PROVIDER: Final = frozenset(
    {
        "accept", "accept-language", "consistencylevel", "content-language", "content-range",
        "content-type", "if-match", "if-modified-since", "if-none-match", "if-unmodified-since",
        "prefer", "range", "return-client-request-id", "client-request-id",
    }
)  # fmt: skip
_UPLOADS: Final = "x-upload-content-"
_FROM_PROVIDER: Final = (
    "Allow", "Content-Language", "Content-Range", "Content-Type", "Preference-Applied", "Retry-After",
    "client-request-id", "request-id",
)  # fmt: skip
_SHOWN: Final = frozenset({"application/json", "text/plain"})
"""What a browser that is led to our address may show as a page: nothing in it acts."""
OURS: Final = "application/problem+json"
"""Problems are ours: whoever reads one must be able to rely on it."""
UNKNOWN: Final = "application/octet-stream"


def to_provider(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what of the caller's headers goes on: nothing that says who asks, or from where."""
    return {
        name: value
        for name, value in headers.items()
        if name.lower() in _TO_PROVIDER or name.lower().startswith(_UPLOADS)
    }


def from_provider(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what of the provider's headers goes back; what acts in a browser is no page of ours."""
    found = {name: headers[name] for name in _FROM_PROVIDER if name in headers}
    media_type = found.setdefault("Content-Type", UNKNOWN).partition(";")[0].strip().lower()
    if media_type == OURS:
        found["Content-Type"] = media_type = "application/json"
    if media_type not in _SHOWN:
        found["Content-Disposition"] = "attachment"
    return found
