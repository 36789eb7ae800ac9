"""Who is asked about what: methods and pictures equally often, in a seeded order, a catch question for everyone."""

from collections import Counter

import pytest

from atlas.study.design import MOST_SHEETS, OPTIONS, make_study
from atlas.study.document import CHOICES, Stimulus, StudyDocument
from atlas.study.settings import KINDS


def stimuli(classes: int, methods: int, models: int = 1) -> list[Stimulus]:
    return [
        Stimulus(model=f"m{model}", method=f"x{method}", index=index, title=f"class {index}", rendering=f"{index:064}")
        for model in range(models)
        for index in range(classes)
        for method in range(methods)
    ]


def made(classes: int, methods: int, models: int = 1, per_person: int = 24, seed: int = 0) -> StudyDocument:
    pictures = stimuli(classes, methods, models)
    return make_study(pictures, KINDS, per_person, seed, {it.subject for it in pictures})


SIZES = [(15, 5, 1, 24), (4, 2, 1, 8), (10, 3, 2, 20), (6, 6, 1, 13), (300, 4, 1, 24)]


@pytest.mark.parametrize(("classes", "methods", "models", "per_person"), SIZES)
def test_methods_and_pictures_are_asked_about_equally_often(classes, methods, models, per_person):
    study = made(classes, methods, models, per_person)
    trials, pictures = {it.id: it for it in study.trials}, {it.id: it for it in study.stimuli}
    assert len(study.sheets) <= MOST_SHEETS and {len(sheet) for sheet in study.sheets} == {per_person + 1}
    for kind in KINDS:
        times = Counter(dict.fromkeys(pictures, 0))
        conditions = Counter({it.condition: 0 for it in study.stimuli})
        for sheet in study.sheets:
            about = [pictures[trials[name].picture] for name in sheet if trials[name].kind == kind]
            here = Counter(dict.fromkeys(conditions, 0))
            here.update(it.condition for it in about)
            assert max(here.values()) - min(here.values()) <= 1
            assert max(Counter(it.subject for it in about).values()) == 1  # no class twice
            times.update(it.id for it in about)
            conditions.update(here)
        assert max(conditions.values()) - min(conditions.values()) <= 1
        assert max(times.values()) - min(times.values()) <= 2


def test_of_many_classes_the_same_are_taken_of_every_method():
    study = made(300, 4)
    by_method = {method: {it.index for it in study.stimuli if it.method == f"x{method}"} for method in range(4)}
    assert len(by_method[0]) < 300 and len({frozenset(found) for found in by_method.values()}) == 1


def test_a_choice_holds_the_picture_once_among_others_by_the_same_method():
    study = made(9, 3)
    pictures = {it.id: it for it in study.stimuli}
    for trial in study.trials:
        if trial.kind in CHOICES:
            assert trial.options.count(trial.picture) == 1
            assert len({pictures[name].title for name in trial.options}) == OPTIONS
            assert {pictures[name].condition for name in trial.options} == {pictures[trial.picture].condition}
        else:
            assert trial.options == ()
    places = Counter(trial.options.index(trial.picture) for trial in study.trials if trial.kind in CHOICES)
    assert len(places) == OPTIONS


def test_everyone_has_one_catch_question_and_describes_before_reading_words():
    study = made(9, 3)
    trials = {it.id: it for it in study.trials}
    for sheet in study.sheets:
        kinds = [trials[name].kind for name in sheet]
        assert kinds.count("catch") == 1 and 0 < kinds.index("catch") < len(kinds) - 1
        others = [kind for kind in kinds if kind != "catch"]
        assert others == sorted(others, key=KINDS.index)
    assert all((trial.expected in range(1, 6)) == (trial.kind == "catch") for trial in study.trials)


def test_the_seed_decides_all_of_it():
    assert made(9, 3).encoded == made(9, 3).encoded
    assert made(9, 3).digest != made(9, 3, seed=1).digest
    orders = [[trial.picture for trial in made(9, 3, seed=seed).trials] for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_a_document_comes_back_from_its_bytes():
    study = made(5, 2)
    assert StudyDocument.model_validate_json(study.encoded) == study
    assert study.sheet(len(study.sheets) + 1) == study.sheets[1]


def test_what_cannot_be_asked_is_not():
    single = make_study(stimuli(1, 2), KINDS, 8, 0, {("m0", 0)})
    assert {trial.kind for trial in single.trials} == {"description", "rating", "catch"}
    unseen = make_study(stimuli(4, 2), KINDS, 8, 0)
    assert {trial.kind for trial in unseen.trials} == {"description", "word", "rating", "catch"}
    with pytest.raises(ValueError, match="needs pictures"):
        make_study([], KINDS, 8, 0)
