"""Precision: what a network's products are computed in, there where a device has units for less than float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def allow_tf32(allowed: bool) -> None:
    """Let products of float32 on NVIDIA's cards round what they take to TF32 (ten bits after the point), or not.

    It holds for all that runs after it in this process, and for nothing on a CPU.
    """
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed


@contextmanager
def products(tf32: bool) -> Iterator[None]:
    """Compute products in TF32 or in float32 while inside, and in float32 after it, whatever it was before.

    So a run that an error ended in the middle leaves nothing to the next.
    """
    allow_tf32(tf32)
    try:
        yield
    finally:
        allow_tf32(False)


def tf32_on_the_way_back(inputs: Tensor, outputs: list[Tensor]) -> None:
    """Let gradients go through a network in TF32, and through nothing else: from its outputs to its inputs."""
    for output in outputs:
        if output.requires_grad:
            output.register_hook(lambda _: allow_tf32(True))
    if inputs.requires_grad:
        inputs.register_hook(lambda _: allow_tf32(False))


_CAST = {nn.Conv1d.forward, nn.Conv2d.forward, nn.Conv3d.forward, nn.Linear.forward}


def halve_weights(module: nn.Module) -> None:
    """Keep the weights that autocast would cast to bfloat16 at each step in it, in place.

    Those of torch's own convolutions and linear maps: rounded once they give the same bits, and frozen weights are the
    ones that autocast keeps no copies of. What else a module does with its weights is its own, and is left alone.
    """
    for part in module.modules():
        if type(part).forward not in _CAST:
            continue
        for name in ("weight", "bias"):
            held = part._parameters.get(name)
            if held is not None and held.dtype == torch.float32:
                part._parameters[name] = nn.Parameter(held.detach().bfloat16(), requires_grad=False)
