"""A model's tensors: made float32, frozen and checked; and the digest that names them."""

import hashlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from atlas.errors import ModelError
from atlas.models.code.foreign import foreign_code


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


def check_finite(module: nn.Module) -> None:
    """Check that no weight and no running statistic is NaN or infinite (another buffer may hold infinities: masks do).

    Raises:
        ModelError: names the tensors that are.
    """
    buffers = {path for path, _ in module.named_buffers(remove_duplicate=False)}
    bad = [path for path, tensor in named_tensors(module) if _is_bad(tensor, _may_be_infinite(path, buffers))]
    if bad:
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise ModelError(
            f"weights or statistics are not finite in {', '.join(bad[:5])}{more}",
            "the training diverged or the file is damaged; use another checkpoint",
        )


def infinite_buffers(module: nn.Module) -> list[str]:
    """Return the names of buffers that hold an infinity, which is sound only if a forward pass comes out finite."""
    return [name for name, buffer in module.named_buffers(remove_duplicate=False) if bool(torch.isinf(buffer).any())]


def _may_be_infinite(path: str, buffers: set[str]) -> bool:
    return path in buffers and not path.rpartition(".")[2].startswith("running_")


def _is_bad(tensor: Tensor, may_be_infinite: bool) -> bool:
    bad = torch.isnan(tensor) if may_be_infinite else ~torch.isfinite(tensor)
    return bool(bad.any())


def digest_weights(module: nn.Module) -> str:
    """Return the sha256 over the sorted (name, shape, float32 bytes) of parameters and buffers.

    It does not depend on a file's format, the precision of a file that float32 can hold, or the device. Batch counters
    are left out, because inference ignores them; and buffers that no file holds, because another machine may compute
    them with other rounding: what they change shows in what the network computes.
    """
    hasher = hashlib.sha256()
    computed = _non_persistent(module)
    for name, tensor in sorted(named_tensors(module), key=lambda item: item[0]):
        if name.endswith("num_batches_tracked") or name in computed:
            continue
        real = torch.view_as_real(tensor) if tensor.is_complex() else tensor
        hasher.update(f"{name}{tuple(tensor.shape)}".encode())
        hasher.update(real.detach().cpu().to(torch.float32).contiguous().numpy().astype("<f4", copy=False).data)
    return hasher.hexdigest()


def _non_persistent(module: nn.Module) -> set[str]:
    """Return the names of buffers that a state dict leaves out."""
    parts = module.named_modules(remove_duplicate=False)
    return {f"{path}.{name}".lstrip(".") for path, part in parts for name in part._non_persistent_buffers_set}
