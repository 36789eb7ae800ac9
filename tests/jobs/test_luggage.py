"""What travels to the nodes of a cluster, and what stays."""

import os
import shutil
from copy import deepcopy

import pytest
from small_runs import configuration, prepared

from atlas.errors import ExecutorError
from atlas.jobs.executors import luggage
from atlas.jobs.executors.luggage import as_bytes, delivered, known_here, laid_out, pack, parcel, unpack
from atlas.jobs.known_models import check_planned
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec


def project(folder):
    """A project with code and data, a store, an environment, hidden files and a large file."""
    for name in ("net.py", "parts/layers.py", "parts/table.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("1")
    for name in ("build/store/store.json", "env/pyvenv.cfg", "env/lib/x.py", ".git/config", "parts/__pycache__/x.pyc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("1")
    with open(folder / "weights.pt", "wb") as file:
        file.truncate(luggage.LARGEST_FILE + 1)
    return folder


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_folder_travels_without_what_is_no_code(tmp_path):
    here = project(tmp_path / "here")
    specs = [
        ModelSpec(name="mine", source="callable", architecture="net:make", folder=here),
        ModelSpec(name="other", source="callable", architecture="net:other", folder=here),
        ModelSpec(name="theirs", source="timm", architecture="resnet18"),
    ]
    packed = pack(specs, tmp_path / "there")
    assert files(tmp_path / "there") == ["0/net.py", "0/parts/layers.py", "0/parts/table.json"]
    place = laid_out(as_bytes(tmp_path / "there"))
    assert files(place) == files(tmp_path / "there") and place.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(place)
    found = unpack(packed, place)
    assert found["mine"].folder == found["other"].folder == place / "0"
    assert found["theirs"] == specs[2]


def test_what_killed_workers_left_is_removed_and_what_others_use_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(luggage.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "empty").mkdir()
    data = as_bytes(tmp_path / "empty")
    first = laid_out(data)
    killed = first.with_name(first.name.replace(f"-{os.getpid()}-", "-999999999-"))
    killed.mkdir()
    second = laid_out(data)
    assert first.is_dir() and second.is_dir() and not killed.exists()


def test_a_module_that_is_found_elsewhere_travels_and_one_that_is_installed_stays(tmp_path, monkeypatch):
    (tmp_path / "lib" / "mypackage").mkdir(parents=True)
    for name in ("mypackage/__init__.py", "mypackage/net.py", "single.py"):
        (tmp_path / "lib" / name).write_text("")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    (tmp_path / "there").mkdir()
    here = tmp_path / "here"
    here.mkdir()
    for name in ("mypackage.net:make", "single:make", "torchvision.models:resnet18", "json:loads"):
        pack([ModelSpec(name="m", source="callable", architecture=name, folder=here)], tmp_path / "there")
    assert files(tmp_path / "there") == [
        "modules/mypackage/__init__.py",
        "modules/mypackage/net.py",
        "modules/single.py",
    ]


def test_too_much_is_refused_and_the_remedy_said(tmp_path, monkeypatch):
    monkeypatch.setattr(luggage, "LARGEST", 2)
    spec = ModelSpec(name="m", source="callable", architecture="net:make", folder=project(tmp_path / "here"))
    with pytest.raises(ExecutorError, match=r"too much to travel[\s\S]*folder of their own"):
        pack([spec], tmp_path / "there")


def test_what_cannot_be_read_is_named(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(luggage.shutil, "copyfile", refuse)
    spec = ModelSpec(name="m", source="callable", architecture="net:make", folder=project(tmp_path / "here"))
    with pytest.raises(ExecutorError, match=r"net.py cannot travel[\s\S]*Permission denied[\s\S]*let it be readable"):
        pack([spec], tmp_path / "there")


def test_a_model_that_travelled_is_the_planned_one(tmp_path):
    config = configuration(tmp_path, classes=(0,))
    spec = ModelSpec.model_validate(config.models[0])
    plan, _ = prepared(config)
    known_here(spec)
    check_planned(plan.cards["tiny"], delivered(deepcopy(parcel(plan.models["tiny"], spec))).card, "a test")


def test_the_size_and_the_classes_of_a_model_travel_with_it():
    spec = ModelSpec(name="lite0", source="package", architecture="efficientnet-lite0", size=64)
    model = load_model(spec)
    card = delivered(deepcopy(parcel(model, spec))).card
    assert card.identity == model.card.identity and card.layers == model.card.layers
