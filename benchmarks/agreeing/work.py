"""Work: every kind of target of every method on small networks, as one configuration for any device and executor."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from atlas.config import Config
from atlas.core.job import PHOTO_KINDS
from atlas.core.record import Record
from atlas.face.project import OnStep, Project
from atlas.methods import AnyMethod, methods
from atlas.methods.base import REFERENCE_PHOTOS
from atlas.models.load import VisionModel

CLASSES, PHOTOS = 3, 8
"""Classes with photos, and photos of each."""
SIZE, VIEWS = 64, 4
"""Side of pictures and of what the networks are shown, pixels; views of a step."""
LAYERS = {"test_resnet": "layer3", "test_vit": "blocks.3"}
"""A layer of each network whose units are rendered."""

FACTORISATIONS = {"test_vit": "convex-nmf"}
"""Of networks whose layers are negative too."""


@dataclass(frozen=True)
class Run:
    """One way of rendering the work.

    Attributes:
        name: of its store. device, executor, batch_size: as in atlas.toml.
    """

    name: str
    device: str
    executor: str = "serial"
    batch_size: int | str = "auto"


@dataclass(frozen=True)
class Rendered:
    """What a run gave.

    Attributes:
        records: by key. pictures: key to (H, W, 3) uint8, of those that are done. failed: what failed, in words.
        seconds: of the whole run, the model loaded.
    """

    records: dict[str, Record]
    pictures: dict[str, np.ndarray]
    failed: list[str]
    seconds: float


def write_photos(folder: Path) -> None:
    """Write small pictures of blurred seeded noise, a folder for each of the first classes."""
    for number in range(CLASSES * PHOTOS):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        place = folder / str(number // PHOTOS)
        place.mkdir(parents=True, exist_ok=True)
        large = Image.fromarray(pixels).resize((96, 96), Image.Resampling.BICUBIC)
        large.filter(ImageFilter.GaussianBlur(2)).save(place / f"{number % PHOTOS}.png")


def able(model: VisionModel) -> list[str]:
    """Return the names of the methods that a model has all for; reference photos are there."""
    return [name for name, method in methods if method.needs <= model.offers | {REFERENCE_PHOTOS}]


def configuration(
    folder: Path, run: Run, architecture: str, steps: int, precision: str, chosen: Sequence[str]
) -> Config:
    """Return the configuration of one network for a run; stores lie in ``folder``, photos in ``folder/photos``.

    Args:
        chosen: names of methods; concepts go with maco.
    """
    return Config.model_validate(
        {
            "file": folder / "atlas.toml",
            "store": {"path": folder / f"{architecture}-{precision}-{run.name}"},
            "executor": {"kind": run.executor, "device": run.device, "batch_size": run.batch_size},
            "photos": {"path": folder / "photos", "patch_size": 32, "top": 3},
            "models": (model_table(architecture),),
            "render": tuple(
                block(method, kind, architecture, steps) | {"precision": precision}
                for name, method in methods
                if name in chosen
                for kind in sorted(method.kinds - {"direction"})
            ),
            "concepts": (concepts(architecture, steps),) if precision == "float32" and "maco" in chosen else (),
        }
    )


def model_table(architecture: str) -> dict[str, Any]:
    """Return the ``[[models]]`` table of a network with seeded random weights."""
    return {"name": architecture, "architecture": architecture, "pretrained": False, "size": SIZE}


def block(method: AnyMethod, kind: str, architecture: str, steps: int) -> dict[str, Any]:
    """Return a ``[[render]]`` table of one kind of targets of a method."""
    table: dict[str, Any] = {"method": method.name, "parameters": parameters(method, steps)}
    if kind == "logit":
        table["classes"] = list(range(CLASSES))
    else:
        table |= {"layers": [LAYERS[architecture]], "kind": kind}
    if kind in ("channel", "neuron"):
        table["units"] = "0-2"
    if method.from_photo or kind in PHOTO_KINDS:
        table["photos"] = ["0/0.png", "1/0.png"]
    return table


def concepts(architecture: str, steps: int) -> dict[str, Any]:
    """Return a ``[[concepts]]`` table that is small and quick; directions come of it."""
    small = {"count": 3, "shown": 2, "designs": 8, "minimum": 3, "patches": 4, "heat_photos": 2, "fits": 2}
    factorisation = FACTORISATIONS.get(architecture, "nmf")
    return small | {"parameters": parameters(methods.get("maco"), steps), "factorisation": factorisation}


def parameters(method: AnyMethod, steps: int) -> dict[str, Any]:
    """Return settings that make a method small and quick, those that it has."""
    fields = method.parameters.model_fields
    small = {"steps": steps, "image_size": SIZE, "resolution": SIZE, "crops": VIEWS, "views": VIEWS, "references": 6}
    return {name: value for name, value in small.items() if name in fields}


def rendered(config: Config, model: VisionModel, on_step: OnStep | None = None) -> Rendered:
    """Render what a configuration asks for, as ``atlas render`` does, and read it back."""
    started = perf_counter()
    project = Project.open(config, models={model.card.name: model})
    report = project.run(on_step=on_step)
    seconds = perf_counter() - started
    plan, store = project.plan, project.store
    failed = [f"{outcome.task}: {outcome.message}" for outcome in report.failed]
    records = {job.key: store.read(job.key) for job in plan.with_follow_ups(store).jobs if store.has(job.key)}
    paths = {key: store.picture_path(record, "image") for key, record in records.items()}
    pictures = {key: np.asarray(Image.open(path).convert("RGB")) for key, path in paths.items() if path is not None}
    return Rendered(records, pictures, failed, seconds)
