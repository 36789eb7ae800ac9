"""From a parameter model to its cards: what pages and tables say of each parameter is written on its field, once."""

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from atlas.core.method_card import ParameterCard

WORDS: dict[Any, str] = {str: "text", Path: "a path", Any: "any value", JsonValue: "any value"}
"""Types that have names of their own."""


def parameter_cards(model: type[BaseModel]) -> tuple[ParameterCard, ...]:
    """Return the card of each field of a parameter model, in its order."""
    defaults = model.model_construct().model_dump(mode="json")
    return tuple(
        ParameterCard(
            name=name,
            meaning=field.description or "",
            unit=_unit(field),
            default=defaults.get(name),
            allowed=allowed(field.annotation, field.metadata),
        )
        for name, field in model.model_fields.items()
    )


def allowed(annotation: Any, metadata: Sequence[object] = ()) -> str:
    """Return in words which values an annotation and its bounds allow; None, which nobody writes, is left out."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        bounds = [bound for each in parts[1:] for bound in (each.metadata if isinstance(each, FieldInfo) else [each])]
        return allowed(parts[0], bounds)
    if origin is Literal:
        return " or ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(allowed(part, metadata) for part in parts if part is not type(None))
    if origin is tuple:
        if parts[-1] is Ellipsis:
            return f"a list, each {allowed(parts[0])}"
        return f"[{', '.join(allowed(part) for part in parts)}]"
    if origin in (list, frozenset):
        return f"a list, each {allowed(parts[0])}"
    if origin is dict or annotation is dict:
        return "a table"
    if annotation is bool:
        return "true or false"
    if annotation in (int, float):
        return " ".join(["a whole number" if annotation is int else "a number", *_bounds(metadata)])
    return WORDS.get(annotation, str(getattr(annotation, "written", getattr(annotation, "__name__", "any value"))))


def _bounds(metadata: Sequence[object]) -> list[str]:
    """Return the words of numbers' bounds."""
    words = []
    for bound in metadata:
        if isinstance(bound, Ge):
            words.append(f"from {_plain(bound.ge)}")
        elif isinstance(bound, Gt):
            words.append(f"above {_plain(bound.gt)}")
        elif isinstance(bound, Le):
            words.append(f"up to {_plain(bound.le)}")
        elif isinstance(bound, Lt):
            words.append(f"below {_plain(bound.lt)}")
        elif isinstance(bound, MultipleOf):
            words.append(f"a multiple of {_plain(bound.multiple_of)}")
    return words


def _plain(bound: Any) -> str:
    return f"{bound:.4g}" if isinstance(bound, float) and not bound.is_integer() else f"{bound:.0f}"


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""
