"""The address under which a site is published: plain, and in the form in which it may stand in any file."""

import ipaddress
import re
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

ALLOWED = (
    "must be a web address such as https://you.github.io/atlas/: http or https, a host, perhaps a port and a path; "
    "without user name or password, spaces, line breaks, quotes, ? or #"
)
_PLAIN = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]%]|[^\x00-\xa0\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$")
"""Ends of hosts that browsers read as a number, so the whole has to be an address."""
_AMBIGUOUS = re.compile("[ßς\u200c\u200d]")
"""Letters that the older of the two standards for host names writes as others."""


def web_address(text: str) -> str:
    """Return the address of a folder on the web in ASCII, ending in a slash.

    A host name of other letters becomes its ``xn--`` form, other letters of the path become percent signs and digits.

    Raises:
        ValueError: it is anything else than a plain address.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(ALLOWED) from error
    characters = _PLAIN.sub("", text) == "" and not re.search(r"[\s\u2028\u2029]|%(?![0-9A-Fa-f]{2})", text)
    folders = parts.path.rstrip("/").split("/")[1:]
    if (
        not characters
        or parts.scheme not in ("http", "https")
        or "@" in parts.netloc
        or parts.netloc.endswith(":")
        or port == 0
        or any(unquote(folder) in ("", ".", "..") for folder in folders)
    ):
        raise ValueError(ALLOWED)
    place = _host(parts.hostname or "", "[" in parts.netloc) + (f":{port}" if port is not None else "")
    path = "".join(f"/{quote(folder, safe='-._~!$&()*+,;=:@%')}" for folder in folders)
    return f"{parts.scheme}://{place}{path}/"


def _host(name: str, in_brackets: bool) -> str:
    """Return a host in ASCII; raise the ValueError for what is none."""
    if in_brackets:
        return f"[{_number(ipaddress.IPv6Address, name)}]"
    if _AMBIGUOUS.search(name):
        raise ValueError("must have its host in the xn-- form: it has letters that can be written in two ways")
    try:
        plain = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(ALLOWED) from error
    if len(plain) > 253 or not all(map(_LABEL.fullmatch, plain.removesuffix(".").split("."))):
        raise ValueError(ALLOWED)
    return str(_number(ipaddress.IPv4Address, plain)) if _NUMERIC.search(plain) else plain


def _number(kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address], text: str) -> object:
    if "%" not in text:  # behind it would be a network card of one machine
        with suppress(ValueError):
            return kind(text)
    raise ValueError(ALLOWED)
