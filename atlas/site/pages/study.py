"""The study of people: one page that asks, without any word on how the pictures were made."""

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from atlas.core.canonical import digest_bytes
from atlas.site.catalog.people import People
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.pages.study_data import study_script
from atlas.site.published import PublishedPictures
from atlas.site.resources import resource_folder
from atlas.study.document import StudyDocument
from atlas.study.settings import TaskKind

ADDRESS = "study/index.html"
SECONDS = 12
"""A question takes about so long, for the welcome's word on how long all takes."""


class StudyData(Document):
    """A study of people. Who made which picture is in the store, not here: those who take part could read it."""

    study: str = Field(description="digest of what is asked, which answers name it by")
    tasks: tuple[TaskKind, ...]
    pictures: int
    subsets: int = Field(description="how many different ones there are; a person's number says which is answered")
    questions: int = Field(description="that one person answers, at most, with the one that checks attention")


class StudyKind(PageKind):
    """The page of the study."""

    name = "study"
    data = StudyData
    title = "Take part in a study of these pictures"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page, if there is a study."""
        people = contents.people
        if people is not None and people.document is not None:
            yield Placed(ADDRESS, partial(study_page, people, people.document, contents.pictures))


STUDY = StudyKind()


def study_page(people: People, study: StudyDocument, pictures: PublishedPictures) -> Page:
    """Return the page. Its script and its style are its own."""
    subject_of = {stimulus.id: stimulus.subject for stimulus in study.stimuli}
    for subject in sorted({subject_of[trial.picture] for trial in study.trials if trial.kind == "photos"}):
        pictures.sprite(people.photos[subject].analysis, people.photos[subject].sprite)
    settings, questions = people.settings, max(map(len, study.sheets))
    own = {role: (resource_folder("static") / f"study.{role}").read_bytes() for role in ("css", "js")}
    names = {role: f"study.{digest_bytes(content)[:10]}.{role}" for role, content in own.items()}
    asked = {trial.kind for trial in study.trials}
    return Page(
        ADDRESS,
        settings.title,
        "A study of pictures: look at some of them, and answer a short question about each.",
        StudyData(
            study=study.digest,
            tasks=tuple(kind for kind in settings.tasks if kind in asked),
            pictures=len(study.stimuli),
            subsets=len(study.sheets),
            questions=questions,
        ),
        {
            "paragraphs": settings.paragraphs,
            "minutes": max(2, -(-questions * SECONDS // 60)),
            "questions": questions,
            "origin": settings.origin,
            "names": names,
        },
        scripts={
            **{f"study/{names[role]}": content for role, content in own.items()},
            "study/tasks.js": study_script(people, study),
        },
    )
