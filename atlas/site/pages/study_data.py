"""Data for the study's script: questions, pictures and photos by ids that tell nothing of how they were made."""

from collections.abc import Sequence
from typing import Any

from atlas.site.catalog.people import ClassPhotos, People
from atlas.site.drawings.sheets import HIDDEN, sprite_path
from atlas.site.pictures.picture import Derived
from atlas.site.scripts import script
from atlas.study.document import StudyDocument, Trial

LARGEST = 720
"""Pixels: wider files than this no question shows."""


def study_script(people: People, study: StudyDocument) -> bytes:
    """Return the script that hands a study over.

    A trial is [kind, word or id of photos or number, ids of pictures]; which picture is right is not in it. A word is a
    class's name up to its first comma.
    """
    stimuli = {it.id: it for it in study.stimuli}
    asked = [trial for trial in study.trials if trial.kind == "photos"]
    subjects = sorted({stimuli[trial.picture].subject for trial in asked})
    photo_ids = {subject: f"f{place}" for place, subject in enumerate(subjects)}

    def told(trial: Trial) -> list[Any]:
        about = stimuli[trial.picture]
        words = {
            "description": "",
            "catch": str(trial.expected),
            "photos": photo_ids.get(about.subject, ""),
        }
        return [
            trial.kind,
            words.get(trial.kind, about.title.partition(",")[0].strip() or about.title),
            list(trial.options) or [trial.picture],
        ]

    return script(
        "atlasStudy",
        {
            "study": study.digest,
            "post": people.settings.post,
            "sheets": study.sheets,
            "trials": {trial.id: told(trial) for trial in study.trials},
            "pictures": {it.id: _files(people, it.id) for it in study.stimuli},
            "photos": {photo_ids[subject]: _sprite(people.photos[subject]) for subject in subjects},
            "hidden": HIDDEN,
        },
    )


def _files(people: People, name: str) -> list[Any]:
    """Return the files of a whole picture as flat pairs of path and width."""
    picture = people.pictures[name].picture
    files: Sequence[Derived] = picture.raw if picture else ()
    kept = [file for file in files if file.width <= LARGEST] or files[:1]
    return [value for file in kept for value in (file.path, file.width)]


def _sprite(photos: ClassPhotos) -> dict[str, Any]:
    """Return a class's photos: one file with its cells, and whom each is owed to."""
    credits = [
        [
            it.name,
            it.author,
            it.licence,
            it.source,
            f"../{photos.photo_set.address_of(it.digest)}" if photos.photo_set else "",
        ]
        for it in photos.photos
    ]
    return {
        "path": sprite_path(photos.sprite),
        "columns": photos.sprite.columns,
        "size": [photos.sprite.width, photos.sprite.height],
        "credits": credits,
    }
