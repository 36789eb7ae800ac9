"""Documents of the store: pydantic models as JSON files."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from atlas.errors import StoreError
from atlas.store.files import read_bytes

Document = TypeVar("Document", bound=BaseModel)
REMEDY = "run `atlas status --verify --repair` to make it again"


def encode(model: BaseModel) -> bytes:
    """Return a document as JSON."""
    return model.model_dump_json(exclude_none=True, indent=1).encode("utf-8")


def parse(model: type[Document], path: Path) -> Document:
    """Return the document in a file.

    Raises:
        StoreError: it is missing or damaged.
    """
    return decode(model, read_bytes(path), path)


def decode(model: type[Document], data: bytes, path: Path) -> Document:
    """Return the document that bytes are.

    Args:
        path: the file that they are from.

    Raises:
        StoreError: they are damaged.
    """
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise StoreError(f"{path} is damaged ({where}: {first['msg']})", REMEDY) from error
