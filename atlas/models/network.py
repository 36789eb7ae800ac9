"""Network: a model made ready to render with on one device, in one way of computing floats."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from atlas.core.job import LOGITS, Preprocessing
from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.capture import run_until
from atlas.models.layers import Examination, find_layer
from atlas.models.layout import canonical
from atlas.models.output import select_logits
from atlas.models.preprocess import Normalise


class Network:
    """Images in, the activation of one layer out; the network runs no further than that layer.

    Args:
        module: on ``device``, frozen and in eval mode.
        preprocessing: of the model.
        examination: its layers.
        device: where it computes; images must be there too.
        output: the configuration's choice among several outputs.
        lost: layers that this module does not reproduce, because they were folded away.
        channels_last: whether the module wants its input in that memory format.
        half: compute in bfloat16 (autocast); activations are returned in float32 all the same.
    """

    def __init__(
        self,
        module: nn.Module,
        preprocessing: Preprocessing,
        examination: Examination,
        device: torch.device,
        output: str | int | None = None,
        lost: frozenset[str] = frozenset(),
        channels_last: bool = False,
        half: bool = False,
    ) -> None:
        self.preprocessing = preprocessing
        self.device = device
        self._module = module
        self._examination = examination
        self._output = output
        self._lost = lost
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._half = half
        self._normalise = Normalise(preprocessing, device)

    def layers(self) -> tuple[LayerInfo, ...]:
        """Return all layers of the model in order of completion, the logits last."""
        return self._examination.layers

    def __call__(self, images: Tensor, layer: str) -> Tensor:
        """Return the activation of ``layer``, through which gradients reach ``images``.

        A module that one forward pass calls several times is tapped at its last call.

        Args:
            images: (N, 3, H, W) float32 sRGB in [0, 1], on ``device``. Their size is the model's
                input size, or another one if the model takes it (convolutional networks do).
            layer: module path, or ``logits`` for the model's own output.

        Returns:
            float32, units on axis 1: (N, C, h, w) for maps; (N, D, h, w) for tokens with a grid and (N, D, n, 1)
            for those without, class and register tokens dropped; (N, D) for vectors and logits.

        Raises:
            ModelError: no such layer, a layer that folding removed, or images that the model cannot take.
        """
        info = find_layer(self.layers(), layer)
        if layer in self._lost:
            raise ModelError(f'layer "{layer}" is folded away in this network', "use the numerics that the model names")
        inputs = self._normalise(images).contiguous(memory_format=self._format)
        with torch.autocast(self.device.type, torch.bfloat16) if self._half else nullcontext():
            activation = self._logits(inputs) if layer == LOGITS else self._tap(inputs, layer)
        return canonical(activation.float(), info, (images.shape[2], images.shape[3]))

    def _logits(self, inputs: Tensor) -> Tensor:
        logits = select_logits(self._module(inputs), self._output, len(inputs))
        if logits is None:
            raise ModelError("the model returned no logits this time", "its forward must not depend on the images")
        return logits

    def _tap(self, inputs: Tensor, layer: str) -> Tensor:
        calls = self._examination.calls[layer]
        activation = run_until(self._module, layer, calls, inputs)
        if activation is None:
            raise ModelError(
                f'layer "{layer}" was not called {calls} times, as it was on the dry run',
                "render another layer; the forward of this model depends on the images",
            )
        return activation
