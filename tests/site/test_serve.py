"""Serving: this machine only, and clear words when it cannot."""

import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from sample_site import Sample

from atlas.errors import SiteError
from atlas.site.serve import make_server


def test_pages_come_from_the_loopback_address_only(sample: Sample) -> None:
    with make_server(sample.site, 0) as server:
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/index.html") as answer:
            assert answer.read() == (sample.site / "index.html").read_bytes()
        with pytest.raises(urllib.error.HTTPError) as lost:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/gone.html")
        assert lost.value.code == 404
        assert lost.value.read() == (sample.site / "404.html").read_bytes()
        lost.value.close()
        server.shutdown()


def test_a_folder_without_a_site_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="atlas build"):
        make_server(tmp_path, 0)


def test_a_taken_port_is_named(sample: Sample) -> None:
    with make_server(sample.site, 0) as server, pytest.raises(SiteError, match="another port"):
        make_server(sample.site, server.server_address[1])
