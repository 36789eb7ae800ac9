"""Networks that measure and are no models of the configuration: their weights are named by path, none are fetched."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from atlas.config.render import Text
from atlas.evaluation.lpips import Backbone


class ClipWeights(BaseModel):
    """``clip = { architecture = "ViT-B-32", weights = "open_clip_model.safetensors" }``: who finds classes by name.

    Attributes:
        architecture: open_clip's name of it; ``ViT-B-32-quickgelu`` and so on where OpenAI trained it.
        weights: file of both its towers, as open_clip saves it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    architecture: Text
    weights: Path


class LpipsWeights(BaseModel):
    """``lpips = { backbone = "alex", weights = "alexnet.pth" }``: what LPIPS sees pictures with.

    Attributes:
        backbone: ``alex`` (AlexNet), ``vgg`` (VGG-16) or ``squeeze`` (SqueezeNet 1.1): those that the paper calibrated.
        weights: torchvision's file of that network's weights of ImageNet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    backbone: Backbone = "alex"
    weights: Path
