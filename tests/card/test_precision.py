"""What networks compute in on a card: TF32 within them alone, weights held in bfloat16, and maps with channels last."""

import pytest
import torch
from method_runs import CPU
from pretend import DEVICE, PRODUCTS, Pretend
from torch.utils._python_dispatch import TorchDispatchMode

from atlas.models.load import load_model
from atlas.models.network.folding import in_channels_last
from atlas.models.network.precision import allow_tf32, halve_weights
from atlas.models.spec import ModelSpec


@pytest.fixture(autouse=True)
def float32_before_and_after():
    allow_tf32(False)
    yield
    allow_tf32(False)


def model_of(architecture):
    source = "callable" if ":" in architecture else "timm"
    spec = {} if source == "callable" else {"pretrained": False}
    return load_model(ModelSpec(name="m", source=source, architecture=architecture, size=32, **spec))


class Allowed(TorchDispatchMode):
    """Notes of each product whether it may be in TF32, for cuBLAS and for cuDNN."""

    def __init__(self):
        super().__init__()
        self.noted = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function in PRODUCTS:
            self.noted.append((torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32))
        return function(*args, **(kwargs or {}))


def climbed(network, layer):
    """Return what products before, within and behind a network were allowed, on the way there and back."""
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)).to(DEVICE).requires_grad_()
    colours = torch.eye(3).to(DEVICE)
    with Allowed() as allowed:
        shown = torch.matmul(colours, images.flatten(2)).view(images.shape)
        before = len(allowed.noted)
        found = network(shown, layer)
        there = len(allowed.noted)
        found.square().sum().backward()
    return allowed.noted[:before], allowed.noted[before:there], allowed.noted[there:]


@pytest.mark.parametrize("layer", ["logits", "body"])
def test_tf32_is_for_the_network_alone_on_both_ways(layer):
    model = model_of("tiny_networks:tiny")
    with Pretend():
        for precision in ("tf32", "float32"):
            before, there, back = climbed(model.network(precision, DEVICE), layer)
            inside = (precision == "tf32",) * 2
            assert set(before) == {(False, False)} and set(there) == {inside}
            assert set(back[:-1]) == {inside} and back[-1] == (False, False)  # the last is that of the colours
            assert not torch.backends.cuda.matmul.allow_tf32


def test_a_step_that_was_ended_leaves_no_tf32_to_the_next_network():
    model = model_of("tiny_networks:tiny")
    with Pretend():
        allow_tf32(True)  # as if an error had come on the way back
        _, there, back = climbed(model.network("float32", DEVICE), "logits")
        assert set(there) | set(back) == {(False, False)}


def test_on_a_cpu_tf32_is_float32_under_a_name_of_its_own():
    model = model_of("tiny_networks:tiny")
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert model.numerics_for("logits", "tf32") == "tf32" + model.numerics_for("logits").removeprefix("float32")
    assert torch.equal(model.network("tf32", CPU)(images, "logits"), model.network("float32", CPU)(images, "logits"))


@pytest.mark.parametrize(
    "architecture", ["tiny_networks:tiny", "tiny_networks:swin", "test_resnet", "test_convnext", "test_vit"]
)
def test_weights_held_in_bfloat16_give_the_bits_that_autocast_gives(architecture):
    model = model_of(architecture)
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with Pretend() as pretend:
        network = model.network("bfloat16", DEVICE)
        held = {part.weight.dtype for part in network.module.modules() if isinstance(part, torch.nn.Linear)}
        assert held == {torch.bfloat16}
        shown = images.to(DEVICE)
        pretend.forget()
        found, few = network(shown, "logits").cpu(), pretend.kernels.total()
        network.module.float()
        pretend.forget()
        assert torch.equal(network(shown, "logits").cpu(), found)
        assert few < pretend.kernels.total()  # what casting the weights took
    assert {weight.dtype for weight in model.module.parameters()} == {torch.float32}  # the model's own are as they were


class Standardised(torch.nn.Conv2d):
    """Does something with its weights itself, which autocast leaves in float32."""

    def forward(self, images):
        return torch.nn.functional.conv2d(images, self.weight - self.weight.mean(), self.bias)


def test_modules_that_do_more_with_their_weights_keep_them():
    module = torch.nn.Sequential(Standardised(3, 4, 1), torch.nn.BatchNorm2d(4), torch.nn.Conv2d(4, 4, 1))
    halve_weights(module)
    assert [part.weight.dtype for part in module] == [torch.float32, torch.float32, torch.bfloat16]


def test_convolutional_networks_are_turned_on_a_card_where_it_changes_nothing():
    known = model_of("test_resnet").card.identity.preprocessing
    turned = in_channels_last(model_of("test_resnet").module, known)
    assert turned is not None and turned.conv1[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert in_channels_last(model_of("test_vit").module, known) is None
    packed = load_model(ModelSpec(name="m", source="callable", architecture="networks:Packed", size=16))
    assert in_channels_last(packed.module, packed.card.identity.preprocessing) is None  # it views its maps as rows
    with Pretend():
        network = model_of("test_resnet").network("float32", DEVICE)
        shown = network.inputs(torch.rand(2, 3, 32, 32).to(DEVICE))
        assert shown.is_contiguous(memory_format=torch.channels_last)
        assert torch.isfinite(network.logits(shown)).all().item()
