"""Files of answers: those that count, and why the others do not; the table against one made by hand."""

import json

import pytest

from atlas.core.figures import share
from atlas.study.answers import count
from atlas.study.document import Stimulus, StudyDocument, Trial
from atlas.study.table import COLUMNS, make_table, names_class

STIMULI = tuple(
    Stimulus(id=f"p{2 * index + place}", model="net", method=method, index=index, title=title, rendering="0" * 64)
    for index, title in enumerate(("king penguin", "daisy"))
    for place, method in enumerate(("good", "bad"))
)
TRIALS = (
    Trial(id="d0", kind="description", picture="p0"),
    Trial(id="d1", kind="description", picture="p3"),
    Trial(id="w0", kind="word", picture="p0", options=("p0", "p2")),
    Trial(id="w1", kind="word", picture="p3", options=("p3", "p1")),
    Trial(id="c", kind="catch", picture="p1", expected=4),
    Trial(id="r0", kind="rating", picture="p2"),
    Trial(id="r1", kind="rating", picture="p1"),
)
SHEET = tuple(trial.id for trial in TRIALS)
STUDY = StudyDocument(seed=0, stimuli=STIMULI, trials=TRIALS, sheets=(SHEET, SHEET[:5]))
RIGHT = {"d0": "Penguins", "d1": "", "w0": "p0", "w1": "p1", "c": 4, "r0": 5, "r1": 2}


def answers(person=0, told=None, **changes):
    given = [{"trial": name, "answer": it, "seconds": 2.5} for name, it in (RIGHT | (told or {})).items()]
    fields = {"schema": "atlas-answers", "schema_version": 1, "study": STUDY.digest, "person": person, "consent": True}
    times = {"started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:05:00Z"}
    return fields | times | {"answers": given} | changes


@pytest.fixture
def write(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return written


BROKEN = {
    "no JSON": ("{", "broken"),
    "no object": ("[1]", "broken"),
    "something else": ('{"schema": "atlas-page"}', "broken"),
    "another study": (answers(study="ab" * 32), "of another study (abababababab)"),
    "without consent": (answers(consent=False), "broken: consent"),
    "incomplete": (answers(answers=answers()["answers"][:3]), "incomplete: 3 of 7"),
    "a question twice": (answers(answers=[*answers()["answers"], answers()["answers"][0]]), "twice"),
    "a question of another sheet": (answers(person=1), "person 1 is not asked r0"),
    "a picture that was no choice": (answers(told={"w0": "p3"}), "'p3' is no answer to w0"),
    "a rating out of range": (answers(told={"r0": 6}), "'6' is no answer to r0"),
    "a rating in words": (answers(told={"r0": "5"}), "no answer to r0"),
    "true for a rating": (answers(told={"r0": True}), "broken"),
    "a novel": (answers(told={"d0": "x" * 500}), "no answer to d0"),
    "a number for a picture": (answers(told={"w0": 0}), "no answer to w0"),
    "negative time": (answers(answers=[{"trial": "d0", "answer": "", "seconds": -1}]), "broken"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_counted_is_named_with_a_reason(write, case):
    content, reason = BROKEN[case]
    bad, good = write("bad.json", content), write("good.json", answers(person=2))
    counted = count([bad, good], STUDY)
    assert [each.person for each in counted.people] == [2]
    assert [left.file for left in counted.left_out] == [str(bad)] and reason in counted.left_out[0].reason


def test_a_person_counts_once_and_a_missing_file_is_named(write, tmp_path):
    first, second = write("1.json", answers(person=4)), write("2.json", answers(person=4))
    counted = count([first, second, tmp_path / "none.json"], STUDY)
    assert len(counted.people) == 1
    assert [left.reason.partition(":")[0] for left in counted.left_out] == ["repeated", "broken"]


def test_who_does_not_read_is_left_out_also_when_the_file_comes_again(write):
    wrong = write("wrong.json", answers(person=6, told={"c": 3}))
    counted = count([wrong, write("again.json", answers(person=6))], STUDY)
    assert (counted.people, counted.inattentive, len(counted.left_out)) == ((), (str(wrong),), 1)


def test_the_table_is_as_by_hand(write):
    told = [{}, {"d1": "daisy", "r0": 3}, {"w1": "p3", "r1": 1}]
    files = [write(f"{place}.json", answers(person=2 * place, told=it)) for place, it in enumerate(told)]
    table = make_table(count(files, STUDY).people, STUDY)
    rows = {(row.task, row.method): row for row in table.rows}
    assert [(row.task, row.method) for row in table.rows] == [
        ("description", "good"), ("description", "bad"), ("word", "good"), ("word", "bad"),
        ("rating", "good"), ("rating", "bad"),
    ]  # fmt: skip
    word = rows["word", "bad"]
    assert word.answers == share([False, False, True]) and (word.count, word.people.n, word.chance) == (3, 3, 0.5)
    assert word.people.value == pytest.approx(1 / 3) and word.people.low == 0 and word.people.high == 1
    assert rows["description", "good"].answers == share([True] * 3)
    assert rows["description", "bad"].answers == share([False, True, False])
    rating = rows["rating", "good"]
    assert (rating.answers, rating.chance) == (None, None) and rating.leading.value == pytest.approx(13 / 3)
    assert rows["rating", "bad"].leading.value == pytest.approx(5 / 3)
    differences = {each.task: each for each in table.differences}
    assert differences["rating"].figure.value == pytest.approx((3 + 1 + 4) / 3)
    assert (differences["word"].method, differences["word"].other) == ("good", "bad")
    assert [(it.method, it.text, it.right) for it in table.descriptions if it.text == "daisy"] == [
        ("bad", "daisy", True)
    ]
    assert set(word.plain) == set(COLUMNS) and word.plain["low"] == word.answers.low


def test_several_answers_of_a_person_are_one_person():
    trials = (*TRIALS[2:4], Trial(id="w2", kind="word", picture="p2", options=("p0", "p2")))
    study = StudyDocument(seed=0, stimuli=STIMULI, trials=trials, sheets=(("w0", "w1", "w2"),))
    from atlas.study.answers import Answer, Answers

    def person(number, *given):
        told = [Answer(trial=f"w{place}", answer=it, seconds=1) for place, it in enumerate(given)]
        return Answers(
            schema="atlas-answers", schema_version=1, study="", person=number, consent=True, started="", finished="",
            answers=told,
        )  # fmt: skip

    good = make_table([person(0, "p0", "p3", "p2"), person(1, "p0", "p3", "p0")], study).rows[0]
    assert good.method == "bad"  # all of its two are right
    good = make_table([person(0, "p0", "p1", "p2"), person(1, "p0", "p1", "p0")], study).rows[0]
    assert (good.count, good.people.n, good.people.value) == (4, 2, 0.75) and good.answers == share([1, 1, 1, 0])


@pytest.mark.parametrize("text", ["King Penguin", "penguin", "penguins", "Aptenodytes_patagonica", "patagonica"])
def test_a_description_is_right_if_it_names_the_class(text):
    about = STIMULI[0].model_copy(update={"names": ("Aptenodytes patagonica",)})
    assert names_class(text, about)


@pytest.mark.parametrize("text", ["", "s", "king", "bird", "daisy", "enguin"])
def test_other_words_do_not(text):
    assert not names_class(text, STIMULI[0])
