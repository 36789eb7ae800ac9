"""What pre-images choose by a layer's depth: how much its code weighs, and how far pictures are shifted."""

from collections.abc import Sequence

from atlas.core.model_card import LayerInfo
from atlas.models.network.examine import find_layer

WEIGHTS = ((0.72, 300.0), (0.82, 100.0), (0.94, 20.0))
"""(share of the layers with positions that have finished, C up to there). Section 5.2.1 names layers: of AlexNet and
VGG-M C = 300 up to relu3, 100 up to relu4, 20 up to relu5; of VGG-VD-16 C = 300 up to conv4_3, 100 for conv5_1, 20 up
to conv5_3. Among the layers of these networks before the fully connected ones, that is 10, 12 and 14 of 15 and 22, 25
and 29 of 31; these shares separate them all."""

TOP_WEIGHT = 1.0
"""C for what comes later (section 5.2.1)."""

DESCRIPTOR_WEIGHT = 20.0
"""C for representations that are maps and nothing else, such as HOG and DSIFT (section 5.1)."""


def code_weight(layers: Sequence[LayerInfo], name: str) -> float:
    """Return C, the weight of a code's error in an inversion, for a layer of any architecture.

    Args:
        layers: all layers of the network in order of completion.
    """
    if is_descriptor(layers):
        return DESCRIPTOR_WEIGHT
    placed = _placed(layers)
    if name not in placed:
        return TOP_WEIGHT
    share = (placed.index(name) + 1) / len(placed)
    return next((weight for end, weight in WEIGHTS if share <= end), TOP_WEIGHT)


def jitter_of(layers: Sequence[LayerInfo], name: str, size: tuple[int, int]) -> int:
    """Return T, a quarter of a layer's stride in pixels, rounded, 1 at least (section 5.2); 1 is no jitter.

    The stride of a layer without positions is that of the latest one that has some. HOG and DSIFT are not jittered
    (section 5.1).

    Args:
        layers: all layers of the network in order of completion. size: (height, width) of the network's input.

    Raises:
        ModelError: no such layer.
    """
    before = layers[: layers.index(find_layer(tuple(layers), name)) + 1]
    grids = [layer.grid for layer in before if layer.name in _placed(layers) and layer.grid is not None]
    if not grids or is_descriptor(layers):
        return 1
    stride = max(length / places for length, places in zip(size, grids[-1], strict=True))
    return max(1, int(stride / 4 + 0.5))


def is_descriptor(layers: Sequence[LayerInfo]) -> bool:
    """Tell whether nothing in a network is a vector: each of its layers is a map."""
    return all(layer.layout == "map" for layer in layers)


def _placed(layers: Sequence[LayerInfo]) -> list[str]:
    """Return the names of the layers with positions."""
    return [layer.name for layer in layers if layer.grid is not None and layer.grid != (1, 1)]
