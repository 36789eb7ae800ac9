"""A model's tensors: made float32, frozen and checked; and the digest that names them."""

import hashlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from atlas.errors import ModelError
from atlas.models.foreign import foreign_code


def freeze(module: nn.Module) -> nn.Module:
    """Put ``module`` on the CPU, in float32 and eval mode, without gradients for its weights; return it.

    Raises:
        ModelError: it resists, for instance because its weights have shapes but no data.
    """
    with foreign_code("the model cannot be put in float32 on the CPU", "load its weights as plain tensors"):
        return module.eval().float().cpu().requires_grad_(False)


def is_lazy(module: nn.Module) -> bool:
    """Tell whether some weights get their shape only in the first forward pass."""
    return any(isinstance(tensor, UninitializedParameter | UninitializedBuffer) for _, tensor in named_tensors(module))


def named_tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield parameters and buffers by name, shared ones under each of their names."""
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def check_finite(module: nn.Module, name: str) -> None:
    """Check that no weight is NaN or infinite (a buffer may hold infinities: masks do).

    Raises:
        ModelError: names the tensors that are.
    """
    parameters = {path for path, _ in module.named_parameters(remove_duplicate=False)}
    bad = [path for path, tensor in named_tensors(module) if _is_bad(tensor, path in parameters)]
    if bad:
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise ModelError(
            f'model "{name}" has weights that are not finite in {", ".join(bad[:5])}{more}',
            "the training diverged or the file is damaged; use another checkpoint",
        )


def _is_bad(tensor: Tensor, parameter: bool) -> bool:
    bad = ~torch.isfinite(tensor) if parameter else torch.isnan(tensor)
    return bool(bad.any())


def digest_weights(module: nn.Module) -> str:
    """Return the sha256 over the sorted (name, shape, float32 bytes) of parameters and buffers.

    It does not depend on a file's format, the precision of a file that float32 can hold, or the device. Batch counters
    are left out, because inference ignores them.
    """
    hasher = hashlib.sha256()
    for name, tensor in sorted(named_tensors(module), key=lambda item: item[0]):
        if name.endswith("num_batches_tracked"):
            continue
        real = torch.view_as_real(tensor) if tensor.is_complex() else tensor
        hasher.update(f"{name}{tuple(tensor.shape)}".encode())
        hasher.update(real.detach().cpu().to(torch.float32).contiguous().numpy().astype("<f4", copy=False).data)
    return hasher.hexdigest()
