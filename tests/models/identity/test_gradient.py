"""Networks through which no gradient passes are refused when they are loaded, with the reason; sound ones are not."""

import networks
import numpy as np
import pytest
import torch
from networks import Tiny
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from atlas.errors import ModelError
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

INF = float("inf")


@pytest.fixture
def load(monkeypatch):
    """Return a loader of whatever a function makes."""

    def load(make):
        monkeypatch.setattr(networks, "current", make, raising=False)
        spec = ModelSpec(name="mine", source="callable", architecture="networks:current", size=networks.SIDE)
        return load_model(spec)

    return load


def tiny(around):
    """A maker of the tiny network with code around it: ``around(run, images)``."""

    class Net(Tiny):
        def forward(self, images):
            return around(super().forward, images)

    return Net


@torch.no_grad()
def under_no_grad(run, images):
    return run(images)


@torch.inference_mode()
def under_inference_mode(run, images):
    return run(images)


class Doubled(torch.autograd.Function):
    """Its backward returns no gradient."""

    @staticmethod
    def forward(ctx, images):
        return images * 2

    @staticmethod
    def backward(ctx, gradient):
        return None


class OneWay(torch.autograd.Function):
    """It has no backward."""

    @staticmethod
    def forward(ctx, images):
        return images * 2


def quantised_dynamically():
    return torch.ao.quantization.quantize_dynamic(Tiny(), {nn.Linear}, dtype=torch.qint8)


def quantised_by_fx():
    from torch.ao.quantization import get_default_qconfig_mapping, quantize_fx

    example = (torch.zeros(2, 3, networks.SIDE, networks.SIDE),)
    prepared = quantize_fx.prepare_fx(Tiny().eval(), get_default_qconfig_mapping(), example)
    prepared(*example)
    return quantize_fx.convert_fx(prepared)


class Statistics(nn.Module):
    """A frozen norm, all of which are buffers."""

    def __init__(self, variance):
        super().__init__()
        self.register_buffer("variance", torch.full((6, 1, 1), variance))

    def forward(self, maps):
        return maps / self.variance.sqrt()


def with_buffers(variance):
    network = Tiny()
    network.norm = Statistics(variance)
    return network


def with_statistics(name, value, channel=slice(None)):
    network = Tiny()
    getattr(network.norm, name)[channel] = value
    return network


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (tiny(under_no_grad), r"torch\.no_grad.*take no_grad out"),
        (tiny(under_inference_mode), r"torch\.inference_mode.*take inference_mode out"),
        (tiny(lambda run, images: run(images).detach()), "detach"),
        (tiny(lambda run, images: run(images).data), r"\.data"),
        (tiny(lambda run, images: run(images.data)), r"\.data"),
        (tiny(lambda run, images: run(torch.from_numpy(images.numpy() * 2))), r"gradient is asked for.*numpy\(\)"),
        (tiny(lambda run, images: run(torch.tensor(np.asarray(images.tolist())).float())), "leaves torch"),
        (tiny(lambda run, images: run(images).long().float()), "whole numbers"),
        (tiny(lambda run, images: run((images * 9).to(torch.uint8).float())), "whole numbers"),
        (tiny(lambda run, images: F.one_hot(run(images).argmax(1), 5).float()), "argmax.*return the scores"),
        (tiny(lambda run, images: run(torch.round(images * 8) / 8)), r"rounds \(round\)"),
        (tiny(lambda run, images: run(torch.sign(images))), r"rounds \(sign\)"),
        (tiny(lambda run, images: run(torch.round(images)) + torch.sign(run(images))), r"rounds \(round, sign\)"),
        (tiny(lambda run, images: (run(images).detach(), run(images))), r"detach.*choose another.*output = 1"),
        (tiny(lambda run, images: {"logits": run(images).data, "raw": run(images)}), r'another.*output = "raw"'),
        (tiny(lambda run, images: run(Doubled.apply(images))), "backward of an operation"),
        (tiny(lambda run, images: run(OneWay.apply(images))), "its backward failed: NotImplementedError"),
        (tiny(lambda run, images: checkpoint(run, images.detach(), use_reentrant=True)), "reentrant.*use_reentrant"),
        (tiny(lambda run, images: checkpoint(lambda it: run(it[0]), [images], use_reentrant=True)), "reentrant"),
        (quantised_dynamically, r"quantised \(head\).*use the float model"),
        (quantised_by_fx, r"quantised \(conv"),
        (lambda: with_statistics("running_var", INF), r"not finite in norm\.running_var"),
        (lambda: with_statistics("running_var", INF, 2), r"not finite in norm\.running_var"),
        (lambda: with_statistics("running_mean", -INF), r"not finite in norm\.running_mean"),
        (lambda: with_statistics("running_var", float("nan")), r"not finite in norm\.running_var"),
        (lambda: with_buffers(INF), r"buffers are infinite: norm\.variance"),
        (lambda: with_buffers(-INF), r"buffers are infinite: norm\.variance"),
    ],
)
def test_what_lets_no_gradient_through_is_refused_with_the_reason(load, make, says):
    with pytest.raises(ModelError, match="(?s)" + says) as caught:
        load(make)
    assert 'model "mine"' in str(caught.value) and caught.value.remedy


class Masked(networks.Tokens):
    """Attention with a causal mask of minus infinity, and a bound that is infinite."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.triu(torch.full((17, 17), -INF), 1))
        self.register_buffer("bound", torch.tensor(INF))

    def forward(self, images):
        tokens = torch.cat([self.prefix.expand(len(images), -1, -1), self.embed(images).flatten(2).mT], dim=1)
        heads = self.mix(tokens).unflatten(2, (3, 4)).transpose(1, 2)
        mixed = self.weigh(heads @ heads.mT + self.mask) @ heads
        return self.head(torch.minimum(self.out(mixed.transpose(1, 2).flatten(2)).mean(dim=1), self.bound))


def all_dead():
    network = Tiny()
    with torch.no_grad():
        network.deep[0].weight.zero_()
        network.deep[1].running_mean.zero_()
        network.deep[1].bias.fill_(-5.0)
    return network


def in_place(run, images):
    images.sub_(0.1)
    return run(images)


def with_gradients_off_everywhere():
    torch.set_grad_enabled(False)
    return Tiny()


@pytest.mark.parametrize(
    "make",
    [
        Masked,
        all_dead,
        with_gradients_off_everywhere,
        networks.Lazy,
        networks.half,
        networks.Blind,
        tiny(in_place),
        tiny(lambda run, images: run(images).softmax(dim=1)),
        tiny(lambda run, images: torch.relu(run(images) - 1e6) + torch.floor(images).mean()),
        tiny(lambda run, images: run(images + (torch.round(images) - images).detach())),
        tiny(lambda run, images: torch.cat([torch.zeros(len(images), 2), run(images)[:, 2:]], dim=1)),
        tiny(lambda run, images: run(images) / run(images).detach().norm()),
        tiny(lambda run, images: [run(images), [images, {"scores": None}]]),
        tiny(lambda run, images: checkpoint(run, images, use_reentrant=False)),
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()),
    ],
)
def test_what_is_sound_is_not_refused(load, make):
    with torch.enable_grad():
        model = load(make)
        assert torch.is_grad_enabled()
    assert model.blindness(layer.name for layer in model.card.layers) == ""


class Beside(Tiny):
    """A branch without gradient beside the network."""

    def __init__(self):
        super().__init__()
        self.aside = nn.Conv2d(3, 4, 1)

    def forward(self, images):
        with torch.no_grad():
            shift = self.aside(images).mean()
        return super().forward(images) + shift


def test_a_layer_that_no_gradient_leaves_is_known(load):
    assert '"aside"' in load(Beside).blindness(["conv", "aside"])
    assert load(Beside).blindness(["conv", "logits"]) == ""
    whole = load(tiny(lambda run, images: checkpoint(run, images, use_reentrant=True)))
    assert '"conv", "deep"' in whole.blindness(["conv", "deep"]) and "use_reentrant=False" in whole.blindness(["conv"])
    assert whole.blindness(["logits"]) == ""
