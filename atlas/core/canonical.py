"""Canonical JSON and its digest: the one way in which atlas turns a value into a key."""

import hashlib
import json
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> str:
    """Return ``value`` as JSON with sorted keys, no spaces and no NaN: equal values give equal text.

    Raises:
        ValueError: the value holds NaN or an infinity, which JSON cannot carry.
    """
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """Return the sha256 of the canonical JSON of ``value``, 64 hexadecimal digits; names of files may be any bytes."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def digest_bytes(data: bytes) -> str:
    """Return the sha256 of ``data``, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def seeded_rank(seed: int, item: int | str) -> bytes:
    """Return what items are sorted by to be drawn by a seed: each has the same place among whatever others."""
    return hashlib.sha256(f"{seed}:{item}".encode()).digest()
