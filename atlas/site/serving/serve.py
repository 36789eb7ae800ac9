"""Looking at a built site on this machine."""

import os
import re
import sys
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from atlas.errors import SiteError
from atlas.site.serving.requested import Found, find, is_known, part

IDLE = 30.0
"""Seconds after which a connection on which nothing happens is closed."""
HOSTS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
"""Names of this machine. Others are refused: a page of anybody's could have its name lead here, and read the site.

Any port will do, for one of another machine may be forwarded to this one.
"""
NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
"""Names of headers."""
KNOWN_METHODS = {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
"""Methods that a site of files has no use for."""


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
        return _Server(("127.0.0.1", port), partial(_Handler, output.absolute()))
    except (OSError, OverflowError) as error:
        raise SiteError(
            f"cannot listen on port {port} of 127.0.0.1: {error}", "choose another port, or 0 for any"
        ) from error


def serve(output: Path, port: int) -> None:
    """Serve the site in ``output`` on 127.0.0.1 until interrupted; raises what :func:`make_server` does."""
    with make_server(output, port) as server:
        server.serve_forever()


class _Server(ThreadingHTTPServer):
    """One thread per connection."""

    request_queue_size = 1024  # a page of hundreds of pictures asks for all of them at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in a line what went wrong, unless the other side merely went away."""
        error = sys.exception() if sys.version_info >= (3, 11) else sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            sys.stderr.write(f"a request failed: {type(error).__name__}: {error}\n")


class _Handler(BaseHTTPRequestHandler):
    """Quiet, never cached without asking, and with the site's own page for what is not there."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "atlas", ""
    timeout = IDLE
    disable_nagle_algorithm = True

    def __init__(self, site: Path, *connection: Any) -> None:
        self._site = site  # looked up anew for each request: a build puts another folder there
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Answer with a file, a part of it, or why not."""
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what follows is no request
        if not self._is_for_us():
            return
        try:
            found = find(self._site, self.path)
        except PermissionError:
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        if found is None:
            self._answer_missing()
        elif isinstance(found, str):
            self._answer(HTTPStatus.MOVED_PERMANENTLY, {"Location": found, "Content-Length": "0"})
        else:
            self._answer_file(found)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the content."""
        self.do_GET()

    def _is_for_us(self) -> bool:
        """Tell whether a request names this machine and a path; if not, it is answered."""
        hosts = self.headers.get_all("Host", [])
        sound = not self.headers.defects and all(map(NAME.fullmatch, self.headers))  # else it may be understood twice
        named = len(hosts) == 1 or (not hosts and self.request_version < "HTTP/1.1")
        if not (sound and named and self.path.startswith("/")):
            self.send_error(HTTPStatus.BAD_REQUEST)
        elif hosts and not HOSTS.fullmatch(hosts[0].strip()):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "this is the site of 127.0.0.1 and localhost only")
        else:
            return True
        return False

    def _answer_file(self, found: Found) -> None:
        about = {"ETag": found.tag, "Last-Modified": self.date_time_string(int(found.modified))}
        if is_known(found, self.headers["If-None-Match"], self.headers["If-Modified-Since"]):
            self._answer(HTTPStatus.NOT_MODIFIED, about)
            return
        asked = self.headers["Range"] if self.command == "GET" else None
        wanted = part(found, asked, self.headers["If-Range"])
        if wanted is None:
            nothing = {"Content-Range": f"bytes */{found.size}", "Content-Length": "0"}
            self._answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, nothing)
            return
        about |= {"Accept-Ranges": "bytes", "Content-Type": found.type, "Content-Length": str(len(wanted))}
        status = HTTPStatus.OK
        if len(wanted) < found.size:
            status = HTTPStatus.PARTIAL_CONTENT
            about["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{found.size}"
        try:
            descriptor = os.open(found.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except PermissionError:
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        except OSError:  # a build has just put another site there
            self._answer_missing()
            return
        with open(descriptor, "rb") as file:
            self._answer(status, about)
            if self.command != "HEAD" and len(wanted):
                sent = self.connection.sendfile(file, wanted.start, len(wanted))
                self.close_connection |= sent != len(wanted)  # it was cut short meanwhile

    def _answer_missing(self) -> None:
        try:
            content = (self._site / "404.html").read_bytes()
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        about = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(content))}
        self._answer(HTTPStatus.NOT_FOUND, about, content)

    def _answer(self, status: HTTPStatus, about: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in about.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer in a line of text; the connection ends with it."""
        refused = code == HTTPStatus.NOT_IMPLEMENTED and self.command in KNOWN_METHODS
        status = HTTPStatus.METHOD_NOT_ALLOWED if refused else HTTPStatus(code)
        message = None if refused else message
        content = f"{status.value} {message or status.phrase}\n".encode("ascii", "replace")
        about = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(content))}
        if refused:
            about["Allow"] = "GET, HEAD"
        self.close_connection = True
        self._answer(status, about | {"Connection": "close"}, content)

    def end_headers(self) -> None:
        """Add what every answer says."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
