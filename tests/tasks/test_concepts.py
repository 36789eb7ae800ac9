"""Concepts of a small network, from photos to documents in the store."""

import shutil

import numpy as np
import pytest
from small_photos import picture, write_photos
from small_runs import analysed, analyses_of, concept_configuration, made, prepared, selected

from atlas.core.analysis import ClassConcepts
from atlas.craft.factorisations.base import FACTORISATIONS
from atlas.craft.factorise import factorise_many
from atlas.errors import AtlasError, ConfigError
from atlas.jobs.executors.base import Monitor
from atlas.store.repair import discard_result
from atlas.tasks.batch import batches
from atlas.tasks.machine import Machine


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


def documents(plan, store):
    """Class index to the concepts that the run found."""
    return {job.class_index: store.document(ClassConcepts, job.key) for job in plan.concepts}


def test_every_class_with_photos_gets_its_concepts(tmp_path, photos):
    plan, store, report = analysed(concept_configuration(tmp_path, photos, designs=64))
    assert not report.failed and not report.notices
    found = documents(plan, store)
    assert set(found) == {0, 1, 2}
    for index, document in found.items():
        assert document.reason == "" and document.fitted == 3 and document.patches == 6 * 4
        assert document.counts.model_dump() == {"found": 6, "readable": 6, "predicted": 6, "used": 6}
        assert 0 < document.error < 1
        values = [concept.importance.value for concept in document.concepts]
        assert values == sorted(values, reverse=True) and len(values) == 2 and values[0] > 0
        for number, concept in enumerate(document.concepts, 1):
            assert concept.number == number
            assert concept.importance.low <= concept.importance.value <= concept.importance.high
            direction = np.frombuffer(store.read_input(concept.direction), "<f4")
            assert direction.shape == (12,) and np.linalg.norm(direction) == pytest.approx(1, abs=1e-5)
            assert len(concept.patch_cosines) == 101 and list(concept.patch_cosines) == sorted(concept.patch_cosines)
            assert len(concept.crops) == 4 == concept.sprite.count
            assert len(concept.photos) == 2 == concept.heat_sprite.count
            assert all(0 <= crop.photo < len(document.photos) for crop in (*concept.crops, *concept.photos))
            assert all(photo.name.startswith(("red", "green", "blue")[index]) for photo in document.photos)
            for sprite in (concept.sprite, concept.photo_sprite, concept.heat_sprite):
                assert len(store.read_file(document.key, sprite.name)) == sprite.bytes


def test_the_most_important_concept_is_the_class_colour(tmp_path, photos):
    plan, store, _ = analysed(concept_configuration(tmp_path, photos))
    for index, document in documents(plan, store).items():
        direction = np.frombuffer(store.read_input(document.concepts[0].direction), "<f4")
        assert direction[:3].argmax() == index


def test_each_concept_is_rendered_by_one_job(tmp_path, photos):
    plan, store, _ = analysed(concept_configuration(tmp_path, photos))
    wanted = {concept.direction for found in documents(plan, store).values() for concept in found.concepts}
    assert {planned.job.target.direction for planned in plan.jobs} == wanted
    assert {planned.job.target.layer for planned in plan.jobs} == {"act2"}


def test_a_second_run_does_nothing(tmp_path, photos):
    config = concept_configuration(tmp_path, photos)
    analysed(config)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*") if path.is_file()}
    _, _, report = analysed(config)
    assert report.finished == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("stage", ["factorisation", "importance"])
def test_a_later_stage_is_made_again_without_those_before(tmp_path, photos, stage, monkeypatch):
    config = concept_configuration(tmp_path, photos)
    plan, store, _ = analysed(config)
    whole = documents(plan, store)
    for job in plan.concepts:
        discard_result(store, job.key)
        if stage == "factorisation":
            discard_result(store, job.importance.key)

    def untouched(*_, **__):
        raise AssertionError("an earlier stage was made again")

    monkeypatch.setattr("atlas.tasks.factorising.factorise_many", untouched)
    if stage == "importance":
        monkeypatch.setattr("atlas.tasks.importance.sobol_importance", untouched)
    plan, store, report = analysed(config)
    assert not report.failed
    again = documents(plan, store)
    assert {index: found.concepts for index, found in again.items()} == {
        index: found.concepts for index, found in whole.items()
    }


def test_what_decides_a_stage_is_in_its_key_and_nothing_later(tmp_path, photos):
    def keys(**changes):
        plan, _ = prepared(concept_configuration(tmp_path, photos, **changes))
        job = plan.concepts[0]
        return job.factorisation.key, job.importance.key, job.key

    base = keys()
    assert keys() == base
    for change, same in [({"count": 4}, 0), ({"designs": 16}, 1), ({"shown": 1}, 2), ({"parameters": {"steps": 9}}, 3)]:
        changed = keys(**change)
        assert [one == other for one, other in zip(changed, base, strict=True)] == [True] * same + [False] * (3 - same)


def test_another_photo_gives_another_key_and_nothing_stale_is_selected(tmp_path, photos):
    config = concept_configuration(tmp_path, photos)
    first, store, _ = analysed(config)
    picture(0, 99).save(photos / "red" / "new.png")
    for name in ("000.png", "001.png"):
        (photos / "blue" / name).unlink()
    second, _, _ = analysed(config)
    old, new = ({job.class_index: job.key for job in each.concepts} for each in (first, second))
    assert old[0] != new[0] and old[1] == new[1] and old[2] != new[2]
    assert selected(config, store).concepts == new
    shutil.rmtree(photos / "blue")
    analysed(config)
    assert set(selected(config, store).concepts) == {0, 1}


def test_renaming_photos_changes_nothing(tmp_path, photos):
    config = concept_configuration(tmp_path, photos)
    first, _ = prepared(config)
    (photos / "red" / "000.png").rename(photos / "red" / "zzz.png")
    second, _ = prepared(config)
    assert [job.key for job in first.concepts] == [job.key for job in second.concepts]


def test_more_concepts_than_patches_are_said_in_the_document(tmp_path, photos):
    plan, store, report = analysed(concept_configuration(tmp_path, photos, count=30))
    words = "30 concepts cannot be found in 24 patches"
    for document in documents(plan, store).values():
        assert words in document.reason and not document.concepts
    assert not report.failed and all(words in notice for notice in report.notices) and not plan.jobs


def test_photos_that_are_never_predicted_as_the_class(tmp_path):
    photos = write_photos(tmp_path / "photos", classes=("red",))
    (photos / "red").rename(photos / "blue")
    plan, store, report = analysed(concept_configuration(tmp_path, photos))
    document = documents(plan, store)[2]
    assert "the model predicts none of its 6 photos as this class" in document.reason
    assert document.counts.predicted == 0 and "no concepts of blue" in report.notices[0]
    plan, store, _ = analysed(concept_configuration(tmp_path, photos, photos="all"))
    assert documents(plan, store)[2].concepts


def test_identical_photos_are_said_to_be_too_few(tmp_path):
    photos = write_photos(tmp_path / "photos", count=1, classes=("red",))
    for number in range(5):
        shutil.copy(photos / "red" / "000.png", photos / "red" / f"copy{number}.png")
    plan, store, _ = analysed(concept_configuration(tmp_path, photos, count=5))
    assert "5 concepts cannot be found in 4 patches" in documents(plan, store)[0].reason
    assert any("identical" in notice for notice in plan.notices)


def test_few_photos_and_broken_ones_are_named_in_warnings(tmp_path, photos):
    (photos / "red" / "000.png").write_bytes(b"broken")
    (photos / "red" / "broken.jpg").write_bytes(b"")
    plan, store, report = analysed(concept_configuration(tmp_path, photos, minimum=10))
    warnings = documents(plan, store)[0].warnings
    assert any("only 5 photos were used; at least 10 are advised" in text for text in warnings)
    assert any("red/000.png" in text for text in warnings)
    assert any("red/000.png" in notice for notice in report.notices)


def test_a_layer_of_both_signs_is_refused_for_nmf_with_what_to_use(tmp_path, photos):
    config = concept_configuration(tmp_path, photos, network="signed_colours", layer="act2")
    with pytest.raises(ConfigError, match="negative activations") as caught:
        prepared(config)
    assert "semi-nmf" in str(caught.value)
    with pytest.raises(ConfigError, match="semi-nmf"):
        prepared(concept_configuration(tmp_path, photos, network="signed_colours"))


def test_a_layer_that_is_named_and_fits_is_taken(tmp_path, photos):
    plan, store, report = analysed(concept_configuration(tmp_path, photos, layer="act"))
    assert not report.failed
    for document in documents(plan, store).values():
        assert document.analysis.layers == ("act",) and document.concepts


def test_a_layer_that_is_negative_names_the_nearest_that_is_not(tmp_path, photos):
    with pytest.raises(ConfigError, match='the nearest that is never negative is "act"'):
        prepared(concept_configuration(tmp_path, photos, layer="features"))


@pytest.mark.parametrize("kind", ["semi-nmf", "convex-nmf", "k-means", "dictionary"])
def test_other_factorisations_take_both_signs(tmp_path, photos, kind):
    config = concept_configuration(tmp_path, photos, network="signed_colours", factorisation=kind)
    plan, store, report = analysed(config)
    assert not report.failed
    for document in documents(plan, store).values():
        assert document.concepts and document.factorisation == kind


ROWS = """
from atlas.craft.factorisations.base import Factorisation
from atlas.core.factorisation_card import FactorisationCard


class Rows(Factorisation):
    card = FactorisationCard(
        name="rows", version=VERSION, title="picking patches", summary="Some patches as they are.", takes_signed=True
    )

    def directions(self, activations, count, fitting):
        return [matrix[fitting.seed :: len(matrix) // count][:count] for matrix in activations]


ROWS = Rows()
"""


def test_a_factorisation_of_another_package_makes_concepts_and_explains_itself(tmp_path, photos, packages):
    keys = []
    for version in (1, 2):
        code = ROWS.replace("VERSION", str(version))
        packages.install(f"rows_of_tests_{version}", code, "atlas.factorisations", **{f"rows{version}": "ROWS"})
        packages.rediscover(FACTORISATIONS)
        config = concept_configuration(tmp_path, photos, network="signed_colours", factorisation=f"rows{version}")
        plan, store, report = analysed(config)
        assert not report.failed and len(plan.concepts) == 3
        for document in documents(plan, store).values():
            assert document.concepts and document.factorisation == f"rows{version}"
            assert document.card.summary == "Some patches as they are."
        keys.append(plan.concepts[0].factorisation.parameters)
    assert keys[1].pop("factorisation_version") == 2 and "factorisation_version" not in keys[0]


def test_shares_pixels_and_parts(tmp_path, photos):
    changes = {"importance": "share", "heat": "implicit", "depth": 1, "parts": 2, "part_layer": "act"}
    plan, store, report = analysed(concept_configuration(tmp_path, photos, **changes))
    assert not report.failed
    for document in documents(plan, store).values():
        assert document.measure == "share" and document.heat == "implicit"
        total = sum(concept.importance.value for concept in document.concepts) + document.importance_rest
        assert total == pytest.approx(1, abs=1e-4)
        for concept in document.concepts:
            assert len(concept.parts) == 2 and {part.layer for part in concept.parts} == {"act"}
            assert sum(part.share for part in concept.parts) == pytest.approx(1, abs=1e-5)
    layers = [planned.job.target.layer for planned in plan.jobs]
    assert layers.count("act2") == 6 and layers.count("act") == len(set(layers)) * 6


def test_a_folder_without_classes_is_told_apart_by_predictions(tmp_path, photos):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in photos.rglob("*.png"):
        shutil.copy(path, flat / f"{path.parent.name}-{path.name}")
    plan, store, _ = analysed(concept_configuration(tmp_path, flat, classes=("green",)))
    document = documents(plan, store)[1]
    assert document.counts.model_dump() == {"found": 18, "readable": 18, "predicted": 6, "used": 6}
    with pytest.raises(ConfigError, match="name the classes"):
        prepared(concept_configuration(tmp_path, flat))


def test_bad_blocks_are_all_named_at_once(tmp_path, photos):
    shutil.rmtree(photos / "blue")
    cases = [
        ({"classes": ("blue",)}, 'there are no photos of "blue"'),
        ({"classes": ("purple",)}, "purple"),
        ({"layer": "act3"}, "no layer"),
        ({"layer": "logits"}, "no grid"),
        ({"layer": "head"}, "no grid"),
        ({"depth": 1, "part_layer": "nowhere"}, "part_layer"),
        ({"depth": 1, "part_layer": "act2"}, 'does not come before "act2"'),
        ({"depth": 1, "part_layer": "logits"}, 'part_layer: layer "logits" has no grid'),
        ({"parameters": {"spectrum": "missing.npy"}}, "missing.npy"),
    ]
    for change, words in cases:
        with pytest.raises(AtlasError) as caught:
            prepared(concept_configuration(tmp_path, photos, **change))
        assert words in str(caught.value), change


def test_a_folder_that_matches_no_class_is_an_error_with_a_hint(tmp_path, photos):
    (photos / "green").rename(photos / "grean")
    with pytest.raises(ConfigError, match="grean") as caught:
        prepared(concept_configuration(tmp_path, photos))
    assert 'did you mean "green"' in str(caught.value)


def test_torch_and_several_classes_at_once_find_the_same(tmp_path, photos, monkeypatch):
    one, store, _ = analysed(concept_configuration(tmp_path, photos))
    first = documents(one, store)
    config = concept_configuration(tmp_path, photos, solver="torch")
    many, store, report = analysed(config, classes_together=3)
    together = batches(many.concepts, Machine("cpu", 1, classes_together=3))
    assert [len(batch.tasks) for batch in together] == [3] and not report.failed
    for index, document in documents(many, store).items():
        assert document.error == pytest.approx(first[index].error, abs=1e-3)
        mine, theirs = (
            np.frombuffer(store.read_input(found.concepts[0].direction), "<f4") for found in (document, first[index])
        )
        assert mine @ theirs > 0.99


def test_both_executors_find_the_same(tmp_path, photos):
    serial, store, _ = analysed(concept_configuration(tmp_path / "a", photos))
    workers = {"kind": "ray", "workers": 2, "device": "cpu", "threads": 1}
    cluster, other, report = analysed(concept_configuration(tmp_path / "b", photos, executor=workers))
    assert not report.failed
    mine, theirs = documents(serial, store), documents(cluster, other)
    assert {index: found.concepts for index, found in mine.items()} == {
        index: found.concepts for index, found in theirs.items()
    }


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path, photos):
    config = concept_configuration(tmp_path, photos)
    plan, store = prepared(config)
    monitor = Monitor(on_step=lambda batch, done, steps: batch.tasks[0].class_index == 1 and monitor.stop.set())
    report, _, _ = made(analyses_of(plan), store, config, monitor)
    assert report.interrupted and report.done == 1 and not report.failed
    _, _, report = analysed(config)
    assert report.done == 2 and not report.interrupted
    whole, other, _ = analysed(concept_configuration(tmp_path / "whole", photos))
    mine, theirs = documents(plan, store), documents(whole, other)
    assert {index: found.concepts for index, found in mine.items()} == {
        index: found.concepts for index, found in theirs.items()
    }


def test_a_class_in_two_blocks_is_an_error(tmp_path, photos):
    config = concept_configuration(tmp_path, photos)
    twice = config.model_copy(update={"concepts": config.concepts * 2})
    with pytest.raises(ConfigError, match='class "red" of model tiny is in two blocks'):
        prepared(twice)


def with_photos(config, **changes):
    """The configuration with other values in ``[photos]``."""
    return config.model_copy(update={"photos": config.photos.model_copy(update=changes)})


def test_credits_that_are_written_later_are_shown_without_measuring_again(tmp_path, photos):
    config = concept_configuration(tmp_path, photos)
    first, store, _ = analysed(config)
    assert documents(first, store)[0].photos[0].author == ""
    (photos / "SOURCES.csv").write_text("folder,author,licence\nred,Ada,CC0\n")
    second, _, report = analysed(config)
    assert report.done == 1 and {photo.author for photo in documents(second, store)[0].photos} == {"Ada"}
    one, other = first.concepts[0], second.concepts[0]
    assert one.importance.key == other.importance.key and one.key != other.key


def test_a_size_limit_that_is_raised_brings_back_what_it_refused(tmp_path, photos):
    picture(0, 99, side=200).save(photos / "red" / "large.png")
    config = with_photos(concept_configuration(tmp_path, photos), max_megapixels=0.02)
    for limit, readable in ((0.02, 6), (1.0, 7), (0.02, 6)):  # whatever the cache holds of the limit before
        plan, store, report = analysed(with_photos(config, max_megapixels=limit))
        assert not report.failed and documents(plan, store)[0].counts.readable == readable


def test_a_folder_that_is_mapped_otherwise_leaves_nothing_under_its_old_class(tmp_path, photos):
    shutil.rmtree(photos / "blue")
    mapping = tmp_path / "folders.csv"
    config = with_photos(concept_configuration(tmp_path, photos, photos="all"), classes=mapping)
    for name, index in (("blue", 2), ("green", 1)):
        mapping.write_text(f"green,{name}\n")
        plan, store, _ = analysed(config)
        current = selected(config, store).concepts
        assert set(current) == {0, index} == set(documents(plan, store))


@pytest.mark.parametrize("change", ["gone", "another"])
def test_a_photo_that_goes_during_a_run_fails_its_class_and_is_not_kept_as_a_result(tmp_path, photos, change):
    config = concept_configuration(tmp_path, photos)
    plan, store = prepared(config)
    path = photos / "green" / "003.png"
    data = path.read_bytes()
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(data + b"\0")
    report, _, _ = made(analyses_of(plan), store, config)
    assert [outcome.task.class_index for outcome in report.failed] == [1]
    assert "green/003.png" in report.failed[0].message
    path.write_bytes(data)
    again, _, report = analysed(config)
    assert not report.failed and documents(again, store)[1].counts.used == 6


def test_indices_above_one_are_said_to_be_noise_of_few_designs(tmp_path, photos):
    """Which few designs go wrong depends on the seed, that is on the key: of three numbers, one does."""
    warned = {}
    for designs in (2, 4, 8, 256):
        plan, store, _ = analysed(concept_configuration(tmp_path, photos, designs=designs))
        found = documents(plan, store).values()
        for document in found:
            said = any(f"{designs} designs are too few" in text for text in document.warnings)
            assert said == any(concept.importance.value > 1 for concept in document.concepts)
        warned[designs] = any(document.warnings for document in found)
    assert any(warned[designs] for designs in (2, 4, 8)) and not warned[256]


def test_directions_that_are_in_no_patch_are_not_shown(tmp_path, photos, monkeypatch):
    def with_an_absent_one(*arguments, **options):
        made = factorise_many(*arguments, **options)
        for each in made:
            each.coefficients[:, 1] = 0
        return made

    monkeypatch.setattr("atlas.tasks.factorising.factorise_many", with_an_absent_one)
    plan, store, report = analysed(concept_configuration(tmp_path, photos, count=3, shown=3))
    assert not report.failed
    for document in documents(plan, store).values():
        assert sorted(concept.component for concept in document.concepts) == [0, 2] and document.fitted == 3
        assert "1 of the 3 directions fitted are in no patch: fewer would do" in document.warnings


def test_a_cache_that_cannot_be_written_is_said_with_what_to_do(tmp_path, photos):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "activations").write_text("in the way")
    _, _, report = analysed(concept_configuration(tmp_path, photos))
    assert len(report.failed) == 3
    for outcome in report.failed:
        assert "the cache of activations" in outcome.message and "set photos.cache to another folder" in outcome.message


@pytest.mark.parametrize("depth", [0, 1])
def test_as_many_pictures_are_announced_as_there_will_be_at_most(tmp_path, photos, depth):
    changes = {"depth": depth, "parts": 2, "seeds": (0, 1)} | ({"part_layer": "act"} if depth else {})
    config = concept_configuration(tmp_path, photos, **changes)
    plan, store = prepared(config)
    announced, inputs = plan.expected(store), plan.stand_ins
    assert len(announced) == 3 * 2 * 2 * (3 if depth else 1) and len(inputs) == 1 + depth
    plan, _, _ = analysed(config)
    assert len(plan.jobs) == len(announced) and plan.expected(store) == []
