"""Concepts of a small network, from photos to documents in the store."""

import numpy as np
import pytest
from small_photos import write_photos
from small_runs import analysed, concept_configuration

from atlas.core.analysis import ClassConcepts


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


def documents(analyses, store):
    """Class index to the concepts that the run found."""
    return {job.class_index: store.analyses.read(ClassConcepts, job.key) for _, job in analyses.concepts}


def test_every_class_with_photos_gets_its_concepts(tmp_path, photos):
    _, plan, analyses, store, report = analysed(concept_configuration(tmp_path, photos))
    assert not report.failed and not report.notices
    found = documents(analyses, store)
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
                assert len(store.analyses.read_file(document.key, sprite.name)) == sprite.bytes


def test_the_most_important_concept_is_the_class_colour(tmp_path, photos):
    _, _, analyses, store, _ = analysed(concept_configuration(tmp_path, photos))
    for index, document in documents(analyses, store).items():
        direction = np.frombuffer(store.read_input(document.concepts[0].direction), "<f4")
        assert direction[:3].argmax() == index


def test_each_concept_is_rendered_by_one_job(tmp_path, photos):
    _, plan, analyses, store, _ = analysed(concept_configuration(tmp_path, photos))
    wanted = {concept.direction for found in documents(analyses, store).values() for concept in found.concepts}
    assert {planned.job.target.direction for planned in plan.jobs} == wanted
    assert {planned.job.target.layer for planned in plan.jobs} == {"act2"}
