"""Checkpoints as people have them: keys, prefixes, wrappers and extras; and each way not to fit, with its remedy."""

import argparse
import sys
from collections import OrderedDict, defaultdict
from datetime import datetime
from pathlib import PurePosixPath

import networks
import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from atlas.errors import ModelError
from atlas.models.checkpoints.checkpoint import fit, load_checkpoint
from atlas.models.checkpoints.weights import digest_weights
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec


@pytest.fixture
def weights():
    torch.manual_seed(11)
    return networks.Tiny().state_dict()


@pytest.fixture
def load(tmp_path):
    """Return a function that saves a checkpoint, loads it into a network and returns what was told of it."""

    def run(content, module=None, legacy=False, **fields):
        path = tmp_path / "w.pt"
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        module = networks.Tiny() if module is None else module
        spec = ModelSpec(name="m", source="callable", architecture="a:b", checkpoint=path, **fields)
        return module, load_checkpoint(module, spec)

    return run


def prefixed(weights, prefix):
    return OrderedDict((prefix + name, tensor) for name, tensor in weights.items())


def moved(weights):
    return {name: tensor + 1 for name, tensor in weights.items()}


def holds(module, weights):
    own = module.state_dict()
    return all(torch.equal(own[name], tensor) for name, tensor in weights.items())


KEYS = ("state_dict", "model", "model_state_dict", "net", "network", "weights", "params", "generator", "my_own_key")


@pytest.mark.parametrize("key", KEYS)
def test_a_state_dict_is_found_under_any_key(load, weights, key):
    other = {"optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]}, "epoch": 3}
    module, loaded = load({"epoch": 1, key: weights, **other})
    assert holds(module, weights) and loaded.origin == f"checkpoint w.pt, {key}" and not loaded.notices


@pytest.mark.parametrize("keys", [("model", "state_dict"), ("checkpoint", "0", "model"), ("module", "net")])
def test_a_state_dict_is_found_deeper(load, weights, keys):
    content = weights
    for key in reversed(keys):
        content = [content, {"lr": 0.1}] if key == "0" else {key: content, "version": 1}
    assert holds(load(content)[0], weights)


PREFIXES = (
    *("module.", "model.", "backbone.", "encoder.", "net.", "_orig_mod.", "student.", "_orig_mod.module."),
    *("module._orig_mod.model.", "ema_model.module.", "anything.of.mine."),
)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("legacy", [False, True])
def test_a_common_prefix_is_stripped(load, weights, prefix, legacy):
    module, loaded = load({"state_dict": prefixed(weights, prefix)}, legacy=legacy)
    assert holds(module, weights) and not loaded.notices


class Wrapper(nn.Module):
    """Keeps the network under a name that wrappers use as well, and a norm of its own beside it."""

    def __init__(self, name="module", beside=False):
        super().__init__()
        self.add_module(name, networks.Tiny())
        if beside:
            self.register_buffer("mean", torch.tensor([0.5]))


@pytest.mark.parametrize("name", ["module", "model", "backbone"])
def test_a_prefix_that_the_model_has_stays_and_is_added_where_it_lacks(load, weights, name):
    for content in (prefixed(weights, f"{name}."), weights, {"net": prefixed(weights, f"module.{name}.")}):
        module, _ = load(content, Wrapper(name))
        assert holds(getattr(module, name), weights)


def test_wrappers_inside_of_names_are_looked_through(load, weights):
    parallel = {name.replace("deep.", "deep.module."): tensor for name, tensor in weights.items()}
    compiled = {f"model.{name.replace('head.', '_orig_mod.head.')}": tensor for name, tensor in weights.items()}
    assert holds(load(parallel)[0], weights) and holds(load(compiled)[0], weights)


def test_a_head_that_a_trainer_keeps_beside_its_model_is_found(load, weights):
    mixed = {name if name.startswith("head") else f"model.{name}": tensor for name, tensor in weights.items()}
    assert holds(load({"state_dict": mixed})[0], weights)
    parts = defaultdict(dict)
    for name, tensor in weights.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    assert holds(load({**parts, "epoch": 2})[0], weights)


def test_a_head_that_a_library_keeps_apart_is_found_and_said(load, weights):
    apart = {f"{'head' if name.startswith('head') else 'backbone'}.{name}": tensor for name, tensor in weights.items()}
    module, loaded = load({"state_dict": apart, "meta": {"epoch": 3}})
    assert holds(module, weights)
    assert 'head.weight, head.bias are from "state_dict.head" of w.pt, the others from "state_dict.backbone"' in str(
        loaded.notices
    )
    with pytest.raises(ModelError, match=r"lacks head.weight"):  # two heads that fit: none is guessed
        load({"state_dict": apart | {name.replace("head.", "aux.", 1): one for name, one in apart.items()}})
    with pytest.raises(ModelError, match=r"lacks head.weight"):
        load({"state_dict": apart | {"head.head.weight": torch.ones(9, 8)}})


@pytest.mark.parametrize("pair", [("student", "teacher"), ("net", "net_ema"), ("a", "b")])
def test_two_equal_branches_keep_their_own_weights(load, weights, pair):
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            for name in pair:
                self.add_module(name, networks.Tiny())

    both = prefixed(weights, f"{pair[0]}.") | prefixed(moved(weights), f"{pair[1]}.")
    for content in (both, {"state_dict": prefixed(both, "module.")}):
        module, loaded = load(content, Branches())
        assert holds(module, both) and not loaded.notices


AVERAGED = {
    "timm": lambda own, ema: {"state_dict": own, "state_dict_ema": ema},
    "yolo": lambda own, ema: {"model": own, "ema": ema},
    "gan": lambda own, ema: {"g": own, "g_ema": ema, "d": {"x.weight": torch.ones(3)}},
    "basicsr": lambda own, ema: {"params": own, "params_ema": ema},
    "lightning": lambda own, ema: {"state_dict": prefixed(own, "model.") | prefixed(ema, "model_ema.")},
    "dino": lambda own, ema: {"student": prefixed(own, "module."), "teacher": ema},
    "swa": lambda own, ema: {"state_dict": own, "swa": {"n_averaged": torch.tensor(4), **prefixed(ema, "module.")}},
}


@pytest.mark.parametrize("kind", AVERAGED)
def test_averaged_weights_come_first_and_the_choice_is_said(load, weights, kind):
    module, loaded = load(AVERAGED[kind](moved(weights), weights))
    assert holds(module, weights)
    assert "several sets" in loaded.notices[0] and "checkpoint_key" in loaded.notices[0]
    same, silent = load(AVERAGED[kind](weights, weights))
    assert holds(same, weights) and not silent.notices  # nothing to choose


def test_a_key_chooses_and_a_wrong_one_is_corrected(load, weights):
    content = {"state_dict": {"a": weights, "b": moved(weights)}, "net": prefixed(moved(weights), "student.")}
    assert holds(load(content, checkpoint_key="state_dict.a")[0], weights)
    assert holds(load(content, checkpoint_key="net.student")[0], moved(weights))
    with pytest.raises(ModelError, match=r'no tensors under checkpoint_key = "state_dic"\n.*did you mean "state_dict'):
        load(content, checkpoint_key="state_dic")
    with pytest.raises(ModelError, match=r"tensors are under: state_dict, state_dict.a"):
        load(content, checkpoint_key="qqq")


def test_the_averaged_model_and_its_counters(load, weights):
    averaged = torch.optim.swa_utils.AveragedModel(networks.Tiny())
    averaged.module.load_state_dict(weights)
    assert holds(load(averaged.state_dict())[0], weights)
    lucid = {"initted": torch.tensor(True), "step": torch.tensor(3), **prefixed(weights, "ema_model.")}
    assert holds(load(lucid)[0], weights)
    assert holds(load(weights, torch.optim.swa_utils.AveragedModel(networks.Tiny()))[0].module, weights)


def test_averages_without_names_are_refused_for_what_they_are(load, weights):
    with pytest.raises(ModelError, match=r"holds no tensors by name, 2 without names, in lists\n.*save its state_dict"):
        load({"decay": 0.9, "shadow_params": [torch.ones(2), torch.ones(3)]})


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4, bias=False)
        self.second = nn.Linear(4, 4, bias=False)
        self.second.weight = self.first.weight


@pytest.mark.parametrize("kept", [("first",), ("second",), ("first", "second")])
def test_tied_weights_are_needed_once(load, kept):
    weight = torch.randn(4, 4)
    module, _ = load({f"{name}.weight": weight for name in kept}, Tied())
    assert torch.equal(module.first.weight, weight) and module.second.weight is module.first.weight
    with pytest.raises(ModelError, match="one tensor in the model, but two in the file"):
        load({"first.weight": weight, "second.weight": weight + 1}, Tied())


def test_what_scripts_store_beside_the_weights_does_no_harm(load, weights):
    beside = {
        "best": np.float64(0.5),
        "losses": np.arange(3),
        "count": np.int32(1),
        "when": datetime(2024, 1, 1),
        "args": argparse.Namespace(path=PurePosixPath("x"), lr=np.float32(0.1)),
        "meters": defaultdict(list, {"a": [1]}),
        "text": np.str_("x"),
        "flag": np.bool_(True),
        "sizes": {torch.Size([1]), PurePosixPath("y")},
        "version": torch.torch_version.TorchVersion("2.1"),
        "rng": np.random.RandomState(0).get_state(),
    }
    for legacy in (False, True):
        assert holds(load({**beside, "state_dict": weights}, legacy=legacy)[0], weights)


def test_arrays_by_name_are_weights(load, weights, tmp_path):
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    arrays["head.weight"] = np.asfortranarray(arrays["head.weight"])
    arrays["conv.bias"] = arrays["conv.bias"].astype(">f4")
    assert holds(load({"model": arrays})[0], weights)


def test_formats_precisions_and_counters_give_one_digest(tmp_path, weights):
    save_file(weights, tmp_path / "a.bin")
    torch.save(weights, tmp_path / "b.safetensors")
    torch.save({name: t.double() if t.is_floating_point() else t for name, t in weights.items()}, tmp_path / "c.pth")
    np.savez(tmp_path / "e.npz", **{name: tensor.numpy() for name, tensor in weights.items()})
    del weights["norm.num_batches_tracked"]
    save_file(weights, tmp_path / "d.safetensors")
    digests = set()
    for name in ("a.bin", "b.safetensors", "c.pth", "d.safetensors", "e.npz"):
        network = networks.Tiny()
        load_checkpoint(network, ModelSpec(name="m", source="callable", architecture="a", checkpoint=tmp_path / name))
        digests.add(digest_weights(network))
    assert len(digests) == 1


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_weights_become_float32(load, weights, kind):
    halved = {name: tensor.to(kind) if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
    module, _ = load(halved)
    assert module.head.weight.dtype == torch.float32
    assert torch.equal(module.head.weight, halved["head.weight"].float())


def test_sparse_weights_are_filled(load, weights):
    assert holds(load({**weights, "head.weight": weights["head.weight"].to_sparse()})[0], weights)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8), "is of qint8, not of float32"),
        (lambda t: t.to(torch.int8), "is of int8, not of float32"),
        (lambda t: t.to(torch.complex64), "is of complex64, not of float32"),
        (lambda t: t.to("meta"), "has a shape but no data"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_tensors_of_no_use_are_refused(load, weights, make, says):
    with pytest.raises(ModelError, match=says):
        load({**weights, "head.weight": make(weights["head.weight"])})


def test_a_module_that_knows_older_names_has_the_last_word(load):
    class Normed(nn.Module):
        def __init__(self, old):
            super().__init__()
            norm = nn.utils.weight_norm if old else nn.utils.parametrizations.weight_norm
            self.head = norm(nn.Linear(3, 2))

    with pytest.warns(FutureWarning):
        old = Normed(old=True)
    module, _ = load({"state_dict": prefixed(old.state_dict(), "module.")}, Normed(old=False))
    assert torch.allclose(module.head.weight, old.head.weight)


# --- what does not fit ----------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_named(weights):
    weights["head.weight"] = torch.zeros(9, 8)
    weights["extra.bias"] = weights.pop("conv.bias")
    with pytest.raises(ModelError) as caught:
        fit(networks.Tiny(), weights, "it")
    for part in ("lacks conv.bias", "unknown extra.bias", "head.weight is (9, 8) instead of (5, 8)", "num_classes"):
        assert part in str(caught.value)


def test_extras_are_ignored_as_the_remedy_says_and_nothing_else(load, weights):
    extra = {
        **prefixed(weights, "model."),
        "criterion.pos_weight": torch.ones(5),
        "deep.aux.weight": torch.ones(2, 2),
        "loss": torch.ones(2),
    }
    with pytest.raises(ModelError) as caught:
        load({"state_dict": extra})
    line = 'ignore = ["criterion.*", "deep.aux.*", "loss"]'
    assert line in str(caught.value)
    assert holds(load({"state_dict": extra}, ignore=("criterion.*", "deep.aux.*", "loss"))[0], weights)
    with pytest.raises(ModelError, match="unknown loss"):
        load({"state_dict": extra}, ignore=("criterion.*", "deep.aux.*"))
    with pytest.raises(ModelError, match=r'ignore = \["criteron.\*"\] is no tensor'):
        load({"state_dict": extra}, ignore=("criteron.*",))


def test_what_stands_beside_a_prefix_of_its_own_is_named_exactly(load, weights):
    moco = prefixed(weights, "module.encoder_q.") | prefixed(moved(weights), "module.encoder_k.")
    moco |= {"module.queue": torch.ones(8, 9), "module.queue_ptr": torch.zeros(1, dtype=torch.long)}
    with pytest.raises(ModelError, match=r'ignore = \["module.queue"\]'):
        load({"state_dict": moco})
    module, loaded = load({"state_dict": moco}, ignore=("module.queue",))
    assert holds(module, weights) and "encoder_k" in loaded.notices[0]


def test_ignored_tensors_of_the_model_stay_and_that_is_said(load, weights):
    module, loaded = load({"net": prefixed(weights, "model.")}, Wrapper("model", beside=True), ignore=("mean",))
    assert holds(module.model, weights) and module.mean == 0.5
    assert "mean stay" in loaded.notices[0] and loaded.origin.endswith("not from it: mean")
    with pytest.raises(ModelError, match="it lacks mean"):
        load(weights, Wrapper("model", beside=True))


@pytest.mark.parametrize("spelling", ["num_classes", "classes", "n_classes", "nb_class"])
def test_a_head_of_another_size_names_the_line(tmp_path, monkeypatch, spelling):
    (tmp_path / "sized.py").write_text(
        f"import networks\ndef net({spelling}=5):\n    return networks.Tiny(classes={spelling})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sized", raising=False)
    torch.save(networks.Tiny(classes=7).state_dict(), tmp_path / "w.pt")
    spec = ModelSpec(name="m", source="callable", architecture="sized:net", size=16, checkpoint=tmp_path / "w.pt")
    with pytest.raises(ModelError, match=rf"arguments = {{ {spelling} = 7 }}"):
        load_model(spec)
    assert load_model(spec.model_copy(update={"arguments": {spelling: 7}})).card.layer("logits").units == 7


# --- timm -----------------------------------------------------------------------------------------------------------


def saved(tmp_path, name, **arguments):
    torch.manual_seed(5)
    module = timm.create_model(name, **arguments)
    torch.save({"state_dict": module.state_dict()}, tmp_path / "t.pth")
    return module


def of_timm(tmp_path, name, **fields):
    return load_model(
        ModelSpec(name="m", architecture=name, checkpoint=tmp_path / fields.pop("file", "t.pth"), **fields)
    )


def test_checkpoints_reach_timm_and_callable_models(tmp_path, weights):
    save_file(weights, tmp_path / "w.safetensors")
    own = ModelSpec(
        name="own", source="callable", architecture="networks:Tiny", size=16, checkpoint=tmp_path / "w.safetensors"
    )
    model = load_model(own)
    assert torch.equal(model.module.head.weight, weights["head.weight"])
    assert model.card.origin == "checkpoint w.safetensors"

    module = saved(tmp_path, "test_resnet")
    loaded = of_timm(tmp_path, "test_resnet")
    assert torch.equal(loaded.module.conv1[0].weight, module.conv1[0].weight)
    assert (
        loaded.card.identity.weights
        != load_model(ModelSpec(name="m", architecture="test_resnet", pretrained=False)).card.identity.weights
    )


def test_heads_and_channels_of_another_size_name_the_line_for_timm(tmp_path):
    saved(tmp_path, "test_resnet", num_classes=37, in_chans=1)
    with pytest.raises(ModelError, match=r"(?s)fc.weight is \(37, 96\).*num_classes"):
        of_timm(tmp_path, "test_resnet")
    with pytest.raises(ModelError, match=r'arguments = { act_layer = "gelu", num_classes = 37 }'):
        of_timm(tmp_path, "test_resnet", channels=1, arguments={"act_layer": "gelu"})
    with pytest.raises(ModelError, match=r"-> .*channels = 1$"):
        of_timm(tmp_path, "test_resnet", arguments={"num_classes": 37})
    assert of_timm(tmp_path, "test_resnet", channels=1, arguments={"num_classes": 37}).card.layer("logits").units == 37


def test_a_transformer_of_another_size_is_resampled_as_published_weights_are(tmp_path):
    module = saved(tmp_path, "test_vit")
    model = of_timm(tmp_path, "test_vit", size=96)
    expected = timm.layers.resample_abs_pos_embed(module.pos_embed, [6, 6], num_prefix_tokens=1)
    assert torch.allclose(model.module.pos_embed, expected) and model.card.layer("blocks.0").grid == (6, 6)
    assert torch.equal(model.module.head.weight, module.head.weight)
    saved(tmp_path, "test_vit", num_classes=3)
    with pytest.raises(ModelError, match=r"arguments = { num_classes = 3 }"):
        of_timm(tmp_path, "test_vit", size=96)


def jax_archive(module, path, classes=None):
    """Write a ViT's weights as Google's archives hold them."""
    own = module.state_dict()
    width = own["cls_token"].shape[2]
    heads = module.blocks[0].attn.num_heads
    arrays = {
        "embedding/kernel": own["patch_embed.proj.weight"].permute(2, 3, 1, 0),
        "embedding/bias": own["patch_embed.proj.bias"],
        "cls": own["cls_token"],
        "Transformer/posembed_input/pos_embedding": own["pos_embed"],
        "Transformer/encoder_norm/scale": own["norm.weight"],
        "Transformer/encoder_norm/bias": own["norm.bias"],
        "head/kernel": own["head.weight"].T if classes is None else torch.zeros(width, classes),
        "head/bias": own["head.bias"] if classes is None else torch.zeros(classes),
    }
    for number in range(len(module.blocks)):
        place, block = f"Transformer/encoderblock_{number}", f"blocks.{number}"
        for index, name in enumerate(("query", "key", "value")):
            rows = slice(index * width, (index + 1) * width)
            weight = own[f"{block}.attn.qkv.weight"][rows].T.reshape(width, heads, -1)
            arrays[f"{place}/MultiHeadDotProductAttention_1/{name}/kernel"] = weight
            arrays[f"{place}/MultiHeadDotProductAttention_1/{name}/bias"] = own[f"{block}.attn.qkv.bias"][rows].reshape(
                heads, -1
            )
        arrays[f"{place}/MultiHeadDotProductAttention_1/out/kernel"] = own[f"{block}.attn.proj.weight"].T.reshape(
            heads, -1, width
        )
        arrays[f"{place}/MultiHeadDotProductAttention_1/out/bias"] = own[f"{block}.attn.proj.bias"]
        for norm, index in (("norm1", 0), ("norm2", 2)):
            arrays[f"{place}/LayerNorm_{index}/scale"] = own[f"{block}.{norm}.weight"]
            arrays[f"{place}/LayerNorm_{index}/bias"] = own[f"{block}.{norm}.bias"]
        for layer in range(2):
            arrays[f"{place}/MlpBlock_3/Dense_{layer}/kernel"] = own[f"{block}.mlp.fc{layer + 1}.weight"].T
            arrays[f"{place}/MlpBlock_3/Dense_{layer}/bias"] = own[f"{block}.mlp.fc{layer + 1}.bias"]
    np.savez(path, **{name: array.detach().numpy() for name, array in arrays.items()})


def test_archives_of_jax_go_through_timms_own_loader(tmp_path):
    shape = {"embed_dim": 16, "depth": 2, "num_heads": 2, "num_classes": 4, "img_size": 32, "patch_size": 8}
    module = timm.create_model("vit_tiny_patch16_224", **shape)
    nn.init.normal_(module.head.weight)
    jax_archive(module, tmp_path / "v.npz")
    model = of_timm(tmp_path, "vit_tiny_patch16_224", file="v.npz", arguments=shape)
    for name, tensor in module.state_dict().items():
        assert torch.allclose(model.module.state_dict()[name], tensor, atol=1e-6), name
    jax_archive(module, tmp_path / "v.npz", classes=9)  # timm would leave the head random without a word
    with pytest.raises(ModelError, match=r"(?s)it lacks head.weight, head.bias.*num_classes"):
        of_timm(tmp_path, "vit_tiny_patch16_224", file="v.npz", arguments=shape)
    with pytest.raises(ModelError, match=r"JAX archive: timm reads those of ViT, BiT and Mixer"):
        load_model(
            ModelSpec(name="m", source="callable", architecture="networks:Tiny", size=16, checkpoint=tmp_path / "v.npz")
        )
