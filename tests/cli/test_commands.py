"""Every command as it is meant to be used."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import atlas as package
from atlas.store import Store

COMMANDS = ["demo", "init", "plan", "render", "evaluate", "status", "build", "serve"]
COMMANDS += ["models", "layers", "spectrum", "study"]


def test_help_lists_every_command_in_the_order_of_use(atlas):
    result = atlas("--help")
    assert result.status == 0
    assert re.findall(r"^  ([a-z]+)  ", result.out, re.MULTILINE) == COMMANDS
    for command in COMMANDS:
        assert atlas(command, "--help").status == 0


def test_version(atlas):
    assert package.__version__ in atlas("--version").out


def test_help_loads_neither_torch_nor_ray():
    code = (
        "import sys; from click.testing import CliRunner; from atlas.cli.commands import cli; "
        "CliRunner().invoke(cli, ['--help']); print({'torch', 'ray', 'timm'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_completion_knows_the_commands():
    import os

    environment = os.environ | {"_ATLAS_COMPLETE": "bash_complete", "COMP_WORDS": "atlas re", "COMP_CWORD": "1"}
    code = "from atlas.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "plain,render"


def test_a_misspelt_command_is_guessed(atlas):
    result = atlas("rendr")
    assert result.status == 2
    assert 'did you mean "render"' in result.err


def test_init_writes_what_plan_can_read_and_never_overwrites(atlas):
    assert atlas("init").status == 0
    text = (atlas.folder / "atlas.toml").read_text()
    assert "[[render]]" in text
    (atlas.folder / "atlas.toml").write_text("mine")
    again = atlas("init")
    assert again.status == 2 and "--force" in again.err
    assert (atlas.folder / "atlas.toml").read_text() == "mine"
    assert atlas("init", "--force").status == 0
    assert (atlas.folder / "atlas.toml").read_text() == text


@pytest.mark.parametrize("where", ["file/atlas.toml", "/dev/null/atlas.toml", "/proc/atlas.toml"])
def test_init_where_nothing_can_be_written(atlas, where):
    (atlas.folder / "file").touch()
    refused = atlas("init", where)
    assert refused.status == 1
    assert f"cannot write {where}" in refused.err and "-> " in refused.err


def test_a_folder_is_no_place_for_a_configuration(atlas):
    (atlas.folder / "folder").mkdir()
    for arguments in (["init", "folder"], ["init", "folder", "--force"], ["plan", "-c", "folder"]):
        refused = atlas(*arguments)
        assert refused.status == 2 and "is a directory" in refused.err


def test_the_demo_takes_as_long_in_its_help_as_in_the_readme_and_the_makefile(atlas):
    top = Path(__file__).parents[2]
    told = [(top / name).read_text() for name in ("README.md", "Makefile")] + [atlas("demo", "--help").out]
    for text in told:
        assert "less than three minutes on two cores" in " ".join(text.split())


def test_the_demo_keeps_a_configuration_and_says_where_it_cannot_write(atlas):
    (atlas.folder / "file").touch()
    refused = atlas("demo", "--out", "file/demo")
    assert refused.status == 1 and "cannot write file/demo/atlas.toml" in refused.err
    (atlas.folder / "demo").mkdir()
    (atlas.folder / "demo" / "atlas.toml").write_text("mine")
    kept = atlas("demo", "--out", "demo")
    assert kept.status == 2 and "demo/atlas.toml: not valid TOML" in kept.err


def test_without_a_command_there_is_help(atlas):
    result = atlas()
    assert result.status == 2
    assert "New here?      atlas demo" in result.out + result.err


def test_plan_render_status_build(atlas):
    atlas.configure(extra='[site]\ntitle = "Ten classes"\n')
    plan = atlas("plan")
    assert plan.status == 0
    assert "10 jobs: 0 stored, 10 to render" in plan.out
    assert re.search(r"About \d+ s with one worker on this machine, and [\d.]+ kB", plan.out)
    assert not (atlas.folder / "build").exists()  # a plan writes nothing

    render = atlas("render")
    assert (render.status, render.err) == (0, "")
    assert "10 rendered, 0 dead, 0 failed" in render.out

    assert "10 jobs: 10 stored, 0 to render" in atlas("plan").out
    again = atlas("render")
    assert again.status == 0 and "10 jobs in the store already" in again.out
    status = atlas("status")
    assert status.status == 0 and "tiny: 10 done" in status.out and "0 failed" in status.out
    assert atlas("status", "--verify").status == 0

    build = atlas("build")
    assert build.status == 0 and re.search(r"\d+ pictures?: \d+ pages and \d+ files of pictures", build.out)
    assert "Ten classes" in (atlas.folder / "build" / "site" / "index.html").read_text()


def test_failures_are_listed_recorded_and_shown(atlas):
    atlas.configure("raising")
    render = atlas("render")
    assert render.status == 1
    assert "9 rendered, 0 dead, 1 failed" in render.out
    assert "tiny: logit 3 by natural: RuntimeError: class 3 cannot be rendered" in render.out
    status = atlas("status")
    assert status.status == 1 and "class 3 cannot be rendered" in status.out
    assert atlas("build").status == 0


def test_dead_units_are_no_failure(atlas):
    atlas.configure("with_dead_units", block='layers = "act2"\nunits = [0, 2]')
    render = atlas("render")
    assert render.status == 0
    assert "1 rendered, 1 dead, 0 failed" in render.out
    assert "dead: tiny: act2 channel 0 by natural: no gradient reached the image within" in render.out


def test_only_renders_one_picture_again(atlas):
    atlas.configure()
    atlas("render")
    store = Store(atlas.folder / "build" / "store")
    first = next(store.records())
    picture = store.picture_path(first, "image")
    before = picture.read_bytes()
    (store.folder(first.key) / "document.json").unlink()
    picture.unlink()
    assert "1 rendered" in atlas("render", "--only", first.key[:12]).out
    assert picture.read_bytes() == before


@pytest.mark.parametrize(("key", "words"), [("", "too short"), ("abc", "too short"), ("zzzzzz", "begins with")])
def test_only_with_what_is_no_key_renders_nothing(atlas, key, words):
    atlas.configure()
    refused = atlas("render", "--only", key)
    assert refused.status == 2 and words in refused.err
    assert list(Store(atlas.folder / "build" / "store").records()) == []


def test_verify_reports_and_repair_renders_again(atlas):
    atlas.configure()
    atlas("render")
    store = Store(atlas.folder / "build" / "store")
    first, second, third = list(store.records())[:3]
    picture = store.picture_path(first, "image")
    whole = picture.read_bytes()
    picture.write_bytes(whole[: len(whole) // 2])
    record = store.folder(second.key) / "document.json"
    record.write_bytes(record.read_bytes()[:100])
    result = atlas("status", "--verify")
    assert result.status == 1
    assert "2 problems" in result.out and first.key[:12] in result.out and "does not match its hash" in result.out
    build = atlas("build")
    assert build.status == 1 and "atlas status --verify --repair" in build.err

    atlas.configure(block=f"classes = [{third.job.target.unit}]")
    kept = atlas("status", "--repair")
    assert kept.status == 1 and "atlas.toml does not render it" in kept.out
    atlas.configure()
    repair = atlas("status", "--repair")
    assert repair.status == 0 and "2 rendered" in repair.out
    assert atlas("status", "--verify").status == 0
    assert picture.read_bytes() == whole
    assert atlas("build").status == 0


def test_models_are_listed_by_glob_and_guessed(atlas):
    models = atlas("models", "*efficientnet*lite0")
    assert models.status == 0
    assert "efficientnet-lite0" in models.out and "tf_efficientnet_lite0" in models.out
    for pattern, hint in {"zzz*": "*resnet*", "resnt50": 'did you mean "resnet50"', "lite0": 'try "*lite0*"'}.items():
        nothing = atlas("models", pattern)
        assert nothing.status == 2
        assert f'no model matches "{pattern}"' in nothing.err and hint in nothing.err


def rows(result):
    assert result.status == 0, result.err
    return {line.split()[0]: line.split()[1:] for line in result.out.splitlines()[1:]}


def test_layers_of_a_model_of_the_configuration(atlas):
    atlas.configure()
    for arguments in (["tiny"], ["tiny", "-c", "atlas.toml"]):
        found = rows(atlas("layers", *arguments))
        assert found["body"] == ["Conv2d", "16", "16", "x", "16"]
        assert found["logits"][-2:] == ["10", "-"]
    unknown = atlas("layers", "other", "-c", "atlas.toml")
    assert unknown.status == 2 and 'no model "other"; it has tiny' in unknown.err


def test_layers_of_models_that_no_configuration_names(atlas):
    assert rows(atlas("layers", "test_resnet"))["logits"] == ["ResNet", "1000", "-"]
    assert rows(atlas("layers", "tiny_networks:tiny"))["body"][:2] == ["Conv2d", "16"]
    assert rows(atlas("layers", "efficientnet-lite0"))["conv_stem"][1] == "32"
    atlas.configure()
    assert rows(atlas("layers", "test_resnet"))["logits"] == ["ResNet", "1000", "-"]


def test_layers_need_no_weights(atlas):
    path = atlas.configure(model='architecture = "test_resnet"\ncheckpoint = "none.safetensors"')
    path.write_text(path.read_text().replace('source = "callable"\narchitecture = "tiny_networks:tiny"\n', ""))
    assert rows(atlas("layers", "tiny"))["logits"] == ["ResNet", "1000", "-"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["resnet81"], 'did you mean "resnet'),
        ([""], "must not be empty"),
        (["x" * 101], "at most 100 characters"),
        (["a\nb"], "atlas models"),
        (["resnet18", "--source", "tim"], 'did you mean "timm"'),
        (["no_such_module:f"], "no_such_module"),
    ],
)
def test_layers_of_what_is_no_model(atlas, arguments, part):
    refused = atlas("layers", *arguments)
    assert refused.status == 2 and part in refused.err


def test_spectrum_names_what_it_skips_and_the_result_renders(atlas):
    photos = atlas.folder / "photos"
    photos.mkdir()
    generator = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(generator.integers(0, 256, (70, 90, 3), dtype=np.uint8)).save(photos / f"{number}.png")
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    result = atlas("spectrum", "photos", "-o", "mine.npy", "--size", "64")
    assert result.status == 0
    assert "skipped" in result.out and "broken.jpg" in result.out and "from 3 photos" in result.out
    assert np.load(atlas.folder / "mine.npy").shape == (3, 64, 33)
    atlas.configure(block="classes = [1]", parameters='steps = 2, image_size = 32, spectrum = "mine.npy"')
    assert atlas("render").status == 0


def test_paths_and_modules_are_found_beside_the_configuration(atlas):
    folder = atlas.folder / "my atlas"
    folder.mkdir()
    (folder / "beside_the_configuration.py").write_text("from tiny_networks import tiny")
    (atlas.folder / "beside_the_configuration.py").write_text("raise RuntimeError('the wrong module')")
    (folder / "names.txt").write_text("\n".join("abcdefghij"))
    atlas.configure(
        "beside_the_configuration:tiny", model='size = 32\nclass_names = "names.txt"', block='classes = "b"'
    )
    (atlas.folder / "atlas.toml").rename(folder / "atlas.toml")
    assert "atlas render -c 'my atlas/atlas.toml'" in atlas("plan", "-c", "my atlas/atlas.toml").out
    assert atlas("render", "-c", "my atlas/atlas.toml").status == 0
    assert (folder / "build" / "store").is_dir()
    assert not (atlas.folder / "build").exists()


def test_modules_in_the_current_folder_are_found_too(atlas):
    (atlas.folder / "sub").mkdir()
    (atlas.folder / "in_the_current_folder.py").write_text("from tiny_networks import tiny")
    atlas.configure("in_the_current_folder:tiny", block="classes = [1]").rename(atlas.folder / "sub" / "atlas.toml")
    assert atlas("render", "-c", "sub/atlas.toml").status == 0
