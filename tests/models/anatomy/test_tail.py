"""The network from a layer on: the same logits as the whole network, without running what comes before."""

import pytest
import torch

from atlas.errors import ModelError
from atlas.models.anatomy.tail import Context, tail_of
from atlas.models.network.examine import find_layer

CPU = torch.device("cpu")
# A late layer of each family that everything goes through; of the ViT one whose patch tokens still matter.
CUTS = {
    "tf_efficientnet_lite0": "bn2",
    "resnet18": "layer4.1.act2",
    "convnext_atto": "stages.3",
    "mobilenetv3_small_050": "blocks",
    "densenet121": "features.denseblock4",
    "vit_tiny_patch16_224": "blocks.10",
    "swin_tiny_patch4_window7_224": "layers.3.blocks.0",
}


def close(found, expected, relative=1e-5):
    return float((found - expected).norm()) <= relative * float(expected.norm())


@pytest.mark.parametrize("family", CUTS)
def test_tail_of_an_activation_gives_the_logits_of_its_image(small, images, family):
    model, batch = small(family), images(3, 64)
    for numerics in {"float32", model.numerics_for(CUTS[family])}:
        network = model.network(numerics, CPU)
        tail = tail_of(network, CUTS[family])
        with torch.no_grad():
            captured = tail.capture(batch)
            expected = network(batch, "logits")
            assert torch.equal(captured.activation, network(batch, CUTS[family]))
            assert close(tail(captured.activation, captured.context), expected)
            order = [2, 0, 0, 1, 2]
            mixed = tail(captured.activation[order], captured.context.take(order))
            assert close(mixed, expected[order])


@pytest.mark.parametrize("family", CUTS)
def test_nothing_before_the_layer_runs_and_everything_is_as_before(small, images, family):
    model = small(family)
    tail = tail_of(model.network("float32", CPU), CUTS[family])
    captured = tail.capture(images(1, 64))
    ran = []
    stem = next(path for path, part in model.module.named_modules() if isinstance(part, torch.nn.Conv2d))
    head = [path for path, part in model.module.named_modules() if isinstance(part, torch.nn.Linear)][-1]
    handles = []
    for path in (stem, head):
        part = model.module.get_submodule(path)
        inner = part._conv_forward if path == stem else part.forward
        name = "_conv_forward" if path == stem else "forward"
        part.__dict__[name] = lambda *a, path=path, inner=inner: (ran.append(path), inner(*a))[1]
        handles.append((part, name))
    tail(captured.activation, captured.context)
    for part, name in handles:
        del part.__dict__[name]
    assert ran == [head]
    for part in model.module.modules():
        assert "forward" not in part.__dict__
        assert not part._forward_hooks
        assert not part._forward_pre_hooks


@pytest.mark.parametrize(
    ("family", "layer", "later"),
    [
        ("resnet18", "layer4.1.bn2", "layer4.1.act2"),
        ("densenet121", "features.denseblock4.denselayer3", "features.denseblock4"),
        ("swin_tiny_patch4_window7_224", "layers.3.blocks.1.norm1", "layers.3.blocks.1"),
    ],
)
def test_a_layer_with_a_way_round_it_is_refused_by_name_with_the_next_that_has_none(small, family, layer, later):
    network = small(family).network("float32", CPU)
    with pytest.raises(ModelError, match=f'"{layer}" is not all(?s:.*)use "{later}"'):
        tail_of(network, layer)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("Tiny", "norm"),
        ("Tiny", "deep"),
        ("Tiny", "head"),
        ("InPlace", "act"),
        ("Shortcut", "deep"),
        ("Shortcut", "last"),
        ("Shared", "relu"),
        ("Swallowing", "act"),
        ("ChannelsLast", "act"),
        ("Tokens", "mix"),
        ("Tokens", "out"),
        ("Packed", "first"),
        ("Packed", "second"),
        ("Viewing", "norm"),
        ("ClassToken", "blocks.0"),
        ("ClassToken", "blocks.2"),
        ("ClassToken", "blocks.1.norm2"),
    ],
)
def test_any_kind_of_network_goes_on_from_a_layer(odd, images, name, layer):
    model = odd(name)
    network = model.network("float32", CPU)
    tail = tail_of(network, layer)
    with torch.no_grad():
        for count in (1, 2, 5):
            captured = tail.capture(images(count))
            kept = captured.activation.clone()
            assert close(tail(captured.activation, captured.context), network(images(count), "logits"))
            assert torch.equal(captured.activation, kept)


def test_gradient_is_that_of_the_head_by_hand(odd, images):
    """From ``deep`` on the network is a mean over positions and a linear layer: d logit / d activation = w / (h w)."""
    model = odd("Tiny")
    tail = tail_of(model.network("float32", CPU), "deep")
    captured = tail.capture(images(2))
    leaf = captured.activation.detach().requires_grad_()
    tail(leaf, captured.context)[:, 3].sum().backward()
    weight = model.module.head.weight[3].double() / 64
    assert torch.allclose(leaf.grad.double(), weight[None, :, None, None].expand(2, 8, 8, 8), atol=1e-9)


@pytest.mark.parametrize(("name", "layer"), [("Shortcut", "deep"), ("InPlace", "conv"), ("Tokens", "mix")])
def test_gradient_is_that_of_the_whole_network(odd, images, name, layer):
    """By the chain rule: pulling the tail's gradient back through the layer gives the image's own."""
    network = odd(name).network("float32", CPU)
    tail = tail_of(network, layer)
    whole, cut = images().requires_grad_(), images().requires_grad_()
    network(whole, "logits")[:, 1].sum().backward()
    captured = tail.capture(cut)
    tail(captured.activation, captured.context)[:, 1].sum().backward()
    assert close(cut.grad, whole.grad, 1e-4)


def test_context_is_asked_for_where_there_is_one(odd, images):
    network = odd("Tokens").network("float32", CPU)
    captured = tail_of(network, "mix").capture(images(2))
    assert captured.context.prefix.shape == (2, 1, 12)
    for context in (Context(), captured.context.take([0])):
        with pytest.raises(ModelError, match=r"2 activations .* context of [01]"):
            tail_of(network, "mix")(captured.activation, context)
    assert tail_of(odd("Tiny").network("float32", CPU), "deep").capture(images()).context == Context()


def test_refusals(odd):
    tiny = odd("Tiny")
    with pytest.raises(ModelError, match="nothing comes after"):
        tail_of(tiny.network("float32", CPU), "logits")
    with pytest.raises(ModelError, match='did you mean "deep"'):
        tail_of(tiny.network("float32", CPU), "deeep")
    with pytest.raises(ModelError, match="folded away"):
        tail_of(tiny.network("float32-folded", CPU), "conv")
    with pytest.raises(ModelError, match='"branch.1" is not all'):
        tail_of(odd("Shortcut").network("float32", CPU), "branch.1")
    with pytest.raises(ModelError, match="same for all images"):
        tail_of(odd("Blind").network("float32", CPU), "deep")
    with pytest.raises(ModelError, match="no layer"):
        tail_of(odd("Returning", {"kind": "map"}).network("float32", CPU), "deep")


def test_a_forward_that_depends_on_the_image_is_refused_and_put_back(odd, images):
    model = odd("Moody", mean=0.5, std=0.5)
    network = model.network("float32", CPU)
    find_layer(network.layers(), "norm")
    tail = tail_of(network, "norm")
    tail.tape._steps = tail.tape._steps[::-1]
    captured = tail.capture(images())
    with pytest.raises(ModelError, match="same modules"):
        tail(captured.activation, captured.context)
    assert not any("forward" in part.__dict__ for part in model.module.modules())


def test_half_precision_goes_through_too(odd, images):
    network = odd("Tiny").network("bfloat16", CPU)
    tail = tail_of(network, "deep")
    captured = tail.capture(images())
    assert captured.activation.dtype == torch.float32
    assert close(tail(captured.activation, captured.context), network(images(), "logits"), 0.05)
