"""Jobs of vital, from the plan to the stored picture: what it matches is in the key, whatever its targets."""

from dataclasses import replace

import pytest
from small_photos import write_photos
from small_runs import concept_configuration, made, planned_with, prepared, run

from atlas.errors import ConfigError

QUICK = {"steps": 3, "image_size": 32, "patch_size": 16, "references": 3}


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos", 4)


def rendered(tmp_path, photos, **block):
    config = concept_configuration(tmp_path, photos, render=({"method": "vital"} | block,))
    plan, store = prepared(config)
    report, _, _ = made(replace(plan, tasks=plan.jobs), store, config)
    assert (report.failed, report.dead) == ([], [])
    return plan, list(store.records())


def test_classes_channels_and_clusters_are_rendered_and_measured(tmp_path, photos):
    plan, records = rendered(tmp_path, photos, classes=("all",), parameters=QUICK)
    assert len(plan.jobs) == len(records) == 3
    assert all(record.job.parameters["layers"] == ["act", "act2"] for record in records)
    assert all({asset.role for asset in record.assets} == {"image", "alpha"} for record in records)
    _, records = rendered(tmp_path / "b", photos, layers=("act2",), units=(1, 2), parameters=QUICK | {"clusters": 2})
    assert sorted((record.job.target.unit, record.job.target.cluster) for record in records) == [
        (1, 0),
        (1, 1),
        (2, 0),
        (2, 1),
    ]
    assert len({record.job.target.references for record in records}) == 1
    assert all(record.measurement("activation") for record in records)


def test_other_layers_are_another_job(tmp_path, photos):
    keys = {
        planned_with(tmp_path, photos, method="vital", classes=("red",), parameters=QUICK | more)[0].jobs[0].key
        for more in ({}, {"layers": ["act2"]}, {"class_weights": [1, 2]}, {"layers": ["act", "act2"]})
    }
    assert len(keys) == 3  # the last are those that the stages stand for


def test_wrong_layers_and_weights_are_said_when_planning(tmp_path, photos):
    for more, words in (
        ({"layers": ["act3"]}, 'has no layer "act3"'),
        ({"class_weights": [1]}, "1 weights for 2 layers"),
    ):
        with pytest.raises(ConfigError, match=words):
            planned_with(tmp_path, photos, method="vital", classes=("red",), parameters=QUICK | more)


def test_concepts_are_rendered_from_the_patches_of_their_class(tmp_path, photos):
    config = concept_configuration(tmp_path, photos, method="vital", parameters=QUICK, classes=("red",))
    report, plan, store = run(config)
    assert {job.job.target.kind for job in plan.jobs} == {"direction"}
    assert report.failed == []
    found = [record for record in store.records() if record.status == "done"]
    assert found and all(record.job.method == "vital" and record.job.target.references for record in found)
