"""Analyses from photos to tables: what is found by hand, which photos are looked at, resumed, verified and told."""

import csv
import io
import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from small_evaluation import as_input, evaluated, opened, rendered, write_project
from small_photos import CLASSES
from tiny_networks import colours, signed_colours

import atlas
from atlas.core.finding import Finding
from atlas.errors import ConfigError
from atlas.face.repairing import Repair
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.store.repair import discard_result
from atlas.tasks.findings.attribution import _gaps

SPLIT = "photos = { judging = 0.5, seed = 0 }\n"
LAYER = '\n[[render]]\nlayers = "act2"\nunits = "0"\nmethod = "fourier"\nparameters = { steps = 1, image_size = 32 }\n'
CKA = f'[[analyse]]\nkind = "cka"\nlayers = ["act", "act2"]\nminibatch = 6\n{SPLIT}'
ATTRIBUTION = f'[[analyse]]\nkind = "attribution"\nmodels = "tiny"\nchannels = 3\nlimit = 3\n{SPLIT}'


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
    file = write_project(tmp_path_factory.mktemp("findings"), evaluate=CKA + ATTRIBUTION)
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
    of_cka = [document for document in found.documents if document.kind == "cka"]
    alone = [document for document in of_cka if len(document.models) == 1]
    (pair,) = [document for document in of_cka if len(document.models) == 2]
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


def test_channels_of_a_linear_end_give_weight_times_what_they_have_over_the_mean_of_photos(project):
    file, found, store = project
    documents = [document for document in found.documents if document.kind == "attribution"]
    assert [document.class_index for document in documents] == [0, 1, 2]
    photos = judging(file, store, documents[0].split)
    network = signed_colours().eval()
    seen = dict(zip(photos, activations(network, torch.stack(list(photos.values())), ("act2",))["act2"], strict=True))
    mean = torch.stack(list(seen.values())).mean(dim=0)
    for document in documents:
        digests = [credit.digest for credit in document.photos]
        own = {photo.digest: value for photo, value in seen.items() if photo.group == CLASSES[document.class_index]}
        assert len(digests) == 3 and {*digests} <= {*own}
        weights = network.head.weight.detach()[document.class_index]
        maps = torch.stack([(own[digest] - mean) * weights[:, None, None] for digest in digests]) / mean[0].numel()
        values = maps.sum(dim=(2, 3))
        total = values.mean(dim=0)
        kept = {part.channel: part for part in document.channels}
        expected = [*total.argsort(descending=True)[:3].tolist(), *total.argsort()[:3].tolist()]
        assert list(kept) == [at for place, at in enumerate(expected) if (total[at] if place < 3 else -total[at]) > 0]
        figures = {(row.name, row.variant): row for row in document.figures}
        assert figures["attribution_rise", ""].value == pytest.approx(float(values.sum(dim=1).mean()), rel=1e-4)
        assert figures["attribution_gap", ""].value < 1e-5
        for index, part in kept.items():
            assert part.values == pytest.approx(values[:, index].tolist(), rel=1e-3, abs=1e-6)
            assert part.value == pytest.approx(float(total[index]), rel=1e-3, abs=1e-6)
            assert part.share == pytest.approx(float(total[index].abs() / total.abs().sum()), rel=1e-3)
            assert part.largest == pytest.approx(float(maps[:, index].abs().max()), rel=1e-3)
            assert figures["attribution", f"channel {index}"].value == part.value
            drawn = cells(store, document.key, part.maps) * part.largest
            assert np.abs(drawn - maps[:, index].numpy()).max() <= part.largest / 127


def cells(store, key, sprite):
    """The cells of a sprite of both signs, in [-1, 1]."""
    with Image.open(io.BytesIO(store.read_file(key, sprite.name))) as image:
        sheet = (np.asarray(image, np.float64) - 128) / 127
    side = sprite.cell
    places = [divmod(place, sprite.columns) for place in range(sprite.count)]
    return np.stack([sheet[row * side : (row + 1) * side, at * side : (at + 1) * side] for row, at in places])


def test_few_layers_at_a_time_give_the_same(project, monkeypatch):
    file, found, store = project
    monkeypatch.setattr("atlas.tasks.findings.cka.HELD", 1)
    document = next(document for document in found.documents if document.kind == "cka")
    for key in (document.key, *document.analysis.upstream):
        discard_result(store, key)
    assert evaluated(file, ["cka"])[1].analyses.rows == tuple(found.of("cka"))


def test_gram_matrices_are_shared_and_a_second_run_makes_nothing(project):
    file, found, _ = project
    report, again, evaluating = evaluated(file)
    assert report.done_by_kind == {} and again.analyses.rows == found.rows
    kinds = [task.kind for task in evaluating.pending().present]
    # Of CKA two models, two minibatches, three pairs; of attribution a baseline and three classes.
    assert (kinds.count("measurement"), kinds.count("finding")) == (4 + 4, 3 + 3)


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
    assert told.analyses.rows == tuple(found.of("cka")) and told.rows == ()
    (table,) = told.to_csv(tmp_path)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert table.name == "cka.csv"
    assert [float(row["value"]) for row in rows] == [row.value for row in found.of("cka")]
    (latex,) = told.to_latex(tmp_path)
    assert f"CKA: act and act2 &  & {found.rows[1].value:.3g}" in latex.read_text()


def test_another_seed_another_minibatch_and_other_layers_are_other_findings(project):
    file, found, _ = project
    text = file.read_text()
    for change in ("minibatch = 4", "minibatch = 6\nseed = 1"):
        file.write_text(text.replace("minibatch = 6", change))
        keys = {task.key for task in opened(file).plan.findings.tasks(None) if task.kind == "finding"}
        assert keys.isdisjoint(document.key for document in found.documents if document.kind == "cka")
    file.write_text(text)


def test_what_two_tables_ask_for_is_told_once(project):
    file = project[0].parent / "twice.toml"
    file.write_text(
        project[0].read_text()
        + CKA.replace('"act", "act2"', '"act"')
        + ATTRIBUTION.replace("channels = 3", "channels = 2")
    )
    report, found, _ = evaluated(file)
    assert report.failed == [] and found.analyses.rows == project[1].rows


def test_of_tables_that_differ_in_channels_alone_the_one_of_more_is_told(project):
    fewer, on_others = (ATTRIBUTION.replace("channels = 3", f"channels = {count}") for count in (1, 2))
    file = project[0].parent / "fewer.toml"
    text = project[0].read_text().replace("[[analyse]]", fewer + "[[analyse]]", 1)
    file.write_text(text + on_others.replace("limit = 3", "limit = 2"))
    report, found, _ = evaluated(file)
    assert report.failed == []
    before, told = ([it for it in each.documents if it.kind == "attribution"] for each in (project[1], found.analyses))
    assert [it.key for it in told if it.photo_count == 3] == [it.key for it in before]
    assert [it.photo_count for it in told if it.key not in {each.key for each in before}] == [2] * len(before)


def test_findings_have_the_names_that_models_have_now(project, tmp_path):
    shutil.copytree(project[0].parent, tmp_path / "renamed")
    file = tmp_path / "renamed" / "atlas.toml"
    file.write_text(file.read_text().replace('"tiny"', '"small"').replace('"other"', '"another"'))
    _, found, _ = evaluated(file)
    assert {(row.model, row.other) for row in found.analyses.of("cka")} == {
        ("small", ""),
        ("another", ""),
        ("small", "another"),
    }
    assert {row.model for row in found.analyses.of("attribution")} == {"small"}
    numbers = [(row.measure, row.of, row.value, row.low, row.high, row.n) for row in found.analyses.rows]
    assert numbers == [(row.measure, row.of, row.value, row.low, row.high, row.n) for row in project[1].rows]


def test_nothing_is_analysed_by_rendering(project):
    file, *_ = project
    assert {task.kind for task in rendered(file).pending().present} == {"rendering"}


def test_without_a_split_all_photos_are_looked_at(tmp_path):
    file = write_project(tmp_path, evaluate=CKA.replace(SPLIT, ""))
    _, found, _ = evaluated(file)
    assert {document.photo_count for document in found.analyses.documents} == {24}
    assert {document.split for document in found.analyses.documents} == {None}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('kind = "attribution"\nlayers = ["act3"]', 'analyse[0].layers: "act3" matches no layer of model "tiny"'),
        ('kind = "attribution"\nclasses = ["plum"]', 'analyse[0].classes: "plum" is no class of model "tiny"'),
        ('kind = "cka"\nmodels = "tiny"\nlayers = ["x.*"]', 'analyse[0].layers: "x.*" matches no layer'),
        ('kind = "cka"\nlayers = ["act", "act9"]', 'analyse[0].layers: "act9" matches no layer'),
    ],
)
def test_what_models_do_not_have_is_said_before_anything_runs(tmp_path, table, problem):
    file = write_project(tmp_path, evaluate=f"[[analyse]]\n{table}\n")
    with pytest.raises(ConfigError) as caught:
        opened(file)
    assert problem in str(caught.value)


def test_a_class_that_is_named_and_has_no_photos_is_told(tmp_path):
    file = write_project(tmp_path, evaluate=ATTRIBUTION + 'classes = ["red", "blue"]\n')
    for path in (tmp_path / "photos" / "blue").iterdir():
        path.unlink()
    found = opened(file).plan.findings
    assert found.left_out == ("attribution of tiny: there are no photos of blue; add some",)
    assert {task.analysis.class_index for task in found.tasks(None) if task.kind == "finding"} == {0}


def test_a_class_without_a_photo_that_can_be_read_is_left_out_until_its_photos_are_mended(tmp_path):
    file = write_project(tmp_path, render=LAYER, evaluate=ATTRIBUTION)
    whole = {path: path.read_bytes() for path in (tmp_path / "photos" / "red").iterdir()}
    for path, content in whole.items():
        path.write_bytes(content[:100])
    report, found, evaluating = evaluated(file)
    (line,) = found.left_out
    assert line.startswith("attribution of tiny, red: none of its photos can be read: red/00")
    assert line.endswith("; mend the photos, or add others")
    assert report.failed == [] and {row.class_name for row in found.analyses.rows} == {"green", "blue"}
    assert evaluating.pending().missing == []
    for path, content in whole.items():
        path.write_bytes(content)
    report, found, _ = evaluated(file)
    assert report.failed == [] and found.left_out == ()
    assert {row.class_name for row in found.analyses.rows} == set(CLASSES)


def test_values_that_are_all_0_have_a_gap_only_where_the_logit_did_not_change_either():
    rise, values = np.array([5.0, 0.0, 3.0]), np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    assert _gaps(rise, values) == [0.0, 0.5]


def test_photos_without_class_folders_have_no_classes_to_attribute(tmp_path):
    file = write_project(tmp_path, render=LAYER, evaluate=ATTRIBUTION.replace(SPLIT, ""))
    for number, path in enumerate(list((tmp_path / "photos").glob("*/*.png"))):
        path.rename(tmp_path / "photos" / f"{number}.png")
    for folder in (tmp_path / "photos").iterdir():
        if folder.is_dir():
            folder.rmdir()
    with pytest.raises(ConfigError, match="analyse.0..classes: the photos of photos are in no class folders"):
        opened(file)
