"""Weight files: reading them without ever running code from them, and fitting them into a module."""

import argparse
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from atlas.errors import ModelError
from atlas.models.foreign import first_line, quiet

# Where training scripts put the weights, the averaged ones first (timm's order).
_WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model")
# Left on names by torch.compile around DataParallel, DataParallel, and torch.compile inside it.
_PREFIXES = ("_orig_mod.", "module.", "_orig_mod.")
_COUNTER = "num_batches_tracked"
_DAMAGED = "the file is damaged or truncated; copy or download it again"


def load_checkpoint(module: nn.Module, path: Path) -> None:
    """Read the weight file and put its tensors into ``module``, strictly.

    Raises:
        ModelError: the file is missing, damaged, needs code execution, or does not fit; names the tensors.
    """
    fit(module, read_checkpoint(path), f'checkpoint "{path}"')


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors or torch file by name, on the CPU.

    Raises:
        ModelError: the file is missing, damaged, of another kind, or needs code execution.
    """
    path = path.expanduser()
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise ModelError(f'checkpoint "{path}" cannot be read: {error.strerror}', "check the path") from error
    if len(head) < 9:
        raise ModelError(f'checkpoint "{path}" holds only {len(head)} bytes', _DAMAGED)
    if head[8:] == b"{":  # after eight bytes of length, which may begin like another format
        content = _read_safetensors(path)
    elif head.startswith((b"PK", b"\x80")):
        content = _read_torch(path)
    else:
        raise ModelError(
            f'checkpoint "{path}" is neither a safetensors nor a torch file',
            "save the weights with safetensors.torch.save_file or torch.save(model.state_dict(), ...)",
        )
    return _tensors(content, path)


def _read_safetensors(path: Path) -> Mapping[str, Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ModelError(f'checkpoint "{path}" cannot be read: {first_line(error)}', _DAMAGED) from error


def _read_torch(path: Path) -> Any:
    try:
        # timm's training script stores its arguments, a plain Namespace, beside the weights.
        with quiet(), torch.serialization.safe_globals([argparse.Namespace]), path.open("rb") as file:
            return torch.load(file, map_location="cpu", weights_only=True)  # by content; a path's suffix would count
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        names = _code_in(path)
        if names or "TorchScript" in str(error):
            raise ModelError(
                f'checkpoint "{path}" needs code to be run when it is loaded ({names or "a TorchScript archive"}), '
                "and atlas never runs code from a weight file",
                "if you trust the file, save its weights alone with "
                '`torch.save(torch.load(path, weights_only=False).state_dict(), "weights.pt")` and use that file',
            ) from error
        reason = first_line(error).partition(". ")[0]  # torch goes on about likely causes
        raise ModelError(f'checkpoint "{path}" cannot be read: {reason}', _DAMAGED) from error


def _code_in(path: Path) -> str:
    """Return the names of what a torch file would import, or nothing if it is too damaged to tell."""
    try:
        allowed = f"{argparse.Namespace.__module__}.{argparse.Namespace.__qualname__}"
        with path.open("rb") as file:
            unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(file)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, IndexError, OSError):
        return ""
    return _some(name for name in unsafe if name != allowed)


def _tensors(content: Any, path: Path) -> dict[str, Tensor]:
    """Unwrap a training checkpoint and strip the prefixes of wrappers from the names."""
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    entries = content.items() if isinstance(content, Mapping) else ()
    tensors = {_bare(name): value for name, value in entries if isinstance(name, str) and isinstance(value, Tensor)}
    if not tensors:
        held = f"the keys {_some(map(str, content))}" if isinstance(content, Mapping) else type(content).__name__
        raise ModelError(f'checkpoint "{path}" holds no tensors by name, but {held}', "save a model's state_dict()")
    return tensors


def _bare(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def fit(module: nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Load ``tensors`` into ``module``; names and shapes must agree (batch counters may be absent).

    Args:
        what: the tensors' origin, for the message.

    Raises:
        ModelError: names the tensors that are missing, unknown or of another shape.
    """
    own = module.state_dict()
    missing = [name for name in own if name not in tensors and not name.endswith(_COUNTER)]
    unknown = [name for name in tensors if name not in own]
    problems = []
    if missing:
        problems.append(f"it lacks {_some(missing)}")
    if unknown:
        problems.append(f"it has the unknown {_some(unknown)}")
    if unlike := [_difference(name, tensors[name], own[name]) for name in own if name in tensors]:
        unlike = [text for text in unlike if text]
        problems += [f"other shapes: {_some(unlike)}"] if unlike else []
    if problems:
        raise ModelError(
            f"{what} does not fit the model: {'; '.join(problems)}",
            "check the architecture and its arguments (num_classes, img_size, in_chans)",
        )
    module.load_state_dict(dict(tensors), strict=False)


def _difference(name: str, given: Tensor, own: Tensor) -> str:
    if isinstance(own, UninitializedParameter | UninitializedBuffer) or given.shape == own.shape:
        return ""
    return f"{name} is {tuple(given.shape)} instead of {tuple(own.shape)}"


def _some(names: Iterable[str], limit: int = 5) -> str:
    """Return the first names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more
