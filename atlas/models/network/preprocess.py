"""How an image in [0, 1] becomes a model's input: resolving the numbers, and applying them."""

import torch
from torch import Tensor, nn

from atlas.core.job import Preprocessing
from atlas.errors import ModelError
from atlas.models.sources.built import Built
from atlas.models.spec import ModelSpec

DEFAULT_SIDE = 224
# Mean and standard deviation of ImageNet's training photos in [0, 1] units, as torchvision and timm use them.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# ITU-R BT.601 luma of gamma-encoded RGB, what image libraries use for "greyscale".
LUMA = (0.299, 0.587, 0.114)


def resolve_preprocessing(spec: ModelSpec, built: Built) -> Preprocessing:
    """Return the preprocessing: the configuration first, then what the source knows, then the defaults of ModelSpec.

    Raises:
        ModelError: the model takes neither 1 nor 3 channels.
    """
    known = built.inputs
    channels = spec.channels or known.channels or _first_channels(built.module)
    if channels not in (1, 3):
        raise ModelError(
            f'model "{spec.name}" takes images of {channels} channels; atlas renders for 1 or 3',
            "wrap it in a module that makes its input from an RGB or grey image",
        )
    size = spec.size or known.size or DEFAULT_SIDE
    height, width = (size, size) if isinstance(size, int) else size
    return Preprocessing(
        channels=1 if channels == 1 else 3,
        height=height,
        width=width,
        mean=_per_channel(spec.mean or known.mean or IMAGENET_MEAN, channels),
        std=_per_channel(spec.std or known.std or IMAGENET_STD, channels),
    )


def _per_channel(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(values) == channels:
        return values
    return (sum(values) / len(values),) * channels


def _first_channels(module: nn.Module) -> int:
    """Guess the input's channels from the first convolution to be defined; wide ones are no stem, so 3."""
    first = stem_channels(module)
    return first if first is not None and first <= 4 else 3


def stem_channels(module: nn.Module) -> int | None:
    """Return the input channels of the first 2-D convolution that is not lazy, or None."""
    convolutions = (part for part in module.modules() if isinstance(part, nn.Conv2d) and part.in_channels)
    return next((part.in_channels for part in convolutions), None)


class Normalise:
    """Image to input: luma for 1-channel models, then ``(image - mean) / std``.

    Args:
        preprocessing: of the model.
        device: where the images are.
    """

    def __init__(self, preprocessing: Preprocessing, device: torch.device) -> None:
        shape = (1, preprocessing.channels, 1, 1)
        self._mean = torch.tensor(preprocessing.mean, device=device).view(shape)
        self._std = torch.tensor(preprocessing.std, device=device).view(shape)
        self._luma = torch.tensor(LUMA, device=device).view(1, 3, 1, 1) if preprocessing.channels == 1 else None

    def __call__(self, images: Tensor) -> Tensor:
        """Return the input of the network for float32 sRGB ``images`` (N, 3, H, W) in [0, 1]; its size is kept."""
        if self._luma is not None:
            images = (images * self._luma).sum(dim=1, keepdim=True)
        return (images - self._mean) / self._std
