"""Weight files: both formats, wrappers and prefixes, and each way to be refused."""

import argparse
import pickle
from collections import OrderedDict

import networks
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from atlas.errors import ModelError
from atlas.models.checkpoint import fit, load_checkpoint, read_checkpoint
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.models.weights import digest_weights


@pytest.fixture
def weights():
    torch.manual_seed(11)
    return networks.Tiny().state_dict()


def wrapped(weights):
    other = {name: tensor + 1 for name, tensor in weights.items()}
    return {
        "plain": weights,
        "state_dict": {"state_dict": weights, "epoch": 3, "args": argparse.Namespace(lr=0.1)},
        "averaged": {"state_dict": other, "state_dict_ema": weights},
        "parallel": OrderedDict((f"module.{name}", tensor) for name, tensor in weights.items()),
        "compiled": {"model": {f"_orig_mod.{name}": tensor for name, tensor in weights.items()}},
    }


@pytest.mark.parametrize("kind", ["plain", "state_dict", "averaged", "parallel", "compiled"])
@pytest.mark.parametrize("legacy", [False, True])
def test_torch_files_in_every_wrapping(tmp_path, weights, kind, legacy):
    path = tmp_path / "w.pt"
    torch.save(wrapped(weights)[kind], path, _use_new_zipfile_serialization=not legacy)
    found = read_checkpoint(path)
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weights[name]) for name in weights)


def test_the_content_counts_not_the_suffix_and_the_digest_not_the_format(tmp_path, weights):
    save_file(weights, tmp_path / "a.bin")
    torch.save(weights, tmp_path / "b.safetensors")
    torch.save({name: t.double() if t.is_floating_point() else t for name, t in weights.items()}, tmp_path / "c.pth")
    del weights["norm.num_batches_tracked"]
    save_file(weights, tmp_path / "d.safetensors")
    digests = set()
    for name in ("a.bin", "b.safetensors", "c.pth", "d.safetensors"):
        network = networks.Tiny()
        load_checkpoint(network, tmp_path / name)
        digests.add(digest_weights(network))
    assert len(digests) == 1


class Malicious:
    def __reduce__(self):
        return print, ("code was run",)


@pytest.mark.parametrize("content", ["code", "module", "script"])
@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_files_that_need_code_are_refused_unrun(tmp_path, capsys, content):
    path = tmp_path / "w.pt"
    if content == "script":
        torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), path)
    else:
        torch.save({"x": Malicious()} if content == "code" else networks.Tiny(), path)
    with pytest.raises(ModelError, match=r"(?s)never runs code.*state_dict\(\)"):
        read_checkpoint(path)
    assert "code was run" not in capsys.readouterr().out


def test_a_bare_pickle_that_runs_code_is_refused(tmp_path, capsys):
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(ModelError):
        read_checkpoint(path)
    assert "code was run" not in capsys.readouterr().out


@pytest.mark.parametrize("keep", [0, 5, 200, 0.5, 0.95])
@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy"])
def test_truncated_files_are_called_damaged(tmp_path, weights, kind, keep):
    path = tmp_path / "w"
    if kind == "safetensors":
        save_file(weights, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=kind == "zip")
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(ModelError, match="damaged or truncated"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [([1, 2], "holds no tensors by name, but list"), ({"epoch": 3}, "but the keys epoch"), (torch.ones(3), "Tensor")],
)
def test_files_without_named_tensors_are_refused(tmp_path, content, says):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=says):
        read_checkpoint(tmp_path / "w.pt")


def test_missing_files_folders_and_other_files_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("these are not the weights")
    for path, says in (
        (tmp_path / "no.pt", "No such file"),
        (tmp_path, "directory"),
        (tmp_path / "notes.txt", "neither"),
    ):
        with pytest.raises(ModelError, match=says):
            read_checkpoint(path)


def test_what_does_not_fit_is_named(weights):
    weights["head.weight"] = torch.zeros(9, 8)
    weights["extra.bias"] = weights.pop("conv.bias")
    with pytest.raises(ModelError) as caught:
        fit(networks.Tiny(), weights, "it")
    for part in ("lacks conv.bias", "unknown extra.bias", "head.weight is (9, 8) instead of (5, 8)", "num_classes"):
        assert part in str(caught.value)


def test_checkpoints_reach_timm_and_callable_models(tmp_path, weights):
    save_file(weights, tmp_path / "w.safetensors")
    own = ModelSpec(
        name="own", source="callable", architecture="networks:Tiny", size=16, checkpoint=tmp_path / "w.safetensors"
    )
    model = load_model(own)
    assert torch.equal(model.module.head.weight, weights["head.weight"])
    assert model.card.origin == "checkpoint w.safetensors"

    plain = ModelSpec(name="timm", architecture="test_resnet", pretrained=False)
    other = load_model(plain)
    changed = {name: tensor * 2 for name, tensor in other.module.state_dict().items()}
    torch.save(changed, tmp_path / "t.pth")
    loaded = load_model(ModelSpec(name="timm", architecture="test_resnet", checkpoint=tmp_path / "t.pth"))
    assert torch.equal(loaded.module.conv1[0].weight, 2 * other.module.conv1[0].weight)
    assert loaded.card.identity.weights != other.card.identity.weights
    with pytest.raises(ModelError, match=r"(?s)fc.weight is \(1000, 96\).*num_classes"):
        load_model(
            plain.model_copy(
                update={"pretrained": None, "checkpoint": tmp_path / "t.pth", "arguments": {"num_classes": 3}}
            )
        )
