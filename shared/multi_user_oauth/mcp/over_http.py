"""Streamable HTTP: who may speak to the server, and under which names it is reached."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from multi_user_oauth.model.secret import Secret

PATH: Final = "/mcp"
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_BEARER: Final = re.compile(rb"bearer +(\S+)", re.IGNORECASE)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
"""ASGI 3."""


class KeyRequired:
    """Answers 401 to whoever does not send the key, whatever they ask for (RFC 6750, 2.1 and 3)."""

    def __init__(self, app: App, key: Secret) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan" or self._admits(scope):
            await self._app(scope, receive, send)
            return
        headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _admits(self, scope: Message) -> bool:
        """Tell whether there is one `Authorization`, and it is the key; in constant time."""
        said = [value for name, value in scope["headers"] if name == b"authorization"]
        found = _BEARER.fullmatch(said[0]) if len(said) == 1 else None
        return found is not None and Secret(found[1].decode("latin-1")) == self._key


def http_app(server: MCPServer[Any], key: Secret, *, port: int, behind: str | None) -> App:
    """
    Return the server as an ASGI application at `PATH`.

    It answers under this machine's own names at `port`, and under the origin `behind` which it stands:
    no page that had its name point here (DNS rebinding) is answered.
    """
    hosts = [f"{name}:{port}" for name in LOOPBACK]
    origins = [f"http://{host}" for host in hosts]
    if behind is not None:
        hosts.append(behind.removeprefix("https://"))
        origins.append(behind)
    security = TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
    app: Any = server.streamable_http_app(streamable_http_path=PATH, transport_security=security)
    return KeyRequired(app, key)
