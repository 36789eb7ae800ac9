"""Rendering loads no judge, and leaves what was scored and found as it is, as long as it is asked for."""

import pytest
from small_evaluation import EVALUATE, JUDGES, RENDER, evaluated, write_project

import atlas
from atlas.config import load_config
from atlas.errors import AtlasError
from atlas.face.project import Project
from atlas.store import Store

CKA = '\n[[analyse]]\nkind = "cka"\nmodels = ["tiny", "other"]\nphotos = { judging = 0.5, seed = 0 }\n'


@pytest.fixture
def file(tmp_path):
    """The configuration of a project that was rendered, scored and analysed."""
    file = write_project(tmp_path, evaluate=EVALUATE + CKA)
    atlas.run(file, progress=False)
    assert evaluated(file)[0].failed == []
    return file


def selection(file):
    """What the store has noted of the configuration."""
    selections = Store(file.parent / "build" / "store").selections
    return selections.read_named(*selections.names())


def test_no_judge_is_loaded_for_pictures(tmp_path):
    file = write_project(tmp_path)
    file.write_text(file.read_text().replace("tiny_networks:colours", "tiny_networks:none_such"))
    assert atlas.run(file, progress=False).done_by_kind["rendering"] == 8
    plan = Project.open(load_config(file), evaluates=False).plan
    assert set(plan.models) == {"tiny"} and plan.awaits == ("transfer", "plausibility", "spectrum")
    with pytest.raises(AtlasError, match="none_such"):
        evaluated(file)


def test_an_analysis_with_pictures_of_its_own_is_planned_with_all_others(tmp_path):
    references = '\n[[analyse]]\nkind = "references"\nmodels = "tiny"\nclasses = ["red"]\n'
    photos = "photos = { judging = 0.5, seed = 0 }\nparameters = { steps = 1, image_size = 32 }\n"
    plan = Project.open(load_config(write_project(tmp_path, evaluate=references + photos)), evaluates=False).plan
    assert plan.awaits == () and plan.findings.pictures
    assert {task.key for task in plan.findings.pictures} <= {task.key for task in plan.jobs}


def test_scores_findings_and_who_judged_stay(file):
    before = selection(file)
    assert len(before.scores) == 8 and before.findings and len(before.cards) == 2
    assert atlas.run(file, progress=False).finished == 0
    assert selection(file) == before


def test_scores_of_pictures_that_are_no_longer_planned_do_not(file):
    before = selection(file)
    render = RENDER.replace('classes = ["red", "green"]', 'classes = ["red"]')
    atlas.run(write_project(file.parent, render, evaluate=EVALUATE + CKA), progress=False)
    after = selection(file)
    assert len(after.scores) == 4 and set(after.scores) < set(before.scores) and after.findings == before.findings
    assert set(after.keys) < set(before.keys)


def test_what_is_no_longer_asked_for_does_not(file):
    before = selection(file)
    write_project(file.parent, evaluate=EVALUATE.replace('"spectrum"', '"kid"'))
    atlas.run(file, progress=False)
    after = selection(file)
    assert len(after.scores) == 6 and after.findings == ()
    assert set(after.scores) < set(before.scores) and set(after.keys) < set(before.keys)
    write_project(file.parent, judges="", evaluate="")
    text = file.read_text().replace("[[render]]", '[[render]]\nmodel = "tiny"')
    file.write_text(text)
    atlas.run(file, progress=False)
    assert (selection(file).scores, selection(file).left_out, len(selection(file).cards)) == ((), (), 1)


def test_a_family_that_is_called_otherwise_is_told_by_the_next_evaluation(file):
    write_project(file.parent, judges=JUDGES.replace("Colours", "Paints"), evaluate=EVALUATE)
    atlas.run(file, progress=False)
    assert {row.family for row in evaluated(file)[1].rows if row.judge} == {"Paints", ""}
