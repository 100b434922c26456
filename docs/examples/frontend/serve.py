"""Serves the example's files at an origin of its own, with the strictest policy they can live with."""

import argparse
import os
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
VAULT = "http://localhost:8084"  # as index.html names it
POLICY = (
    "default-src 'none'; script-src 'self' {vault}; connect-src {vault}; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


def make_server(vault: str, port: int = 0) -> ThreadingHTTPServer:
    """Return a server on 127.0.0.1 whose page loads connect.js of this vault."""

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(HERE))  # type: ignore[arg-type]  # reason: as they come

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/":
                super().do_GET()
                return
            page = (HERE / "index.html").read_text("utf-8").replace(VAULT, vault).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", POLICY.format(vault=vault))
            self.send_header("Cache-Control", "no-cache")
            super().end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # reason: its name there
            """Be quiet: the vault's demo shows what happens."""

    return ThreadingHTTPServer(("127.0.0.1", port), Files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    with make_server(os.environ.get("VAULT_URL", VAULT), parser.parse_args().port) as server:
        print(f"Open http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
