"""Whether the headers that protect our pages arrive as they are sent."""

import re
from collections.abc import Mapping
from typing import Final

HALF_A_YEAR: Final = 180 * 24 * 3600


def kept_headers(headers: Mapping[str, str]) -> Mapping[str, bool]:
    """Return for each header of a page whether it says what it has to, or more."""
    policy = headers.get("Content-Security-Policy", "")
    directives = {each.strip() for each in policy.split(";")}
    age = re.search(r"max-age=([0-9]{1,12})", headers.get("Strict-Transport-Security", ""))
    return {
        "Content-Security-Policy": directives >= {"default-src 'none'", "frame-ancestors 'none'"}
        and "unsafe-" not in policy,
        "Strict-Transport-Security": age is not None and int(age[1]) >= HALF_A_YEAR,
        "X-Content-Type-Options": headers.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": headers.get("Referrer-Policy") in {"no-referrer", "same-origin"},
        "Cross-Origin-Opener-Policy": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "Cache-Control": "no-store" in headers.get("Cache-Control", ""),
    }
