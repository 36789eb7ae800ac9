"""Documents of the store: pydantic models as JSON files that carry a checksum of themselves.

A document's last field is ``"checksum": "<sha256>"``: over all bytes before the comma that ends the field before
it. It stays so in every later version, so that damage can be told from what another atlas wrote; documents of schema
version 1 had none.
"""

from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from atlas.core.canonical import digest_bytes
from atlas.core.record import SCHEMA_VERSION
from atlas.errors import StoreError, StoreSchemaError
from atlas.store.files import read_bytes

Document = TypeVar("Document", bound=BaseModel)
REMEDY = "run `atlas status --verify --repair` to make it again"
UPGRADE = "upgrade atlas (pip install -U lens-atlas), or use another store path"
RENDER_ANEW = (
    "nothing is converted: set another path under [store] in the configuration "
    f'(path = "build/store-{SCHEMA_VERSION}"), then run `atlas render`'
)
_END = b"\n}"
_SEAL = b',\n "checksum": "'
FIRST_SEALED = 2
"""Schema version from which on a document must carry its checksum."""


class Versioned(BaseModel):
    """What can be read of a document of any version; some kinds of documents have none."""

    schema_version: int = SCHEMA_VERSION


def encode(model: BaseModel) -> bytes:
    """Return a document as JSON, with its checksum."""
    body = model.model_dump_json(exclude_none=True, indent=1).encode("utf-8").removesuffix(_END)
    return body + _sealed(body)


def parse(model: type[Document], path: Path) -> Document:
    """Return the document in a file.

    Raises:
        StoreError: it is missing or damaged.
        StoreSchemaError: another version of atlas wrote it.
    """
    return decode(model, read_bytes(path), path)


def decode(model: type[Document], data: bytes, path: Path) -> Document:
    """Return the document that bytes are.

    Args:
        path: the file that they are from.

    Raises:
        StoreError: they are damaged.
        StoreSchemaError: another version of atlas wrote them.
    """
    return read_sealed(unsealed(data, path), model, path)


class Unsealed(NamedTuple):
    """A document without its checksum, which matched it, if it had one.

    Attributes:
        data: JSON. was_sealed: whether it had one.
    """

    data: bytes
    was_sealed: bool


def unsealed(data: bytes, path: Path) -> Unsealed:
    """Return the document that bytes are without its checksum.

    Raises:
        StoreError: it does not match.
    """
    body, found, _ = data.rpartition(_SEAL)
    if found and data != body + _sealed(body):
        raise StoreError(f"{path} is damaged (it does not match its checksum)", REMEDY)
    return Unsealed(body + _END if found else data, bool(found))


def read_sealed(document: Unsealed, model: type[Document], path: Path) -> Document:
    """Return a document whose checksum was looked at; see :func:`decode`."""
    data, was_sealed = document
    try:
        read = model.model_validate_json(data)
    except ValidationError as error:
        _refuse_others(_version(data), path)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise StoreError(f"{path} is damaged ({where}: {first['msg']})", REMEDY) from error
    version = getattr(read, "schema_version", None)
    if version is None:
        version = _version(data)
    if FIRST_SEALED <= version <= SCHEMA_VERSION and not was_sealed:
        raise StoreError(f"{path} is damaged (it has lost its checksum)", REMEDY)
    _refuse_others(version, path)
    return read


def _sealed(body: bytes) -> bytes:
    return _SEAL + digest_bytes(body).encode("ascii") + b'"' + _END


def _version(data: bytes) -> int:
    try:
        return Versioned.model_validate_json(data).schema_version
    except ValidationError:
        return SCHEMA_VERSION  # it is damaged, which reading it will say


def _refuse_others(version: int, path: Path) -> None:
    if version > SCHEMA_VERSION:
        raise StoreSchemaError(
            f"{path} has schema {version}, which a newer atlas wrote; this one reads {SCHEMA_VERSION}", UPGRADE
        )
    if version < SCHEMA_VERSION:
        raise StoreSchemaError(
            f"{path} has schema {version}, which an earlier atlas wrote; this one reads {SCHEMA_VERSION}", RENDER_ANEW
        )
