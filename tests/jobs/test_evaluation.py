"""Evaluation from pictures to tables: numbers by hand, what is kept apart, resumed, made again and told."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest
from small_evaluation import EVALUATE, JUDGES, RENDER, evaluated, opened, rendered, seen_by_hand, write_project
from small_photos import CLASSES

import atlas
from atlas.core.score import Score
from atlas.errors import ConfigError
from atlas.face.evaluating import Evaluating
from atlas.face.repairing import Repair
from atlas.jobs.selecting import select
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.store.repair import discard_result
from atlas.tasks.look import LookTask
from atlas.tasks.score import ScoreTask

PROBABILITY = "transfer_probability"
ORDER = ("blue", "red", "green")
"""The judge's classes."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project that was rendered and evaluated: (its file, what came of it, its store)."""
    file = write_project(tmp_path_factory.mktemp("evaluation"))
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == [] and not report.interrupted
    return file, found, Store(file.parent / "build" / "store")


def pictures_of(store, method):
    """The records of a method, and their images."""
    for record in store.records():
        if record.job.method == method:
            with Image.open(store.picture_path(record, "image")) as image:
                yield record, image.convert("RGB")


def row_of(found, measure, method, layer=""):
    (row,) = [row for row in found.rows if (row.measure, row.method, row.layer) == (measure, method, layer)]
    return row


@pytest.mark.parametrize(("method", "count"), [("fourier", 6), ("vital", 2)])
def test_transfer_is_the_share_that_the_judge_ranks_first(project, method, count):
    _, found, store = project
    first = [
        ORDER[int(seen_by_hand(image)[0].argmax())] == CLASSES[record.job.target.unit]
        for record, image in pictures_of(store, method)
    ]
    row = row_of(found, "transfer_top1", method)
    wilson = binomtest(sum(first), count).proportion_ci(method="wilson")
    assert (row.value, row.n, row.pictures) == (sum(first) / count, count, count)
    assert (row.low, row.high) == pytest.approx((wilson.low, wilson.high), abs=1e-6)
    assert (row.judge, row.family, row.relation, row.classes) == ("other", "Colours", "other family", 3)
    given = {
        record.key: seen_by_hand(image)[0][ORDER.index(CLASSES[record.job.target.unit])]
        for record, image in pictures_of(store, method)
    }
    (document,) = {one.key: one for one in found.documents if one.key == row.key}.values()
    told = {one.key: value.value for one in document.pictures for value in one.values if value.name == PROBABILITY}
    assert told == pytest.approx(given, abs=1e-4)
    own = row_of(found, "own_top1", method)
    top = [record.top_classes[0].index == record.job.target.unit for record, _ in pictures_of(store, method)]
    assert (own.value, own.relation) == (sum(top) / count, "own")


@pytest.mark.parametrize("layer", ["act2", "act"])
@pytest.mark.parametrize("k", [1, 2])
def test_plausibility_is_the_distance_to_judging_photos_over_theirs(project, layer, k):
    file, found, store = project
    (document,) = [one for one in found.documents if (one.score, one.method) == ("plausibility", "vital")]
    judging = set(json.loads(store.read_input(document.split.judging)))
    features = {name: [] for name in CLASSES}
    for photo in opened(file).plan.photo_set.photos:
        if photo.digest in judging:
            with Image.open(file.parent / "photos" / photo.name) as image:
                square = image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC)
            vector = seen_by_hand(square)[1][layer]
            features[photo.group].append(vector / np.linalg.norm(vector))
    assert {len(each) for each in features.values()} == {4}
    expected, values = {}, {one.key: one.values for one in document.pictures}
    for record, image in pictures_of(store, "vital"):
        photos = np.array(features[CLASSES[record.job.target.unit]])
        vector = seen_by_hand(image)[1][layer]
        distance = np.sort(np.linalg.norm(photos - vector / np.linalg.norm(vector), axis=1))[k - 1]
        apart = [np.sort(np.linalg.norm(photos - each, axis=1))[k] for each in photos]
        expected[record.key] = distance / np.mean(apart)
        (told,) = [it.value for it in values[record.key] if (it.name, it.layer) == (f"plausibility_{k}", layer)]
        assert told == pytest.approx(expected[record.key], rel=1e-3)
    row = row_of(found, f"plausibility_{k}", "vital", layer)
    assert row.value == pytest.approx(np.mean(list(expected.values())), rel=1e-3) and row.n == 2


def power_by_hand(image):
    """The mean of |F|^2 over the pixels in the two halves of a picture's frequencies, and above a quarter."""
    pixels = np.asarray(image.convert("RGB"), np.float64) / 255
    power = (np.abs(np.fft.fft2(pixels - pixels.mean(axis=(0, 1)), axes=(0, 1))) ** 2).mean(axis=2)
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(32), np.fft.fftfreq(32), indexing="ij"))
    rings = [power[(radius > low) & (radius <= low + 1 / 32)].mean() for low in np.arange(16) / 32]
    return np.array(rings) / 32**2, power[radius > 0.25].sum() / power.sum()


def test_the_spectrum_is_that_of_pictures_over_that_of_judging_photos(project):
    file, found, store = project
    (document,) = [one for one in found.documents if (one.score, one.method) == ("spectrum", "vital")]
    judging = set(json.loads(store.read_input(document.split.judging)))
    photos = []
    for photo in opened(file).plan.photo_set.photos:
        if photo.digest in judging and photo.group in ("red", "green"):
            with Image.open(file.parent / "photos" / photo.name) as image:
                photos.append(power_by_hand(image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC)))
    pictures = [power_by_hand(image) for _, image in pictures_of(store, "vital")]
    ratio = np.mean([rings for rings, _ in pictures], axis=0) / np.mean([rings for rings, _ in photos], axis=0)
    high = np.mean([share for _, share in pictures])
    (curve,) = document.curves
    assert curve.x == pytest.approx((np.arange(16) + 0.5) / 32)
    assert curve.y == pytest.approx(ratio, rel=1e-4)
    assert all(low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))
    assert row_of(found, "spectrum_distance", "vital").value == pytest.approx(np.abs(np.log10(ratio)).mean(), rel=1e-4)
    assert row_of(found, "high_frequencies", "vital").value == pytest.approx(high, rel=1e-4)
    of_photos = row_of(found, "high_frequencies_of_photos", "vital")
    assert (of_photos.value, of_photos.n) == (pytest.approx(np.mean([it for _, it in photos]), rel=1e-4), 8)
    assert (of_photos.judge, of_photos.relation) == ("", "")


def test_no_method_is_given_a_photo_that_judges(project):
    _, found, store = project
    split = next(one.split for one in found.documents if one.split is not None)
    judging, fitted = (set(json.loads(store.read_input(name))) for name in (split.judging, split.fitted))
    assert (split.share, split.seed, len(judging), len(fitted)) == (0.5, 0, 12, 12) and not judging & fitted
    listed = [
        set(json.loads(store.read_input(record.job.target.references))) for record, _ in pictures_of(store, "vital")
    ]
    assert len(listed) == 2 and all(each and each <= fitted for each in listed)
    looked = {name for key in store.keys() for name in looked_at(store, key)}
    assert looked == judging
    selection = store.selections.read_named(*store.selections.names())
    assert selection.split == split and set(selection.scores) == {one.key for one in found.documents}


def looked_at(store, key):
    """The photos that a look was at."""
    document = store.any_document(key)
    rows = getattr(document, "facts", {}).get("rows", ())
    return [name for name in rows if not store.has(name)]


def test_without_a_split_methods_get_all_photos_and_other_keys(tmp_path):
    with_split = opened(write_project(tmp_path)).plan
    without = opened(write_project(tmp_path, evaluate='[[evaluate]]\nscores = "transfer"\n')).plan
    references = [
        {task.key for task in plan.jobs if task.job.target.references is not None} for plan in (with_split, without)
    ]
    assert all(references) and not references[0] & references[1]
    assert {task.key for task in with_split.jobs} - references[0] == {task.key for task in without.jobs} - references[1]
    assert {len(task.references) for task in without.jobs if task.references} == {8}


def test_a_judge_is_not_rendered_and_rendering_scores_nothing(tmp_path):
    project = rendered(write_project(tmp_path))
    assert {task.model for task in project.plan.tasks} == {"tiny"}
    assert not [one for one in map(project.store.any_document, project.store.keys()) if isinstance(one, Score)]
    assert project.outlook().plan.scores and not project.pending().missing


def test_what_was_seen_is_not_looked_at_again(tmp_path):
    file = write_project(tmp_path)
    rendered(file)
    report, found, evaluating = evaluated(file)
    assert report.done_by_kind == {"look": 8 * 3 + 3 * 2, "score": 8}
    assert evaluated(file)[0].finished == 0
    store = evaluating.project.store
    store.index.forget(found.documents[0].key)
    store.document_path(found.documents[0].key).unlink()
    assert evaluated(file)[0].done_by_kind == {"score": 1}
    report, again, _ = evaluated(write_project(tmp_path, judges=JUDGES.replace("Colours", "Paints")))
    assert report.done_by_kind == {"score": 4}
    assert {row.family for row in again.rows} == {"Paints", ""}  # nobody judges spectra
    assert [row.value for row in again.rows] == [row.value for row in found.rows]
    report, _, _ = evaluated(write_project(tmp_path, evaluate=EVALUATE.replace("[1, 2]", "3")))
    assert report.done_by_kind == {"score": 2}


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path):
    file = write_project(tmp_path)
    rendered(file)
    evaluating = Evaluating.of(opened(file))
    seen = []

    def on_step(batch, done, steps):
        seen.append(batch)
        if len(seen) == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluating.project.run(evaluating.pending(), on_step)
    store = evaluating.project.store
    done = {key for key in store.keys() if store.has(key)}
    report, found, _ = evaluated(file)
    made = {key for key in store.keys() if store.has(key)} - done
    assert report.failed == [] and report.finished == len(made) and 0 < len(made) < 38
    assert len(found.documents) == 8 and list(verify(store)) == []


def test_pictures_that_are_not_there_are_counted_and_not_rendered(tmp_path):
    file = write_project(tmp_path)
    project = opened(file)
    fourier = [task.key for task in project.plan.jobs if task.job.method == "fourier"]
    report, found, _ = evaluated(file)
    assert (report.finished, found.rows, found.missing) == (0, (), {"tiny, fourier": 6, "tiny, vital": 2})
    assert project.plan.evaluations.missing(None, ["cka"]) == {}  # of which nobody asks for an analysis of models alone
    project.run(project.pending(only=fourier[:4]))
    report, few, _ = evaluated(file)
    assert few.missing == {"tiny, fourier": 2, "tiny, vital": 2} and {row.pictures for row in few.rows} == {4}
    assert len(list(project.store.records())) == 4
    project.run(project.pending())
    report, found, _ = evaluated(file)
    assert report.done_by_kind == {"look": 4 * 3 + 2, "score": 8} and found.missing == {}
    assert row_of(found, "own_top1", "fourier").n == 6
    assert list(verify(project.store)) == []


def test_what_is_damaged_or_lost_of_scores_is_made_again(tmp_path):
    file = write_project(tmp_path)
    rendered(file)
    _, found, evaluating = evaluated(file)
    store, plan = evaluating.project.store, evaluating.project.plan.with_follow_ups(evaluating.project.store)
    looks = [task for task in plan.tasks if isinstance(task, LookTask)]
    scores = [task for task in plan.tasks if isinstance(task, ScoreTask)]
    next(store.folder(looks[0].key).glob("*.safetensors")).write_bytes(b"x")
    store.index.forget(looks[-1].key)
    store.document_path(looks[-1].key).unlink()
    store.document_path(scores[0].key).write_text("{}")
    store.inputs.path(found.documents[-1].split.judging if found.documents[-1].split else "").unlink()
    assert {one.kind for one in verify(store)} == {"result", "input"}
    repair = Repair(opened(file))
    todo = repair.prepare()
    assert sorted(task.kind for task in todo.missing) == ["look", "look", "score"]
    opened(file).run(todo)
    repair.conclude()
    assert repair.left == [] and list(verify(store)) == []
    assert evaluated(file)[1].rows == found.rows


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:60])])
def test_a_picture_whose_file_is_lost_or_damaged_is_told_with_what_mends_it(tmp_path, harm):
    render = '[[render]]\nclasses = "red"\nmethod = "fourier"\nparameters = { steps = 1, image_size = 32 }\n'
    file = write_project(tmp_path, render, evaluate='[[evaluate]]\nscores = ["transfer"]\n')
    rendered(file)
    store = Store(tmp_path / "build" / "store")
    (record,) = store.records()
    harm(store.picture_path(record, "image"))
    report, found, _ = evaluated(file)
    assert found.rows == () and len(report.failed) == 4
    looks = [outcome.message for outcome in report.failed if isinstance(outcome.task, LookTask)]
    assert len(looks) == 2
    for message in looks:
        assert "is lost or damaged" in message and "run `atlas status --verify --repair`" in message
        assert "Error" not in message


def test_a_repair_does_not_score_what_was_never_scored(tmp_path):
    file = write_project(tmp_path)
    rendered(file)
    assert Repair(opened(file)).prepare().missing == []


def test_looks_and_pictures_from_photos_are_left_out_and_said(tmp_path):
    render = """
[[render]]
classes = ["red"]
method = "fourier"
seeds = "facets:2"
parameters = { steps = 1, image_size = 32 }

[[render]]
classes = ["red"]
method = "adversarial"
photos = ["red/000.png"]
parameters = { steps = 1, image_size = 32 }
"""
    plan = opened(write_project(tmp_path, render)).plan
    assert plan.evaluations.asked == ()
    *pictures, scores = plan.evaluations.left_out
    assert [line.partition(" (")[0].partition(" that")[0] for line in pictures] == ["pictures of looks", "pictures"]
    assert scores.startswith("transfer, plausibility, spectrum: no pictures of classes")


@pytest.mark.parametrize(
    ("judges", "expected"),
    [
        ('[[judges]]\nmodel = "tiny"\nfamily = "colours"\n', {"tiny": "own", "other": "same family"}),
        ('[[judges]]\nmodel = "tiny"\nfamily = "Signed"\n', {"tiny": "own", "other": "other family"}),
        ("", {"tiny": "own", "other": "other family"}),
    ],
)
def test_a_judge_of_the_same_family_is_told_and_so_is_the_model_itself(tmp_path, judges, expected):
    render = RENDER.replace("[[render]]", '[[render]]\nmodel = "tiny"')
    asked = opened(write_project(tmp_path, render, JUDGES + judges)).plan.evaluations.asked
    assert {one.judge.name: one.as_judge.relation for one in asked if one.name == "transfer"} == expected


def test_networks_of_one_name_are_of_one_family(tmp_path):
    file = write_project(tmp_path)
    text = file.read_text().replace("tiny_networks:signed_colours", "tiny_networks:colours")
    file.write_text(text.replace("size = 32", "size = 40", 1))
    asked = opened(file).plan.evaluations.asked
    assert {one.as_judge.relation for one in asked if one.judge and one.judge.name == "other"} == {"same family"}


@pytest.mark.parametrize("build", ["signed_colours", "colours"])
def test_a_network_under_two_names_is_scored_once_and_that_is_said(tmp_path, build):
    twin = f"""
[[models]]
name = "twin"
source = "callable"
architecture = "tiny_networks:{build}"
size = 32
class_names = "{"own" if build == "signed_colours" else "other"}.txt"
"""
    rendered_twin = build == "signed_colours"
    judges = JUDGES + ("" if rendered_twin else JUDGES.replace("other", "twin")) + twin
    model = '"tiny", "twin"' if rendered_twin else '"tiny"'
    render = RENDER.replace("[[render]]", f"[[render]]\nmodel = [{model}]")
    evaluations = opened(write_project(tmp_path, render, judges)).plan.evaluations
    first = "tiny" if rendered_twin else "other"
    assert evaluations.left_out == (
        f"twin: it is the same network as {first}; what both are asked for is scored once, as {first}'s",
    )
    assert "twin" not in {one.group.rendered.name for one in evaluations.asked}
    assert "twin" not in {one.judge.name for one in evaluations.asked if one.judge}


def test_a_judge_without_the_classes_is_left_out_with_what_it_would_take(tmp_path):
    file = write_project(tmp_path)
    (tmp_path / "other.txt").write_text("cat\ndog\nhorse\n")
    plan = opened(file).plan
    evaluations = plan.evaluations
    assert [one.judge.name for one in evaluations.asked if one.name == "transfer"] == ["tiny", "tiny"]
    assert {one.judge.name for one in evaluations.asked if one.name == "plausibility"} == {"other"}
    assert "class_names" in evaluations.left_out[0] and "other" in evaluations.left_out[0]
    store = Store(tmp_path / "new", create=True)
    select(plan, store)
    assert store.selections.read(plan.configuration).left_out == evaluations.left_out


def test_a_judge_with_fewer_classes_judges_among_its_own_and_says_so(tmp_path):
    file = write_project(tmp_path)
    (tmp_path / "other.txt").write_text("blue\nred\nplum\n")
    rendered(file)
    _, found, _ = evaluated(file, ["transfer"])
    row = row_of(found, "transfer_top1", "fourier")
    assert (row.n, row.pictures, row.classes) == (4, 6, 3)
    assert any('2 pictures left out: "green" (class 1) is none of' in line for line in found.left_out)


def test_tables_hold_what_is_told_and_what_latex_reads(project, tmp_path):
    _, found, _ = project
    files = found.to_csv(tmp_path)
    assert [file.name for file in files] == [
        "plausibility.csv",
        "spectrum.csv",
        "transfer.csv",
        "spectrum-curves.csv",
    ]
    rows = [row for file in files[:3] for row in csv.DictReader(file.read_text().splitlines())]
    assert [float(row["value"]) for row in rows] == [row.value for row in found.rows]
    assert [(row["judge"], row["n"]) for row in rows] == [(row.judge, str(row.n)) for row in found.rows]
    text = found.to_latex(tmp_path)[2].read_text()
    own, transfer = row_of(found, "own_top1", "fourier"), row_of(found, "transfer_top1", "fourier")
    for row in (own, transfer):
        assert f"{row.value:.3g} [{row.low:.3g}, {row.high:.3g}], n = 6" in text
    assert text.count(r"\\") == 3 and "other (Colours)" in text


def test_the_face_gives_the_same_rows(project):
    file, found, _ = project
    assert atlas.evaluate(file, progress=False).rows == found.rows
    only = atlas.evaluate(file, only=["transfer"], progress=False)
    assert only.scores == ("transfer",) and set(only.rows) < set(found.rows)
    with pytest.raises(ConfigError, match='did you mean "transfer"'):
        atlas.evaluate(file, only=["transfers"], progress=False)


def test_rows_begin_with_judges_of_other_families_and_the_best_method(project):
    _, found, _ = project
    rows = [row for row in found.rows if row.score == "transfer"]
    assert [row.relation for row in rows] == ["other family"] * 4 + ["own"] * 2
    assert [row.measure for row in rows] == ["transfer_top1"] * 2 + ["transfer_probability"] * 2 + ["own_top1"] * 2
    for pair in (rows[:2], rows[2:4], rows[4:]):
        assert pair[0].value >= pair[1].value
    nearest = [row.value for row in found.rows if (row.measure, row.layer) == ("plausibility_1", "act2")]
    assert nearest == sorted(nearest)


def test_two_choices_of_parameters_are_two_rows_that_say_what_differs(tmp_path):
    render = RENDER.replace("vital", "fourier").replace("steps = 1", "steps = 3")
    file = write_project(tmp_path, render, evaluate='[[evaluate]]\nscores = "transfer"\n')
    rendered(file)
    assert {row.settings for row in evaluated(file)[1].rows} == {"steps = 2", "steps = 3"}


def test_what_two_tables_ask_for_is_told_once(tmp_path):
    render = '[[render]]\nclasses = ["red"]\nmethod = "fourier"\nparameters = { steps = 1, image_size = 32 }\n'
    one = EVALUATE.replace('["transfer", "plausibility", "spectrum"]', '"plausibility"')
    file = write_project(tmp_path, render, evaluate=one + one.replace("[1, 2]", "[2, 3]"))
    rendered(file)
    _, found, _ = evaluated(file)
    told = [(row.measure, row.layer, row.judge, row.by) for row in found.rows]
    assert len(set(told)) == len(told) and {measure for measure, *_ in told} == {
        f"{number}_{k}" for number in ("plausibility", "plausibility_distance") for k in (1, 2, 3)
    }
    assert [document.score for document in found.documents] == ["plausibility"]


def test_workers_of_a_cluster_see_the_same(project, tmp_path):
    file, found, _ = project
    shutil.copytree(file.parent, tmp_path / "copy")
    store = Store(tmp_path / "copy" / "build" / "store")
    for document in found.documents:
        for key in (document.key, *document.analysis.upstream):
            discard_result(store, key)
    again = write_project(tmp_path / "copy", executor='kind = "ray"\nworkers = 2')
    report, others, _ = evaluated(again)
    assert report.done_by_kind == {"look": 30, "score": 8} and report.failed == []
    assert [replace(row, value=0, low=0, high=0) for row in others.rows] == [
        replace(row, value=0, low=0, high=0) for row in found.rows
    ]
    assert [row.value for row in others.rows] == pytest.approx([row.value for row in found.rows], rel=1e-3)
