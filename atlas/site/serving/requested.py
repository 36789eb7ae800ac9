"""What a request asks for: a file of the site, the address of a folder, or a part of a file."""

import os
import re
import stat
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

TEXT = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
}
"""Types of what is text, which is UTF-8."""
BINARY = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
TYPES = {suffix: f"{name}; charset=utf-8" for suffix, name in TEXT.items()} | BINARY
PUBLIC = ".well-known"
"""The one folder whose name begins with a dot that is meant to be seen."""


class Found(NamedTuple):
    """A file of the site, open with nobody yet."""

    path: str
    size: int
    modified: float
    tag: str

    @property
    def type(self) -> str:
        """Its media type."""
        return TYPES.get(os.path.splitext(self.path)[1].lower(), "application/octet-stream")


def find(site: Path, target: str) -> Found | str | None:
    """Look up the target of a request in a site.

    Args:
        target: as it stands in the request, Latin-1.

    Returns:
        A file, the address of a folder that lacks its slash, or None for all that is not there: hidden files too, and
        those that a link leads to outside the site.

    Raises:
        PermissionError: it is there, but may not be read.
    """
    address, _, query = target.partition("?")
    parts = [unquote_to_bytes(part) for part in address.partition("#")[0].encode("latin-1", "replace").split(b"/")[1:]]
    names = [os.fsdecode(part) for part in parts if part not in (b"", b".")]
    if any(map(_is_hidden, names)) or any("\0" in name or os.sep in name or "\\" in name for name in names):
        return None
    root = os.path.realpath(site)
    try:
        place = _inside(root, os.path.join(root, *names))
        is_folder = place is not None and os.path.isdir(place)
        if is_folder and parts[-1:] != [b""]:
            asked = f"?{query}" if query else ""
            return "".join(f"/{quote_from_bytes(os.fsencode(name))}" for name in names) + f"/{asked}"
        if is_folder:
            place = _inside(root, os.path.join(root, *names, "index.html"))
        elif parts[-1:] == [b""]:
            return None
        return None if place is None else _found(place)
    except PermissionError:
        raise
    except OSError:  # none there, a name that is too long, a circle of links
        return None


def _found(path: str) -> Found | None:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        return None
    return Found(path, status.st_size, status.st_mtime, f'"{status.st_mtime_ns:x}-{status.st_size:x}"')


def _inside(root: str, path: str) -> str | None:
    """Return where a path leads if that is in the site and not hidden there."""
    place = os.path.realpath(path)
    if place == root:
        return place
    names = place[len(root) :].lstrip(os.sep).split(os.sep)
    return place if place.startswith(root.rstrip(os.sep) + os.sep) and not any(map(_is_hidden, names)) else None


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name != PUBLIC


def is_known(found: Found, none_match: str | None, since: str | None) -> bool:
    """Tell whether the asker has the file as it is, by the headers If-None-Match and If-Modified-Since."""
    if none_match is not None:
        tags = [tag.strip().removeprefix("W/") for tag in none_match.split(",")]
        return "*" in tags or found.tag in tags
    return since is not None and (date := _date(since)) is not None and int(found.modified) <= date


def part(found: Found, asked: str | None, condition: str | None) -> range | None:
    """Return the bytes of a file that are asked for by the headers Range and If-Range, in part or in whole.

    Several ranges, and what is no range, are answered with the whole file, as the standard allows; None for a range
    that the file does not have.
    """
    whole = range(found.size)
    match = re.fullmatch(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", asked or "")
    if match is None or not (match[1] or match[2]):
        return whole
    if condition is not None and condition.strip() != found.tag and _date(condition) != int(found.modified):
        return whole
    if not match[1]:
        last = min(int(match[2]), found.size)
        return range(found.size - last, found.size) if last else None
    first, last = int(match[1]), int(match[2] or found.size)
    if match[2] and last < first:
        return whole
    return range(first, min(last + 1, found.size)) if first < found.size else None


def _date(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, OverflowError, OSError):
        return None
