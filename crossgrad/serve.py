"""Serve the built site on this machine: `python -m crossgrad.serve site --port 8000`.

The standard library's own `python -m http.server` answers a taken port and Ctrl-C with tracebacks
and logs; this one takes the next free port, prints the address and ends quietly.
"""

from __future__ import annotations

import argparse
import errno
import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crossgrad.errors import CrossgradError

HOST = "127.0.0.1"
PORTS_TRIED = 20


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a log line for each, and lets live blocks be interrupted."""

    def end_headers(self) -> None:
        """With these two, page and worker may share memory: Stop then keeps the variables."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; the browser shows what failed."""


def make_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of `folder` on `port`, or on the first free port after it; not yet serving."""
    if not (folder / "index.html").is_file():
        raise CrossgradError(f"{folder} holds no built site; build it first: make build")
    handler = functools.partial(QuietHandler, directory=str(folder))
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        try:
            return ThreadingHTTPServer((HOST, candidate), handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    raise CrossgradError(
        f"no port from {port} on is free to serve the site; name another: make site PORT=9000"
    )


def port_number(text: str) -> int:
    """The port that `text` names; argparse turns a ValueError into one sentence."""
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError(text)
    return port


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C; 0 then, 2 with one sentence for bad input."""
    parser = argparse.ArgumentParser(prog="crossgrad.serve", description="Serve the built site.")
    parser.add_argument("folder", nargs="?", default="site", type=Path)
    parser.add_argument("--port", default=8000, type=port_number, help="default: 8000")
    options = parser.parse_args(arguments)
    try:
        server = make_server(options.folder, options.port)
    except CrossgradError as error:
        print(f"crossgrad.serve: {error}", file=sys.stderr)
        return 2
    address, port = server.server_address[:2]
    try:
        print(f"The site is at http://{address!s}:{port}/ (Ctrl-C ends)", flush=True)
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
