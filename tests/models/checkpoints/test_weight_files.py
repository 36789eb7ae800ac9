"""Weight files: what is read, what a file that cannot be read is, and that no code of a file is ever run."""

import io
import json
import os
import pickle
import random
import shlex
import sys
import tarfile
import zipfile

import networks
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from atlas.errors import AtlasError, ModelError
from atlas.models.checkpoints.checkpoint import load_checkpoint, read_checkpoint
from atlas.models.spec import ModelSpec


@pytest.fixture
def weights():
    torch.manual_seed(11)
    return networks.Tiny().state_dict()


def into_tiny(path):
    module = networks.Tiny()
    load_checkpoint(module, ModelSpec(name="m", source="callable", architecture="a:b", checkpoint=path))
    return module


class Malicious:
    def __reduce__(self):
        return print, ("code was run",)


class Settings:
    def __init__(self):
        self.rate = 0.1


# --- code -----------------------------------------------------------------------------------------------------------


NEED_CODE = {
    "a module": lambda module: module,
    "a module in a dictionary": lambda module: {"epoch": 3, "model": module},
    "an object beside weights": lambda module: {"cfg": Settings(), "state_dict": module.state_dict()},
    "a class": lambda module: {"kind": Settings, "nested": {"net": module.state_dict(), "list": [Settings()]}},
}


@pytest.mark.parametrize("kind", NEED_CODE)
@pytest.mark.parametrize("legacy", [False, True])
def test_files_that_need_code_are_refused_and_the_remedy_works(tmp_path, weights, kind, legacy):
    module = networks.Tiny()
    module.load_state_dict(weights)
    path = tmp_path / "it's.pt"
    torch.save(NEED_CODE[kind](module), path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ModelError, match=r"needs code to be run.*atlas never runs code") as caught:
        read_checkpoint(path)
    holds_weights(obey(caught.value, tmp_path), weights)


def obey(error, folder):
    """Run the command that an error proposes, in a folder; return the file that it makes, which was not there."""
    python, flag, code = shlex.split(error.remedy[error.remedy.index("python -c ") :])
    assert (python, flag) == ("python", "-c")
    here, before = os.getcwd(), set(folder.iterdir())
    os.chdir(folder)
    try:
        exec(code, {})
    finally:
        os.chdir(here)
    (made,) = set(folder.iterdir()) - before
    return made


def holds_weights(path, weights):
    own = into_tiny(path).state_dict()
    assert all(torch.equal(own[name], tensor) for name, tensor in weights.items())


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_torchscript_is_refused_and_the_remedy_works(tmp_path, weights):
    module = networks.Tiny().eval()
    module.load_state_dict(weights)
    torch.jit.save(torch.jit.trace(module, torch.zeros(1, 3, 16, 16)), tmp_path / "weights.pt")
    with pytest.raises(ModelError, match="is TorchScript") as caught:
        read_checkpoint(tmp_path / "weights.pt")
    holds_weights(obey(caught.value, tmp_path), weights)


def test_a_class_of_a_script_is_named_as_what_only_that_script_can_load(tmp_path, monkeypatch):
    monkeypatch.setattr(Settings, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Settings", Settings, raising=False)
    torch.save({"net": Settings()}, tmp_path / "s.pt")
    with pytest.raises(ModelError, match=r"\(__main__\.Settings\)") as caught:
        read_checkpoint(tmp_path / "s.pt")
    assert "Settings is defined in the script that saved it" in caught.value.remedy
    assert "torch.save(model.state_dict(), 's-tensors.pt')" in caught.value.remedy


def test_arrays_that_are_no_numbers_do_no_harm(tmp_path, weights):
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    arrays["head.bias"] = arrays["head.bias"].astype(">f4")
    odd = {"arch": np.array("tiny"), "settings": np.array({"a": 1}, dtype=object), "step": np.int64(3)}
    np.savez(tmp_path / "w.npz", **arrays, **odd)
    holds_weights(tmp_path / "w.npz", weights)
    np.savez(tmp_path / "o.npz", params=np.array(arrays, dtype=object))
    with pytest.raises(ModelError, match="no tensors by name, but the keys params"):
        read_checkpoint(tmp_path / "o.npz")


def test_a_newer_pickle_is_refused_and_the_remedy_works(tmp_path, weights):
    torch.save({"net": weights}, tmp_path / "p.pt", pickle_protocol=4)
    with pytest.raises(ModelError, match="a pickle newer than torch reads safely") as caught:
        read_checkpoint(tmp_path / "p.pt")
    holds_weights(obey(caught.value, tmp_path), weights)


@pytest.mark.parametrize("make", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
@pytest.mark.parametrize("beside", [False, True])
def test_code_is_never_run(tmp_path, capsys, weights, make, beside):
    path = tmp_path / "w.pt"
    make({"x": Malicious(), **({"state_dict": dict(weights)} if beside else {})}, path)
    with pytest.raises(ModelError, match="never runs code"):
        read_checkpoint(path)
    assert "code was run" not in capsys.readouterr().out


# --- what a file is -------------------------------------------------------------------------------------------------


def tar(path):
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pt"))


def zipped(*names):
    def make(path):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x" * 20)

    return make


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1\n"
OTHERS = {
    "model.safetensors": (POINTER, "Git LFS pointer", "git lfs pull"),
    "annex.pt": (b"/annex/objects/SHA256E-s1--0000.pt\n", "git-annex", "git annex get"),
    "page.pt": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "is a web page", "download the file itself"),
    "page2.pt": (b"\n  <html lang='en'><head></head></html>", "is a web page", "download"),
    "denied.pt": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML", "download"),
    "notes.txt": (b"these are not the weights", "neither a safetensors nor a torch file", "save_file"),
    "answer.pt": (b'{"message": "Not Found"}', "is text", "Not Found"),
    "model.h5": (b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5", "PyTorch"),
    "net.onnx": (b"\x08\x07\x12\x07pytorch\x1a\x032.0" + bytes(20), "ONNX", "exported from"),
    "renamed.pt": (b"\x08\x07\x12\x07pytorch\x1a\x032.0" + bytes(20), "ONNX", "exported from"),
    "model.ckpt.index": (bytes([0, 0, 1]) * 20, "TensorFlow", "PyTorch"),
    "saved_model.pb": (b"\x0a\x20\x12\x06" * 10, "TensorFlow", "PyTorch"),
    "lite.bin": (b"\x1c\0\0\0TFL3" + bytes(30), "TensorFlow Lite", "PyTorch"),
    "flax_model.msgpack": (b"\x81\xa6params\x82\xa4head" + bytes(9), "MessagePack", "JAX"),
    "m.gguf": (b"GGUF\x03\0\0\0" + bytes(30), "llama.cpp", "made from"),
    "w.pt.gz": (b"\x1f\x8b\x08\0" + bytes(30), "is compressed", "unpack"),
    "w.zst": (b"\x28\xb5\x2f\xfd" + bytes(30), "is compressed", "unpack"),
    "w.tar": (tar, "is a tar archive", "unpack"),
    "array.npy": (b"\x93NUMPY\x01\0v\0{'descr'" + bytes(30), "single numpy array", "by name"),
    "zeros.pt": (bytes(4096), "nothing but zeros", "damaged or truncated"),
    "empty.pt": (b"", "is empty", "damaged or truncated"),
    "short.pt": (b"abc", "holds only 3 bytes", "damaged or truncated"),
    "plain.pkl": (pickle.dumps({"w": [1.0] * 9}), "a pickle that torch did not write", "torch.save"),
    "noise.pt": (bytes(range(128, 256)), "neither a safetensors nor a torch file", "save_file"),
    "docx.pt": (zipped("[Content_Types].xml", "word/document.xml"), "neither torch's nor numpy's", "save_file"),
    "again.zip": (zipped("run/weights.pth"), "a zip archive around a weight file", "unpack"),
    "net.keras": (zipped("config.json", "model.weights.h5"), "is of Keras", "PyTorch"),
    "program.pt2": (zipped("p/archive_format", "p/models/model.json"), "torch.export", "exported from"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_kind_is_called_by_its_name(tmp_path, name):
    content, what, remedy = OTHERS[name]
    content(tmp_path / name) if callable(content) else (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        read_checkpoint(tmp_path / name)
    assert what in str(caught.value) and remedy in str(caught.value)
    assert str(tmp_path / name) in caught.value.message and len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("content", "says"),
    [([1, 2], "holds no tensors by name, but list"), ({"epoch": 3}, "but the keys epoch"), (torch.ones(3), "Tensor")],
)
def test_files_without_named_tensors_are_refused(tmp_path, content, says):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=says):
        read_checkpoint(tmp_path / "w.pt")


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.pt")
    (tmp_path / "link.pt").symlink_to("gone.pt")
    (tmp_path / "loop.pt").symlink_to("loop.pt")
    for path, says in (
        (tmp_path / "no.pt", "No such file"),
        (tmp_path / "pipe.pt", "no regular file"),
        (tmp_path / "link.pt", 'a link to "gone.pt", which is not there'),
        (tmp_path / "loop.pt", "link"),
        (tmp_path / ("n" * 300), "name too long"),
        (tmp_path / "nul\0.pt", "null"),
        (tmp_path, "a folder without model.safetensors or pytorch_model.bin"),
    ):
        with pytest.raises(ModelError, match=says):
            read_checkpoint(path)


def test_folders_and_shards_as_hugging_face_writes_them(tmp_path, weights):
    names = list(weights)
    whole, sharded = tmp_path / "whole", tmp_path / "sharded"
    whole.mkdir()
    sharded.mkdir()
    save_file(weights, whole / "model.safetensors")
    save_file({name: weights[name] for name in names[:4]}, sharded / "model-00001-of-00002.safetensors")
    torch.save({name: weights[name] for name in names[4:]}, sharded / "model-00002-of-00002.bin")
    shards = {name: f"model-0000{1 if n < 4 else 2}-of-00002." for n, name in enumerate(names)}
    shards = {name: shard + ("safetensors" if "-00001" in shard else "bin") for name, shard in shards.items()}
    index = sharded / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    for path in (whole, sharded, index):
        holds_weights(path, weights)
    (sharded / "model-00002-of-00002.bin").unlink()
    with pytest.raises(ModelError, match="No such file"):
        read_checkpoint(sharded)
    index.write_text(json.dumps({"weight_map": {"a": "../whole/model.safetensors"}}))
    with pytest.raises(ModelError, match="not beside it"):
        read_checkpoint(sharded)
    for text in ("[]", "{", '{"weight_map": [1]}', "[" * 100_000):
        index.write_text(text)
        with pytest.raises(AtlasError, match=r"no index of shards|not valid JSON|nested far too deeply"):
            read_checkpoint(sharded)
    (tmp_path / "dcp").mkdir()
    (tmp_path / "dcp" / ".metadata").touch()
    with pytest.raises(ModelError, match="dcp_to_torch"):
        read_checkpoint(tmp_path / "dcp")


# --- limits and damage ----------------------------------------------------------------------------------------------


def test_bombs_are_refused_before_anything_is_unpacked(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"")
        with archive.open("archive/data/0", "w", force_zip64=True) as file:
            for _ in range(300):
                file.write(bytes(2**20))
    (tmp_path / "header.safetensors").write_bytes((2**60).to_bytes(8, "little") + b"{" + bytes(100))
    shared = {"x": torch.ones(1)}
    for _ in range(40):
        shared = {"a": shared, "b": shared}  # 2**40 ways to one tensor
    torch.save(shared, tmp_path / "laughs.pt")
    with pytest.raises(ModelError, match="would take 0.3 GB unpacked, though the file has 0.3 MB"):
        read_checkpoint(tmp_path / "bomb.pt")
    with pytest.raises(ModelError, match="damaged or truncated"):
        read_checkpoint(tmp_path / "header.safetensors")
    with pytest.raises(ModelError, match="holds no tensors by name, but the keys a, b"):
        read_checkpoint(tmp_path / "laughs.pt")


@pytest.mark.parametrize("keep", [0, 5, 200, 0.5, 0.95])
@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy", "npz"])
def test_truncated_files_are_called_damaged(tmp_path, weights, kind, keep):
    path = tmp_path / "w"
    data = files(weights, tmp_path)[kind]
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(ModelError, match="damaged or truncated"):
        read_checkpoint(path)


def files(weights, folder):
    """Return the bytes of one checkpoint in every layout."""
    found = {}
    for legacy, kind in ((False, "zip"), (True, "legacy")):
        buffer = io.BytesIO()
        content = {"state_dict": weights, "epoch": 3, "best": np.float64(0.5), "rng": np.arange(3)}
        torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
        found[kind] = buffer.getvalue()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: tensor.numpy() for name, tensor in weights.items()})
    save_file(weights, folder / "base.safetensors")
    return found | {"npz": buffer.getvalue(), "safetensors": (folder / "base.safetensors").read_bytes()}


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy", "npz"])
@pytest.mark.filterwarnings("ignore")
def test_mutated_files_are_read_or_refused_in_a_sentence(tmp_path, weights, kind):
    data, numbers = files(weights, tmp_path)[kind], random.Random(kind)
    path, refused = tmp_path / "w", 0
    for _ in range(60):
        mutated = bytearray(data)
        for _ in range(numbers.choice((1, 2, 5))):
            place = numbers.randrange(min(len(mutated), 3000))
            mutated[place : place + numbers.choice((0, 1, 1, 30))] = numbers.randbytes(numbers.choice((0, 1, 1, 30)))
        path.write_bytes(mutated)
        said = complaint(path)
        refused += said is not None
        assert said is None or (said.remedy and len(said.message.splitlines()) == 1)
    assert refused > 20


def complaint(path):
    try:
        into_tiny(path)
    except ModelError as error:
        return error
    return None
