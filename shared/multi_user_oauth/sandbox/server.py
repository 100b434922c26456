"""The sandbox as a server: in the foreground for the demo, in a thread for tests."""

import secrets
import threading
import time
from typing import Any, Self

from flask import Flask
from waitress.server import BaseWSGIServer, create_server

from .app import create_app, utc_now
from .controls import Controls
from .ending import end_waitress
from .reach import InProcessAdapter, SandboxAdapter
from .records import Clock, Draw, SandboxConfig, Sleep

THREADS = 8
PATIENCE = 5.0
"""Seconds that a request may go on after `stop`."""


class Sandbox(Controls):
    """A Microsoft and a Google with all their knobs; a server only after `start`."""

    def __init__(
        self,
        config: SandboxConfig,
        *,
        now: Clock = utc_now,
        sleep: Sleep = time.sleep,
        draw: Draw = secrets.token_bytes,
    ) -> None:
        self.app = create_app(config, now=now, sleep=sleep, draw=draw)
        super().__init__(self.app.extensions["sandbox"])
        self.base_url = ""
        self._files: dict[int, Any] = {}
        self._thread: threading.Thread | None = None

    def in_process_adapter(self) -> InProcessAdapter:
        """Give an adapter that needs no server; mount it on `https://`."""
        return InProcessAdapter(self.app)

    def adapter(self) -> SandboxAdapter:
        """Give an adapter for the running server; mount it on `https://`."""
        return SandboxAdapter(self.base_url)

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Serve in a thread of its own; port 0 takes a free one, see `base_url`."""
        server = _listen(self.app, self._files, host, port)
        self.base_url = f"http://{host}:{server.effective_port}"
        self._thread = threading.Thread(target=server.run, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the server; doing so twice is harmless."""
        if self._thread is not None:
            end_waitress(self._files, self._thread, patience=PATIENCE)
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listen(app: Flask, files: dict[int, Any], host: str, port: int) -> BaseWSGIServer:
    return create_server(
        app,
        map=files,
        host=host,
        port=port,
        threads=THREADS,
        ident="sandbox",
        asyncore_use_poll=True,  # select() knows no file above the 1,024th
    )


def serve(config: SandboxConfig, host: str = "127.0.0.1", port: int = 8085) -> None:
    """Serve until the process is told to stop."""
    _listen(Sandbox(config).app, {}, host, port).run()
