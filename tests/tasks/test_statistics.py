"""Statistics of units on photos, as a run makes them."""

import os

import numpy as np
import pytest
import torch
from small_photos import picture, write_photos
from small_runs import PARAMETERS, analysed, analyses_of, concept_configuration, made, prepared

from atlas.activations.tallies import unit_means
from atlas.activations.views import Viewer
from atlas.config import RenderBlock
from atlas.core.analysis import QUANTILES, LayerStatistics
from atlas.core.job import LOGITS
from atlas.photos import PhotosSpec, open_photo_set
from atlas.photos.views import PatchGrid
from atlas.tasks.tally import TallyTask, in_parts

RENDER = (
    {"model": ("tiny",), "layers": ("act2",), "units": "0-3", "parameters": PARAMETERS},
    {"model": ("tiny",), "classes": ("red", "blue"), "parameters": PARAMETERS},
)


def configuration(folder, photos, **executor):
    config = concept_configuration(
        folder, photos, render=tuple(RenderBlock.model_validate(block) for block in RENDER), executor=executor
    )
    return config.model_copy(update={"concepts": ()})


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


def tallies(plan):
    """The keys of the tallies."""
    return [task.key for task in plan.analyses if isinstance(task, TallyTask)]


def statistics(plan, store):
    """Layer to its statistics."""
    found = (store.document(LayerStatistics, job.key) for job in plan.statistics)
    return {each.analysis.layers[0]: each for each in found}


def test_every_rendered_unit_is_measured_on_every_view(tmp_path, photos):
    plan, store, report = analysed(configuration(tmp_path, photos))
    found = statistics(plan, store)
    assert not report.failed and set(found) == {"act2", LOGITS}
    assert [unit.unit for unit in found["act2"].units] == [0, 1, 2, 3]
    assert [unit.unit for unit in found[LOGITS].units] == [0, 2]
    network = plan.models["tiny"].network("float32", torch.device("cpu"))
    photo_set = open_photo_set(PhotosSpec(path=photos, cache=tmp_path / "cache"))
    viewer = Viewer((32, 32), PatchGrid(32, 16, 12))
    views = torch.cat([viewer.views(photo_set.image(photo).resize((32, 32), 3)) for photo in photo_set.photos])
    for layer, document in found.items():
        with torch.no_grad():
            values = unit_means(network(views, layer)).numpy()
        assert document.photo_count == 18
        for unit in document.units:
            mine = values[:, unit.unit]
            assert unit.n == len(mine) == sum(unit.histogram.counts)
            assert unit.mean == pytest.approx(mine.mean(), rel=1e-4)
            assert unit.deviation == pytest.approx(mine.std(), rel=1e-3)
            assert unit.maximum == pytest.approx(mine.max(), rel=1e-4)
            below = [(mine <= quantile).mean() for quantile in unit.quantiles]
            np.testing.assert_allclose(below, QUANTILES, atol=0.06)  # 90 values, in bins


def test_the_crops_are_the_strongest_views_one_per_photo(tmp_path, photos):
    plan, store, _ = analysed(configuration(tmp_path, photos))
    document = statistics(plan, store)["act2"]
    red = document.units[0]
    assert len(red.crops) == 3 == red.sprite.count
    values = [crop.value for crop in red.crops]
    assert values == sorted(values, reverse=True) and values[0] == pytest.approx(red.maximum, rel=1e-5)
    shown = [document.photos[crop.photo].name for crop in red.crops]
    assert len(set(shown)) == 3 and all(name.startswith("red/") for name in shown)
    assert len(store.read_file(document.key, red.sprite.name)) == red.sprite.bytes


def test_statistics_do_not_depend_on_the_executor(tmp_path, photos):
    one = analysed(configuration(tmp_path / "a", photos))
    workers = {"kind": "ray", "workers": 2, "device": "cpu", "threads": 1}
    other = analysed(configuration(tmp_path / "b", photos, **workers))
    mine, theirs = statistics(*one[:2]), statistics(*other[:2])
    assert {layer: each.units for layer, each in mine.items()} == {layer: each.units for layer, each in theirs.items()}


def test_a_worker_that_dies_loses_nothing(tmp_path, photos, monkeypatch):
    monkeypatch.setenv("TINY_ONCE", str(tmp_path / "died"))
    monkeypatch.setenv("TINY_DRIVER", str(os.getpid()))
    workers = {"kind": "ray", "workers": 1, "device": "cpu", "threads": 1}
    config = concept_configuration(tmp_path, photos, network="mortal_colours", executor=workers)
    plan, store, report = analysed(config)
    assert (tmp_path / "died").exists()
    assert not report.failed and not report.interrupted
    assert all(store.has(job.key) for job in plan.analyses)


def test_another_photo_changes_only_its_own_part(tmp_path):
    folder = write_photos(tmp_path / "photos", count=20)
    spec = PhotosSpec(path=folder, cache=tmp_path / "cache")
    before = in_parts(open_photo_set(spec).photos, 10)
    picture(0, 77).save(folder / "red" / "new.png")
    after = in_parts(open_photo_set(spec).photos, 10)
    assert len(before) == len(after) == 8
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert sorted(photo.name for part in before for photo in part) == sorted(
        f"{name}/{number:03d}.png" for name in ("red", "green", "blue") for number in range(20)
    )


def test_a_photo_that_goes_during_a_run_fails_what_needs_it_and_the_run_goes_on(tmp_path, photos):
    config = configuration(tmp_path, photos)
    plan, store = prepared(config)
    path = photos / "green" / "003.png"
    data = path.read_bytes()
    path.unlink()
    report, _, _ = made(analyses_of(plan), store, config)
    assert {outcome.task.key for outcome in report.failed} == {task.key for task in plan.analyses}
    assert not report.interrupted
    assert "green/003.png" in report.failed[0].message and "needs tiny: tally at" in report.failed[-1].message
    path.write_bytes(data)
    again, _, report = analysed(config)
    assert not report.failed and statistics(again, store)["act2"].photo_count == 18


def test_credits_that_are_written_later_are_shown_without_measuring_again(tmp_path, photos):
    config = configuration(tmp_path, photos)
    first, _, _ = analysed(config)
    (photos / "SOURCES.csv").write_text("folder,author,licence\nred,Ada,CC0\n")
    second, store, report = analysed(config)
    assert tallies(first) == tallies(second) and report.done == 2
    shown = statistics(second, store)["act2"].photos
    assert {photo.author for photo in shown if photo.name.startswith("red/")} == {"Ada"}
