"""Addresses: the stable, clean paths of pages. Built from indices and cleaned names, never from raw class names.

All addresses are relative to the site's root and use ``/``::

    index.html                      home
    m/<model>/index.html            a model; a second model of the same name gets its fingerprint's first digits
    m/<model>/classes/index.html    its classes, then page-2.html, page-3.html, ...
    m/<model>/c/<index>.html        one class
    m/<model>/c/<index>-channels.html  what channels of a layer give to it; -channels-2.html of the next layer, ...
    m/<model>/l/<layer>/index.html  a layer, then page-2.html, ...
    m/<model>/l/<layer>/<unit>.html one unit
    methods/index.html              the methods, then each: methods/<method>.html

Beside every ``name.html`` stands ``name.json``.
"""

import re
from collections import Counter
from collections.abc import Iterable

from atlas.core.canonical import digest_bytes

LONGEST = 60
"""Longest cleaned name: a path of three such names stays below what every file system allows."""


def slug(name: str) -> str:
    """Return ``name`` with only ASCII letters, digits, ``.``, ``_`` and ``-``, of at most :data:`LONGEST` characters.

    The result never starts with a dot; a name of which nothing is left becomes a digest of it. Two names may have one
    slug: see :func:`unique_slugs`.
    """
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:LONGEST].rstrip(".-")
    return clean or digest_bytes(name.encode("utf-8", "surrogatepass"))[:8]


def unique_slugs(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map identities to slugs that differ even where the case of letters does not count.

    Args:
        names: (identity, name) pairs; identities are digests or unique names.
    """
    pairs = [(identity, slug(name)) for identity, name in names]
    taken = Counter(clean.lower() for _, clean in pairs)
    return {
        identity: clean if taken[clean.lower()] == 1 else f"{clean}-{digest_bytes(identity.encode())[:8]}"
        for identity, clean in pairs
    }


def page_name(number: int) -> str:
    """Return the file name of page ``number`` (from 1) of a paged list."""
    return "index.html" if number == 1 else f"page-{number}.html"


def json_beside(address: str) -> str:
    """Return the address of the JSON beside a page."""
    return address.removesuffix(".html") + ".json"


def root_of(address: str) -> str:
    """Return the relative way from a page to the site's root: ``""`` or ``../`` repeated."""
    return "../" * address.count("/")
