"""What judges say of single pictures: other families first, nothing of the model itself, each score's first number."""

import json

from sample_scores import HOSTILE_JUDGE, scores_of
from sample_site import Document, Sample

from atlas.site.catalog.judged import judged_pictures
from atlas.site.words.formats import fine_percent


def test_numbers_beside_pictures_are_those_of_the_scores(sample: Sample) -> None:
    scores = scores_of(sample.store)
    told = {
        (picture.key, score.judge.name, value.name, value.layer): value.value
        for score in scores
        if score.judge is not None
        for picture in score.pictures
        for value in picture.values
    }
    found = judged_pictures(scores, sample.store.metrics())
    for key, judges in found.items():
        assert [by.judge for by in judges if by.judge] == [HOSTILE_JUDGE, "sibling"]
        for by in judges:
            assert [said.name for said in by.numbers] == (
                ["transfer_probability"] + ["plausibility_1"] * (2 if by.judge == HOSTILE_JUDGE else 1)
            )
            assert all(told[key, by.judge, said.name, said.layer] == said.value for said in by.numbers)
    assert len(found) > 40


def test_a_class_shows_them_beside_its_pictures_and_in_its_json(sample: Sample) -> None:
    address = f"{sample.first}/c/7"
    rendering = json.loads((sample.site / f"{address}.json").read_text())["data"]["renderings"][0]
    (other, _) = [by for by in rendering["judged"] if by["judge"]]
    words = Document(sample.text(f"{address}.html")).words()
    assert other["relation"] == "other family"
    probability = fine_percent(other["values"][0]["value"]).replace("\u00a0", " ")
    assert f"{HOSTILE_JUDGE} (Vision <Transformers>, another family): judge's probability {probability}" in words
