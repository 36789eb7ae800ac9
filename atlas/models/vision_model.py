"""VisionModel: a loaded model, and the networks to render with that it makes on demand."""

import copy
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import cast, get_args

import torch
from torch import nn

from atlas.core.job import Precision
from atlas.core.model_card import ModelCard
from atlas.errors import ModelError, did_you_mean
from atlas.models.code.foreign import foreign_code, quiet
from atlas.models.network.attention import ATTENTION_BRANCH, Reading, attention_tap, has_attention
from atlas.models.network.examine import Examination, find_layer
from atlas.models.network.folding import Folded, fold, in_channels_last
from atlas.models.network.network import Network
from atlas.models.network.norms import batch_norms
from atlas.models.network.precision import halve_weights

PRECISIONS = get_args(Precision)
"""What a network computes in; all but float32 is for GPUs, and only on demand."""

BATCH_NORM = "batch norm"
"""What a model with batch norms offers to methods that need their statistics."""

FOLDED = "-folded"
"""Suffix of numerics with batch norm folded into convolutions, in channels-last memory format."""


class VisionModel:
    """A model in float32 on the CPU, frozen, with its card. Treat it as immutable.

    Attributes:
        card: identity, layers, classes, licence and origin.
        module: in eval mode, no weight requires a gradient.
        notices: what a person should know of how it was loaded, in sentences.
        view_bytes: numerics to what is known of the memory that a view takes, by layer, height and width.
    """

    def __init__(
        self,
        card: ModelCard,
        module: nn.Module,
        examination: Examination,
        output: str | int | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        self.card = card
        self.notices = notices
        self.module = module
        self._examination = examination
        self._output = output
        self._networks: dict[tuple[str, str], Network] = {}
        self.view_bytes: dict[str, dict[tuple[str, int, int], int]] = {}

    def __repr__(self) -> str:
        classes = f", {len(self.card.classes)} classes" if self.card.classes else ""
        return f"<VisionModel {self.card.name}: {len(self.card.layers)} layers{classes}>"

    @cached_property
    def _folded(self) -> Folded | None:
        with quiet():
            return fold(self.module, self.card.identity.preprocessing)

    @cached_property
    def offers(self) -> frozenset[str]:
        """What some methods need and not every model has, in words: ``batch norm``, ``attention branch``."""
        found = {BATCH_NORM: bool(batch_norms(self.module))}
        found[ATTENTION_BRANCH] = has_attention(self.module, self._examination)
        return frozenset(name for name, has in found.items() if has)

    def blindness(self, layers: Iterable[str]) -> str:
        """Say which of these layers no gradient leaves for the image, though it does others; nothing if none."""
        blind = [layer for layer in dict.fromkeys(layers) if layer in self._examination.blind]
        if not blind:
            return ""
        named = ", ".join(f'"{layer}"' for layer in blind[:5]) + (f" and {len(blind) - 5} more" if blind[5:] else "")
        return (
            f"no gradient passes from {named} to the image: its forward runs under torch.no_grad or in a reentrant "
            "checkpoint there; take that out (use_reentrant=False), or choose other layers"
        )

    @property
    def is_random(self) -> bool:
        """Whether it made two things of one picture when it was loaded."""
        return not self.card.computed

    def known_as(self, card: ModelCard, notices: Iterable[str] = ()) -> "VisionModel":
        """Return the same model with another card, and more to know."""
        model = copy.copy(self)
        model.card, model.notices = card, (*self.notices, *notices)
        return model

    def twin(self) -> "VisionModel | None":
        """Return the same model for another thread, with the same weights in memory; None if it cannot be copied.

        Whoever looks at a layer of one does not hear what passes through the other.
        """
        other, folded = copy.copy(self), self._folded
        other._networks = {}
        with suppress(ModelError), foreign_code("copying"):
            other.module = _sharing_weights(self.module)
            other.__dict__["_folded"] = folded and replace(folded, module=_sharing_weights(folded.module))
            return other
        return None

    def attention_tap(self, layer: str, reading: Reading) -> str | None:
        """Return where a block's attention branch is read: see :func:`atlas.models.network.attention.attention_tap`."""
        return attention_tap(self.module, self._examination, layer, reading)

    def numerics_for(self, layer: str, precision: str = "float32", keep_norms: bool = False) -> str:
        """Return the fastest faithful numerics for a layer: folded, unless folding would change its activation.

        Args:
            layer: module path, or ``logits``.
            precision: ``float32``, ``tf32`` or ``bfloat16``.
            keep_norms: never fold, because batch norms are needed for themselves.

        Raises:
            ModelError: no such layer or precision.
        """
        _check(precision, PRECISIONS, "precision")
        find_layer(self.card.layers, layer)
        if keep_norms:
            return precision
        faithful = self._folded is not None and layer not in self._folded.lost
        return precision + FOLDED if faithful else precision

    def network(self, numerics: str, device: torch.device) -> Network:
        """Return the network for these numerics on this device; made once, then kept.

        Args:
            numerics: as ``numerics_for`` names it.

        Raises:
            ModelError: unknown numerics, a model that cannot be folded, or a device that cannot hold it.
        """
        key = (numerics, str(device))
        if key not in self._networks:
            self._networks[key] = self._make(numerics, device)
        return self._networks[key]

    def _make(self, numerics: str, device: torch.device) -> Network:
        _check(numerics, [name + suffix for name in PRECISIONS for suffix in ("", FOLDED)], "numerics")
        folded = self._folded if numerics.endswith(FOLDED) else None
        if numerics.endswith(FOLDED) and folded is None:
            raise ModelError(
                f'model "{self.card.name}" cannot be folded without changing its output',
                f'use numerics "{numerics.removesuffix(FOLDED)}"',
            )
        module, precision = folded.module if folded else self.module, cast(Precision, numerics.removesuffix(FOLDED))
        channels_last = folded is not None
        if device.type != "cpu":
            with foreign_code(f'model "{self.card.name}" cannot be put on {device}'):
                turned = None if folded else in_channels_last(module, self.card.identity.preprocessing)
                channels_last = channels_last or turned is not None
                module = turned or copy.deepcopy(module)
                if precision == "bfloat16":
                    halve_weights(module)
                module = module.to(device)
        return Network(
            module,
            self.card.identity.preprocessing,
            self._examination,
            device,
            output=self._output,
            lost=folded.lost if folded else frozenset(),
            channels_last=channels_last,
            precision=precision,
            view_bytes=self.view_bytes.setdefault(numerics, {}),
        )


def _sharing_weights(module: nn.Module) -> nn.Module:
    """Return a copy of a module that holds the very parameters and buffers of it."""
    return copy.deepcopy(module, {id(each): each for each in [*module.parameters(), *module.buffers()]})


def _check(value: str, allowed: list[str] | tuple[str, ...], noun: str) -> None:
    if value not in allowed:
        hint = did_you_mean(value, allowed) or f"allowed: {', '.join(allowed)}"
        raise ModelError(f'there is no {noun} "{value}"', hint)
