"""``atlas study``: the table in words, as JSON and as CSV; what cannot be counted is named."""

import csv
import json
from pathlib import Path

import pytest
from command_line import CommandLine
from study_site import METHODS, build_study, make_study_store, study_of, write_configuration

from atlas.store import Store
from atlas.study.document import StudyDocument
from atlas.study.settings import StudySettings


def answer(study: StudyDocument, person: int, folder: Path, attentive: bool = True, good: str = "maco") -> Path:
    """Write the file of a person who recognises what one method made, and nothing else."""
    trials, stimuli = {it.id: it for it in study.trials}, {it.id: it for it in study.stimuli}
    given = []
    for name in study.sheet(person):
        trial, about = trials[name], stimuli[trials[name].picture]
        right = about.method == good
        if trial.kind == "catch":
            told: object = trial.expected if attentive else trial.expected % 5 + 1
        elif trial.kind == "rating":
            told = 5 if right else 2
        elif trial.kind == "description":
            told = about.title if right else "something"
        else:
            told = trial.picture if right else next(it for it in trial.options if it != trial.picture)
        given.append({"trial": name, "answer": told, "seconds": 3})
    path = folder / f"{person}.json"
    fields = {"schema": "atlas-answers", "schema_version": 1, "study": study.digest, "person": person, "consent": True}
    path.write_text(json.dumps(fields | {"started": "", "finished": "", "answers": given}))
    return path


@pytest.fixture
def study(atlas: CommandLine) -> StudyDocument:
    store = make_study_store(atlas.folder / "store")
    build_study(store, atlas.folder / "site", StudySettings(per_person=8))
    write_configuration(atlas.folder, store, atlas.folder / "site")
    return study_of(store)


def test_the_table_names_what_is_left_out(atlas: CommandLine, study: StudyDocument) -> None:
    files = [answer(study, person, atlas.folder, attentive=person != 3) for person in range(4)]
    broken = atlas.folder / "broken.json"
    broken.write_text("{")
    result = atlas("study", *map(str, [*files, files[0], broken]))
    assert result.status == 0
    assert "answers of 3 people" in result.out and "maco minus fourier" in result.out
    assert f"{broken}: broken" in result.out and "repeated" in result.out
    assert "1 person who answered the catch question wrongly" in result.out and "3.json" in result.out


def test_json_and_csv_say_the_same(atlas: CommandLine, study: StudyDocument) -> None:
    files = [answer(study, person, atlas.folder) for person in range(5)]
    result = atlas("study", *map(str, files), "--json", "--csv", "table.csv")
    told = json.loads(result.out)
    assert (result.status, told["study"], told["people"]) == (0, study.digest, [0, 1, 2, 3, 4])
    rows = {(row["task"], row["method"]): row for row in told["rows"]}
    assert set(rows) == {(task, it) for task in ("description", "word", "photos", "rating") for it in METHODS}
    assert rows["word", "maco"]["value"] == 1 and rows["word", "fourier"]["value"] == 0
    assert rows["word", "maco"]["low"] < 1 and rows["word", "maco"]["chance"] == 0.25
    assert rows["rating", "maco"]["value"] == 5 and rows["rating", "fourier"]["value"] == 2
    with open("table.csv", newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    plain = [{name: "" if value is None else str(value) for name, value in row.items()} for row in told["rows"]]
    assert written == plain


def test_an_earlier_study_is_kept_and_can_be_named(atlas: CommandLine, study: StudyDocument) -> None:
    file = answer(study, 1, atlas.folder)
    build_study(Store(atlas.folder / "store"), atlas.folder / "site", StudySettings(per_person=8, seed=1))
    now = atlas("study", str(file))
    assert now.status == 2 and "of another study" in now.out and "no file of answers can be counted" in now.err
    assert atlas("study", str(file), "--study", study.digest[:12]).status == 0
    unknown = atlas("study", str(file), "--study", "0123")
    assert unknown.status == 2 and 'holds no study "0123"' in unknown.err


def test_a_site_without_a_study_is_a_mistake_with_a_remedy(atlas: CommandLine) -> None:
    store = make_study_store(atlas.folder / "store")
    write_configuration(atlas.folder, store, atlas.folder / "site")
    result = atlas("study", "a.json")
    assert result.status == 2 and "has no study" in result.err and "atlas build" in result.err
