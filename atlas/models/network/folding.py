"""Folding batch norm into convolutions: a faster copy of a network, with the same layers and activations.

Pairs are found by watching: the norm's input *is* the tensor that the convolution returned, unchanged. What folding
changes is measured, not assumed: a layer whose activation differs is listed as lost, and if the output differs there
is no folded copy at all.
"""

import copy
import weakref
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from atlas.core.job import LOGITS, Preprocessing
from atlas.errors import ModelError
from atlas.models.code.foreign import foreign_code
from atlas.models.network.capture import watching
from atlas.models.network.examine import dry_input
from atlas.models.network.norms import keep_statistics
from atlas.models.network.output import first_tensor

TOLERANCE = 1e-4
"""Largest relative error (of L2 norms) that a layer may take from folding; float32 folding gives about 2e-6."""

_SAMPLE = 4096  # values of each activation that are compared, spread evenly over it
_PLAIN_NORMS = (nn.BatchNorm2d, nn.SyncBatchNorm)


@dataclass(frozen=True)
class Folded:
    """A folded copy of a network, in channels-last memory format.

    Attributes:
        module: the copy; module paths are those of the original.
        lost: layers whose activation it does not reproduce, e.g. folded convolutions.
    """

    module: nn.Module
    lost: frozenset[str]


class _FoldedNorm(nn.Module):
    """What is left of a batch norm with dropout and activation inside, once its affine part is folded."""

    def __init__(self, drop: nn.Module, act: nn.Module) -> None:
        super().__init__()
        self.drop = drop
        self.act = act

    def forward(self, inputs: Tensor) -> Tensor:
        return self.act(self.drop(inputs))  # type: ignore[no-any-return]


def fold(module: nn.Module, preprocessing: Preprocessing) -> Folded | None:
    """Return the folded copy of ``module``, or None: nothing to fold, impossible to copy, or an output that changes."""
    inputs = dry_input(preprocessing, batch=1)
    try:
        with foreign_code("folding"), torch.no_grad():
            pairs = find_pairs(module, inputs)
            if not pairs:
                return None
            expected = _sample_activations(module, inputs)
            copied = copy.deepcopy(module)
            _replace(copied, {path: part for pair in pairs for path, part in _fused(copied, *pair).items()})
            copied = copied.to(memory_format=torch.channels_last).eval().requires_grad_(False)
            found = _sample_activations(copied, inputs.contiguous(memory_format=torch.channels_last))
    except ModelError:
        return None  # a network that resists copying or swapping its parts is rendered as it is
    changed = {path for path in expected if _error(expected[path], found.get(path)) > TOLERANCE}
    lost = changed | {convolution for convolution, _ in pairs}
    return None if LOGITS in lost else Folded(copied, frozenset(lost))


def in_channels_last(module: nn.Module, preprocessing: Preprocessing) -> nn.Module | None:
    """Return a copy of a convolutional network in channels-last memory format, in which cards convolve faster.

    None where it is no such network, or what it makes in that format is not the same.

    Raises:
        Exception: what copying or running it raises but for what that format alone does not allow.
    """
    if sum(isinstance(part, nn.Conv2d) for part in module.modules()) < 2:
        return None  # a transformer's patches are cut by one
    inputs = dry_input(preprocessing, batch=1)
    with torch.no_grad():
        expected = _sample_activations(module, inputs)
        copied = copy.deepcopy(module).to(memory_format=torch.channels_last)
        try:
            with foreign_code("channels last"):
                found = _sample_activations(copied, inputs.contiguous(memory_format=torch.channels_last))
        except ModelError:
            return None  # it views memory that only the other format has
    same = LOGITS in expected and _error(expected[LOGITS], found.get(LOGITS)) <= TOLERANCE
    return copied if same else None


def find_pairs(module: nn.Module, inputs: Tensor) -> list[tuple[str, str]]:
    """Return the paths of (convolution, batch norm) pairs, each called once in a forward pass of ``inputs``."""
    paths = {part: path for path, part in module.named_modules()}
    calls: Counter[str] = Counter()
    made: dict[int, tuple[weakref.ref[Tensor], int, str]] = {}
    pairs: list[tuple[str, str]] = []

    def before(norm: nn.Module, given: tuple[Any, ...]) -> None:
        tensor = given[0] if given else None
        if isinstance(tensor, Tensor) and id(tensor) in made:
            source, version, path = made[id(tensor)]
            # An operation in place between the two leaves the same tensor, but another version of it.
            if source() is tensor and tensor._version == version:
                pairs.append((path, paths[norm]))

    def after(path: str, output: Any) -> None:
        calls[path] += 1
        if isinstance(output, Tensor) and _is_foldable_convolution(module.get_submodule(path)):
            made[id(output)] = (weakref.ref(output), output._version, path)

    handles = [part.register_forward_pre_hook(before) for part in paths if _is_foldable_norm(part)]
    try:
        with watching(module, after):
            module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return [pair for pair in pairs if calls[pair[0]] == calls[pair[1]] == 1]


def _is_foldable_convolution(part: nn.Module) -> bool:
    # A weight that is computed (weight norm, parametrizations) cannot be scaled in place.
    return isinstance(part, nn.Conv2d) and "weight" in part._parameters


def _is_foldable_norm(part: nn.Module) -> bool:
    if not isinstance(part, _BatchNorm) or part.running_mean is None or part.running_var is None:
        return False
    return type(part) in _PLAIN_NORMS or _has_inner_activation(part)


def _has_inner_activation(norm: nn.Module) -> bool:
    return isinstance(getattr(norm, "drop", None), nn.Module) and isinstance(getattr(norm, "act", None), nn.Module)


def _fused(module: nn.Module, convolution: str, norm: str) -> dict[str, nn.Module]:
    """Return what replaces a pair in ``module``, by path."""
    old = module.get_submodule(norm)
    plain = nn.BatchNorm2d(old.num_features, eps=old.eps, affine=old.affine)  # type: ignore[arg-type]
    plain.load_state_dict({name: old.state_dict()[name] for name in plain.state_dict()})
    fused = fuse_conv_bn_eval(module.get_submodule(convolution), plain.eval())  # type: ignore[type-var]
    keep_statistics(fused, plain)
    rest = _FoldedNorm(old.drop, old.act) if _has_inner_activation(old) else nn.Identity()  # type: ignore[arg-type]
    return {convolution: fused, norm: rest}


def _replace(module: nn.Module, parts: dict[str, nn.Module]) -> None:
    """Put ``parts`` in the place of the modules at their paths, wherever else those are registered too."""
    by_identity = {id(module.get_submodule(path)): part for path, part in parts.items()}
    for parent in list(module.modules()):
        for name, child in parent._modules.items():
            if child is not None and id(child) in by_identity:
                parent._modules[name] = by_identity[id(child)]


def _sample_activations(module: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Return up to 4096 values of every module's last output, and of the model's own under ``logits``."""
    samples: dict[str, Tensor] = {}

    def keep(path: str, output: Any) -> None:
        tensor = first_tensor(output)
        if tensor is not None and tensor.is_floating_point():
            flat = tensor.reshape(-1)
            # An odd stride does not fall in step with rows and channels, which mostly have even lengths.
            samples[path] = flat[:: max(1, flat.numel() // _SAMPLE) | 1].clone()

    with watching(module, keep):
        result = module(inputs)
    samples.pop(LOGITS, None)
    outputs = result.values() if isinstance(result, dict) else result if isinstance(result, list | tuple) else [result]
    kept = [value.reshape(-1) for value in outputs if isinstance(value, Tensor) and value.is_floating_point()]
    if kept:
        samples[LOGITS] = torch.cat(kept).clone()
    return samples


def _error(expected: Tensor, found: Tensor | None) -> float:
    """Return the relative error of ``found``, infinite if it is absent, of another shape or not finite."""
    if found is None or found.shape != expected.shape:
        return float("inf")
    difference = (found - expected).norm().item()
    scale = expected.norm().item()
    if difference == 0:
        return 0.0
    return difference / scale if scale > 0 and difference == difference else float("inf")
