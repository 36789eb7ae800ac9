"""Targets as people write them: a class, a layer and a unit, or a direction; checked against the model's card."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from atlas.core.class_lookup import ClassLookup
from atlas.core.job import LOGITS, PHOTO_KINDS, Target, TargetKind
from atlas.core.model_card import LayerInfo, ModelCard
from atlas.errors import TargetError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

NOTATION = re.compile(r"(?P<layer>[^:]+):(?P<unit>\d{1,9})(?:@(?P<row>\d{1,9}),(?P<column>\d{1,9}))?(?P<minus>-?)")
"""``layer3.1:17``, ``layer3.1:17-`` for what lowers it, ``layer3.1:17@3,4`` for the neuron at row 3, column 4."""
HOW = (
    'write a class by name, index or id, "layer:unit", "layer:unit-" for what lowers it, or "layer:unit@row,column" '
    "for one neuron; `model.card.layers` lists the layers"
)


@dataclass(frozen=True)
class Asked:
    """One target as it was asked for, of which a photo may still be chosen.

    Attributes:
        kind: None for a whole layer: what the method makes of one.
        direction: (units,) float32 in its layer, of kind ``direction``.
    """

    kind: TargetKind | None
    layer: str
    unit: int = 0
    sign: Literal[-1, 1] = 1
    position: tuple[int, int] | None = None
    direction: "np.ndarray | None" = None


class Reader:
    """Reads targets of one model.

    Args:
        card: the model's.
        layer: what numbers and directions are of, if it is given.
        kind: of targets that leave it open.
    """

    def __init__(self, card: ModelCard, layer: str | None = None, kind: TargetKind | None = None) -> None:
        self._card = card
        self._lookup = ClassLookup(card.classes)
        self._layer = None if layer is None else self._info(layer)
        self._kind = kind

    def read(self, what: Any) -> list[Asked]:
        """Return what is asked for: one target, or one for each row of a matrix of directions.

        Raises:
            TargetError: the model has no such class, layer, unit or position.
        """
        if isinstance(what, Target):
            return [self._target(what)]
        if isinstance(what, str):
            return [self._text(what)]
        if isinstance(what, int) and not isinstance(what, bool):
            return [self._unit(self._layer or self._info(LOGITS), what)]
        if hasattr(what, "tolist") and hasattr(what, "ndim"):
            return list(self._array(what))
        raise TargetError(f"a {type(what).__name__} is no target of {self._card.name}", HOW)

    def _target(self, target: Target) -> Asked:
        if target.direction is not None or target.photo is not None or target.references is not None:
            raise TargetError(
                "an atlas.Target that names inputs by digest belongs to a store",
                "give the direction itself as an array with layer=, and photos as photo= or photos=",
            )
        asked = self._unit(self._info(target.layer), target.unit, target.sign, target.position)
        return replace(asked, kind=target.kind)

    def _text(self, text: str) -> Asked:
        readings: list[tuple[str, Literal[-1, 1]]] = [(text, 1)]
        readings += [(text[:-1], -1)] if text.endswith("-") else []
        for name, sign in readings:
            found = self._lookup.named(name)
            if len(found) > 1:
                raise TargetError(
                    f'class "{name}" is ambiguous', f"write its index or id: {self._lookup.ambiguity(found)}"
                )
            if found:
                return Asked("logit", LOGITS, found[0], sign)
        if match := NOTATION.fullmatch(text.strip()):
            position = None if match["row"] is None else (int(match["row"]), int(match["column"]))
            return self._unit(self._info(match["layer"]), int(match["unit"]), -1 if match["minus"] else 1, position)
        if match := re.fullmatch(r"(\d{1,9})(-?)", text.strip(), re.ASCII):
            return self._unit(self._layer or self._info(LOGITS), int(match[1]), -1 if match[2] else 1)
        if self._card.layer(text) is not None:
            return Asked(self._kind if self._kind in PHOTO_KINDS else None, text)
        raise TargetError(f'"{text}" is neither a class nor a layer of {self._card.name}', self._near(text))

    def _array(self, array: Any) -> Iterator[Asked]:
        """Yield a number's class or unit; or the direction, or directions, that an array or tensor holds."""
        import numpy as np

        values = np.asarray(array.detach().cpu().float() if hasattr(array, "detach") else array)
        if values.ndim == 0 and values.dtype.kind in "fiu" and float(values).is_integer():
            yield from self.read(int(values))
            return
        if self._layer is None:
            raise TargetError("a direction is one of a layer", 'pass the layer\'s name: layer="layer3"')
        if values.ndim not in (1, 2) or values.shape[-1] != self._layer.units or values.dtype.kind not in "fiu":
            raise TargetError(
                f"an array of shape {values.shape} is no direction in {self._layer.name}",
                f"give {self._layer.units} numbers, one for each unit, or several rows of so many",
            )
        for row in np.atleast_2d(values).astype(np.float32):
            if not np.isfinite(row).all() or not row.any():
                raise TargetError("a direction must be finite, and not 0 throughout", "give another")
            yield Asked("direction", self._layer.name, direction=row)

    def _unit(
        self, layer: LayerInfo, unit: int, sign: Literal[-1, 1] = 1, position: tuple[int, int] | None = None
    ) -> Asked:
        if not 0 <= unit < layer.units:
            raise TargetError(
                f"unit {unit} is out of range: {layer.name} of {self._card.name} has {layer.units} units",
                f"write a number from 0 to {layer.units - 1}",
            )
        if layer.name == LOGITS:
            if position is not None:
                raise TargetError("the logits have no positions", f"leave out @{position[0]},{position[1]}")
            return Asked("logit", LOGITS, unit, sign)
        kind: TargetKind = "neuron" if position is not None or self._kind == "neuron" else "channel"
        return Asked(kind, layer.name, unit, sign, position)

    def _info(self, name: str) -> LayerInfo:
        layer = self._card.layer(name)
        if layer is None:
            hint = did_you_mean(name, [layer.name for layer in self._card.layers])
            raise TargetError(f'{self._card.name} has no layer "{name}"', hint or HOW)
        return layer

    def _near(self, text: str) -> str:
        near = did_you_mean(text, [*self._lookup.all_names(), *(layer.name for layer in self._card.layers)])
        unnamed = self._card.classes and not self._card.class_names
        lacks = "the names of its classes are not known: pass classes=[...] to atlas.load, or write an index"
        return near or (lacks if unnamed else HOW)


def name_of(target: Target, card: ModelCard, photo: str = "") -> str:
    """Return what a picture is called: its class, or the notation of its unit.

    Args:
        photo: the name of the photo that it starts from or is of.
    """
    sign = "-" if target.sign < 0 else ""
    start = f" from {photo}" if photo else ""
    start = start if target.facet is None else f", facet {target.facet.number}{start}"
    if target.kind in PHOTO_KINDS:
        return f"{target.layer} {target.kind} of {photo or str(target.photo)[:12]}"
    if target.direction is not None:
        return f"{target.layer} direction {target.direction[:8]}{start}"
    if target.kind == "logit":
        named = card.classes[target.unit].name if target.unit < len(card.classes) else ""
        return f"{named or f'class {target.unit}'}{sign}{start}"
    place = "" if target.position is None else f"@{target.position[0]},{target.position[1]}"
    cluster = "" if target.cluster is None else f", cluster {target.cluster}"
    return f"{target.layer}:{target.unit}{place}{sign}{cluster}{start}"


def objective_of(target: Target, card: ModelCard) -> str:
    """Return what is maximised, in words."""
    does = "raises" if target.sign > 0 else "lowers"
    match target.kind:
        case "logit":
            return f"what {does} class {target.unit} of {card.name}, {name_of(target, card).removesuffix('-')}"
        case "channel":
            return f"what {does} unit {target.unit} of {target.layer}, mean over its positions"
        case "neuron":
            at = "its centre" if target.position is None else f"row {target.position[0]}, column {target.position[1]}"
            return f"what {does} unit {target.unit} of {target.layer} at {at}"
        case "direction":
            return f"what {target.layer} answers to in a direction of {card.name}"
        case "inversion":
            return f"what {target.layer} of {card.name} holds of a photo"
        case "caricature":
            return f"more of what {target.layer} of {card.name} holds of a photo"
