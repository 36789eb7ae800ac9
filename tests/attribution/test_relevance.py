"""Relevance: each rule against a slow derivation in float64, its conservation, and what it leaves behind."""

import networks
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from atlas.attribution.guided import GuidedBackpropagation
from atlas.attribution.layerwise import LayerwiseRelevance
from atlas.attribution.relevance import relevance
from atlas.attribution.rules import EPSILON
from atlas.attribution.starts import channel_start, direction_start, neuron_start
from atlas.models.anatomy.stages import stage_layers
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

CPU = torch.device("cpu")


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sent_back(function, value, sent):
    """Return the value of a function under layer-wise relevance, and the relevance at its input, of ``sent`` behind."""
    value = value.clone().requires_grad_()
    with LayerwiseRelevance():
        result = function(value)
    away = torch.where(result != 0, sent / result, 0.0)
    (slope,) = torch.autograd.grad(result, value, away.detach())
    return result.detach(), value.detach() * slope


def slow_z_plus(value, weight, bias, sent):
    """The z+ rule by loops: value (I), weight (J, I), bias (J), sent (J)."""
    found = [0.0] * len(value)
    for j, row in enumerate(weight):
        parts = [max(one * entry, 0.0) for one, entry in zip(value, row, strict=True)]
        whole = sum(parts) + bias[j]
        whole += EPSILON if whole >= 0 else -EPSILON
        for i, part in enumerate(parts):
            found[i] += part / whole * sent[j]
    return found


# --- rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [False, True])
def test_a_linear_map_follows_the_z_plus_rule(signed):
    value = normal(2, 6) if signed else noise(2, 6)
    weight, bias, sent = normal(4, 6, seed=1), noise(4, seed=2), normal(2, 4, seed=3)
    result, found = sent_back(lambda x: F.linear(x, weight, bias), value, sent)
    torch.testing.assert_close(result, F.linear(value, weight, bias), rtol=0, atol=0)
    slow = [
        slow_z_plus(one.tolist(), weight.tolist(), bias.tolist(), r.tolist())
        for one, r in zip(value, sent, strict=True)
    ]
    torch.testing.assert_close(found, torch.tensor(slow, dtype=torch.float64), rtol=1e-9, atol=1e-12)
    if not signed:  # the rule as the paper's authors write it: weights clamped, bias kept
        clamped = weight.clamp(min=0)
        share = sent / (F.linear(value, clamped, bias) + EPSILON)
        torch.testing.assert_close(found, value * (share @ clamped))


def test_a_convolution_is_the_linear_map_that_it_is():
    value, weight, bias = noise(1, 3, 5, 6), normal(4, 3, 3, 3, seed=1), noise(4, seed=2)
    result, found = sent_back(lambda x: F.conv2d(x, weight, bias, stride=2, padding=1), value, torch.ones(1, 4, 3, 3))
    basis = torch.eye(90, dtype=torch.float64).view(90, 3, 5, 6)
    matrix = F.conv2d(basis, weight, stride=2, padding=1).flatten(1).T  # (36, 90)
    biases = bias.repeat_interleave(9)
    slow = slow_z_plus(value.flatten().tolist(), matrix.tolist(), biases.tolist(), [1.0] * 36)
    torch.testing.assert_close(found.flatten(), torch.tensor(slow, dtype=torch.float64), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(result, F.conv2d(value, weight, bias, stride=2, padding=1), rtol=0, atol=0)


@pytest.mark.parametrize(
    "module",
    [
        nn.BatchNorm2d(3),
        nn.LayerNorm([3, 4, 4]),
        nn.GroupNorm(1, 3),
        nn.ReLU(inplace=True),
        nn.GELU(),
        nn.SiLU(inplace=True),
        nn.Hardswish(),
        nn.LeakyReLU(0.1),
    ],
    ids=lambda module: type(module).__name__,
)
def test_norms_and_activations_pass_relevance_on(module):
    module = module.double().eval()
    if isinstance(module, nn.BatchNorm2d):
        networks.randomise(module)
    value = normal(2, 3, 4, 4)
    expected = module(value.clone())
    sent = torch.where(expected != 0, normal(2, 3, 4, 4, seed=1), 0.0)  # what is 0 has had no say
    result, found = sent_back(module, value.clone(), sent)
    torch.testing.assert_close(result, expected, rtol=0, atol=0)
    torch.testing.assert_close(found, sent, rtol=1e-9, atol=1e-12)


def test_a_sum_splits_relevance_by_the_sizes_of_its_parts():
    main, shortcut = normal(2, 5), normal(2, 5, seed=1)
    both = torch.cat([main, shortcut])
    for add in (lambda one, two: one + two, torch.add, lambda one, two: one.clone().add_(two)):
        _, found = sent_back(lambda x, add=add: add(x[:2], x[2:]), both, torch.ones(2, 5))
        sizes = main.abs() + shortcut.abs()
        torch.testing.assert_close(found[:2], main.abs() / sizes, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(found[2:], shortcut.abs() / sizes, rtol=1e-3, atol=1e-4)


def test_a_maximum_is_treated_as_a_mean():
    value = noise(1, 2, 4, 6) + 0.1
    result, found = sent_back(nn.MaxPool2d(2), value, torch.ones(1, 2, 2, 3))
    assert torch.equal(result, F.max_pool2d(value, 2))
    sums = F.avg_pool2d(value, 2, divisor_override=1).repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(found, value / sums, rtol=1e-3, atol=0)


def test_gates_and_attention_weights_get_none():
    value = normal(2, 4, 3, 3)
    gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1, bias=False), nn.Sigmoid()).double()
    sent = normal(2, 4, 3, 3, seed=1)
    _, found = sent_back(lambda x: x * gate(x), value, sent)
    torch.testing.assert_close(found, sent)
    asked, held = normal(1, 2, 5, 4, seed=2), normal(1, 2, 5, 4, seed=3)
    with LayerwiseRelevance():
        mixed = F.scaled_dot_product_attention(normal(1, 2, 5, 4).requires_grad_(), asked, held)
    assert not mixed.requires_grad


def test_torchs_own_attention_is_what_it_is_spelled_out():
    attention = nn.MultiheadAttention(8, 2, batch_first=True, bias=False).double().eval().requires_grad_(False)
    tokens = normal(2, 5, 8)
    weights = attention.in_proj_weight.split(8)

    def spelled_out(x):
        asked, offered, held = (F.linear(x, one).unflatten(2, (2, 4)).transpose(1, 2) for one in weights)
        shares = (asked @ offered.transpose(2, 3) / 2).softmax(dim=-1)
        return F.linear((shares @ held).transpose(1, 2).flatten(2), attention.out_proj.weight)

    sent = normal(2, 5, 8, seed=1)
    one, two = sent_back(lambda x: attention(x, x, x)[0], tokens, sent), sent_back(spelled_out, tokens, sent)
    for found, expected in zip(one, two, strict=True):
        torch.testing.assert_close(found, expected)


# --- whole networks ----------------------------------------------------------------------------------------------


class Free(nn.Module):
    """A network without biases: convolutions, norms, a shortcut, a gate and a pool."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.stem = nn.Conv2d(3, 6, 3, padding=1, bias=False)
            self.norm = nn.BatchNorm2d(6)
            self.act = nn.ReLU(inplace=True)
            self.pool = nn.MaxPool2d(3, 2, 1)
            self.body = nn.Conv2d(6, 6, 3, padding=1, bias=False)
            self.act2 = nn.ReLU(inplace=True)
            self.head = nn.Linear(6, 5, bias=False)

    def forward(self, images):
        maps = self.pool(self.act(self.norm(self.stem(images))))
        branch = self.body(maps) * torch.sigmoid(maps.mean(dim=(2, 3), keepdim=True))
        branch += maps
        return self.head(self.act2(branch).mean(dim=(2, 3)))


def sums(found):
    return {layer: values.flatten(1).sum(dim=1) for layer, values in found.relevances.items()}


def test_relevance_is_conserved_in_a_network_without_biases():
    network = Free().double().eval().requires_grad_(False)
    images = noise(3, 3, 16, 16).requires_grad_()
    with LayerwiseRelevance():
        logits = network(images)
    torch.testing.assert_close(logits.detach(), network(images).detach(), rtol=0, atol=0)
    (slope,) = torch.autograd.grad(logits[:, 2].sum(), images)
    torch.testing.assert_close((images * slope).sum(dim=(1, 2, 3)), logits[:, 2].detach(), rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize(
    "name", ["resnet18", "tf_efficientnet_lite0", "mobilenetv3_small_050", "convnext_atto", "vit_tiny_patch16_224"]
)
def test_relevance_is_conserved_from_stage_to_stage_of_timms_families(name):
    """Biases and class tokens that are there take no part between the blocks of untrained networks."""
    model = load_model(ModelSpec(name=name, architecture=name, pretrained=False, size=64))
    network = model.network("float32", CPU)
    stages = stage_layers(network)
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = relevance(network, images, stages[-1], channel_start(torch.tensor([1])), stages[1:], "lrp")
    sent = sums(found)[stages[-1]]
    assert sent.abs().min() > 1e-6
    for layer in stages[1:]:
        torch.testing.assert_close(sums(found)[layer], sent, rtol=0.05, atol=1e-6)
    with torch.no_grad():
        plain = network.raw_taps(network.inputs(images), stages[1:])
    for layer in stages[1:]:
        assert torch.equal(found.activations[layer], plain[layer])


@pytest.fixture(scope="module")
def tiny():
    model = load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))
    return model.network("float32", CPU)


@pytest.mark.parametrize("rule", ["lrp", "guided"])
def test_relevance_of_an_image_does_not_depend_on_its_batch(tiny, rule):
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    units = torch.tensor([1, 2, 3, 4])
    together = relevance(tiny, images, "body", channel_start(units, "max"), ["act", "body"], rule)
    pair = relevance(tiny, images[1:3], "body", channel_start(units[1:3], "max"), ["act", "body"], rule)
    for layer in ("act", "body"):
        torch.testing.assert_close(together.relevances[layer][1:3], pair.relevances[layer], rtol=1e-4, atol=1e-6)


def test_layers_that_are_on_no_path_get_none(tiny):
    found = relevance(tiny, torch.rand(2, 3, 32, 32), "act", channel_start(torch.tensor([0])), ["stem", "act"], "lrp")
    assert found.relevances["stem"].abs().max() > 0


def test_guided_gradients_are_positive_behind_every_activation():
    """By the definition, written out for two layers in float64."""
    first, second = normal(6, 4), normal(3, 6, seed=1)
    value = normal(5, 4, seed=2).requires_grad_()
    with GuidedBackpropagation():
        hidden = F.relu(F.linear(value, first))
        result = F.relu(F.linear(hidden, second), inplace=True)
    (found,) = torch.autograd.grad(result[:, 1].sum(), value)
    with torch.no_grad():
        before = F.linear(value, first)
        after = F.linear(before.clamp(min=0), second)
        sent = torch.zeros_like(after)
        sent[:, 1] = 1
        slope = (sent * (after > 0)) @ second
        slope = (slope.clamp(min=0) * (before > 0)) @ first
    torch.testing.assert_close(found, slope)


def test_nothing_is_left_behind_after_an_error(tiny):
    before = {name: weight.clone() for name, weight in tiny.module.state_dict().items()}

    def fail(activation):
        raise RuntimeError("on purpose")

    for rule in ("lrp", "guided"):
        with pytest.raises(RuntimeError, match="on purpose"):
            relevance(tiny, torch.rand(2, 3, 32, 32), "body", fail, ["act"], rule)
    for part in tiny.module.modules():
        assert not [*part._forward_pre_hooks, *part._forward_hooks, *part._backward_hooks]
    assert all(not weight.requires_grad and weight.grad is None for weight in tiny.module.parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in tiny.module.state_dict().items())
    value = torch.tensor([-1.0, 2.0], requires_grad=True)
    F.relu(value).sum().backward()  # functions are themselves again
    assert value.grad.tolist() == [0, 1]


# --- starts ------------------------------------------------------------------------------------------------------


def test_starts_are_at_the_unit_and_place_that_they_name():
    activation = normal(2, 3, 4, 5)
    units = torch.tensor([2, 0])
    asked = [activation[0, 2], activation[1, 0]]
    mean = channel_start(units)(activation)
    assert (mean * activation).sum(dim=(1, 2, 3)).tolist() == pytest.approx([one.mean().item() for one in asked])
    largest = channel_start(units, "max")(activation)
    assert (largest * activation).sum(dim=(1, 2, 3)).tolist() == [one.max().item() for one in asked]
    neuron = neuron_start(units, [(3, 1), None])(activation)
    assert neuron.nonzero().tolist() == [[0, 2, 3, 1], [1, 0, 2, 2]]
    vector = channel_start(torch.tensor([1]))(normal(2, 3))
    assert vector.tolist() == [[0, 1, 0], [0, 1, 0]]


def test_a_direction_starts_where_its_cosine_is_largest_with_itself_as_relevance():
    activation = normal(1, 4, 3, 3)
    activation[0, 3] = 0  # a unit that is 0 has had no say
    direction = activation[0, :, 1, 2] * 7
    direction[3] = 5
    activation[0, :3, 1, 2] *= 0.01  # the cosine does not mind
    found = (direction_start(direction[None])(activation) * activation)[0]
    torch.testing.assert_close(found[:3, 1, 2], direction[:3])
    found[:, 1, 2] = 0
    assert found.abs().max() == 0
