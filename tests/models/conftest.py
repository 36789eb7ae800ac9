"""Models that several tests share: the five families of timm with random weights, and the tiny network."""

from collections.abc import Callable

import networks
import pytest
import torch

from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.models.vision_model import VisionModel

FAMILIES = {
    "efficientnet": "tf_efficientnet_lite0",
    "resnet": "resnet18",
    "convnext": "convnext_atto",
    "vit": "vit_tiny_patch16_224",
    "swin": "swin_tiny_patch4_window7_224",
}


@pytest.fixture(scope="session")
def families() -> Callable[[str], VisionModel]:
    """Return a loader of the five families that builds each once."""
    loaded: dict[str, VisionModel] = {}

    def get(family: str) -> VisionModel:
        if family not in loaded:
            loaded[family] = load_model(ModelSpec(name=family, architecture=FAMILIES[family], pretrained=False))
            for part in loaded[family].module.modules():
                # Fresh batch norms are the identity, which would hide a wrong fold.
                if isinstance(part, torch.nn.BatchNorm2d):
                    networks.randomise(part)
        return loaded[family]

    return get


@pytest.fixture(scope="session")
def small() -> Callable[..., VisionModel]:
    """Return a loader of timm's models for inputs of 64 pixels that builds each once: ``small("resnet18")``."""
    loaded: dict[str, VisionModel] = {}

    def get(name: str, **arguments: object) -> VisionModel:
        if name not in loaded:
            spec = ModelSpec(name=name, architecture=name, pretrained=False, size=64, arguments=arguments)
            loaded[name] = load_model(spec)
            for part in loaded[name].module.modules():
                if isinstance(part, torch.nn.BatchNorm2d):
                    networks.randomise(part)
        return loaded[name]

    return get


@pytest.fixture
def odd() -> Callable[..., VisionModel]:
    """Return a loader of the networks in tests/support/networks.py: ``odd("Tiny", channels=1)``."""

    def load(name: str, arguments: dict[str, object] | None = None, **fields: object) -> VisionModel:
        settings = {"size": networks.SIDE, **fields}
        return load_model(
            ModelSpec(
                name="odd", source="callable", architecture=f"networks:{name}", arguments=arguments or {}, **settings
            )
        )

    return load


@pytest.fixture
def images() -> Callable[..., torch.Tensor]:
    """Return a maker of seeded noise images (N, 3, side, side) in [0, 1]."""

    def make(number: int = 2, side: int = networks.SIDE) -> torch.Tensor:
        return torch.rand(number, 3, side, side, generator=torch.Generator().manual_seed(1))

    return make
