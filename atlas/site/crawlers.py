"""Files for search engines: what there is to read, and where."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

MOST = 50_000
"""Addresses in one sitemap, by its standard."""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def crawler_files(url: str, addresses: Sequence[str], most: int = MOST) -> Mapping[str, bytes]:
    """Return name to content of ``robots.txt`` and, with an address to publish under, of the sitemap.

    Args:
        url: as :func:`atlas.site.web_address.web_address` returns it, or empty.
        addresses: of pages, relative to it.
        most: addresses in one file; with more, ``sitemap.xml`` lists further files.
    """
    robots = "User-agent: *\nAllow: /\n"
    if not url:
        return {"robots.txt": robots.encode()}
    robots += f"Sitemap: {url}sitemap.xml\n"
    parts = [addresses[start : start + most] for start in range(0, len(addresses), most)]
    files = {"robots.txt": robots.encode()}
    if len(parts) <= 1:
        return files | {"sitemap.xml": _document("urlset", "url", url, addresses)}
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    files["sitemap.xml"] = _document("sitemapindex", "sitemap", url, names)
    return files | {name: _document("urlset", "url", url, part) for name, part in zip(names, parts, strict=True)}


def _document(root: str, item: str, url: str, addresses: Sequence[str]) -> bytes:
    lines = "".join(f"<{item}><loc>{escape(url + address)}</loc></{item}>\n" for address in addresses)
    return f"{HEAD}<{root} {NAMESPACE}>\n{lines}</{root}>\n".encode()
