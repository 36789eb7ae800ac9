"""Seconds per picture of every method, and the share of a step that passes inside the network."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rendering.clock import StepClock, timer_for
from torch import Tensor

import atlas
from atlas.face.project import Project
from atlas.methods import methods
from atlas.models.load import VisionModel
from atlas.models.network.network import Network
from atlas.tasks.machine import resolve_device
from comparing.study import Study, table

GOAL = 0.8


def speeds(study: Study, layer: str, batch: int, steps: int, warmup: int) -> str:
    """Time some steps of every method that the model allows; return Markdown."""
    config = study.config(())
    spec = config.models[0]
    model = atlas.load(spec)
    rows: list[list[object]] = []
    for name, method in methods:
        photos = study.photos is not None
        if not method.needs <= model.offers | ({"reference photos"} if photos else set()):
            continue
        kind = "logit" if "logit" in method.kinds else "inversion"
        if method.takes_photo(kind) and not photos:
            continue
        block: dict[str, Any] = {"method": name, "parameters": {"steps": steps}}
        block |= {"classes": classes(study, model, batch)} if kind == "logit" else {"layers": (layer,)}
        if method.takes_photo(kind):
            block |= {"photos": {"sample": batch}, "classes": block["classes"][:1]} if kind == "logit" else {
                "photos": {"sample": batch}, "kind": "inversion",
            }  # fmt: skip
        default = method.parameters().model_dump()["steps"]
        second, share = timed(study, model, block, batch, steps, warmup)
        rows.append([name, kind if kind == "logit" else layer, default, second, second * default / batch, share])
        print(rows[-1], flush=True)
    header = ["method", "of", "steps", f"s a step, {batch} pictures", "s a picture", "network's share"]
    missed = [str(row[0]) for row in rows if float(str(row[-1])) < GOAL]
    verdict = f"goal: share >= {GOAL}: " + (f"MISSED by {', '.join(missed)}" if missed else "met by all")
    return f"{table(header, rows)}\n\n{verdict}"


def classes(study: Study, model: VisionModel, count: int) -> tuple[int, ...]:
    """Return some classes, those with photos if there are any."""
    from atlas.photos.classes import match_classes

    photo_set = study.photo_set()
    known = sorted(match_classes(photo_set, model.card.classes).classes) if photo_set else range(0, 1000, 100)
    return tuple(known)[:count]


def timed(
    study: Study, model: VisionModel, block: dict[str, Any], batch: int, steps: int, warmup: int
) -> tuple[float, float]:
    """Return the seconds of a step of one batch, and the share of them inside the network."""
    timer = timer_for(resolve_device(study.device))
    clock = StepClock(timer, steps, warmup)
    with tempfile.TemporaryDirectory() as folder, inside(lambda: clock.running, timer) as spans:
        config = replace(study, folder=Path(folder)).config((block,))
        config = config.model_copy(update={"executor": config.executor.model_copy(update={"batch_size": batch})})
        models = {config.models[0].name: model}
        project = Project.open(config, models=models)
        report, jobs = project.run(on_step=lambda _, done, __: clock(done)), len(project.plan.jobs)
        if report.finished - len(report.failed) != jobs:
            raise RuntimeError(f"{report.failed[0].task}: {report.failed[0].message}")
        within = sum(timer.between(*span) for span in spans)
    return clock.seconds(), within / (clock.seconds() * clock.counted)


@contextmanager
def inside(running: Callable[[], bool], timer: Any) -> Iterator[list[tuple[Any, Any]]]:
    """Collect the spans that pass inside a network while ``running`` says so: forward, and from the first gradient of
    what was tapped to the gradient of the input. Of a method that taps several layers, what it does between their
    gradients is counted too.
    """
    spans: list[tuple[Any, Any]] = []
    plain = Network.raw_taps

    def watched(self: Network, inputs: Tensor, layers: Any, **options: Any) -> dict[str, Tensor]:
        if not running():
            return plain(self, inputs, layers, **options)
        started = timer.mark()
        found = plain(self, inputs, layers, **options)
        spans.append((started, timer.mark()))
        if not inputs.requires_grad:  # a pass for comparison, such as of the photo that is inverted
            return found
        first: list[Any] = []
        for tapped in found.values():
            if tapped.requires_grad:
                tapped.register_hook(lambda _: first.append(timer.mark()) if not first else None)
        inputs.register_hook(lambda _: spans.append((first[0], timer.mark())))
        return found

    Network.raw_taps = watched  # type: ignore[method-assign]
    try:
        yield spans
    finally:
        Network.raw_taps = plain  # type: ignore[method-assign]
