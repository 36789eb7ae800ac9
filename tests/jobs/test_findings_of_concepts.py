"""Deletion and insertion of concepts, from photos to tables."""

import numpy as np
import pytest
import torch
from small_evaluation import as_input, evaluated, opened, write_project
from tiny_networks import colours

from atlas.analyses.concept_curves import curve_of
from atlas.craft.curves import deletion_curve
from atlas.craft.encode import least_squares, position_strengths
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.tasks.analysis import read_arrays

CONCEPTS = """
[[concepts]]
model = "other"
classes = ["red", "green"]
count = 3
shown = 2
fits = 2
designs = 4
minimum = 2
photos = "all"
patches = 2
heat_photos = 1
method = "fourier"
parameters = { steps = 1, image_size = 32 }
"""
ANALYSE = '[[analyse]]\nkind = "concept_curves"\nmodels = ["other"]\nrandom_orders = 3\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose concepts were found and deleted: (its file, what came of it, its store)."""
    file = write_project(tmp_path_factory.mktemp("concepts"), render="", judges=CONCEPTS, evaluate=ANALYSE)
    before = evaluated(file)[1].analyses
    assert before.documents == ()  # nothing is found by evaluating
    opened(file).run()
    report, found, _ = evaluated(file)
    assert report.failed == []
    return file, found.analyses, Store(file.parent / "build" / "store")


def test_curves_are_those_of_the_concepts_in_the_store(project):
    file, found, store = project
    *alone, together = found.documents
    assert [document.class_index for document in alone] == [1, 2] and together.class_index is None
    network = colours().eval()
    tasks = {task.class_index: task for task in opened(file).plan.concepts}
    for document in alone:
        task = tasks[document.class_index]
        _, fitted = read_arrays(store, task.factorisation.key)
        _, importance = read_arrays(store, task.importance.key)
        photos = {photo.digest: photo for photo in opened(file).plan.photo_set.photos}
        order = np.argsort(-importance["mean"], kind="stable")
        maps = activations(file, network, task, photos)
        strengths = position_strengths(maps, fitted["directions"], least_squares)

        def logit(activation, index=document.class_index):
            return network.head(activation.mean(dim=(2, 3)))[:, index]

        expected = curve_of([deletion_curve(strengths, fitted["directions"], logit, order)])
        figures = {row.variant: row for row in document.figures}
        row = figures["deletion, importance"]
        assert (row.value, row.n) == (pytest.approx(expected.area.value, abs=1e-4), 8)
        (drawn,) = [curve for curve in document.curves if curve.name == "deletion, importance"]
        assert drawn.x == pytest.approx([0, 1 / 3, 2 / 3, 1])
        assert drawn.y == pytest.approx(expected.mean.tolist(), rel=1e-3, abs=1e-3)
        # Deleting passes through the photos that inserting in the reverse order does.
        assert figures["insertion, reverse"].value == pytest.approx(row.value, abs=1e-5)
        assert {name.partition(", ")[2] for name in figures} == {"importance", "reverse", "held out", "share", "random"}
    for row in together.figures:
        areas = [one.value for document in alone for one in document.figures if one.variant == row.variant]
        assert (row.value, row.n) == (pytest.approx(np.mean(areas)), 2)


def activations(file, network, task, photos):
    """What the layer of the concepts makes of a class's photos, in the order of their digests, (p, C, h, w)."""
    seen = []
    network.act2.register_forward_hook(lambda module, given, output: seen.append(output.numpy()))
    plan = opened(file).plan
    for photo in task.photos:
        with torch.no_grad():
            network(as_input(plan.photo_set.image(photos[photo.digest]))[None])
    return np.concatenate(seen)


def test_the_store_is_whole_and_curves_are_in_a_table(project):
    _, found, store = project
    assert list(verify(store)) == []
    assert found.csv_tables()["concept_curves-curves"].startswith("model,other,class_index,curve,")


def test_a_model_without_concepts_is_left_out_and_said_to_be(tmp_path):
    file = write_project(tmp_path, evaluate=ANALYSE.replace('"other"', '"tiny"'))
    (line,) = opened(file).plan.findings.left_out
    assert line == "concept_curves of tiny: no concepts of its classes are asked for; add a [[concepts]] table"
