"""Which layers everything goes through: read off the graph, and measured the slow way."""

import networks
import pytest
import torch

from atlas.models.anatomy.cuts import Cuts, noise_images
from atlas.models.anatomy.paths import unavoidable_layers
from atlas.models.network.capture import substituting

CPU = torch.device("cpu")


def measured(network, names):
    """Return the layers that, given one image's activation, turn another image's logits into the first one's."""
    first, second = (network.inputs(noise_images(network.preprocessing, 1, number)) for number in (8, 9))
    wanted = network.logits(first)
    found = set()
    for name in names:
        activation = network.raw_taps(first, [name])[name]
        with substituting(network.module, name, network.calls(name), activation):
            if torch.allclose(network.logits(second), wanted, rtol=1e-4, atol=1e-6):
                found.add(name)
    return found


@pytest.mark.parametrize(
    "name", ["Tiny", "InPlace", "Fragile", "Shortcut", "Shared", "Packed", "ClassToken", "Tokens", "Windows", "Moody"]
)
@torch.no_grad()
def test_the_graph_knows_what_measuring_finds(odd, name):
    network = odd(name).network("float32", CPU)
    names = [info.name for info in network.layers()][:-1]
    inputs = network.inputs(noise_images(network.preprocessing, 1, 8))
    found = unavoidable_layers(network, inputs)
    assert found & set(names) == measured(network, names)
    cuts = Cuts(network)
    assert {name for name in names if cuts.is_cut(name)} == found & set(names)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "mobilenetv3_small_050"])
@torch.no_grad()
def test_the_same_for_timms_networks_at_every_seventh_layer(small, name):
    network = small(name).network("float32", CPU)
    names = [info.name for info in network.layers()][:-1:7]
    found = unavoidable_layers(network, network.inputs(noise_images(network.preprocessing, 1, 8)))
    assert found & set(names) == measured(network, names)


def test_where_the_graph_ends_early_measuring_is_left(odd):
    network = odd("Tiny").network("float32", CPU)
    network.module.forward = networks.Detached.forward.__get__(network.module)  # it would be refused when loaded
    assert unavoidable_layers(network, network.inputs(noise_images(network.preprocessing, 1))) is None
    assert Cuts(network).is_cut("act")
    assert Cuts(network).next_after("norm") == "act"


def test_patch_tokens_of_the_last_block_do_not_matter_to_a_class_token(odd):
    cuts = Cuts(odd("ClassToken").network("float32", CPU))
    assert cuts.is_cut("blocks.2")
    assert not cuts.matters("blocks.2")
    assert cuts.matters("blocks.1")
    assert cuts.next_after("blocks.2.linear1") == "blocks.2.norm2"
    assert cuts.next_after("head") is None


def test_noise_images_are_the_same_every_time_and_differ_from_each_other(odd):
    preprocessing = odd("Tiny").card.identity.preprocessing
    images = noise_images(preprocessing, 6)
    assert images.shape == (6, 3, 16, 16)
    assert images.min() >= 0
    assert images.max() <= 1
    assert torch.equal(noise_images(preprocessing, 3, first=2), images[2:5])
    contrasts = images.amax(dim=(1, 2, 3)) - images.amin(dim=(1, 2, 3))
    assert contrasts.max() > 2 * contrasts.min()
    assert len({tuple(image.flatten().tolist()) for image in images}) == 6
