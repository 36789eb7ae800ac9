"""Serving: this machine only, what is in the site only, and a plain answer to whatever is asked."""

import http.client
import os
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import pytest
from sample_site import Sample

from atlas.errors import SiteError
from atlas.site.serving.serve import make_server

PAGE = "<!doctype html><title>a page</title>\n" * 400
FILES = {
    "index.html": PAGE,
    "404.html": "not here",
    "m/index.html": "a folder",
    "m/ü 100%.html": "a name",
    "data.json": "{}",
    "search.js": "1",
    "static/a.css": "p{}",
    "icon.svg": "<svg/>",
    "sitemap.xml": "<urlset/>",
    "robots.txt": "User-agent: *",
    "i/a.webp": "picture",
    "i/a.avif": "picture",
    "i/a.PNG": "picture",
    "other": "bytes",
    ".git/config": "secret",
    ".atlas-site.json": "{}",
    ".well-known/security.txt": "Contact: me",
    "m/.hidden": "secret",
    "empty.txt": "",
}


@dataclass
class Served:
    """A site that is being served."""

    site: Path
    port: int

    def ask(self, target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return (status, headers, content) of one request; a header's ``_`` stands for ``-``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def send(self, data: bytes) -> bytes:
        """Return all that comes back for these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while part := connection.recv(65536):
                received += part
            return received


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A small site with all kinds of files, and a secret beside it."""
    for name, text in FILES.items():
        path = tmp_path / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "secret.html").write_text("secret")
    with make_server(tmp_path / "www", 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield Served(tmp_path / "www", server.server_address[1])
        server.shutdown()


def test_pages_come_from_the_loopback_address_only(sample: Sample) -> None:
    with make_server(sample.site, 0) as server:
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        status, _, content = Served(sample.site, port).ask("/")
        assert (status, content) == (200, (sample.site / "index.html").read_bytes())
        server.shutdown()


def test_a_folder_without_a_site_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="atlas build"):
        make_server(tmp_path, 0)


def test_a_taken_port_is_named(served: Served) -> None:
    with pytest.raises(SiteError, match="another port"):
        make_server(served.site, served.port)


@pytest.mark.parametrize(
    ("target", "kind"),
    {
        "/": "text/html; charset=utf-8",
        "/index.html": "text/html; charset=utf-8",
        "/m/": "text/html; charset=utf-8",
        "/m/%C3%BC%20100%25.html?x=1#y": "text/html; charset=utf-8",
        "/data.json": "application/json; charset=utf-8",
        "/search.js": "text/javascript; charset=utf-8",
        "/static/a.css": "text/css; charset=utf-8",
        "/icon.svg": "image/svg+xml; charset=utf-8",
        "/sitemap.xml": "application/xml; charset=utf-8",
        "/robots.txt": "text/plain; charset=utf-8",
        "/empty.txt": "text/plain; charset=utf-8",
        "/i/a.webp": "image/webp",
        "/i/a.avif": "image/avif",
        "/i/a.PNG": "image/png",
        "/other": "application/octet-stream",
        "/.well-known/security.txt": "text/plain; charset=utf-8",
        "//index.html": "text/html; charset=utf-8",
        "/./m/./": "text/html; charset=utf-8",
    }.items(),
)
def test_files_come_with_their_type(served: Served, target: str, kind: str) -> None:
    status, headers, content = served.ask(target)
    assert (status, headers["Content-Type"], headers["X-Content-Type-Options"]) == (200, kind, "nosniff")
    assert headers["Content-Length"] == str(len(content)) and headers["Cache-Control"] == "no-cache"
    status, same, nothing = served.ask(target, "HEAD")
    assert (status, nothing) == (200, b"")
    assert {**headers, "Date": ""} == {**same, "Date": ""}


HIDDEN = [
    *("/.git/config", "/.atlas-site.json", "/m/.hidden", "/%2egit/config", "/.git/", "/.git", "/m/..%2f.git/config"),
    *("/../secret.html", "/m/../../secret.html", "/%2e%2e/secret.html", "/..%2fsecret.html", "/..%5csecret.html"),
    *("/link.html", "/folder/secret.html", "/absolute.html", "/folder", "/inner.txt", "/loop", "/nowhere"),
    *("/%00", "/index.html%00", "/index.html%00.txt", "/m/\x7f", "/%", "/%zz", "/%f", "/%ff%fe", "/index.html/"),
    *("/gone", "/gone/deep/er/x.html", "/data.json/x", "/i/", "/" + "a" * 5000, "/" + "a/" * 3000, "/pipe"),
    *("/~", "/C:/windows", "/m%2findex.html", "/con", "/INDEX.HTML?", "/index.html;x", "/%252e%252e/secret.html"),
]


@pytest.mark.parametrize("target", HIDDEN, ids=lambda target: target[:30])
def test_all_else_is_not_there(served: Served, target: str, capfd: pytest.CaptureFixture[str]) -> None:
    (served.site / "link.html").symlink_to("../secret.html")
    (served.site / "folder").symlink_to("..")
    (served.site / "absolute.html").symlink_to(served.site.parent / "secret.html")
    (served.site / "inner.txt").symlink_to(".git/config")
    (served.site / "loop").symlink_to("loop")
    (served.site / "nowhere").symlink_to("gone")
    os.mkfifo(served.site / "pipe")
    received = served.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert received.startswith(b"HTTP/1.1 404 ") and received.endswith(b"\r\n\r\nnot here")
    assert b"X-Content-Type-Options: nosniff" in received
    assert served.ask("/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_a_link_within_the_site_and_a_link_to_it_are_followed(served: Served) -> None:
    (served.site / "latest").symlink_to("m")
    assert served.ask("/latest/")[2] == b"a folder"
    (served.site.parent / "to-it").symlink_to("www")
    with make_server(served.site.parent / "to-it", 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        linked = Served(served.site, server.server_address[1])
        assert linked.ask("/m/")[2] == b"a folder"
        new = served.site.parent / "new"
        new.mkdir()
        (new / "index.html").write_text("another site")
        (served.site.parent / "to-it").unlink()
        (served.site.parent / "to-it").symlink_to("new")
        assert linked.ask("/")[2] == b"another site"
        assert linked.ask("/m/")[0] == 404
        server.shutdown()


def test_a_folder_without_its_slash_leads_to_it(served: Served) -> None:
    (served.site / "a b").mkdir()
    for target, place in {
        "/m": "/m/",
        "/m?x=1": "/m/?x=1",
        "/a%20b": "/a%20b/",
        "//m": "/m/",
        "/.well-known": "/.well-known/",
        "///127.0.0.1/..//m": None,
    }.items():
        status, headers, _ = served.ask(target)
        assert (status, headers.get("Location")) == ((404, None) if place is None else (301, place))


# --- who may ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:8000", "[::1]:80", "127.0.0.1:1"])
def test_this_machine_may_ask(served: Served, host: str) -> None:
    assert served.ask("/", Host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0", "[::]"),
        *("localhost@evil.example", "localhost:80:80", "localhost:x", "127.0.0.2", "", "::1", "2130706433"),
    ],
)
def test_another_host_is_refused(served: Served, host: str) -> None:
    status, _, content = served.ask("/", Host=host)
    assert status == 421 and b"localhost" in content and b"a page" not in content


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length : 3\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nno header\r\nContent-Length: 3\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(served: Served, request_: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    received = served.send(request_)
    assert b"400 " in received.partition(b"\r\n")[0] or b"400 " in received
    assert b"a page" not in received and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    status, headers, _ = served.ask("/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_methods_that_nobody_knows_are_refused(served: Served) -> None:
    assert served.ask("/", "BREW")[0] == 501


def test_too_long_requests_are_refused(served: Served) -> None:
    long = b"a" * 70_000
    assert b" 414 " in served.send(b"GET /" + long + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").splitlines()[0]
    assert b" 431 " in served.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + long + b"\r\n\r\n").splitlines()[0]
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(200))
    assert b" 431 " in served.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n").splitlines()[0]
    assert served.ask("/")[0] == 200


def test_what_follows_a_request_with_a_body_is_no_request(served: Served) -> None:
    body = b"GET /data.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for header in (b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"):
        received = served.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n\r\n" + body)
        assert received.count(b"HTTP/1.1 ") == 1


# --- many, and again -------------------------------------------------------------------------------------------------


def test_two_hundred_at_once_are_answered(served: Served) -> None:
    start = threading.Barrier(200)
    got: list[tuple[int, bytes]] = []

    def ask() -> None:
        start.wait()
        status, _, content = served.ask("/")
        got.append((status, content))

    threads = [threading.Thread(target=ask) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [(200, PAGE.encode())] * 200


def test_one_connection_answers_many_requests(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    for target, status in [("/", 200), ("/gone", 404), ("/m", 301), ("/data.json", 200), ("/empty.txt", 200)] * 5:
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.version, answer.will_close) == (status, 11, False)
    connection.close()


def test_old_clients_are_answered(served: Served) -> None:
    assert served.send(b"GET /data.json HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\n{}")


def test_those_who_go_away_leave_no_word(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    (served.site / "large.bin").write_bytes(bytes(20 << 20))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
            connection.sendall(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(1000)
    assert served.ask("/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_random_bytes_get_no_traceback(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(0)
    whole = b"GET /m/index.html HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\nIf-Range: x\r\n\r\n"
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        served.send(bytes(data) + b"\r\n\r\n")
    assert served.ask("/")[0] == 200
    assert capfd.readouterr() == ("", "")


# --- parts, and what is known ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "wanted"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-999999999", 200, slice(None)),
        ("bytes=10-999999999", 206, slice(10, None)),
        ("bytes=-999999999", 200, slice(None)),
        ("bytes=14799-14799", 206, slice(14799, 14800)),
        ("bytes=14800-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=3-1", 200, slice(None)),
        ("bytes=0-1,3-4", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("bytes=a-b", 200, slice(None)),
        ("bytes=0-" + "9" * 5000, 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
        ("", 200, slice(None)),
    ],
)
def test_ranges(served: Served, asked: str, status: int, wanted: slice) -> None:
    assert len(PAGE) == 14800
    got, headers, content = served.ask("/", Range=asked)
    assert (got, content) == (status, PAGE.encode()[wanted])
    start, stop, _ = wanted.indices(len(PAGE))
    expected = {206: f"bytes {start}-{stop - 1}/14800", 416: "bytes */14800", 200: None}
    assert headers.get("Content-Range") == expected[status]
    assert served.ask("/", "HEAD", Range=asked)[0] == 200


def test_a_range_of_nothing(served: Served) -> None:
    assert served.ask("/empty.txt", Range="bytes=0-")[0] == 416
    assert served.ask("/empty.txt", Range="bytes=-5")[0] == 416


def test_a_range_of_another_version_is_the_whole_file(served: Served) -> None:
    _, headers, _ = served.ask("/")
    for condition, status in {
        headers["ETag"]: 206,
        headers["Last-Modified"]: 206,
        '"x"': 200,
        "yesterday": 200,
    }.items():
        assert served.ask("/", Range="bytes=0-1", If_Range=condition)[0] == status


def test_what_is_known_is_not_sent_again(served: Served) -> None:
    _, headers, _ = served.ask("/")
    tag, date = headers["ETag"], headers["Last-Modified"]
    known = [{"If_None_Match": value} for value in (tag, f"W/{tag}", f'"x", {tag}', "*")]
    for asked in [*known, {"If_Modified_Since": date}, {"If_Modified_Since": formatdate(2e9, usegmt=True)}]:
        status, answer, content = served.ask("/", **asked)
        assert (status, content, answer["ETag"]) == (304, b"", tag)
    news = ['"x"', "x", ""]
    for asked in [*({"If_None_Match": value, "If_Modified_Since": date} for value in news)]:
        assert served.ask("/", **asked)[0] == 200
    for value in (formatdate(0, usegmt=True), "yesterday", "Thu, 99 Foo 99999999999 00:00:00 GMT", ""):
        assert served.ask("/", If_Modified_Since=value)[0] == 200
    (served.site / "index.html").write_text("new")
    assert served.ask("/", If_None_Match=tag)[::2] == (200, b"new")
