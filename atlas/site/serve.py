"""Looking at a built site on this machine."""

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from atlas.errors import SiteError


def make_server(output: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the site in ``output``, bound to 127.0.0.1 only and not yet running.

    Args:
        port: 0 takes any free one; ``server_address[1]`` says which.

    Raises:
        SiteError: there is no site, or the port is taken.
    """
    if not (output / "index.html").is_file():
        raise SiteError(f"there is no site at {output}", "run `atlas build` first, or check the path")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(output)))
    except (OSError, OverflowError) as error:
        raise SiteError(
            f"cannot listen on port {port} of 127.0.0.1: {error}", "choose another port, or 0 for any"
        ) from error


def serve(output: Path, port: int) -> None:
    """Serve the site in ``output`` on 127.0.0.1 until interrupted; raises what :func:`make_server` does."""
    with make_server(output, port) as server:
        server.serve_forever()


class _Handler(SimpleHTTPRequestHandler):
    """Quiet, never cached, and with the site's own page for what is not there."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".webp": "image/webp", ".js": "text/javascript"}

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        content = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()
