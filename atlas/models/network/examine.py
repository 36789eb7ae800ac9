"""The dry forward: which layers a network has, in order of completion, and how many units each."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from atlas.core.job import LOGITS, Preprocessing
from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError, did_you_mean
from atlas.models.code.foreign import foreign_code
from atlas.models.code.forward_errors import forward_remedy
from atlas.models.identity.structure import Call, call_of
from atlas.models.network.capture import watching
from atlas.models.network.layout import Activation, LayoutReader
from atlas.models.network.output import first_tensor, select_logits

DRY_BATCH = 2
"""Images of the dry forward: with two, an output whose first axis is not the batch gives itself away."""


@dataclass(frozen=True)
class Examination:
    """What the dry forward found.

    Attributes:
        layers: usable layers in order of (last) completion, the logits last.
        calls: how often one forward pass calls each layer's module.
        order: all modules that it calls, usable or not, in order of (last) completion.
        blind: layers from which no gradient reaches the image.
    """

    layers: tuple[LayerInfo, ...]
    calls: dict[str, int]
    order: tuple[str, ...]
    blind: frozenset[str] = frozenset()


def dry_input(preprocessing: Preprocessing, batch: int = DRY_BATCH) -> Tensor:
    """Return seeded Gaussian noise of the model's input shape, in normalised units."""
    shape = (batch, preprocessing.channels, preprocessing.height, preprocessing.width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@dataclass(frozen=True)
class Observation:
    """One dry forward.

    Attributes:
        activations: usable ones, in order of last completion.
        output: what the model returned.
        order: all modules that it calls, in order of last completion.
        ran: what each module is and how it is set, in order of completion, once for every call; the model itself last.
        images: what it was shown, a leaf; gradients of the output reach it, if the model lets them.
        blind: usable activations from which no gradient reaches it.
        last: the last usable activation that is not blind.
    """

    activations: tuple[Activation, ...]
    output: Any
    order: tuple[str, ...]
    ran: tuple[Call, ...]
    images: Tensor
    blind: frozenset[str]
    last: Tensor | None


def observe(module: nn.Module, preprocessing: Preprocessing) -> Observation:
    """Run ``module`` once on noise and note what its modules are and return.

    Raises:
        ModelError: the forward pass fails; names the input's shape.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    calls: Counter[str] = Counter()
    ran: list[Call] = []
    blind: set[str] = set()
    last: Tensor | None = None

    def note(path: str, output: Any) -> None:
        nonlocal last
        calls[path] = calls.pop(path, 0) + 1
        ran.append(call_of(path, module.get_submodule(path)))
        shapes.pop(path, None)  # the last call decides the order, and is the one that is tapped
        blind.discard(path)
        tensor = first_tensor(output)
        if tensor is not None and _usable(tensor):
            shapes[path] = tuple(tensor.shape)
            if tensor.requires_grad:
                last = tensor
            else:
                blind.add(path)

    images = dry_input(preprocessing).requires_grad_()
    with watching(module, note):
        output = run(module, images)
    parts = dict(module.named_modules())
    seen = (Activation(path, parts[path], shape, calls[path]) for path, shape in shapes.items() if path in parts)
    ran.append(call_of("", module))
    return Observation(tuple(seen), output, tuple(calls), tuple(ran), images, frozenset(blind), last)


def run(module: nn.Module, images: Tensor) -> Any:
    """Return what a model makes of images; of a copy, as a forward may write into its input.

    Raises:
        ModelError: the forward pass fails; names the input's shape.
    """
    failed = f"the model's forward failed on an input of shape {tuple(images.shape)}"
    try:
        with torch.set_grad_enabled(images.requires_grad), foreign_code(failed, forward_remedy(module, images)):
            return module(images.clone())
    except ModelError as error:
        if not images.requires_grad:
            raise
        run(module, images.detach())  # raises, unless it is the gradient that it cannot bear
        raise ModelError(
            error.message.replace(failed, "the model's forward fails on an image that a gradient is asked for"),
            "let it use operations of torch alone, and build the network outside of torch.inference_mode",
        ) from error


def examine(
    module: nn.Module, seen: Observation, preprocessing: Preprocessing, output: str | int | None, classifier: bool
) -> Examination:
    """List the layers of a network that was observed.

    A layer is a named module whose output is, or begins with, a floating tensor of 2 to 4 dimensions with the batch
    first; the inside of attention is left out. The name ``logits`` always means the model's own output.

    Args:
        output: the configuration's choice among several outputs.
        classifier: False if a 2-D output is known to be features.

    Raises:
        ModelError: the logits are ambiguous, or there is nothing to render.
    """
    reader = LayoutReader((preprocessing.height, preprocessing.width), _declared_prefix(module))
    layers = [layer for layer in map(reader.read, seen.activations) if layer is not None and layer.name != LOGITS]
    logits = select_logits(seen.output, output, DRY_BATCH) if classifier else None
    kind = type(module).__name__
    if logits is not None:
        layers.append(LayerInfo(name=LOGITS, module=kind, layout="vector", units=logits.shape[1]))
    if not layers:
        raise ModelError(
            f"the model ({kind}) has no layer to render: no module in it returns (batch, ...) floats",
            "build it from torch.nn modules",
        )
    calls = {one.path: one.calls for one in seen.activations}
    return Examination(tuple(layers), calls, seen.order, seen.blind & {layer.name for layer in layers})


def _usable(tensor: Tensor) -> bool:
    shaped = 2 <= tensor.ndim <= 4 and tensor.shape[0] == DRY_BATCH and tensor.numel() > 0
    return shaped and tensor.is_floating_point()


def _declared_prefix(module: nn.Module) -> int | None:
    declared = getattr(module, "num_prefix_tokens", None)
    return declared if isinstance(declared, int) and declared >= 0 else None


def find_layer(layers: tuple[LayerInfo, ...], name: str) -> LayerInfo:
    """Return the layer called ``name``.

    Raises:
        ModelError: there is none; proposes the nearest.
    """
    for layer in layers:
        if layer.name == name:
            return layer
    hint = did_you_mean(name, (layer.name for layer in layers)) or "list the layers with `atlas layers MODEL`"
    raise ModelError(f'the model has no layer "{name}"', hint)
