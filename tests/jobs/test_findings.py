"""Analyses from photos to tables: what is found by hand, which photos are looked at, resumed, verified and told."""

import csv
import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from small_evaluation import evaluated, opened, rendered, write_project
from tiny_networks import colours, signed_colours

import atlas
from atlas.core.finding import Finding
from atlas.face.repairing import Repair
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.store.repair import discard_result

SPLIT = "photos = { judging = 0.5, seed = 0 }\n"
CKA = f'[[analyse]]\nkind = "cka"\nlayers = ["act", "act2"]\nminibatch = 6\n{SPLIT}'
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def as_input(image):
    """An image as both networks are shown it."""
    whole = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC), np.float32) / 255
    return (torch.from_numpy(whole).permute(2, 0, 1) - MEAN) / STD


def judging(file, store, split):
    """Name to input of the photos that judge, in the order of their digests."""
    digests = set(json.loads(store.read_input(split.judging)))
    photos = sorted(opened(file).plan.photo_set.photos, key=lambda photo: photo.digest)
    found = {}
    for photo in photos:
        if photo.digest in digests:
            with Image.open(file.parent / "photos" / photo.name) as image:
                found[photo] = as_input(image)
    return found


def activations(network, inputs, names):
    """What a network's layers make of inputs, by name."""
    found = {}
    for name in names:
        getattr(network, name).register_forward_hook(
            lambda module, given, output, name=name: found.__setitem__(name, output.clone())
        )
    with torch.no_grad():
        network(inputs)
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose models were analysed: (its file, what came of it, its store)."""
    file = write_project(tmp_path_factory.mktemp("findings"), evaluate=CKA)
    report, found, _ = evaluated(file)
    assert report.failed == [] and not report.interrupted
    return file, found.analyses, Store(file.parent / "build" / "store")


def unbiased_hsic(one, other):
    """Song et al. 2012, equation 5, of two kernels without diagonals."""
    n, ones = len(one), np.ones(len(one))
    trace = np.trace(one @ other)
    sums = (ones @ one @ ones) * (ones @ other @ ones) / ((n - 1) * (n - 2))
    return (trace + sums - 2 / (n - 2) * ones @ one @ other @ ones) / (n * (n - 3))


def kernel(activation):
    flat = activation.flatten(1).double().numpy()
    product = flat @ flat.T
    np.fill_diagonal(product, 0)
    return product


def test_cka_is_that_of_minibatches_of_judging_photos(project):
    file, found, store = project
    alone = [document for document in found.documents if len(document.models) == 1]
    (pair,) = [document for document in found.documents if len(document.models) == 2]
    assert [document.models[0].name for document in alone] == ["tiny", "other"]
    assert [model.name for model in pair.models] == ["tiny", "other"] and pair.photo_count == 12
    inputs = torch.stack(list(judging(file, store, pair.split).values()))
    assert len(inputs) == 12
    seen = [activations(network().eval(), inputs, ("act", "act2")) for network in (signed_colours, colours)]
    ends = [0, 6, 12]
    for document, one, other in ((alone[0], seen[0], seen[0]), (pair, seen[0], seen[1])):
        for row in document.figures:
            sums = np.zeros(3)
            for start, end in pairwise(ends):
                first, second = kernel(one[row.layer][start:end]), kernel(other[row.other_layer][start:end])
                sums += [unbiased_hsic(*pair) for pair in ((first, second), (first, first), (second, second))]
            assert row.value == pytest.approx(sums[0] / np.sqrt(sums[1] * sums[2]), rel=1e-3)
            assert row.low - 1e-9 <= row.value <= row.high + 1e-9 and row.n == 12
        assert len(document.figures) == 4


def test_gram_matrices_are_shared_and_a_second_run_makes_nothing(project):
    file, found, _ = project
    report, again, evaluating = evaluated(file)
    assert report.done_by_kind == {} and again.analyses.rows == found.rows
    kinds = [task.kind for task in evaluating.pending().present]
    assert (kinds.count("measurement"), kinds.count("finding")) == (4, 3)  # two models, two minibatches


def test_the_store_is_whole_and_what_is_lost_is_found_again(project):
    file, found, store = project
    assert list(verify(store)) == []
    lost = found.documents[0].key
    before = store.document(Finding, lost)
    discard_result(store, lost)
    assert lost in {damage.key for damage in verify(store)}
    repair = Repair(opened(file))
    todo = repair.prepare()
    assert [task.key for task in todo.missing if task.evaluates] == [lost]
    opened(file).run(todo)
    repair.conclude()
    assert repair.left == [] and store.document(Finding, lost).figures == before.figures


def test_tables_and_the_face_tell_the_same(project, tmp_path):
    file, found, _ = project
    told = atlas.evaluate(file, only=["cka"], progress=False)
    assert told.analyses.rows == found.rows and told.rows == ()
    (table,) = told.to_csv(tmp_path)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert table.name == "cka.csv"
    assert [float(row["value"]) for row in rows] == [row.value for row in found.rows]
    (latex,) = told.to_latex(tmp_path)
    assert f"CKA: act and act2 &  & {found.rows[1].value:.3g}" in latex.read_text()


def test_another_seed_another_minibatch_and_other_layers_are_other_findings(project):
    file, found, _ = project
    text = file.read_text()
    for change in ("minibatch = 4", "minibatch = 6\nseed = 1"):
        file.write_text(text.replace("minibatch = 6", change))
        keys = {task.key for task in opened(file).plan.findings.tasks(None) if task.kind == "finding"}
        assert keys.isdisjoint(document.key for document in found.documents)
    file.write_text(text)


def test_nothing_is_analysed_by_rendering(project):
    file, *_ = project
    assert {task.kind for task in rendered(file).pending().present} == {"rendering"}


def test_without_a_split_all_photos_are_looked_at(tmp_path):
    file = write_project(tmp_path, evaluate=CKA.replace(SPLIT, ""))
    _, found, _ = evaluated(file)
    assert {document.photo_count for document in found.analyses.documents} == {24}
    assert {document.split for document in found.analyses.documents} == {None}
