"""Several layers in one forward pass."""

import networks
import pytest
import torch

from atlas.errors import ModelError

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["Tiny", "InPlace", "Shared", "Swallowing", "Shortcut", "ChannelsLast", "Tokens"])
def test_taps_are_what_each_layer_gives_alone(odd, images, name):
    model = odd(name)
    network = model.network("float32", CPU)
    layers = [info.name for info in model.card.layers]
    together = network.taps(images(3), layers[::-1])
    assert list(together) == layers[::-1]
    for layer, activation in together.items():
        assert torch.equal(activation, network(images(3), layer)), layer


def test_what_runs_later_in_place_does_not_show(odd, images):
    """The batch norm's output is overwritten by the ReLU after it."""
    network = odd("Tiny").network("float32", CPU)
    found = network.taps(images(), ["norm", "act"])
    assert float(found["norm"].min()) < 0
    assert torch.equal(found["act"], found["norm"].relu())


def test_one_pass_that_ends_with_the_last_layer(odd, images):
    model = odd("Tiny")
    ran = []
    for path in ("conv", "act", "deep", "head"):
        model.module.get_submodule(path).register_forward_pre_hook(lambda *_, path=path: ran.append(path))
    network = model.network("float32", CPU)
    network.taps(images(), ["act", "conv"])
    assert ran == ["conv", "act"]
    ran.clear()
    network.taps(images(), ["conv", "logits"])
    assert ran == ["conv", "act", "deep", "head"]


def test_gradients_reach_the_image_from_every_tap(odd, images):
    network = odd("Tiny").network("float32", CPU)
    for layer in ("norm", "deep", "logits"):
        one, several = images().requires_grad_(), images().requires_grad_()
        network(one, layer).square().sum().backward()
        network.taps(several, ["norm", "deep", "logits"])[layer].square().sum().backward()
        assert torch.allclose(one.grad, several.grad, atol=1e-6)
        assert one.grad.abs().max() > 0


def test_every_layer_must_be_there(odd, images):
    model = odd("Tiny")
    with pytest.raises(ModelError, match='did you mean "conv"'):
        model.network("float32", CPU).taps(images(), ["norm", "cnov"])
    with pytest.raises(ModelError, match='"conv" is folded away'):
        model.network("float32-folded", CPU).taps(images(), ["norm", "conv"])
    with pytest.raises(ModelError, match='"extra" was not called 1 times'):
        odd("Sometimes").network("float32", CPU).taps(images(3), ["conv", "extra"])
    assert model.network("float32", CPU).taps(images(), []) == {}
    assert not any(part._forward_hooks for part in model.module.modules())
    assert networks.SIDE == 16
