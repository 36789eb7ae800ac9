"""Built: what a model source hands over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn  # the configuration is read without it


@dataclass(frozen=True)
class InputDefaults:
    """What a source knows about a model's input; None where it does not know.

    Attributes:
        size: (height, width), pixels. mean, std: per channel, in [0, 1] units.
    """

    size: tuple[int, int] | None = None
    channels: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Built:
    """A module with its weights, as it comes from a source.

    Attributes:
        module: with its weights, in any mode, precision and on any device.
        architecture: what identifies the network apart from its weights.
        origin: where the weights came from, in words.
        licence: of the weights, or empty.
        inputs: what the source knows about the input.
        notices: what a person should know of how it was loaded, in sentences.
        classifier: whether the output is class scores rather than features.
        configuration: what else came with the weights; ``label_names`` and ``label_descriptions`` as timm has them.
    """

    module: "nn.Module"
    architecture: str
    origin: str
    licence: str = ""
    inputs: InputDefaults = field(default_factory=InputDefaults)
    classifier: bool = True
    configuration: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
