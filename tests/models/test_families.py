"""The same code must hold for every family; each claim is checked against timm or torch used another way."""

import pytest
import torch

from atlas.models.network.preprocess import Normalise

CPU = torch.device("cpu")
ALL = ["efficientnet", "resnet", "convnext", "vit", "swin"]
# A late layer, with the number of units and the grid that the papers' figures give.
LATE = {
    "efficientnet": ("blocks.6", 320, (7, 7)),
    "resnet": ("layer4", 512, (7, 7)),
    "convnext": ("stages.3", 320, (7, 7)),
    "vit": ("blocks.11", 192, (14, 14)),
    "swin": ("layers.3", 768, (7, 7)),
}


def hooked(model, layer, images):
    """Return what the module returns in a full forward pass; cloned, since what follows may change it in place."""
    kept = []
    handle = model.module.get_submodule(layer).register_forward_hook(lambda *call: kept.append(call[2].clone()))
    model.module(Normalise(model.card.identity.preprocessing, CPU)(images))
    handle.remove()
    return kept[-1]


@pytest.mark.parametrize("family", ALL)
def test_late_layer_has_the_published_units_and_grid(families, family):
    layer, units, grid = LATE[family]
    info = families(family).card.layer(layer)
    assert (info.units, info.grid) == (units, grid)


@pytest.mark.parametrize("family", ALL)
def test_truncated_activation_is_the_hooked_one_in_canonical_layout(families, images, family):
    model, batch = families(family), images(2, 224)
    layer, units, (rows, columns) = LATE[family]
    found = model.network("float32", CPU)(batch, layer)
    expected = hooked(model, layer, batch)
    assert found.shape == (2, units, rows, columns)
    if family == "vit":  # the class token first, then the patches row by row
        expected = torch.stack([expected[:, 1 + i * columns : 1 + (i + 1) * columns] for i in range(rows)], dim=1)
    if family in ("vit", "swin"):
        expected = torch.einsum("brcu->burc", expected)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("family", ALL)
def test_logits_are_the_models_own_and_follow_its_features(families, images, family):
    model, batch = families(family), images(4, 224)  # few rows would be filled up, which rounds otherwise
    inputs = Normalise(model.card.identity.preprocessing, CPU)(batch)
    expected = model.module.forward_head(model.module.forward_features(inputs))
    assert torch.allclose(model.network("float32", CPU)(batch, "logits"), expected, atol=1e-6)
    assert model.card.layers[-1].name == "logits"
    assert model.card.layers[-1].units == len(model.card.classes) == 1000


@pytest.mark.parametrize("family", ALL)
def test_gradient_reaches_the_image_and_no_weight(families, images, family):
    model, batch = families(family), images(2, 224).requires_grad_()
    model.network("float32", CPU)(batch, LATE[family][0])[:, 3].mean().backward()
    assert batch.grad.abs().sum(dim=(1, 2, 3)).min() > 0
    assert not any(weight.requires_grad for weight in model.module.parameters())


@pytest.mark.parametrize("family", ALL)
def test_nothing_runs_after_the_layer_and_no_hook_stays(families, images, family):
    model, layer = families(family), LATE[family][0]
    names = [info.name for info in model.card.layers[:-1]]
    later = names[names.index(layer) + 1 :]
    later = [name for name in later if not layer.startswith(f"{name}.")]
    ran = []
    watches = [
        model.module.get_submodule(name).register_forward_pre_hook(lambda *_, name=name: ran.append(name))
        for name in names
    ]
    model.network("float32", CPU)(images(1, 224), layer)
    for watch in watches:
        watch.remove()
    assert later
    assert layer in ran
    assert not set(later) & set(ran)
    assert not any(part._forward_hooks for part in model.module.modules())


@pytest.mark.parametrize("family", ["efficientnet", "resnet"])
def test_folded_layers_agree_and_lost_ones_ask_for_plain_numerics(families, images, family):
    model, batch = families(family), images(2, 224)
    plain, folded = model.network("float32", CPU), model.network("float32-folded", CPU)
    norm = "bn1"  # both stems
    for layer in (norm, LATE[family][0], "logits"):
        assert model.numerics_for(layer) == "float32-folded"
        expected = plain(batch, layer)
        assert (folded(batch, layer) - expected).norm() < 1e-4 * expected.norm()
    stem = model.card.layers[0].name
    assert model.numerics_for(stem) == "float32"
    norms = sum(isinstance(part, torch.nn.BatchNorm2d) for part in model.module.modules())
    assert norms > 10
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in folded.module.modules())


@pytest.mark.parametrize("family", ["convnext", "vit", "swin"])
def test_without_batch_norm_numerics_are_plain(families, family):
    assert families(family).numerics_for("logits") == "float32"


def test_tokens_and_maps_keep_apart_in_the_layers_of_vit_and_swin(families):
    vit, swin = families("vit").card, families("swin").card
    assert vit.layer("blocks.0").prefix_tokens == 1
    assert vit.layer("patch_embed").prefix_tokens == 0
    assert {swin.layer(f"layers.{stage}").layout for stage in range(4)} == {"map_last"}
    assert swin.layer("patch_embed.proj").layout == "map"
    # Window attention works on batch times windows, so it is no layer, save in the last stage, which is one window.
    assert swin.layer("layers.0.blocks.0.attn") is None
    assert swin.layer("layers.3.blocks.0.attn").grid == (7, 7)


def test_a_spec_without_weights_gives_the_same_network_each_time(families):
    from atlas.models.load import load_model
    from atlas.models.spec import ModelSpec

    before = torch.random.get_rng_state()
    spec = ModelSpec(name="again", architecture="test_resnet", pretrained=False, arguments={"num_classes": 4})
    torch.manual_seed(3)
    first = load_model(spec)
    torch.manual_seed(4)
    state = torch.random.get_rng_state()
    second = load_model(spec)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert first.card == second.card
    assert [label.name for label in first.card.classes] == ["0", "1", "2", "3"]
    torch.random.set_rng_state(before)
