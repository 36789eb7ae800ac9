"""Stages of architectures of every kind, told without their names."""

import pytest
import torch

from atlas.errors import ModelError
from atlas.models.anatomy.stages import block_layers, spread, stage_layers
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

CPU = torch.device("cpu")
TIMM = {
    "tf_efficientnet_lite0": ("bn1", "blocks.1", "blocks.2", "blocks.4", "blocks.6"),
    "mobilenetv3_small_050": ("bn1", "blocks.0", "blocks.1", "blocks.3", "blocks.5"),
    "resnet18": ("act1", "layer1", "layer2", "layer3", "layer4"),
    "resnet18d": ("conv1.2", "layer1", "layer2", "layer3", "layer4"),
    "densenet121": ("features.norm0", *(f"features.denseblock{number}" for number in (1, 2, 3, 4))),
    "convnext_atto": ("stem", "stages.0", "stages.1", "stages.2", "stages.3"),
    "swin_tiny_patch4_window7_224": ("patch_embed", "layers.0", "layers.1", "layers.2", "layers.3"),
    "vit_tiny_patch16_224": ("patch_embed", "blocks.0", "blocks.4", "blocks.8", "blocks.11"),
    "mixer_s32_224": ("stem", "blocks.0", "blocks.3", "blocks.5", "blocks.7"),
    "vgg11": ("features.1", "features.4", "features.9", "features.14", "features.19"),
}


def stages(model):
    return stage_layers(model.network("float32", CPU))


@pytest.mark.parametrize("name", TIMM)
def test_timms_families(name):
    model = load_model(ModelSpec(name=name, architecture=name, pretrained=False))
    assert stages(model) == TIMM[name]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("Tiny", ("act", "deep.2")),
        ("Tokens", ("embed", "mix", "out")),
        ("ClassToken", ("embed", "blocks.0", "blocks.1", "blocks.2")),
        ("ChannelsLast", ("act",)),
    ],
)
def test_networks_of_ones_own(odd, network, expected):
    assert stages(odd(network)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet18", ("act1", *(f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)))),
        ("vit_tiny_patch16_224", ("patch_embed", *(f"blocks.{block}" for block in range(12)), "norm")),
        ("vgg11", ("features.1", *(f"features.{place}" for place in (2, 5, 7, 10, 12, 15, 17, 20)))),
    ],
)
def test_blocks_are_the_innermost_modules_with_parts(name, expected):
    model = load_model(ModelSpec(name=name, architecture=name, pretrained=False))
    assert block_layers(model.network("float32", CPU)) == expected


def test_blocks_of_a_network_without_positions_cannot_be_told(odd):
    with pytest.raises(ModelError, match="name layers yourself"):
        block_layers(odd("Vectors").network("float32", CPU))


def test_features_without_a_classifier_have_stages_too():
    model = load_model(ModelSpec(name="x", architecture="resnet18", pretrained=False, arguments={"num_classes": 0}))
    assert stages(model) == TIMM["resnet18"]


def test_a_network_without_positions_is_refused(odd):
    with pytest.raises(ModelError, match="stages of the model cannot be told"):
        stages(odd("Vectors"))


def test_the_papers_depths_are_kept_and_others_are_in_proportion():
    assert spread(12) == [0, 4, 8, 11]
    assert spread(24) == [2, 9, 20, 23]
    assert spread(48) == [4, 18, 41, 47]
    assert spread(6) == [0, 2, 4, 5]
    for count in range(1, 60):
        places = spread(count)
        assert places[-1] == count - 1 and len(places) == min(4, count) and places[0] >= 0
