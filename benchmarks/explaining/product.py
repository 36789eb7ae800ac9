"""The product's own path, from a configuration to concepts, with ears: ``atlas render`` without its command line.

Run as ``python -m explaining.product``, it answers with the classes that have photos.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import atlas
from atlas.config import Config
from atlas.face.project import Project
from atlas.models.load import VisionModel
from atlas.photos import open_photo_set
from atlas.photos.classes import match_classes
from atlas.photos.spec import PhotosSpec
from atlas.store import Store
from atlas.tasks.concepts import ConceptsTask
from explaining.study import MeasuringError, Study, answer, arguments, requests


@dataclass(frozen=True)
class Prepared:
    """Classes planned but not looked at: an empty store, an empty cache."""

    project: Project

    @property
    def store(self) -> Store:
        """The store that results go to."""
        return self.project.store

    @property
    def jobs(self) -> dict[int, ConceptsTask]:
        """Class index to the task that finds its concepts."""
        return {task.class_index: task for task in self.project.plan.concepts}

    def run(self, classes: Sequence[int]) -> None:
        """Find the concepts of classes, as ``atlas render`` does, and render none.

        Raises:
            MeasuringError: it failed.
        """
        chosen = tuple(replace(self.jobs[index], pictures=()) for index in classes)
        report = replace(self.project, plan=replace(self.project.plan, tasks=chosen)).run()
        if report.done != len(classes):
            raise MeasuringError("; ".join(outcome.message for outcome in report.failed) or "it was stopped")


def load(study: Study) -> VisionModel:
    """Load the study's model."""
    return atlas.load(study.model)


def prepare(study: Study, model: VisionModel, classes: Sequence[int], folder: Path) -> Prepared:
    """Plan the concepts of classes, with store and cache in ``folder``."""
    config = Config.model_validate(
        {
            "file": folder / "atlas.toml",
            "store": {"path": folder / "store"},
            "executor": {"kind": "serial", "device": "cpu", "threads": study.threads},
            "photos": {
                "path": Path(study.photos),
                "cache": folder / "cache",
                "patch_size": study.patch_size,
                "statistics": False,
            },
            "models": (study.model,),
            "concepts": (study.block | {"classes": tuple(classes)},),
        }
    )
    return Prepared(Project.open(config, models={model.card.name: model}))


@contextmanager
def listening(places: Sequence[tuple[Any, str, Callable[[Callable[..., Any]], Callable[..., Any]]]]) -> Iterator[None]:
    """Put something around functions of the product for a while.

    Args:
        places: (module or class, name of the function, what makes another function of it).
    """
    with ExitStack() as stack:
        for owner, name, around in places:
            stack.enter_context(patch.object(owner, name, around(getattr(owner, name))))
        yield


def results_kept(results: list[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes a function leave its results in a list as well."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def kept(*given: Any, **named: Any) -> Any:
            results.append(function(*given, **named))
            return results[-1]

        return kept

    return decorate


def main() -> None:
    """Answer with index, name and number of photos of every class, those with most photos first."""
    study, folder = arguments()
    photo_set = open_photo_set(PhotosSpec(path=Path(study.photos), cache=folder / "cache"))
    labels = load(study).card.classes
    matched = match_classes(photo_set, labels).checked()
    for _ in requests():
        found = [{"index": index, "name": labels[index].name, "photos": len(them)} for index, them in matched.items()]
        answer(sorted(found, key=lambda each: -each["photos"]))


if __name__ == "__main__":
    main()
