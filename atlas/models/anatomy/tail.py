"""Tail: the rest of a network, from a layer to the logits, without running what comes before."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from atlas.core.job import LOGITS
from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.anatomy.cuts import Cuts
from atlas.models.anatomy.replay import TAPED, Tape, record
from atlas.models.code.foreign import foreign_code
from atlas.models.network.examine import find_layer
from atlas.models.network.layout import canonical, prefix_of, restored
from atlas.models.network.network import Network


@dataclass(frozen=True)
class Context:
    """What the canonical layout of an activation leaves out, and the tail needs.

    Attributes:
        prefix: (N, P, D) class and register tokens of each photo; None where the layer has none.
    """

    prefix: Tensor | None = None

    def take(self, indices: Tensor | slice | list[int]) -> "Context":
        """Return the context of some photos, in any order and as often as they are named."""
        return self if self.prefix is None else Context(self.prefix[indices])


@dataclass(frozen=True)
class Captured:
    """What a network makes of N photos at a layer.

    Attributes:
        activation: float32, units on axis 1, as :meth:`atlas.models.network.network.Network.taps` returns it.
        context: of the same photos.
    """

    activation: Tensor
    context: Context


@dataclass(frozen=True)
class Tail:
    """The rest of a network from a layer on: activation in, logits out, differentiable. :func:`tail_of` makes it.

    Made from the network itself, whatever its code: its forward runs as always, but everything before the layer is
    played from a tape (:mod:`atlas.models.anatomy.replay`).
    """

    network: Network
    layer: LayerInfo
    tape: Tape

    def capture(self, images: Tensor) -> Captured:
        """Return the activation of the layer and its context, through which gradients reach ``images``.

        Args:
            images: (N, 3, H, W) float32 sRGB in [0, 1], of the model's input size.
        """
        raw = self.network.raw_taps(self.network.inputs(images), [self.layer.name])[self.layer.name].float()
        activation = canonical(raw, self.layer, (images.shape[2], images.shape[3]))
        return Captured(activation, Context(prefix_of(raw, self.layer)))

    def __call__(self, activation: Tensor, context: Context) -> Tensor:
        """Return the logits (N, K), float32, of any number of activations in canonical layout.

        Args:
            activation: (N, C, h, w), (N, D, n, 1) or (N, D); it is not written to.
            context: of the photos that they belong to, one for each.

        Raises:
            ModelError: the context is of another number of photos.
        """
        held = 0 if context.prefix is None else len(context.prefix)
        if held != (len(activation) if self.layer.prefix_tokens else 0):
            raise ModelError(
                f'{len(activation)} activations of layer "{self.layer.name}" with the context of {held}',
                "pass the context that they were captured with, one for each: context.take(indices)",
            )
        return self.tape.play(self.network.logits, restored(activation, self.layer, context.prefix))


_tapes: WeakKeyDictionary[Network, dict[str, Tape]] = WeakKeyDictionary()
"""What was measured, by layer. Tapes and not tails: those hold their network, which would then never be forgotten."""


def tail_of(network: Network, layer: str) -> Tail:
    """Return the network from a layer to the logits; measured once for a network.

    A tail is right only where the logits depend on the image through the layer alone, so that is measured.

    Args:
        network: with logits.
        layer: a layer before them.

    Raises:
        ModelError: no such layer, no logits, or a layer that is no such cut; names the next one that is.
    """
    info = find_layer(network.layers(), layer)
    if layer == LOGITS:
        raise ModelError("nothing comes after the logits", "name an earlier layer")
    known = _tapes.setdefault(network, {})
    if layer not in known:
        known[layer] = _measured(network, info)
    return Tail(network, info, known[layer])


def _measured(network: Network, layer: LayerInfo) -> Tape:
    """Return a tape with which the tail gives the network's own logits."""
    cuts = Cuts(network)
    tape = record(network.module, layer.name, network.calls(layer.name), network.inputs(cuts.others[:TAPED]))
    if not _is_right(Tail(network, layer, tape), cuts):
        later = cuts.next_after(layer.name)
        raise ModelError(
            f'layer "{layer.name}" is not all that the logits depend on: something of the image goes past it',
            f'use "{later}", the next layer that everything goes through' if later else "no later layer is either",
        )
    return tape


@torch.no_grad()
def _is_right(tail: Tail, cuts: Cuts) -> bool:
    """Tell whether the tail of one batch's activation, with a tape of another, gives the first one's logits."""
    captured = tail.capture(cuts.images)
    failed = f'the model cannot be run from layer "{tail.layer.name}" on'
    with foreign_code(failed, "choose another layer, for instance the output of a whole block"):
        if not cuts.agree(tail(captured.activation, captured.context)):
            return False
    try:
        if cuts.agree(tail(captured.activation, captured.context)):
            return True
    except RuntimeError:
        pass  # code that cannot view an expanded tensor the way it wants
    tail.tape.copy_all()
    return cuts.agree(tail(captured.activation, captured.context))
