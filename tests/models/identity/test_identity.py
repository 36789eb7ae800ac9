"""Whatever changes what is computed makes another model; what does not, leaves it the same."""

import types

import networks
import numpy as np
import pytest
import torch
from networks import Tiny
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from atlas.core.sameness import differences, relative_difference
from atlas.models.identity.structure import settings
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

MODULES = "its modules, their settings or their order"


@pytest.fixture
def card(monkeypatch):
    """Return the card of what a function makes, always loaded as one and the same callable."""

    def card(make):
        monkeypatch.setattr(networks, "current", make, raising=False)
        return load_model(ModelSpec(name="m", source="callable", architecture="networks:current", size=16)).card

    return card


class Net(nn.Module):
    """A little of everything, all of it the arguments' own."""

    def __init__(self, act=F.relu, scale=1.0, pool=torch.mean, backward=1.0, eps=1e-5, **plain):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8, eps=eps)
        self.middle = nn.Conv2d(8, 8, 3, padding=1)
        self.act = nn.ReLU()
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(8, 5)
        self.register_buffer("table", torch.ones(8, 1, 1), persistent=False)
        self.plain = torch.ones(8, 1, 1)
        self._code = [act, scale, pool, backward]  # as if it were written in forward

    def forward(self, images):
        act, scale, pool, backward = self._code
        maps = act(self.norm(self.first(images))) * self.table * self.plain
        maps = maps + scale * self.act(self.middle(maps))
        maps = backward * maps + ((1 - backward) * maps).detach()
        return self.head(self.drop(pool(maps.flatten(2), dim=2)))


def largest(maps, dim):
    return maps.amax(dim=dim)


def changed(change=None, **code):
    """A maker of the network with other code, or changed once it is made."""

    def make():
        network = Net(**code)
        if change is not None:
            with torch.no_grad():
                change(network)
        return network

    return make


def put(name, part):
    return lambda network: setattr(network, name, part)


def flip_hook(module, given, output):
    return output.flip(1)


class Halved(nn.Module):
    def forward(self, weight):
        return weight / 2


BY_MODULES = {
    "another activation": put("act", nn.Tanh()),
    "a setting": put("act", nn.LeakyReLU(0.2)),
    "a GELU's approximation": put("act", nn.GELU(approximate="tanh")),
    "the padding": lambda network: setattr(network.middle, "padding_mode", "circular"),
    "the eps of a norm": lambda network: setattr(network.norm, "eps", 1e-3),
    "a module around": lambda network: setattr(network, "act", nn.Sequential(network.act)),
    "a function that is kept": lambda network: setattr(network, "helper", torch.tanh),
    "another order": lambda network: network._code.__setitem__(0, lambda maps: network.drop(F.relu(maps))),
    "called twice": lambda network: network._code.__setitem__(0, lambda maps: F.relu(network.act(maps))),
}
BY_OUTPUTS = {
    "tanh": {"act": torch.tanh},
    "clipped": {"act": F.relu6},
    "leaky": {"act": F.leaky_relu},
    "a GELU by its approximation": {"act": lambda maps: F.gelu(maps, approximate="tanh")},
    "scale": {"scale": 1.001},
    "pooling": {"pool": largest},
    "its backward alone": {"backward": 0.5},
    "a buffer that no file holds": {"change": lambda network: network.table.mul_(1.1)},
    "a tensor that is no buffer": {"change": lambda network: network.plain.mul_(1.1)},
    "a hook": {"change": lambda network: network.norm.register_forward_hook(flip_hook)},
    "channels the other way round": {"act": lambda maps: F.relu(maps.flip(1))},
}


@pytest.mark.parametrize("name", BY_MODULES)
def test_other_modules_settings_or_order_make_another_key(card, name):
    before, after = card(changed()), card(changed(BY_MODULES[name]))
    assert before.identity.weights == after.identity.weights
    assert differences(before, after) == [MODULES]


@pytest.mark.parametrize("name", BY_OUTPUTS)
def test_other_code_shows_in_what_is_computed(card, name):
    before = card(changed(act=F.gelu) if "GELU" in name else changed())
    after = card(changed(**BY_OUTPUTS[name]))
    assert before.identity == after.identity
    [reason] = differences(before, after)
    assert reason.startswith("what it computes")


def negated(logits):
    return logits.index_fill(1, torch.tensor(5), 0) - logits * F.one_hot(torch.tensor(5), logits.shape[1])


def exchanged(logits):
    order = torch.arange(logits.shape[1])
    order[[300, 301]] = order[[301, 300]]
    return logits[:, order]


def masked(logits):
    return logits.masked_fill(torch.arange(logits.shape[1]) == 7, float("-inf"))


def masked_beside(logits):
    return logits.masked_fill(torch.arange(logits.shape[1]) == 8, float("-inf"))


def with_logits(function):
    """A maker of a network of many classes, whose code ends with a function of the logits."""

    def change(network):
        network.head = nn.Linear(8, 400, bias=False)
        network.__class__ = type("Net", (Net,), {"forward": lambda self, images: function(Net.forward(self, images))})

    return changed(change)


@pytest.mark.parametrize("function", [negated, exchanged, masked])
def test_one_logit_among_many_is_noticed(card, function):
    before, after = card(with_logits(lambda logits: logits)), card(with_logits(function))
    assert before.identity == after.identity
    assert differences(before, after) == [
        'what it computes (first seen at "logits"; its modules and weights are the same)'
    ]
    assert differences(after, card(with_logits(function))) == []
    assert differences(card(with_logits(masked)), card(with_logits(masked_beside))) != []


def test_the_gradient_is_of_all_logits(card):
    def halved(logits):
        return torch.cat([logits[:, :1], 0.5 * logits[:, 1:] + 0.5 * logits[:, 1:].detach()], 1)

    [reason] = differences(card(with_logits(lambda logits: logits)), card(with_logits(halved)))
    assert "gradient" in reason


class Deep(nn.Module):
    """Forty blocks; the output of one is another while the next puts that right."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.lift = nn.Conv2d(3, 4, 1)
        self.blocks = nn.ModuleList(nn.Conv2d(4, 4, 1) for _ in range(40))
        self.odd = nn.ReLU()
        self.odd.forward = lambda maps: F.relu(maps) * factor
        self._factor = factor

    def forward(self, images):
        maps = self.lift(images)
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number == 20:
                maps = self.odd(maps) / self._factor
        return maps.mean((2, 3))


def test_every_layer_is_looked_at(card):
    [reason] = differences(card(Deep), card(lambda: Deep(2.0)))
    assert 'first seen at "odd"' in reason


def test_a_network_that_becomes_random_is_another(card):
    def noisy(logits):
        return logits * (1 + torch.rand(()))

    before, after = card(with_logits(lambda logits: logits)), card(with_logits(noisy))
    assert before.computed and not after.computed
    for one, other in ((before, after), (after, before)):
        assert differences(one, other) != []
    assert differences(after, card(with_logits(noisy))) == []


def test_a_network_that_takes_no_other_range_is_not_called_random(card):
    def narrow(scale):
        def check(maps):
            assert maps.abs().max() < 6
            return F.relu(maps) * scale

        return changed(act=check)

    before = card(narrow(1.0))
    assert before.computed
    [reason] = differences(before, card(narrow(1.001)))
    assert reason.startswith("what it computes")


def test_layers_are_watched_on_the_way_that_gradients_take(card):
    """Without a gradient torch runs an encoder's layer in one piece, if its switch and version allow that."""

    def make():
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        return nn.Sequential(
            nn.Conv2d(3, 8, 8, stride=8), nn.Flatten(2), nn.Linear(4, 8), nn.TransformerEncoder(layer, 1)
        )

    before = card(make)
    assert "3.layers.0.linear1" in [one.layer for one in before.computed]
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        assert differences(before, card(make)) == []
    finally:
        torch.backends.mha.set_fastpath_enabled(True)


def test_a_parametrized_weight_is_another_model(card):
    after = card(changed(lambda network: parametrize.register_parametrization(network.middle, "weight", Halved())))
    assert MODULES in differences(card(changed()), after)


def in_place(network):
    network.act = nn.ReLU(inplace=True)


def same_forward(network):
    """The same code, written otherwise."""

    def forward(self, images):
        act, scale, pool, _ = self._code
        maps = act(self.norm(self.first(images))) * (self.table * self.plain)
        return self.head(self.drop(pool((scale * self.act(self.middle(maps)) + maps).flatten(2), dim=2)))

    network.__class__ = type("Net", (Net,), {"forward": forward})


def counted(network):
    network.norm.num_batches_tracked += 7
    network.seen, network.folder, network.timings = 3, "/data/me", {"a": 1.0}
    network._old_forward, network.forward = network.forward, types.MethodType(Net.forward, network)


@pytest.mark.parametrize(
    "change",
    [
        None,
        in_place,
        same_forward,
        counted,
        lambda network: network.train(),
        lambda network: network.double(),
        lambda network: network.to(memory_format=torch.channels_last),
        lambda network: network.compile(backend="eager"),
    ],
)
def test_the_same_network_stays_the_same(card, change):
    before, after = card(changed()), card(changed(change))
    assert before.identity == after.identity
    assert differences(before, after) == []


@pytest.mark.parametrize(
    "architecture", ["vit_tiny_patch16_224", "convnext_atto", "mobilenetv3_small_050", "resnet10t"]
)
def test_other_kernels_threads_and_layouts_do_not_make_another_model(architecture):
    spec = ModelSpec(name="m", architecture=architecture, pretrained=False)
    before, threads = load_model(spec).card, torch.get_num_threads()
    try:
        torch.set_num_threads(1 if threads > 1 else 2)
        with torch.backends.mkldnn.flags(enabled=False):
            after = load_model(spec).card
    finally:
        torch.set_num_threads(threads)
    assert before.computed != () and before.identity == after.identity
    assert differences(before, after) == []
    pairs = zip(before.computed, after.computed, strict=True)
    # Not by a hair: rounding takes less than half of what it may.
    assert max(relative_difference(one.values, other.values) / one.within for one, other in pairs) < 0.5


def test_timm_counts_arguments_and_one_of_twelve_gelus(monkeypatch):
    spec = ModelSpec(name="m", architecture="vit_tiny_patch16_224", pretrained=False)
    before = load_model(spec).card
    assert differences(before, load_model(spec.model_copy(update={"arguments": {"num_heads": 6}})).card) != []
    real = F.gelu
    calls = iter(range(10**6))

    def sixth(maps, approximate="none"):
        return real(maps, approximate="tanh" if next(calls) % 12 == 5 else "none")

    monkeypatch.setattr(F, "gelu", sixth)
    [reason] = differences(before, load_model(spec).card)
    assert reason.startswith("what it computes")


@pytest.mark.parametrize("name", ["noise", "dropout", "numpy", "counter"])
def test_a_random_network_is_known_as_one_and_the_same(monkeypatch, name):
    class Random(Tiny):
        seen = 0

        def forward(self, images):
            self.seen += 1
            if name == "noise":
                images = images + 0.001 * torch.randn_like(images)
            logits = super().forward(images)
            if name == "dropout":
                logits = F.dropout(logits, 0.5, training=True)
            if name == "numpy":
                logits = logits * float(np.random.default_rng().uniform(1, 2))
            return logits * (self.seen if name == "counter" else 1)

    monkeypatch.setattr(networks, "current", Random, raising=False)
    spec = ModelSpec(name="m", source="callable", architecture="networks:current", size=16)
    one, two = load_model(spec), load_model(spec)
    assert one.is_random and two.is_random
    assert differences(one.card, two.card) == []


def test_settings_are_arguments_that_are_kept_and_no_defaults():
    assert settings(nn.ReLU(inplace=True)) == {}
    assert settings(nn.Linear(3, 8, device="cpu")) == {"in_features": 3, "out_features": 8}
    assert settings(nn.Conv2d(3, 8, 3, stride=(2, 2), padding_mode="reflect")) == {
        "in_channels": 3,
        "out_channels": 8,
        "kernel_size": [3, 3],
        "stride": [2, 2],
        "padding": [0, 0],
        "dilation": [1, 1],
        "padding_mode": "reflect",
    }
    layer = nn.TransformerEncoderLayer(8, 2, activation=F.gelu, batch_first=True)
    assert settings(layer)["activation"] == "gelu"
    own = Net()
    own.helper = types.MethodType(flip_hook, own)
    own.later, own.path = 3, "a"
    assert settings(own) == {"helper": "flip_hook"}
    assert settings(type("Kept", (nn.Module,), {"__init__": keep})("a/b", float("inf"), 2.0)) == {
        "bound": "inf",
        "width": 2,
    }
    rates = [rate.item() for rate in torch.linspace(0, 0.1, 12)]
    for rate in rates:  # as another way of computing them would round
        assert settings(nn.Dropout(rate)) == settings(nn.Dropout(rate * (1 + 1e-8)))


def keep(self, path, bound, width):
    nn.Module.__init__(self)
    self.path, self.bound, self.width = path, bound, width


def test_differences_are_relative_and_infinities_must_be_the_same():
    assert relative_difference((3.0, 4.0), (3.0, 4.0)) == 0
    assert relative_difference((3.0, 4.0), (6.0, 8.0)) == pytest.approx(0.5)
    assert relative_difference((0.0, 0.0), (0.0, 0.0)) == 0
    assert relative_difference((None, 1.0), (None, 1.0)) == 0
    assert relative_difference((None, 1.0), (1.0, 1.0)) == float("inf")
    assert relative_difference((1.0,), (1.0, 1.0)) == float("inf")
