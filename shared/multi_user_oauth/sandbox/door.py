"""The way to a sandbox on this machine, while every URL stays the production one; quick to load."""

from typing import Any
from urllib.parse import urlsplit

from requests import Response
from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest


def inside(url: str) -> tuple[str, str]:
    """Give path and query under which the sandbox serves a production URL."""
    parts = urlsplit(url)
    return f"/{parts.netloc}{parts.path or '/'}", parts.query


class SandboxAdapter(HTTPAdapter):
    """Mount it on `https://`: `https://HOST/PATH` is sent to `{base_url}/HOST/PATH`.

    Connections are kept alive and nothing is sent twice. `response.url` and `request.url` stay
    the production URL.
    """

    def __init__(self, base_url: str, *, pool_maxsize: int = 80) -> None:
        self._base_url = base_url.rstrip("/")
        super().__init__(pool_connections=1, pool_maxsize=pool_maxsize, max_retries=0)

    def send(
        self,
        request: PreparedRequest,
        *args: Any,  # noqa: ANN401  # reason: requests' own options
        **options: Any,  # noqa: ANN401  # reason: requests' own options
    ) -> Response:
        """Send once. Raises what `requests` raises."""
        path, query = inside(request.url or "")
        moved = request.copy()
        moved.url = f"{self._base_url}{path}{'?' if query else ''}{query}"
        # The sandbox is on this machine, whatever the environment says about proxies.
        response = super().send(moved, *args, **options | {"proxies": {}})
        response.url = request.url or ""
        response.request = request
        return response
