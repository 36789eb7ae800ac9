"""Relevance through torch's own multi-head attention, whose weights are taken as they are (Ali et al. 2022)."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from atlas.attribution.rules import z_plus

_PLAIN = {"bias_k": None, "bias_v": None, "add_zero_attn": False, "key_padding_mask": None, "attn_mask": None}
"""What self-attention over an image's patches leaves alone."""


def attended(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Tensor | None]:
    """Return what ``multi_head_attention_forward`` does, relevance going back through the values alone.

    Variants with masks, extra keys or projections of their own keep their plain gradient.
    """
    given = signature(F.multi_head_attention_forward).bind(*args, **kwargs)
    given.apply_defaults()
    named = given.arguments
    variant = any(named[name] is not plain for name, plain in _PLAIN.items()) or named["use_separate_proj_weight"]
    if variant or named["in_proj_weight"] is None or named["is_causal"]:
        return func(*args, **kwargs)  # type: ignore[no-any-return]
    query, key, value = (named[name] for name in ("query", "key", "value"))
    heads, size = named["num_heads"], named["embed_dim_to_check"]
    weights, biases = named["in_proj_weight"].split(size), (None, None, None)
    if named["in_proj_bias"] is not None:
        biases = named["in_proj_bias"].split(size)
    asked = F.linear(query.detach(), weights[0], biases[0])
    offered = F.linear(key.detach(), weights[1], biases[1])
    held = z_plus(F.linear, value, weights[2], biases[2])
    asked, offered, held = (_heads(each, heads) for each in (asked, offered, held))
    mixed = F.scaled_dot_product_attention(asked, offered, held)  # (..., heads, L, d)
    joined = mixed.transpose(-3, -2).flatten(-2)  # (..., L, E)
    if query.dim() == 3:
        joined = joined.transpose(0, 1)  # (L, N, E), as it came
    out = z_plus(F.linear, joined, named["out_proj_weight"], named["out_proj_bias"])
    return out, None


def _heads(tokens: Tensor, heads: int) -> Tensor:
    """Return tokens (L, N, E) or (L, E) as (N, heads, L, d) or (heads, L, d)."""
    batch_first = tokens.transpose(0, 1) if tokens.dim() == 3 else tokens
    return batch_first.unflatten(-1, (heads, -1)).transpose(-3, -2)
