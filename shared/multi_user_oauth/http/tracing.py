"""To which trace a request belongs, as its load balancer says; the caller may say so too."""

import re
from collections.abc import Mapping
from typing import Final

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_CLOUD_TRACE: Final = re.compile(r"([0-9a-f]{32})(?:/[0-9]{1,20})?(?:;o=[0-9])?")
_HEADERS: Final = (
    ("HTTP_TRACEPARENT", _TRACEPARENT),
    ("HTTP_X_CLOUD_TRACE_CONTEXT", _CLOUD_TRACE),
)
_NONE: Final = "0" * 32


def trace_of(environ: Mapping[str, object], project: str) -> str:
    """
    Return the trace as Cloud Logging names it, empty where there is none or its id is malformed.

    W3C Trace Context 3.2, else Google's older header. Without a project a trace has no name.
    """
    for name, pattern in _HEADERS if project else ():
        found = pattern.fullmatch(str(environ.get(name, "")))
        if found and found[1] != _NONE:
            return f"projects/{project}/traces/{found[1]}"
    return ""
