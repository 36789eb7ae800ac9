"""Distances between sets from pictures to tables: by hand, with what each is called, and what is left out."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image
from scipy import linalg
from small_evaluation import evaluated, opened, rendered, seen_by_hand, write_project

from atlas.plan import pairing
from atlas.store import Store

EVALUATE = """
[[evaluate]]
methods = "fourier"
scores = ["frechet", "kid"]
photos = { judging = 0.5, seed = 0 }
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project that was rendered and evaluated: (its file, what came of it, its store)."""
    file = write_project(tmp_path_factory.mktemp("distances"), evaluate=EVALUATE)
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == []
    return file, found, Store(file.parent / "build" / "store")


def features_of(file, found, store):
    """The judge's penultimate features of all pictures, and of the judging photos of their classes."""
    (document, *_) = found.documents
    pictures = []
    for one in document.pictures:
        with Image.open(store.picture_path(store.read(one.key), "image")) as image:
            pictures.append(seen_by_hand(image)[1]["act2"])
    judging, photos = set(json.loads(store.read_input(document.split.judging))), []
    for photo in opened(file).plan.photo_set.photos:
        if photo.digest in judging:
            with Image.open(file.parent / "photos" / photo.name) as image:
                square = image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC)
            photos.append(seen_by_hand(square)[1]["act2"])
    return np.array(pictures), np.array(photos)


def row_of(found, measure):
    (row,) = [row for row in found.rows if row.measure == measure]
    return row


def test_the_frechet_distance_is_the_formula_and_says_that_it_is_of_few_and_of_which_network(project):
    pictures, photos = features_of(*project)
    one, other = np.cov(pictures, rowvar=False), np.cov(photos, rowvar=False)
    apart = pictures.mean(axis=0) - photos.mean(axis=0)
    expected = apart @ apart + np.trace(one + other - 2 * linalg.sqrtm(one @ other).real)
    row = row_of(project[1], "frechet")
    assert row.value == pytest.approx(expected, rel=1e-3)
    assert (row.n, row.pictures, row.photos, row.layer, row.judge) == (6, 6, 12, "act2", "other")
    assert row.title == "FD-tiny_networks:colours, rank deficient"
    assert (row.low, row.high, row.is_certain) == (None, None, False)


def test_the_kernel_distance_is_the_mean_over_pairs(project):
    pictures, photos = features_of(*project)

    def kernel(x, y):
        return (x @ y / len(x) + 1) ** 3

    def within(rows):
        return np.mean([kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j])

    expected = within(pictures) + within(photos) - 2 * np.mean([kernel(x, y) for x in pictures for y in photos])
    row = row_of(project[1], "kid")
    assert row.value == pytest.approx(expected, rel=1e-3)
    assert row.low <= row.value <= row.high and row.is_certain
    assert (row.n, row.photos, row.title) == (6, 12, "KD-tiny_networks:colours")


def test_files_have_no_interval_where_there_is_none(project, tmp_path):
    _, found, _ = project
    files = {file.name: file for file in (*found.to_csv(tmp_path), *found.to_latex(tmp_path))}
    (row,) = csv.DictReader(files["frechet.csv"].read_text().splitlines())
    assert (row["low"], row["high"], row["n"], row["photos"]) == ("", "", "6", "12")
    assert "[" not in files["frechet.tex"].read_text().partition("FD-")[2].partition("n = 6")[0]
    assert {"title": row["title"]}.items() <= {**found.to_json()["rows"][0]}.items()
    told = list(csv.DictReader(files["left-out.csv"].read_text().splitlines()))
    assert [line["left out"] for line in told] == list(found.left_out)


def test_it_is_said_once_that_nothing_here_is_fid_and_what_it_would_take(project):
    _, found, store = project
    (line,) = found.left_out
    assert evaluated(project[0], ["kid"])[1].left_out == () and evaluated(project[0], ["frechet"])[1].left_out == (
        line,
    )
    assert line.startswith("frechet: FID itself") and 'architecture = "inception_v3"' in line
    assert store.selections.read_named(*store.selections.names()).left_out == (line,)


def test_fewer_than_two_pictures_have_no_distance_and_that_is_stored(tmp_path):
    render = '[[render]]\nclasses = "red"\nmethod = "fourier"\nparameters = { steps = 1, image_size = 32 }\n'
    file = write_project(tmp_path, render, evaluate=EVALUATE)
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == [] and found.rows == ()
    assert {document.score: document.figures for document in found.documents} == {"frechet": (), "kid": ()}
    for document in found.documents:
        assert document.left_out == (
            "1 pictures, 1 of them with finite features, have no spread; give at least two pictures",
        )
        assert any(
            line.startswith(f"{document.score} of tiny, fourier by other: 1 pictures") for line in found.left_out
        )


def test_without_its_library_it_is_left_out_with_what_it_would_take_and_measured_once_that_is_there(
    project, monkeypatch, tmp_path
):
    shutil.copytree(project[0].parent, tmp_path / "copy")
    file = tmp_path / "copy" / "atlas.toml"
    monkeypatch.setattr(pairing, "has", lambda library: library != "torchmetrics")
    report, found, _ = evaluated(file)
    assert report.failed == [] and {row.score for row in found.rows} == {"kid"}
    (document,) = [one for one in found.documents if one.score == "frechet"]
    assert document.left_out == (
        "frechet needs torchmetrics, which is not installed; pip install 'lens-atlas[scores]'",
    )
    monkeypatch.undo()
    assert {row.score for row in evaluated(file)[1].rows} == {"frechet", "kid"}


def test_pictures_of_a_class_that_no_photo_judges_are_held_against_no_other_class_s(tmp_path):
    evaluate = EVALUATE.replace('"kid"]', '"kid", "spectrum"]')
    file = write_project(tmp_path, evaluate=evaluate)
    shutil.rmtree(tmp_path / "photos" / "blue")
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == [] and len(found.documents) == 3
    ns = {row.measure: (row.n, row.pictures, row.photos) for row in found.rows}
    assert ns["frechet"] == ns["kid"] == (4, 6, 8)
    assert ns["spectrum_distance"] == (2, 6, 8)
    for document in found.documents:
        assert document.left_out == ("2 pictures left out: class 2 has no judging photos",)
    without_blue = next(one for one in found.documents if one.score == "spectrum").pictures
    assert [bool(one.values) for one in without_blue] == [one.class_index != 2 for one in without_blue]
    shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}_two")
    two = tmp_path.parent / f"{tmp_path.name}_two" / "atlas.toml"
    two.write_text(two.read_text().replace('classes = "all"', 'classes = ["red", "green"]'))
    alone = {row.measure: row.value for row in evaluated(two)[1].rows}
    assert {row.measure: row.value for row in found.rows} == pytest.approx(alone)
