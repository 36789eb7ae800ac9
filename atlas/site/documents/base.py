"""Document: the base of all JSON that is published, and how it is written."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, SerializerFunctionWrapHandler, model_serializer

from atlas.core.job import Frozen

SCHEMA_VERSION = 1
"""Version of the JSON that is published; raised when a reader of the old one would be wrong."""


class Document(Frozen):
    """A part of what is published. Every address in it is relative to the file that holds it."""

    model_config = ConfigDict(populate_by_name=True)


class Sparse(Document):
    """A document from which a field is left out where it is None and None is its default."""

    _optional: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Note which fields may be left out, by the names that they are written under."""
        fields = cls.model_fields.items()
        cls._optional = frozenset(
            info.alias or name for name, info in fields if info.default is None and not info.is_required()
        )

    @model_serializer(mode="wrap")
    def _leave_out(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if value is not None or name not in self._optional}


def as_stored(value: BaseModel) -> dict[str, Any]:
    """Return what the store knows of something as JSON: what is None is left out."""
    return value.model_dump(mode="json", exclude_none=True)


AS_STORED = PlainSerializer(as_stored)
"""Marks a field that holds something as the store writes it."""


def encode(document: Document) -> bytes:
    """Return a document as UTF-8 JSON."""
    return document.model_dump_json(by_alias=True).encode()
