"""VITAL's studies of references: which photos each variant is given, and scores of its pictures in one table."""

import json

import pytest
from small_evaluation import evaluated, opened, write_project
from small_photos import CLASSES, write_photos

from atlas.core.score import Score
from atlas.errors import ConfigError
from atlas.store import Store
from atlas.store.integrity import verify

SPLIT = "photos = { judging = 0.5, seed = 0 }\n"
ANALYSE = f"""
[[analyse]]
kind = "references"
models = "tiny"
classes = ["red", "green"]
parameters = {{ steps = 1, image_size = 32 }}
{SPLIT}"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project whose variants were rendered and scored: (its file, what came of it, its store)."""
    folder = tmp_path_factory.mktemp("references")
    write_photos(folder / "photos", 12)
    file = write_project(folder, render="", evaluate=ANALYSE)
    assert opened(file).run().failed == []
    report, found, _ = evaluated(file)
    assert report.failed == []
    return file, found, Store(file.parent / "build" / "store")


def variants(file):
    """Variant to the pictures of it, as they are planned."""
    found = {}
    for _, asked in opened(file).plan.findings.asked:
        for variant, one in asked.asked:
            found[variant] = one.group.pictures
    return found


def test_each_variant_is_given_the_photos_that_it_says(project):
    file, *_ = project
    plan, found = opened(file).plan, variants(file)
    folders = {photo.digest: photo.group for photo in plan.photo_set.photos}
    assert list(found) == [
        "number: 5",
        *(f"corrupted: 6 + {added}" for added in (0, 1, 2)),
        "held_out: fitting",
        "held_out: judging",
        *(f"blocks: {layers}" for layers in ("act", "act2", "act + act2")),
    ]
    for variant, pictures in found.items():
        assert [task.job.target.unit for task in pictures] == [0, 1]
        for task in pictures:
            digests = json.loads(plan.inputs[task.job.target.references])
            assert digests == [photo.digest for photo in task.references]
            own = [digest for digest in digests if folders[digest] == CLASSES[task.job.target.unit]]
            assert len(own) == 6
            assert len(digests) - 6 == (int(variant[-1]) if variant.startswith("corrupted") else 0)
            judging = {digest in plan.split.judging for digest in digests}
            assert judging == {variant == "held_out: judging"}
    assert [task.job.parameters["layers"] for task in found["blocks: act2"]] == [["act2"], ["act2"]]
    assert {task.job.parameters["references"] for task in found["number: 5"]} == {5}
    # What adds more keeps what was added before.
    one, two = ({photo.digest for photo in found[f"corrupted: 6 + {added}"][0].references} for added in (1, 2))
    assert one < two


def test_the_table_has_the_scores_of_every_variant_by_every_judge(project):
    file, found, store = project
    documents = found.analyses.documents
    assert sorted(tuple(model.name for model in document.models) for document in documents) == [
        ("tiny", "other"),
        ("tiny", "tiny"),  # its own accuracy
    ]
    for document in documents:
        assert {row.variant for row in document.figures} == set(variants(file))
        scores = [store.document(Score, key) for key in document.analysis.upstream]
        told = {(one.name, one.layer, one.value, one.n) for score in scores for one in score.figures}
        assert {(row.name, row.other_layer, row.value, row.n) for row in document.figures} == told
        assert document.photo_count == max(score.photos for score in scores) in (0, 12)
        plan = opened(file).plan
        for score in scores:
            if score.score == "plausibility":
                references = {digest for picture in score.pictures for digest in referred(store, picture.key)}
                assert references.isdisjoint(json.loads(store.read_input(score.split.judging)))
        assert document.split == plan.split.record
    names = {row.name for row in documents[0].figures} | {row.name for row in documents[1].figures}
    assert {"transfer_top1", "own_top1", "plausibility_1"} <= names
    assert list(verify(store)) == []


def test_scores_of_variants_are_told_by_the_analysis_alone(project):
    file, found, store = project
    plan = opened(file).plan.with_follow_ups(store)
    upstream = {key for document in found.analyses.documents for key in document.analysis.upstream}
    assert upstream and upstream <= plan.keys, "they are made"
    assert plan.scores == () and found.rows == () and found.documents == (), "no table [[evaluate]] asks for them"
    assert store.selections.read(plan.configuration).scores == ()


def referred(store, key):
    """The references of a picture."""
    return json.loads(store.read_input(store.read(key).job.target.references))


def test_what_there_are_too_few_photos_for_is_said(project):
    _, found, _ = project
    assert "references of tiny: 10 references: there are 6" in found.left_out


def test_scores_that_need_judges_are_left_out_without_any(tmp_path):
    file = write_project(tmp_path, render="", judges="", evaluate=ANALYSE)
    assert any(
        line.startswith("references: no plausibility, for nobody judges; add a table [[judges]] with model")
        for line in opened(file).plan.findings.left_out
    )


@pytest.mark.parametrize("score", ["zero_shot", "auc_mad", "inversion"])
def test_scores_that_cannot_be_told_of_variants_are_refused_with_those_that_can(score, tmp_path):
    file = write_project(tmp_path, render="", evaluate=ANALYSE + f'scores = ["transfer", "{score}"]\n')
    told = rf'analyse.0..scores: "{score}" cannot be told of variants; take scores of pictures of classes'
    with pytest.raises(ConfigError, match=told):
        opened(file)


def test_references_need_a_split_and_parameters_of_vital(tmp_path):
    file = write_project(tmp_path, render="", evaluate=ANALYSE.replace(SPLIT, ""))
    with pytest.raises(ConfigError, match="analyse.0..photos: references must not judge; split the photos"):
        opened(file)
    file = write_project(tmp_path, render="", evaluate=ANALYSE.replace("steps = 1", "stepss = 1"))
    with pytest.raises(ConfigError, match="stepss"):
        opened(file)
    file = write_project(tmp_path, render="", evaluate=ANALYSE.replace("steps = 1", "steps = 1, references = 3"))
    with pytest.raises(ConfigError, match="analyse.0..parameters.references: how many there are is what is varied"):
        opened(file)
