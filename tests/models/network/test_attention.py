"""Where the attention branch of a block is read, in networks of several makes."""

import sys

import pytest
import torch
from torch import Tensor, nn

from atlas.models.load import load_model
from atlas.models.network.attention import ATTENTION_BRANCH
from atlas.models.spec import ModelSpec

CPU = torch.device("cpu")


def model_of(architecture, **options):
    fields = options or {"pretrained": False}
    return load_model(ModelSpec(name="m", architecture=architecture, **fields))


def taps(model, layer):
    network = model.network("float32", CPU)
    return network.attention_tap(layer, "output"), network.attention_tap(layer, "norm")


@pytest.fixture(scope="module")
def vit():
    return model_of("vit_tiny_patch16_224")


@pytest.fixture(scope="module")
def swin():
    return model_of("swin_tiny_patch4_window7_224")


def test_a_block_of_a_transformer_has_one(vit):
    assert ATTENTION_BRANCH in vit.offers
    assert taps(vit, "blocks.3") == ("blocks.3.attn", "blocks.3.norm2")


def test_of_several_blocks_the_last_counts(vit):
    assert taps(vit, "blocks") == ("blocks.11.attn", "blocks.11.norm2")


@pytest.mark.parametrize("layer", ["logits", "patch_embed", "blocks.3.mlp", "blocks.3.attn", "norm", "blocks.1.norm2"])
def test_what_is_no_block_has_none(vit, layer):
    assert taps(vit, layer) == (None, None)


def test_a_name_that_another_begins_with_is_not_mistaken_for_it(vit):
    assert taps(vit, "blocks.1") == ("blocks.1.attn", "blocks.1.norm2")


def test_attention_in_windows_is_read_where_the_batch_is_whole_again(swin):
    assert taps(swin, "layers.0.blocks.1") == ("layers.0.blocks.1.drop_path1", "layers.0.blocks.1.norm2")
    assert taps(swin, "layers.2") == ("layers.2.blocks.5.drop_path1", "layers.2.blocks.5.norm2")


def test_both_readings_have_the_batch_first_and_depend_on_the_picture(vit, swin):
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    for model, layer in ((vit, "blocks.0"), (swin, "layers.0.blocks.0")):
        network = model.network("float32", CPU)
        with torch.no_grad():
            found = network.raw_taps(network.inputs(images), [layer, *taps(model, layer)])
        for activation in found.values():
            assert len(activation) == 2 and (activation[0] - activation[1]).abs().max() > 1e-4


def test_the_norm_of_a_vision_transformer_reads_the_stream_after_attention(vit):
    """A second way: ``norm2(x + attn(norm1(x)))`` by hand."""
    network, block = vit.network("float32", CPU), vit.module.blocks[0]
    images = network.inputs(torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
    with torch.no_grad():
        output, norm = (network.raw_taps(images, [tap])[tap] for tap in taps(vit, "blocks.0"))
        before = network.raw_taps(images, ["norm_pre"])["norm_pre"]
        torch.testing.assert_close(output, block.attn(block.norm1(before)))
        torch.testing.assert_close(norm, block.norm2(before + block.attn(block.norm1(before))))


@pytest.mark.parametrize("architecture", ["resnet18", "skresnet18", "resnext26ts", "convnext_atto"])
def test_convolutional_networks_have_none_also_with_squeeze_and_excitation(architecture):
    model = model_of(architecture)
    assert ATTENTION_BRANCH not in model.offers
    network = model.network("float32", CPU)
    assert {network.attention_tap(layer.name, "norm") for layer in network.layers()} == {None}


class Encoder(nn.Module):
    """Two of torch's own encoder layers, with their norms before or behind the branches."""

    def __init__(self, before: bool) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 8, 8, stride=8)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=before) for _ in range(2)
        )
        self.head = nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.embed(images).flatten(2).transpose(1, 2)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.head(tokens.mean(dim=1))


def norms_before() -> nn.Module:
    return Encoder(before=True)


def norms_behind() -> nn.Module:
    return Encoder(before=False)


@pytest.mark.parametrize(("make", "norm"), [("norms_before", "norm2"), ("norms_behind", "norm1")])
def test_own_modules_are_read_at_the_norm_after_attention(make, norm, monkeypatch):
    monkeypatch.setitem(sys.modules, "own_encoders", sys.modules[Encoder.__module__])
    model = model_of(f"own_encoders:{make}", source="callable", size=32)
    assert taps(model, "layers.1") == ("layers.1.self_attn", f"layers.1.{norm}")
