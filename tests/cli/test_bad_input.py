"""Whatever a person gives: one clear message, the right exit status, nothing half-written, nothing lost."""

import errno
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from tiny_networks import tiny

from atlas.store import Store, files
from atlas.store.integrity import verify


def refused(result, *parts, status=2):
    """The command ended with that status, and its message holds all of the parts."""
    assert result.status == status, result.out + result.err
    for part in parts:
        assert part in result.err, result.err


# --- the configuration -------------------------------------------------------------------------------------------


def test_every_misspelt_key_is_named_at_once(atlas):
    path = atlas.configure(extra='[site]\ntitel = "x"\n[stor]\npath = "y"\n')
    path.write_text(path.read_text().replace("batch_size = 4", 'batchsize = 4\nkind2 = "x"'))
    refused(atlas("plan"), "site.titel", 'did you mean "title"', "stor", 'did you mean "store"', "executor.batchsize")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"[[models]\n", "line 1"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("[[models]]\n".encode("utf-16"), "UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", "holds a NUL"),
        (b"\x00\x01", "atlas.toml"),
        (b"\x7fELF\x02\x01\x01", "not valid TOML"),
        (b"a = " + b"9" * 5000, "thousands of digits"),
        (b"", "models"),
        (b'[[models]]\nname = "a"\narchitecture = "resnet18"\n', "render"),
    ],
)
def test_a_configuration_that_cannot_be_read(atlas, content, part):
    (atlas.folder / "atlas.toml").write_bytes(content)
    refused(atlas("render"), part)


def test_no_configuration_or_a_folder_in_its_place(atlas):
    refused(atlas("render"), "atlas.toml", "atlas init")
    (atlas.folder / "atlas.toml").mkdir()
    refused(atlas("render"), "atlas.toml")


@pytest.mark.parametrize(
    ("block", "parameters", "parts"),
    [
        ('classes = ["goldfish"]', "", ["render[0].classes", '"goldfish"']),
        ("classes = [10]", "", ["10", "0 to 9"]),
        ("classes = []", "", ["says nothing to render"]),
        ('layers = ["body"]\nunits = []', "", ["render[0].units", "0-15"]),
        ('layers = ["**"]\nunits = "0-11"', "", ["11 is out of range", "(layer head)"]),
        ('layers = ["bdy"]', "", ["render[0].layers", "bdy", 'did you mean "body"']),
        ('layers = ["body"]\nunits = [16]', "", ["16", "0 to 15"]),
        ('layers = ["body"]\nunits = { sample = 17 }', "", ["17", "16"]),
        ('layers = ["body"]\nkind = "neuron"\nposition = [0, 16]', "", ["position = [0, 16]", "16 x 16"]),
        ('layers = ["body"]\nunits = "5-2"', "", ["5-2"]),
        ('classes = "all"\nmethod = "maca"', "", ["maca", 'did you mean "maco"']),
        ('classes = "all"', "step = 3", ["step", 'did you mean "steps"']),
        ('classes = "all"', "steps = 0", ["steps", "0"]),
        ('classes = "all"', 'steps = "many"', ["steps", "many"]),
        ('classes = "all"', 'spectrum = "none.npy"', ["none.npy"]),
        ('model = "tinny"\nclasses = "all"', "", ["tinny", 'did you mean "tiny"']),
    ],
)
def test_a_block_that_asks_for_what_is_not_there(atlas, block, parameters, parts):
    atlas.configure(block=block, parameters=parameters)
    for command in ("plan", "render"):
        refused(atlas(command), *parts)
    assert not (atlas.folder / "build").exists()


def test_a_resolution_that_a_transformer_cannot_take(atlas):
    path = atlas.configure(block="classes = [1]", parameters="resolution = 160")
    text = path.read_text().replace('source = "callable"\narchitecture = "tiny_networks:tiny"\nsize = 32', "")
    path.write_text(
        text.replace('name = "tiny"', 'name = "vit"\narchitecture = "vit_tiny_patch16_224"\npretrained = false')
    )
    refused(atlas("plan"), "resolution = 160", "224 x 224")


# --- models ------------------------------------------------------------------------------------------------------


def timm_model(atlas, lines):
    path = atlas.configure(block="classes = [1]")
    text = path.read_text()
    start, end = text.index("[[models]]"), text.index("[[render]]")
    path.write_text(f'{text[:start]}[[models]]\nname = "m"\n{lines}\n\n{text[end:]}')


def test_an_unknown_model_is_answered_with_the_nearest(atlas):
    timm_model(atlas, 'architecture = "resnet81"\npretrained = false')
    refused(atlas("plan"), "resnet81", "did you mean", "resnet")


class Trap:
    """Leaves a file behind if it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


# Each: how the weight file comes about, and words of what is said about it.
CHECKPOINTS = {
    "another shape": (
        lambda path: save_file(tiny().state_dict() | {"head.weight": torch.zeros(5, 16)}, path),
        ["head.weight is (5, 16) instead of (10, 16)"],
    ),
    "other tensors": (lambda path: save_file({"fc.weight": torch.zeros(3)}, path), ["lacks stem.weight", "fc.weight"]),
    "half a safetensors file": (lambda path: (save_file(tiny().state_dict(), path), halve(path)), ["damaged"]),
    "half a torch file": (lambda path: (torch.save(tiny().state_dict(), path), halve(path)), ["damaged"]),
    "a pickled network": (lambda path: torch.save(tiny(), path), ["tiny_networks.Tiny", "never runs code"]),
    "a pickle with code": (lambda path: torch.save(Trap(path.with_name("trap")), path), ["never runs code", "pathlib"]),
    "a plain pickle": (lambda path: path.write_bytes(pickle.dumps(Trap(path.with_name("trap")))), []),
    "text": (lambda path: path.write_text("no weights at all"), ["neither a safetensors nor a torch file"]),
    "an empty file": (lambda path: path.touch(), ["0 bytes"]),
    "no file": (lambda path: None, ["No such file"]),
    "a folder": (lambda path: path.mkdir(), ["a folder without model.safetensors"]),
    "weights that are not finite": (
        lambda path: save_file(tiny().state_dict() | {"head.bias": torch.full((10,), torch.nan)}, path),
        ["not finite in head.bias"],
    ),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_that_cannot_be_used(atlas, name):
    write, words = CHECKPOINTS[name]
    write(atlas.folder / "weights.bin")
    atlas.configure(model='size = 32\ncheckpoint = "weights.bin"')
    refused(atlas("render"), *words)
    assert not (atlas.folder / "trap").exists()
    assert not (atlas.folder / "build").exists()


@pytest.mark.parametrize(
    ("architecture", "part"),
    [
        ("no_such_module:model", "no_such_module"),
        ("tiny_networks:no_such_function", "no_such_function"),
        ("tiny_networks:CLASSES", "CLASSES"),
        ("tiny_networks", "tiny_networks"),
        ("faulty_networks:broken", "RuntimeError: no luck"),
        ("faulty_networks:number", "returned int"),
        ("faulty_networks:needy", "missing 1 required positional argument"),
        ("unfinished_networks:model", "SyntaxError"),
        ("lacking_networks:model", "No module named 'not_installed'"),
    ],
)
def test_a_callable_that_gives_no_model(atlas, architecture, part):
    faults = "def broken():\n    raise RuntimeError('no luck')\ndef number():\n    return 3\ndef needy(size): pass\n"
    (atlas.folder / "faulty_networks.py").write_text(faults)
    (atlas.folder / "unfinished_networks.py").write_text("def model(:\n")
    (atlas.folder / "lacking_networks.py").write_text("import not_installed\n")
    path = atlas.configure()
    path.write_text(path.read_text().replace("tiny_networks:tiny", architecture))
    refused(atlas("plan"), part, "->")


def test_a_class_name_of_two_classes_asks_for_an_index(atlas):
    (atlas.folder / "names.txt").write_text("crane\ncrane\n" + "\n".join("abcdefgh"))
    atlas.configure(model='size = 32\nclass_names = "names.txt"', block='classes = ["crane"]')
    refused(atlas("render"), '"crane" is ambiguous', "0 or 1")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"a\nb\n", "name 2 classes, but the model has 10"),
        (b"\xff\n" * 10, "not UTF-8"),
        (None, "there is no file of class names"),
    ],
)
def test_class_names_that_do_not_fit(atlas, content, part):
    if content is not None:
        (atlas.folder / "names.txt").write_bytes(content)
    atlas.configure(model='size = 32\nclass_names = "names.txt"')
    refused(atlas("render"), "names.txt", part)


def test_half_precision_without_a_gpu_works(atlas):
    atlas.configure(block='classes = [1]\nprecision = "bfloat16"')
    assert atlas("render").status == 0
    record = next(Store(atlas.folder / "build" / "store").records())
    assert record.job.numerics.startswith("bfloat16")


def test_a_device_that_is_not_there(atlas):
    path = atlas.configure()
    path.write_text(path.read_text().replace('device = "cpu"', 'device = "cuda:9"'))
    refused(atlas("render"), "cuda:9", "CUDA devices")
    refused(atlas("plan"), "cuda:9", "CUDA devices")


def test_models_with_one_channel_or_a_tuple_or_a_dict_render(atlas):
    for network in ("grey", "returns_tuple", "returns_dict"):
        atlas.configure(network, block="classes = [1]")
        assert atlas("render").status == 0, network


def test_hostile_class_names_are_shown_and_harm_nothing(atlas):
    names = [
        "<script>alert(1)</script>",
        "../../etc",
        "x" * 300,
        "\u0642\u0637\u0629 \u0635\u063a\u064a\u0631\u0629",
        *"efghij",
    ]
    (atlas.folder / "names.txt").write_text("\n".join(names), encoding="utf-8")
    atlas.configure(model='size = 32\nclass_names = "names.txt"', block="classes = [0, 1, 2, 3]")
    assert atlas("render").status == 0
    assert atlas("build").status == 0
    site = atlas.folder / "build" / "site"
    pages = [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]
    assert not any("<script>alert" in page for page in pages)
    assert any("&lt;script&gt;alert(1)" in page for page in pages)
    assert any(names[3] in page for page in pages)
    assert {path.name for path in atlas.folder.iterdir()} == {"atlas.toml", "names.txt", "build"}
    assert max(len(path.name) for path in site.rglob("*")) < 100


# --- spectra and photos ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["shape", "nan", "text", "objects"])
def test_a_spectrum_that_cannot_be_used(atlas, kind):
    path = atlas.folder / "mine.npy"
    if kind == "text":
        path.write_text("no spectrum")
    else:
        values = {"shape": np.ones((2, 8)), "nan": np.full((3, 8, 5), np.nan), "objects": np.array([{}], dtype=object)}
        np.save(path, values[kind], allow_pickle=True)
    atlas.configure(parameters='spectrum = "mine.npy"')
    refused(atlas("plan"), "mine.npy", "atlas spectrum")


@pytest.fixture
def photos(atlas):
    """A folder with one photo."""
    folder = atlas.folder / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    Image.fromarray(generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(folder / "fine.png")
    return folder


def test_photos_that_make_no_spectrum(atlas):
    for name in ("empty", "broken"):
        (atlas.folder / name).mkdir()
    (atlas.folder / "broken" / "a.jpg").write_bytes(b"no photo")
    (atlas.folder / "broken" / "b.jpg").touch()
    refused(atlas("spectrum", "empty", "-o", "mine.npy"), "there are no files in empty")
    refused(atlas("spectrum", "nowhere", "-o", "mine.npy"), "no file or folder nowhere")
    refused(atlas("spectrum", "broken", "-o", "mine.npy"), "a.jpg: not a photo", "b.jpg: the file is empty")
    refused(atlas("spectrum", "-o", "mine.npy"), "PHOTOS")
    assert not (atlas.folder / "mine.npy").exists()


@pytest.mark.parametrize("output", ["file/mine.npy", "/dev/null/mine.npy", "photos.npy"])
def test_a_spectrum_that_cannot_be_written(atlas, photos, output):
    (atlas.folder / "file").touch()
    (atlas.folder / "photos.npy").mkdir()
    refused(atlas("spectrum", "photos", "-o", output, "--size", "32"), output)


def test_a_slip_cannot_replace_a_photo(atlas, photos):
    before = (photos / "fine.png").read_bytes()
    refused(atlas("spectrum", "photos", "-o", "photos/fine.png"), "must end in .npy", "photos/fine.npy")
    assert (photos / "fine.png").read_bytes() == before


@pytest.mark.parametrize("size", ["33", "31", "many"])
def test_a_size_that_no_spectrum_can_have(atlas, photos, size):
    refused(atlas("spectrum", "photos", "-o", "mine.npy", "--size", size), size)
    assert not (atlas.folder / "mine.npy").exists()


def test_a_decompression_bomb_is_skipped_by_name(atlas, photos):
    Image.new("1", (10_000, 10_000)).save(photos / "bomb.png")
    result = atlas("spectrum", "photos", "-o", "mine.npy", "--size", "32")
    assert result.status == 0
    assert "skipped photos/bomb.png: 10000 x 10000 pixels are too many" in result.out
    assert "from 1 photo." in result.out


# --- the store ---------------------------------------------------------------------------------------------------


def test_a_store_that_cannot_be_made(atlas):
    (atlas.folder / "file").write_text("in the way")
    atlas.configure(extra='[store]\npath = "file/store"\n')
    refused(atlas("render"), "file/store", "set another path", status=1)
    atlas.configure(extra='[store]\npath = "file"\n')
    refused(atlas("render"), "is no atlas store", status=1)
    assert (atlas.folder / "file").read_text() == "in the way"


def test_a_store_of_a_newer_atlas(atlas):
    atlas.configure()
    store = Store(atlas.folder / "build" / "store", create=True)
    (store.path / "store.json").write_text(json.dumps({"format": "lens-atlas-store", "schema_version": 99}))
    for command in ("plan", "render", "status", "build"):
        refused(atlas(command), "99", "upgrade atlas")


def test_nothing_rendered_yet(atlas):
    atlas.configure()
    refused(atlas("status"), "atlas render", status=1)
    refused(atlas("build"), "atlas render", status=1)
    refused(atlas("serve"), "atlas build", status=1)


def test_a_full_disk_is_said_and_the_next_run_completes(atlas, monkeypatch):
    real, count = os.replace, iter(range(10_000))

    def replace(source, target):
        if next(count) > 14:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    atlas.configure()
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", replace)
        refused(atlas("render"), "No space left on device", "free some space", status=1)
    assert list(verify(Store(atlas.folder / "build" / "store"))) == []
    assert atlas("render").status == 0


def test_the_tiny_network_has_the_classes_that_these_tests_count_on():
    assert tiny().head.out_features == 10
