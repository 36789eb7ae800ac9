"""What batch norms tell of photos, and the maps of a picture to compare with it, whether norms are folded or not.

Of interest are norms that no activation follows: their maps are what is added to a residual stream or passed on, few
channels for their size, and what the activations make of the others shows in the next of these.
"""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from atlas.models.network.norms import FOLDED_DEVIATION, FOLDED_MEAN, LEAST_GAIN, holds_statistics


@dataclass(frozen=True)
class Normalised:
    """Maps that a batch norm normalises, or did before it was folded.

    Attributes:
        maps: (N, C, h, w). mean, deviation: (C,), of channels over the photos of the training; of a channel that its
            norm silences, the deviation is so large that nothing is told by it.
    """

    maps: Tensor
    mean: Tensor
    deviation: Tensor


def telling_parts(module: nn.Module, run: Callable[[], object]) -> list[nn.Module]:
    """Return the norms, or convolutions that one was folded into, that no activation module takes the result of.

    All that run where one follows each.

    Args:
        run: runs the module on anything, as far as it will be run; parts after that are left out.
    """
    results: dict[int, tuple[weakref.ref[Tensor], int, nn.Module]] = {}
    activated: set[nn.Module] = set()
    reached: set[nn.Module] = set()

    def note(part: nn.Module, _: tuple[Any, ...], output: Any) -> None:
        reached.add(part)
        if isinstance(output, Tensor):
            results[id(output)] = (weakref.ref(output), output._version, part)

    def look(_: nn.Module, given: tuple[Any, ...]) -> None:
        tensor = given[0] if given else None
        if isinstance(tensor, Tensor) and id(tensor) in results:
            source, version, part = results[id(tensor)]
            # What was added to in place is the same tensor, but another version of it.
            if source() is tensor and tensor._version == version:
                activated.add(part)

    parts = [part for part in module.modules() if _is_folded(part) or holds_statistics(part)]
    handles = [part.register_forward_hook(note) for part in parts]
    handles += [part.register_forward_pre_hook(look) for part in module.modules() if _is_activation(part)]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    parts = [part for part in parts if part in reached]
    activated |= {part for part in parts if _is_activation(getattr(part, "act", None))}
    return [part for part in parts if part not in activated] or parts


@contextmanager
def normalised_maps(parts: Sequence[nn.Module]) -> Iterator[list[Normalised]]:
    """Fill the list with what the parts normalise, in the order in which it is made.

    What a convolution returns is copied, since what follows may change it in place. The hooks are gone afterwards,
    whatever happened.

    Args:
        parts: some of :func:`telling_parts`.
    """
    found: list[Normalised] = []
    handles = [
        part.register_forward_hook(partial(_note_output, found))
        if _is_folded(part)
        else part.register_forward_pre_hook(partial(_note_input, found))
        for part in parts
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _is_folded(part: nn.Module) -> bool:
    return isinstance(getattr(part, FOLDED_MEAN, None), Tensor)


def _is_activation(part: object) -> bool:
    """Tell whether a part is an activation, by the file that holds its class, which torch, timm and others so name."""
    return isinstance(part, nn.Module) and "activation" in type(part).__module__


def _note_output(found: list[Normalised], part: nn.Module, _: tuple[Any, ...], output: Tensor) -> None:
    found.append(Normalised(output.clone(), part.get_buffer(FOLDED_MEAN), part.get_buffer(FOLDED_DEVIATION)))


def _note_input(found: list[Normalised], norm: nn.Module, given: tuple[Any, ...]) -> None:
    if not given or not isinstance(given[0], Tensor) or given[0].dim() != 4:
        return
    deviation = (norm.get_buffer("running_var") + getattr(norm, "eps", 0.0)).sqrt()
    weight = getattr(norm, "weight", None)
    if isinstance(weight, Tensor):  # told as it is of a folded one, whose result is what there is
        deviation = deviation * (weight.abs().clamp_min(LEAST_GAIN) / weight.abs())
    found.append(Normalised(given[0], norm.get_buffer("running_mean"), deviation))
