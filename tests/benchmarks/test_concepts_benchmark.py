import subprocess
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from small_photos import CLASSES, write_photos
from small_runs import PARAMETERS, analysed, concept_configuration, made
from torch import nn

from atlas.core.analysis import ClassConcepts

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
BLOCK = {"count": 3, "shown": 2, "designs": 8, "patches": 4, "heat_photos": 2, "fits": 1, "parameters": PARAMETERS}


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def study(tmp_path):
    """A small network and six photos of each of its classes."""
    names = tmp_path / "classes.txt"
    names.write_text("\n".join(CLASSES))
    model = {"name": "tiny", "source": "callable", "architecture": "tiny_networks:colours", "size": 32}
    photos = write_photos(tmp_path / "photos")
    return import_module("explaining.study").Study(str(photos), model | {"class_names": str(names)}, BLOCK, 16)


@pytest.fixture
def prepared(study, tmp_path):
    """The study's model, and all of its classes planned."""
    product = import_module("explaining.product")
    model = product.load(study)
    return model, product.prepare(study, model, [0, 1, 2], tmp_path)


def test_curves_are_of_the_concepts_that_the_product_finds(prepared):
    model, run = prepared
    found = import_module("explaining.curves").measure(run, model, 1, seeds=6)
    assert (found["name"], found["photos"], found["fitted"]) == ("green", 6, 3)
    values = [value for _, value, _, _ in found["top"]]
    assert values == sorted(values, reverse=True)
    assert all(low <= value <= high for _, value, low, high in found["top"])
    deletion, insertion = found["deletion"], found["insertion"]
    assert deletion["importance"] < deletion["random"] < deletion["reverse"]
    assert deletion["held out"] < deletion["random"]
    # Inserting in one order passes through the same photos as deleting in the reverse order.
    assert insertion["importance"] == pytest.approx(deletion["reverse"])
    assert insertion["reverse"] == pytest.approx(deletion["importance"])
    # The network's head is linear, so a concept contributes the same whatever else is there.
    assert insertion["random"] == pytest.approx(1 - deletion["random"], abs=1e-5)


def test_the_speed_is_that_of_the_product_without_its_document(prepared, study, tmp_path):
    model, run = prepared
    speed = import_module("explaining.speed")
    found = speed.measure(run, 2)
    assert run.store.has(run.jobs[2].importance.key)
    assert (found["photos"], found["patches"], found["layer"]) == (6, 24, "act2")
    assert sum(found["stages"].values()) == pytest.approx(found["seconds"])
    assert found["work"] > 0
    assert speed.LEFT_OUT not in found["stages"]
    for stage in ("network, photos and patches", "cache of activations", "importance", "rest"):
        assert found["stages"][stage] > 0
    again = speed.rehearsed(study, model, [0, 2], 1, tmp_path / "again")
    assert speed.measure(again, 2)["stages"]["network, photos and patches"] > 0  # its cache is empty


def test_stages_leave_out_what_is_within_them():
    speed = import_module("explaining.speed")
    now = 0
    stages = speed.Stages(lambda: now)

    def passing(ticks, within=None):
        nonlocal now
        now += ticks
        if within:
            within()
            now += ticks

    inner = stages.around("inner")(lambda: passing(5))
    stages.around("outer")(passing)(100, inner)
    now += 1000
    inner()
    assert stages.seconds == {"outer": 200, "inner": 10}


def test_the_peer_gets_the_same_photos_and_its_error_is_that_of_its_factors(study, monkeypatch, tmp_path):
    """The stand-in of craft-xai returns the activations' mean as its only concept."""
    peer = import_module("explaining.peer")
    seen = {}

    class Craft:
        def __init__(self, first, second, number_of_concepts, patch_size, device):
            self.halves = first, second
            seen.update(count=number_of_concepts, patch_size=patch_size, device=device)

        def fit(self, images):
            seen["images"] = images
            activations = torch.cat([self.halves[0](part) for part in images.split(4)]).mean(dim=(2, 3))
            seen["activations"] = activations.detach().numpy()
            return images, np.ones((len(images), 1)), seen["activations"].mean(axis=0, keepdims=True)

        def estimate_importance(self, images, class_id, nb_design):
            seen.update(index=class_id, designs=nb_design, logits=self.halves[1](self.halves[0](images)))

    module = ModuleType("craft.craft_torch")
    module.Craft = Craft
    monkeypatch.setitem(sys.modules, "craft", ModuleType("craft"))
    monkeypatch.setitem(sys.modules, "craft.craft_torch", module)
    monkeypatch.setitem(sys.modules, "tensorflow", sys.modules.get("tensorflow", ModuleType("tensorflow")))
    network = nn.Module()
    parts = {"conv_stem": nn.Conv2d(3, 4, 3, 8), "bn1": nn.ReLU(), "global_pool": nn.AdaptiveAvgPool2d(1)}
    parts |= dict.fromkeys(("blocks", "conv_head", "bn2"), nn.Identity()) | {"classifier": nn.Flatten()}
    for name, part in parts.items():
        network.add_module(name, part)
    source = peer.open_photo_set(peer.PhotosSpec(path=Path(study.photos), cache=tmp_path))
    found = peer.measure(list(source.photos), source, peer.Split(network), 7, {"count": 5, "designs": 8}, 64)
    assert seen["images"].shape == (18, 3, 224, 224)
    assert seen["images"].min() >= -1 and seen["images"].max() <= 1 and seen["images"].min() < -0.5
    assert (seen["count"], seen["patch_size"], seen["index"], seen["designs"]) == (5, 64, 7, 8)
    assert seen["logits"].shape == (18, 4)
    residual = seen["activations"] - seen["activations"].mean(axis=0)
    assert found["error"] == pytest.approx(np.linalg.norm(residual) / np.linalg.norm(seen["activations"]))
    assert sum(found["stages"].values()) == pytest.approx(found["seconds"])
    assert (found["photos"], found["patches"]) == (18, 18)


def test_renderings_are_placed_among_the_patches_of_their_class(tmp_path, study, capsys):
    rendered = import_module("explaining.rendered")
    photos = write_photos(tmp_path / "photos")
    config = concept_configuration(tmp_path / "run", photos)
    plan, store, _ = analysed(config)
    missing = rendered.read(store)
    assert missing == ([], 6)  # two of each class
    made(plan, store, config)
    found, without = rendered.read(store)
    assert without == 0 and sorted((each.name, each.number) for each in found) == sorted(
        (name, number) for name in CLASSES for number in (1, 2)
    )
    keys = [job.key for job in plan.analyses]
    documents = [store.document(ClassConcepts, key) for key in keys]
    known = {concept.patch_cosines for document in documents for concept in document.concepts}
    assert {each.percentiles for each in found} == known
    assert {each.cosine for each in found} == {record.measurement("cosine").value for record in store.records()}
    sections = import_module("explaining.sections")
    sections.rendered(sections.Plan(study, store=store.path))
    printed = capsys.readouterr().out
    assert all(f"| {name} (natural, 0)" in printed for name in CLASSES)
    assert f"{sum(each.above for each in found)} of 6 (goal all: " in printed


@pytest.mark.parametrize(
    ("cosine", "percentile", "above"), [(0.955, 95.5, True), (0.95, 95, False), (-1, 0, False), (2, 100, True)]
)
def test_a_rendering_must_be_above_95_per_cent_of_the_patches(cosine, percentile, above):
    percentiles = tuple(np.linspace(0, 1, 101).tolist())
    each = import_module("explaining.rendered").Rendered("cat", 1, "maco", 0, cosine, percentiles)
    assert each.percentile == pytest.approx(percentile) and each.above == above


class Canned:
    """A process whose answers are known."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def ask(self, **request):
        self.asked.append(request)
        return self.answers(request)


def plan_with(monkeypatch, answers, **values):
    """Return a plan of two classes, whose processes answer by ``answers[part]``, and the processes by part."""
    sections = import_module("explaining.sections")
    processes = {}

    @contextmanager
    def canned(part, study):
        processes[part] = Canned(answers[part])
        yield processes[part]

    monkeypatch.setattr(sections, "child", canned)
    classes = [{"index": index, "name": f"class {index}", "photos": 60} for index in (4, 9)]
    study = import_module("explaining.study").Study("photos")
    return sections, sections.Plan(study, classes, **values), processes


@pytest.mark.parametrize(("random", "said"), [(0.5, "met"), (0.2, "MISSED")])
def test_the_order_of_importance_must_win_with_its_interval(monkeypatch, capsys, random, said):
    def answers(request):
        better = 0.2 + request["index"] / 100
        areas = dict.fromkeys(("importance", "held out", "share"), better) | {"random": random, "reverse": 0.8}
        mirrored = {order: 1 - area for order, area in areas.items()}
        top = [[3, 0.5, 0.4, 0.6]]
        facts = {"name": "x", "photos": 60, "error": 0.5, "top": top}
        return facts | {"deletion": areas, "insertion": mirrored}

    sections, plan, _ = plan_with(monkeypatch, {"curves": answers})
    assert len(sections.curves(plan)) == 2
    printed = capsys.readouterr().out
    assert "3: 0.500 (0.400 - 0.600)" in printed
    random_line, reverse_line = [line for line in printed.splitlines() if line.startswith("order of importance")]
    assert random_line.endswith(f"{said})") and reverse_line.endswith("met)")


@pytest.mark.parametrize(("seconds", "said"), [(40.0, "met"), (20.0, "MISSED")])
def test_classes_alternate_and_both_sides_warm_up(monkeypatch, capsys, seconds, said):
    def side(seconds, error):
        stages = {"network": seconds}
        row = {
            "seconds": seconds,
            "work": seconds,
            "stages": stages,
            "error": error,
            "photos": 60,
            "patches": 960,
            "memory": 2**30,
        }
        return lambda request: row

    answers = {"speed": side(10.0, 0.5), "peer": side(seconds, 0.5)}
    sections, plan, processes = plan_with(monkeypatch, answers, rounds=2)
    assert len(sections.speed(plan)) == 4
    for process in processes.values():
        assert [(each["index"], each["round"]) for each in process.asked] == [
            (index, number) for number in (0, 1) for index in (None, 4, 9)
        ]
    printed = capsys.readouterr().out
    assert f"median over classes: {seconds / 10:g}" in printed and f"(goal >= 3: {said})" in printed
    assert "(goal <= 1.01: met)" in printed


def test_without_the_peer_only_the_product_is_measured(monkeypatch, capsys):
    row = {"seconds": 1.0, "work": 2.0, "stages": {"network": 1.0}, "error": 0.5}
    row |= {"photos": 6, "patches": 96, "memory": 2**30}
    sections, plan, processes = plan_with(monkeypatch, {"speed": lambda request: row}, peer=False)
    sections.speed(plan)
    assert list(processes) == ["speed"] and "goal" not in capsys.readouterr().out


@pytest.mark.parametrize(("each", "said"), [(0, "met"), (2**28, "MISSED")])
def test_memory_must_not_grow_with_the_classes(monkeypatch, capsys, each, said):
    def answers(request):
        return {"loaded": 2**29, "memory": 2**30 + each * (len(request["all"]) - 1), "seconds": 1.0}

    sections, plan, _ = plan_with(monkeypatch, {"memory": answers})
    monkeypatch.setattr(sections, "CLASSES_IN_MEMORY", (1, 2))
    sections.memory(plan)
    assert (
        f"peak of 2 classes of 40 photos / of 1: {1 + each / 2**30:.4g} (goal <= 1.05: {said})"
        in capsys.readouterr().out
    )


def test_a_part_runs_in_a_process_of_its_own(study):
    module = import_module("explaining.study")
    with module.child("memory", study) as process:
        found = process.ask(all=[0, 2])
        assert 0 < found["loaded"] <= found["memory"]
        with pytest.raises(module.MeasuringError, match="exit status"):
            process.ask(all=[7])


def test_the_script_says_what_it_can_do():
    command = [sys.executable, str(BENCHMARKS / "concepts.py"), "--help"]
    assert "--photos" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
