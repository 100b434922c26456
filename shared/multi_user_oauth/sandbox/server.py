"""The sandbox as a server: in the foreground for the demo, in a thread for tests."""

import secrets
import threading
import time
from typing import Self

from waitress.server import BaseWSGIServer, create_server
from waitress.wasyncore import close_all

from .app import create_app, utc_now
from .controls import Controls
from .reach import InProcessAdapter, SandboxAdapter
from .records import Clock, Draw, SandboxConfig, Sleep

THREADS = 8
JOIN_SECONDS = 5.0


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
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def in_process_adapter(self) -> InProcessAdapter:
        """Give an adapter that needs no server; mount it on `https://`."""
        return InProcessAdapter(self.app)

    def adapter(self) -> SandboxAdapter:
        """Give an adapter for the running server; mount it on `https://`."""
        return SandboxAdapter(self.base_url)

    def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Serve in a thread of its own; port 0 takes a free one, see `base_url`."""
        self._server = _listen(self, host, port)
        self.base_url = f"http://{host}:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the server; doing so twice is harmless."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        # Waitress has no way to stop from outside: empty its socket map inside its own loop.
        server.trigger.pull_trigger(lambda: close_all(server._map))  # noqa: SLF001  # reason: waitress has no public way
        thread.join(JOIN_SECONDS)
        server.task_dispatcher.shutdown()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listen(sandbox: Sandbox, host: str, port: int) -> BaseWSGIServer:
    return create_server(
        sandbox.app,
        host=host,
        port=port,
        threads=THREADS,
        ident="sandbox",
        asyncore_use_poll=True,  # select() knows no file above the 1,024th
    )


def serve(config: SandboxConfig, host: str = "127.0.0.1", port: int = 8085) -> None:
    """Serve until the process is told to stop."""
    _listen(Sandbox(config), host, port).run()
