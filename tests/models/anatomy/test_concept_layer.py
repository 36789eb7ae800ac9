"""The layer for concepts: late, with positions, never negative, and all that the logits depend on."""

import pytest
import torch

from atlas.errors import ModelError
from atlas.models.anatomy.concept_layer import (
    check_concept_layer,
    check_earlier_layer,
    concept_layer,
    earlier_layer,
    lowest_activation,
    nearest_non_negative,
    signed_concept_layer,
)
from atlas.models.anatomy.tail import tail_of
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("tf_efficientnet_lite0", "bn2"),
        ("resnet18", "layer4"),
        ("densenet121", "features"),
        ("regnetx_002", "s4"),
    ],
)
def test_networks_with_relu_have_a_non_negative_layer_at_their_end(small, images, name, layer):
    model = small(name)
    assert concept_layer(model) == layer
    assert model.card.layer(layer).grid == (2, 2)
    assert float(model.network("float32", CPU)(images(2, 64), layer).min()) == 0


@pytest.mark.parametrize(
    ("name", "layer"),
    [("vit_tiny_patch16_224", "blocks.10"), ("convnext_atto", "stages"), ("swin_tiny_patch4_window7_224", "norm")],
)
def test_networks_without_relu_name_the_other_factorisations_and_their_layer(small, name, layer):
    """A ViT's class token knows nothing of the patch tokens of the last block."""
    model = small(name)
    with pytest.raises(ModelError, match="no late layer") as caught:
        concept_layer(model, '"semi-nmf", "k-means", "dictionary"')
    for word in ('"semi-nmf"', '"k-means"', '"dictionary"', f'"{layer}"'):
        assert word in caught.value.remedy
    assert signed_concept_layer(model) == layer
    assert nearest_non_negative(model, layer) is None
    tail_of(model.network("float32", CPU), layer)


def test_an_early_non_negative_layer_is_named_but_not_chosen(small, images):
    """MobileNet v3 has ReLUs in its first half and hard swishes in its second."""
    model = small("mobilenetv3_small_050")
    with pytest.raises(ModelError, match=r'is early(?s:.*)or set layer = "blocks') as caught:
        concept_layer(model)
    early = nearest_non_negative(model, signed_concept_layer(model))
    assert f'"{early}"' in str(caught.value)
    assert float(model.network("float32", CPU)(images(2, 64), early).min()) >= 0


def test_small_networks(odd):
    assert concept_layer(odd("Tiny")) == "deep"
    assert concept_layer(odd("Shortcut")) == "last"
    assert concept_layer(odd("Shared")) == "relu"
    assert signed_concept_layer(odd("Tokens")) == "out"
    assert signed_concept_layer(odd("ClassToken")) == "blocks.1"
    assert signed_concept_layer(odd("Smooth")) == "out"
    with pytest.raises(ModelError, match='"act" of 16 x 16 positions, is early(?s:.*)"out"(?s:.*)"act"'):
        concept_layer(odd("Smooth"))


@pytest.mark.parametrize(("layer", "nearest"), [("conv", "act"), ("deep.1", "deep.2"), ("head", "deep")])
def test_the_nearest_non_negative_layer_is_one_that_everything_goes_through(odd, layer, nearest):
    assert nearest_non_negative(odd("Tiny"), layer) == nearest


def test_nearest_passes_over_layers_with_a_way_round_them(odd):
    """In ``Shortcut`` the branch is signed and has a way round it; before it comes ``deep``, after it ``last``."""
    assert nearest_non_negative(odd("Shortcut"), "branch.0") == "deep"
    assert nearest_non_negative(odd("Shortcut"), "branch.1") == "last"


def test_the_earlier_layer_has_more_positions(small, odd):
    resnet, swin = small("resnet18"), small("swin_tiny_patch4_window7_224")
    assert earlier_layer(resnet, "layer4") == "layer3"
    assert earlier_layer(swin, "norm", signed=True) == "layers.2"
    with pytest.raises(ModelError, match=r"no layer before.*more positions and activations >= 0"):
        earlier_layer(swin, "norm")
    with pytest.raises(ModelError, match="more positions\n"):
        earlier_layer(small("vit_tiny_patch16_224"), "blocks.10", signed=True)
    # At 96 pixels the keys of each head, 37 tokens by 64 dimensions, look like a map of nearly the input's aspect.
    spec = ModelSpec(name="vit", architecture="vit_tiny_patch16_224", pretrained=False, size=96)
    with pytest.raises(ModelError, match="more positions\n"):
        earlier_layer(load_model(spec), "blocks.10", signed=True)
    assert earlier_layer(odd("Tiny"), "deep") == "act"
    assert earlier_layer(odd("Tiny"), "head") == "deep"


def test_a_layer_for_parts_that_somebody_named_comes_before_and_has_positions(odd):
    model = odd("Tiny")
    check_earlier_layer(model, "act", "deep")
    with pytest.raises(ModelError, match='"head" has no grid'):
        check_earlier_layer(model, "head", "deep")
    for later in ("deep", "deep.2"):
        with pytest.raises(ModelError, match=f'"{later}" does not come before "deep.1"'):
            check_earlier_layer(model, later, "deep.1")


def test_a_layer_that_somebody_named_is_checked(odd):
    check_concept_layer(odd("ClassToken"), "blocks.1")
    with pytest.raises(ModelError, match=r'read its class token alone(?s:.*)use "blocks.1"'):
        check_concept_layer(odd("ClassToken"), "blocks.2")
    with pytest.raises(ModelError, match=r'no grid of positions(?s:.*)use "deep"'):
        check_concept_layer(odd("Tiny"), "head")
    with pytest.raises(ModelError, match='"branch.1" is not all'):
        check_concept_layer(odd("Shortcut"), "branch.1")
    with pytest.raises(ModelError, match='did you mean "deep"'):
        check_concept_layer(odd("Tiny"), "deeep")


def test_the_lowest_activation_tells_the_sign(odd):
    assert lowest_activation(odd("Tiny"), "deep") == 0
    assert lowest_activation(odd("Tiny"), "conv") < 0


@pytest.mark.parametrize("choose", [concept_layer, signed_concept_layer])
def test_models_without_such_a_layer(odd, choose):
    with pytest.raises(ModelError, match="no layer with several positions"):
        choose(odd("Vectors"))
    with pytest.raises(ModelError, match="same for all images"):
        choose(odd("Blind"))
    with pytest.raises(ModelError, match='no layer "logits"'):
        choose(odd("Returning", {"kind": "map"}))
