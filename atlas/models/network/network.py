"""Network: a model made ready to render with on one device, in one way of computing floats."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from atlas.core.job import LOGITS, Precision, Preprocessing
from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.network.attention import Reading, attention_tap
from atlas.models.network.capture import tapping
from atlas.models.network.examine import Examination, find_layer
from atlas.models.network.footprint import bytes_of_view, memory_of, views_that_fit
from atlas.models.network.layout import canonical
from atlas.models.network.output import select_logits
from atlas.models.network.passes import FilledRows, views_per_pass
from atlas.models.network.precision import products, tf32_on_the_way_back
from atlas.models.network.preprocess import Normalise


class Network:
    """Images in, the activations of layers out; the network runs no further than the last of them.

    Args:
        module: on ``device``, frozen and in eval mode.
        preprocessing: of the model.
        examination: its layers.
        device: where it computes; images must be there too.
        output: the configuration's choice among several outputs.
        lost: layers that this module does not reproduce, because they were folded away.
        channels_last: whether the module wants its input in that memory format.
        precision: ``bfloat16`` computes in it (autocast), ``tf32`` rounds what products take, where the device can;
            activations are returned in float32 all the same.
        view_bytes: what is known of the memory that a view takes, by layer, height and width; what is measured is
            added.
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
        precision: Precision = "float32",
        view_bytes: dict[tuple[str, int, int], int] | None = None,
    ) -> None:
        self.preprocessing = preprocessing
        self.device = device
        self.module = module
        self.precision = precision
        self.lost = lost
        self._examination = examination
        self._output = output
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._normalise = Normalise(preprocessing, device)
        self._view_bytes = {} if view_bytes is None else view_bytes

    def layers(self) -> tuple[LayerInfo, ...]:
        """Return all layers of the model in order of completion, the logits last."""
        return self._examination.layers

    def calls(self, layer: str) -> int:
        """Return how often one forward pass calls a layer's module."""
        return self._examination.calls[layer]

    def attention_tap(self, layer: str, reading: Reading) -> str | None:
        """Return the layer at which a block's attention branch is read: see :func:`attention_tap`."""
        return attention_tap(self.module, self._examination, layer, reading)

    def views_at_once(self, layers: Sequence[str], size: tuple[int, int]) -> int:
        """Return how many views of a (height, width) make one pass to the deepest of some layers.

        On a CPU always the same number, for the rounding of what it makes of a view depends on it; on an accelerator
        as many as its memory holds, by what one of them takes, which is measured at first.
        """
        memory = memory_of(self.device)
        if memory is None:
            return views_per_pass(self.device)
        return views_that_fit(self.bytes_of_view(layers, size), memory)

    def bytes_of_view(self, layers: Sequence[str], size: tuple[int, int]) -> int:
        """Return the bytes that a view of a (height, width) takes on its way to the deepest of some layers: see
        :func:`atlas.models.network.footprint.bytes_of_view`."""
        deepest = next(info.name for info in reversed(self.layers()) if info.name in layers)
        place = (deepest, *size)
        if place not in self._view_bytes:
            self._view_bytes[place] = bytes_of_view(
                lambda views: self.raw_taps(self.inputs(views), [deepest], copies=False),
                lambda count: torch.zeros(count, 3, *size, device=self.device),
            )
        return self._view_bytes[place]

    def __call__(self, images: Tensor, layer: str) -> Tensor:
        """Return the activation of one layer: :meth:`taps` of it alone."""
        return self.taps(images, [layer])[layer]

    def taps(self, images: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Return the activations of layers, through which gradients reach ``images``; all in one forward pass.

        A module that one forward pass calls several times is tapped at its last call. What later modules change in
        place does not show.

        Args:
            images: (N, 3, H, W) float32 sRGB in [0, 1], on ``device``. Their size is the model's
                input size, or another one if the model takes it (convolutional networks do).
            layers: module paths, or ``logits`` for the model's own output.

        Returns:
            Layer to float32, units on axis 1: (N, C, h, w) for maps; (N, D, h, w) for tokens with a grid and
            (N, D, n, 1) for those without, class and register tokens dropped; (N, D) for vectors and logits.

        Raises:
            ModelError: no such layer, a layer that folding removed, or images that the model cannot take.
        """
        size = (images.shape[2], images.shape[3])
        raw = self.raw_taps(self.inputs(images), layers)
        return {layer: canonical(raw[layer].float(), find_layer(self.layers(), layer), size) for layer in raw}

    @contextmanager
    def overhearing(self, layer: str, images: Tensor) -> Iterator[Callable[[], Tensor]]:
        """Listen to one layer while something else runs the network on images, at least that far.

        Yields:
            What returns the activation, as :meth:`taps` would, of the first forward pass within the context, once it
            has run; gradients reach the images.

        Raises:
            ModelError: no such layer, or one that folding removed; or, once it is asked for, that it was not reached.
        """
        self._check(layer)
        size = (images.shape[2], images.shape[3])
        with tapping(self.module, {layer: self.calls(layer)}, stop=False) as found:
            info = find_layer(self.layers(), layer)
            yield lambda: canonical(self._reached(layer, found.get(layer)).float(), info, size)

    def _check(self, layer: str) -> None:
        find_layer(self.layers(), layer)
        if layer in self.lost:
            raise ModelError(f'layer "{layer}" is folded away in this network', "use the numerics that the model names")

    def inputs(self, images: Tensor) -> Tensor:
        """Return images (N, 3, H, W) in [0, 1] as the module takes them."""
        return self._normalise(images).contiguous(memory_format=self._format)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the logits (N, K), float32, of what :meth:`inputs` made."""
        return self.raw_taps(inputs, [LOGITS])[LOGITS].float()

    def raw_taps(self, inputs: Tensor, layers: Sequence[str], copies: bool = True) -> dict[str, Tensor]:
        """Return activations as the modules return them; else as :meth:`taps`.

        Args:
            inputs: as :meth:`inputs` makes them.
            copies: see :func:`atlas.models.network.capture.tapping`.
        """
        for layer in layers:
            self._check(layer)
        calls = {layer: self.calls(layer) for layer in layers if layer != LOGITS}
        found: dict[str, Tensor | None] = {}
        with self._arithmetic():
            if LOGITS in layers:
                with tapping(self.module, calls, stop=False, copies=copies) as found:
                    output = self.module(inputs)
                found[LOGITS] = self._logits(output, len(inputs))
            elif calls:
                with tapping(self.module, calls, stop=True, copies=copies) as found:
                    self.module(inputs)
        reached = {layer: self._reached(layer, found.get(layer)) for layer in layers}
        if self.precision == "tf32":
            tf32_on_the_way_back(inputs, list(reached.values()))
        return reached

    @contextmanager
    def _arithmetic(self) -> Iterator[None]:
        """Compute in this network's precision and, on a CPU, by kernels that do not depend on the number of views."""
        half = torch.autocast(self.device.type, torch.bfloat16) if self.precision == "bfloat16" else nullcontext()
        with half, FilledRows() if self.device.type == "cpu" else products(self.precision == "tf32"):
            yield

    def _logits(self, output: object, count: int) -> Tensor:
        logits = select_logits(output, self._output, count)
        if logits is None:
            raise ModelError("the model returned no logits this time", "its forward must not depend on the images")
        return logits

    def _reached(self, layer: str, activation: Tensor | None) -> Tensor:
        if activation is None:
            raise ModelError(
                f'layer "{layer}" was not called {self.calls(layer)} times, as it was on the dry run',
                "render another layer; the forward of this model depends on the images",
            )
        return activation
