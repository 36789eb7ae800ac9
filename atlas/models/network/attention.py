"""Attention branches: where in a transformer block what its attention says can be read. Found by what runs after what.

A block is a module that calls a part named for attention and, after it, a norm: ``norm1, attn, norm2, mlp`` of timm,
``ln_1, self_attention, ln_2`` of torchvision, and those with their norms behind the branches. Squeeze-and-excitation
parts, which some convolutional networks name for attention too, have no norm of their block behind them.
"""

import re
from typing import Literal

from torch import nn

from atlas.core.job import LOGITS
from atlas.models.network.examine import Examination

ATTENTION_BRANCH = "attention branch"
"""What a model with such blocks offers to methods that look at them."""

Reading = Literal["output", "norm"]
"""What to read of a branch: what it returns, or the norm that follows it."""

_ATTENTION = re.compile(r"attn|attention|(?<![a-z])mh?sa(?![a-z])", re.IGNORECASE)
_NORM = re.compile(r"norm|^ln(?![a-z])", re.IGNORECASE)


def has_attention(module: nn.Module, examination: Examination) -> bool:
    """Tell whether a network has a block whose attention branch can be read."""
    return any(_reading(examination, block, "norm") for block in _parents(module))


def attention_tap(module: nn.Module, examination: Examination, layer: str, reading: Reading) -> str | None:
    """Return the path at which to read the attention branch of a layer, or None if it has none.

    Args:
        layer: a block; of several blocks in one (a stage), the last counts.
        reading: ``output`` is what the attention itself returns or, where that has no batch dimension of its own (in
            windows), the first part after it that does, at the latest the norm; ``norm`` is that norm's output.
    """
    if layer == LOGITS:
        return None
    places = {path: place for place, path in enumerate(examination.order)}
    inside = [path for path in _parents(module) if path == layer or path.startswith(f"{layer}.")]
    blocks = [path for path in inside if path in places and _reading(examination, path, "norm")]
    return _reading(examination, max(blocks, key=places.__getitem__), reading) if blocks else None


def _parents(module: nn.Module) -> list[str]:
    return [path for path, part in module.named_modules() if path and any(True for _ in part.children())]


def _reading(examination: Examination, block: str, reading: Reading) -> str | None:
    """Return the path of a reading of a block's attention branch, or None if it is no such block."""
    usable = {layer.name for layer in examination.layers}
    children = [path for path in examination.order if path.rpartition(".")[0] == block]
    names = [path.rpartition(".")[2] for path in children]
    attentions = [place for place, name in enumerate(names) if _is_attention(name)]
    norms = [place for place, name in enumerate(names) if _NORM.search(name) and children[place] in usable]
    pairs = [(one, norm) for one in attentions for norm in norms if norm > one]
    if not pairs:
        return None
    last = max(one for one, _ in pairs)
    norm = min(norm for one, norm in pairs if one == last)
    if reading == "norm":
        return children[norm]
    return next(path for path in children[last : norm + 1] if path in usable)


def _is_attention(name: str) -> bool:
    return bool(_ATTENTION.search(name)) and not _NORM.search(name) and "drop" not in name
