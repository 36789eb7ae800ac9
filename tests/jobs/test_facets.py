"""Facets made: clusters of photos, a picture of each, and what stays the same whatever is rendered beside it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from small_photos import CLASSES, picture, write_photos
from small_runs import PARAMETERS, concept_configuration, configuration, made, prepared, run, selected

import atlas
from atlas.config import RenderBlock
from atlas.config.problems import checked
from atlas.core.analysis import ClassFacets, Diversity
from atlas.errors import AtlasWarning, RenderError
from atlas.jobs.repairing import prepare_repair
from atlas.jobs.run import run_plan
from atlas.store.documents import encode
from atlas.store.integrity import verify
from atlas.tasks.machine import Machine

QUICK = {"steps": 3, "image_size": 32, "crops": 2}


def two_looks(folder, count=6):
    """Photos of each class in two sorts: of its colour alone, and with much of another one."""
    for colour, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for seed in range(count):
            image = np.array(picture(colour, 2 * seed))
            if seed >= count // 3:
                image[:, :, (colour + 1) % 3] = image[:, :, colour] // 10 * 8
            Image.fromarray(image).save(folder / name / f"{seed}.png")
    return folder


def looks(tmp_path, photos, method="maco", seeds="facets:2", **block):
    parameters = QUICK if method == "maco" else {"steps": 2, "image_size": 32}
    block = {"classes": ("red",), "method": method, "seeds": seeds, "parameters": parameters} | block
    config = concept_configuration(tmp_path, photos, render=(block,))
    plan, store = prepared(config)
    plan = replace(plan, tasks=(*plan.facets, *plan.jobs))
    report, plan, store = made(plan, store, config)
    assert report.failed == []
    return plan, store, report


@pytest.mark.parametrize("method", ["maco", "fourier", "vital"])
def test_each_cluster_of_photos_has_a_picture(tmp_path, method):
    photos = two_looks(tmp_path / "photos")
    plan, store, _ = looks(tmp_path, photos, method)
    (task,) = plan.facets
    found = store.document(ClassFacets, task.key)
    assert [cluster.size for cluster in found.clusters] == [4, 2] and found.counts.used == 6
    named = {photo.digest: int(photo.name.partition("/")[2].partition(".")[0]) for photo in task.photos}
    listed = [json.loads(store.read_input(cluster.references)) for cluster in found.clusters]
    assert [{named[digest] for digest in each} for each in listed] == [{2, 3, 4, 5}, {0, 1}]
    assert [found.photos[crop.photo].digest for crop in found.crops] == [each[0] for each in listed]
    records = sorted(store.records(), key=lambda record: record.job.target.facet.number)
    assert [record.job.target.references for record in records] == [cluster.references for cluster in found.clusters]
    assert {record.status for record in records} == {"done"} and len(
        {record.assets[0].sha256 for record in records}
    ) == 2
    assert list(verify(store)) == []


def test_a_run_that_goes_on_makes_what_is_missing_and_the_same(tmp_path):
    photos = two_looks(tmp_path / "photos")
    plan, store, _ = looks(tmp_path / "a", photos)
    whole = {record.key: record.assets[0].sha256 for record in store.records()}
    config = concept_configuration(
        tmp_path / "b",
        photos,
        render=({"classes": ("red",), "method": "maco", "seeds": "facets:2", "parameters": QUICK},),
    )
    plan, store = prepared(config)
    plan = replace(plan, tasks=(*plan.facets, *plan.jobs))
    made(replace(plan, tasks=tuple(replace(task, pictures=(), otherwise=()) for task in plan.facets)), store, config)
    assert list(store.records()) == []
    _, second = sorted(whole)
    made(plan, store, config, only=[second[:12]])
    assert [record.key for record in store.records()] == [second]
    report, _, _ = made(plan, store, config)
    assert report.done_by_kind == {"rendering": 1, "diversity": 1}
    assert {record.key: record.assets[0].sha256 for record in store.records()} == whole


def test_a_class_of_one_recognised_photo_is_spread_by_directions(tmp_path):
    photos = write_photos(tmp_path / "photos", 1)
    _, store, report = looks(tmp_path, photos)
    assert {record.job.target.facet.layer for record in store.records()} == {"act"}
    assert "spread by directions instead" in report.notices[0]
    _, store, report = looks(tmp_path / "vital", photos, method="vital")
    assert list(store.records()) == [] and "no pictures of them" in report.notices[0]
    model = atlas.load("tiny_networks:colours", size=32, classes=["red", "green", "blue"])
    with pytest.raises(RenderError, match="predicts 1 of its 1 photos"):
        atlas.render(
            model, "red", method="vital", photos=photos, seed="facets:2", steps=2, image_size=32, progress=False
        )


def test_photos_that_the_model_cannot_tell_apart_are_no_looks_and_the_run_says_so(tmp_path):
    photos = write_photos(tmp_path / "photos", 2)
    first, second = sorted((photos / "red").iterdir())
    for number, like in enumerate((first, first, second)):
        Image.open(like).save(photos / "red" / f"again{number}.png", compress_level=number)
    _, store, report = looks(tmp_path, photos, seeds="facets:4")
    assert sorted(record.job.target.facet.number for record in store.records()) == [1, 2]
    assert report.notices == [
        "tiny: 2 looks of red, not 4: the model predicts 5 of its 5 photos as this class and tells 2 of them apart"
    ]


def test_a_class_without_looks_leaves_those_of_the_others(tmp_path):
    photos = two_looks(tmp_path / "photos")
    for name in ("green", "blue"):
        for more in sorted((photos / name).iterdir())[1:]:
            more.unlink()
    model = atlas.load("tiny_networks:colours", size=32, classes=["red", "green", "blue"])
    given = {"photos": photos, "seed": "facets:2", "steps": 2, "image_size": 32, "progress": False}
    said = "green: there are none: the model predicts 1 of its 1 photos"
    with pytest.warns(AtlasWarning, match=said) as caught:
        pictures = atlas.render(model, ["green", "red"], method="vital", **given)
    assert [one.filename for one in caught if said in str(one.message)] == [__file__]
    assert [one.name for one in pictures] == ["red, facet 1", "red, facet 2"]
    with pytest.raises(RenderError, match="green: there are none"):
        atlas.render(model, ["green", "blue"], method="vital", **given)


def test_two_methods_share_the_clusters_of_a_class(tmp_path):
    photos = two_looks(tmp_path / "photos")
    blocks = [{"classes": ("red",), "method": name, "seeds": "facets:2"} for name in ("maco", "fourier")]
    parameters = [QUICK, {"steps": 2, "image_size": 32}]
    render = tuple({**block, "parameters": each} for block, each in zip(blocks, parameters, strict=True))
    plan, _ = prepared(concept_configuration(tmp_path, photos, render=render))
    (task,) = plan.facets
    assert [each.job.method for each in task.pictures] == ["maco", "fourier"]
    assert len(task.expected()) == 4


def test_clusters_that_are_current_are_noted(tmp_path):
    photos = two_looks(tmp_path / "photos")
    config = concept_configuration(
        tmp_path, photos, render=({"classes": ("red",), "method": "maco", "seeds": "facets:2", "parameters": QUICK},)
    )
    _, plan, store = run(config)
    assert selected(config, store).facets == tuple(task.key for task in plan.facets)


def test_facets_do_not_depend_on_their_batch(tmp_path):
    files = []
    for size, seeds in ((1, "facets:3"), (8, "facets:5")):
        config = configuration(
            tmp_path / str(size), classes=(1, 2), seeds=seeds, parameters=PARAMETERS, executor={"batch_size": size}
        )
        report, _, store = run(config)
        assert not report.failed
        files.append({record.key: record.assets for record in store.records()})
    small, large = files
    assert len(small) == 6 and len(large) == 10 and {key: large[key] for key in small} == small


def test_the_recipe_of_a_picture_tells_its_facet(tmp_path):
    model = atlas.load("tiny_networks:tiny", size=32)
    pictures = atlas.render(model, 1, seed="facets:2", progress=False, device="cpu", **PARAMETERS)
    assert [one.name for one in pictures] == ["1, facet 1", "1, facet 2"]
    pictures[1].save(tmp_path / "one.png")
    again = atlas.open_picture(tmp_path / "one.png")
    assert again.recipe == pictures[1].recipe and again.record.job.key == pictures[1].key
    assert again.record.job.target.facet.number == 2


def diversities(store):
    documents = [store.any_document(key) for key in store.keys() if store.has(key)]
    return [document for document in documents if isinstance(document, Diversity)]


def test_directions_lie_further_apart_than_seeds(tmp_path):
    parameters = {"steps": 40, "image_size": 32, "crops": 4, "crop_mean": 0.7}
    both = [{"classes": (3,), "seeds": seeds, "parameters": parameters} for seeds in ("facets:4", (0, 1, 2, 3))]
    config = configuration(tmp_path, **both[0])
    config = config.model_copy(update={"render": tuple(checked(RenderBlock, block) for block in both)})
    report, plan, store = run(config)
    assert report.failed == [] and report.done_by_kind == {"rendering": 8, "diversity": 2}
    facets = {task.key for task in plan.jobs if task.job.target.facet}
    looks, seeds = sorted(diversities(store), key=lambda one: set(one.pictures) != facets)
    assert set(looks.pictures) == facets and len(seeds.pictures) == 4
    assert looks.features > 1.2 * seeds.features
    pictures = [np.asarray(Image.open(store.picture_path(store.read(key), "image"))) for key in looks.pictures]
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert list(verify(store)) == []


def test_seeds_without_looks_beside_them_are_not_compared(tmp_path):
    plan, _ = prepared(configuration(tmp_path, classes=(3,), seeds=(0, 1)))
    assert plan.analyses == ()


def test_a_dead_unit_has_no_diversity(tmp_path):
    config = configuration(tmp_path, "with_dead_units", layers=("act2",), units=(0,), seeds="facets:2")
    report, _, store = run(config)
    assert len(report.dead) == 2 and report.failed == []
    (found,) = diversities(store)
    assert (found.pictures, found.features, found.pixels) == ((), None, None)


def test_diversity_is_measured_again_once_a_dead_picture_is_done(tmp_path):
    config = configuration(tmp_path, classes=(1,), seeds="facets:3", parameters=PARAMETERS)
    _, _, store = run(config)
    (whole,) = diversities(store)
    victim = whole.pictures[0]
    record = store.read(victim)
    dead = record.model_copy(update={"status": "dead", "assets": ()})
    few = whole.model_copy(update={"pictures": whole.pictures[1:], "features": 0.5, "provenance": whole.provenance})
    for key, document in ((victim, dead), (whole.key, few)):
        store.index.forget(key)
        store.document_path(key).write_bytes(encode(document))
    assert run(config)[0].finished == 0
    report, _, store = run(config, retry=["dead"])
    assert report.done_by_kind == {"rendering": 1, "diversity": 1}
    (again,) = diversities(store)
    assert (again.pictures, again.features, again.pixels) == (whole.pictures, whole.features, whole.pixels)
    assert run(config)[0].finished == 0 and list(verify(store)) == []


def test_diversity_that_a_killed_run_left_behind_is_measured_by_the_next(tmp_path):
    config = configuration(tmp_path, classes=(1,), seeds="facets:3", parameters=PARAMETERS)
    store = run(config)[2]
    (whole,) = diversities(store)
    few = whole.model_copy(update={"pictures": whole.pictures[1:]})
    store.document_path(whole.key).write_bytes(encode(few))
    assert run(config)[0].done_by_kind == {"diversity": 1}
    assert diversities(store)[0].pictures == whole.pictures


def test_a_list_of_photos_that_is_lost_is_made_again(tmp_path):
    photos = two_looks(tmp_path / "photos")
    config = concept_configuration(
        tmp_path,
        photos,
        render=({"classes": ("red",), "method": "maco", "seeds": "facets:2", "parameters": QUICK},),
        classes=("red",),
    )
    plan, store = prepared(config)
    plan = replace(plan, tasks=(*plan.facets, *plan.jobs))
    made(plan, store, config)
    lost = plan.facets[0].references(store)[1]
    store.input_path(lost).unlink()
    damage = list(verify(store))
    assert [one.kind for one in damage] == ["input"]
    store, todo = prepare_repair(plan, store, damage)
    run_plan(plan, store, Machine.of(config.executor), todo=todo)
    assert list(verify(store)) == [] and store.input_path(lost).exists()
