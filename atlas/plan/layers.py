"""Which layer concepts are found at: chosen by a rule, or checked if it was named."""

from collections.abc import Callable, Iterable

from atlas.config import ConceptsBlock
from atlas.craft.factorisations.base import FACTORISATIONS, taking_signs
from atlas.errors import AtlasError, did_you_mean
from atlas.models.anatomy.concept_layer import (
    check_concept_layer,
    check_earlier_layer,
    concept_layer,
    earlier_layer,
    lowest_activation,
    nearest_non_negative,
    signed_concept_layer,
)
from atlas.models.load import VisionModel


def choose_layers(block: ConceptsBlock, model: VisionModel, problems: list[str]) -> tuple[str, str | None]:
    """Return the layer of a block's concepts, and that of their parts if it asks for them.

    Args:
        problems: gets a sentence for everything that is wrong.
    """
    signed = FACTORISATIONS.get(block.factorisation).card.takes_signed
    layer = _concept_layer(block, model, signed, problems)
    if not layer or not block.depth:
        return layer, None
    if block.part_layer == "auto":
        return layer, _or_problem(lambda: earlier_layer(model, layer, signed), "part_layer", problems)
    part_layer = _known(block.part_layer, "part_layer", model, problems)
    if part_layer:
        _or_problem(lambda: check_earlier_layer(model, part_layer, layer), "part_layer", problems)
    if part_layer and not signed:
        _check_sign(block, model, part_layer, "part_layer", problems)
    return layer, part_layer


def _concept_layer(block: ConceptsBlock, model: VisionModel, signed: bool, problems: list[str]) -> str:
    if block.layer == "auto":
        if signed:
            return _or_problem(lambda: signed_concept_layer(model), "layer", problems)
        return _or_problem(lambda: concept_layer(model, _quoted(taking_signs())), "layer", problems)
    layer = _known(block.layer, "layer", model, problems)
    if not layer:
        return ""
    _or_problem(lambda: check_concept_layer(model, layer), "layer", problems)
    if not signed:
        _check_sign(block, model, layer, "layer", problems)
    return layer


def _check_sign(block: ConceptsBlock, model: VisionModel, layer: str, key: str, problems: list[str]) -> None:
    if lowest_activation(model, layer) < 0:
        nearest = nearest_non_negative(model, layer)
        hint = f'the nearest that is never negative is "{nearest}"' if nearest else "no layer of this model fits"
        problems.append(
            f'{key}: "{layer}" has negative activations, which {block.factorisation} cannot take; {hint}; or choose '
            f"another factorisation: {_quoted(taking_signs())}"
        )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _known(layer: str, key: str, model: VisionModel, problems: list[str]) -> str:
    if model.card.layer(layer) is not None:
        return layer
    names = [info.name for info in model.card.layers]
    hint = did_you_mean(layer, names) or f"`atlas layers {model.card.name}` lists them"
    problems.append(f'{key}: model "{model.card.name}" has no layer "{layer}"; {hint}')
    return ""


def _or_problem(choose: Callable[[], str | None], key: str, problems: list[str]) -> str:
    try:
        return choose() or ""
    except AtlasError as error:
        problems.append(f"{key}: {error.sentence}")
        return ""
