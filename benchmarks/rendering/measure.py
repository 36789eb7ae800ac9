"""Measuring one case: ``python -m rendering.measure CASE``, in an empty folder, prints the result as JSON.

Both renderers get the same network, weights, spectrum, picture size, number and size of views, and maximise the same
logit. atlas runs as ``atlas render`` runs it: configuration, plan, worker, store, with the allocator told to keep what
is freed. Horama runs as its README shows it, in its own process and with the allocator as it is. Where the two differ:

- Horama makes one picture at a time and computes gradients of the weights too, unless its user froze them
  (``horama-frozen``); atlas freezes them, folds batch norm and uses channels-last memory.
- Horama draws its crops near the middle, lets them leave the picture, resizes them to twice the resolution with
  ``roi_align`` and down again with an antialiased bicubic filter; atlas resizes bilinearly, once.
- Horama adds normal and uniform noise to each view, atlas uniform noise to the picture.
- Horama normalises the phase at each step and starts from a normal one; atlas starts from a uniform one.
- Both use NAdam with learning rate 1 and add up |d objective / d image|.

Horama's pictures span ``values_range``; with (-1, 1) they are the network's input as it is, so normalising costs it
nothing. Only its steps are timed; for atlas, what surrounds them (drawing seeds, measuring, encoding, storing) as well.
"""

import json
import os
import platform
import resource
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch

import atlas
from atlas.config import Config
from atlas.face.project import OnStep, Project
from atlas.models.load import VisionModel
from atlas.synthesis.pictures.spectrum import TEMPLATE
from rendering import lite0
from rendering.case import Case, CaseError, Result
from rendering.clock import NetworkClock, StepClock, timer_for

CLASSES = 1000


def measure_atlas(case: Case) -> Result:
    """Render ``case.jobs`` classes with atlas."""
    config = configuration(case, "store")
    models = {spec.name: atlas.load(spec) for spec in config.models}
    loaded = peak_memory()
    run(configuration(replace(case, jobs=case.batch, steps=1), "rehearsal"), models)  # starts up libraries
    timer = timer_for(case.device)
    steps = StepClock(timer, case.steps, case.warmup)
    network = None
    if case.split:
        numerics = models["lite0"].numerics_for("logits", case.precision)
        made = models["lite0"].network(numerics, torch.device(case.device))
        network = NetworkClock(made.module, timer, lambda: steps.running)
    started = perf_counter()
    run(config, models, lambda _, done, __: steps(done))
    total = perf_counter() - started
    outside = max(0.0, total / case.jobs - steps.seconds() * case.steps / case.batch)
    return result(case, steps, network, total, outside, loaded)


def run(config: Config, models: dict[str, VisionModel], on_step: OnStep | None = None) -> None:
    """Render everything that the configuration asks for, as ``atlas render`` does.

    Raises:
        CaseError: not every job gave a picture.
    """
    project = Project.open(config, models=models)
    report, jobs = project.run(on_step=on_step), len(project.plan.jobs)
    if report.done != jobs:
        raise CaseError(f"{jobs - report.done} of {jobs} jobs gave no picture")


def configuration(case: Case, store: str) -> Config:
    """Return the configuration that renders logits of ``case.jobs`` classes, spread over ImageNet, into a store."""
    spec = {
        "name": "lite0",
        "source": "callable",
        "architecture": "rendering.lite0:build",
        "arguments": {"weights": case.weights},
        "mean": lite0.MEAN,
        "std": lite0.STD,
        "size": lite0.SIZE,
    }
    block = {
        "classes": [CLASSES * number // case.jobs for number in range(case.jobs)],
        "parameters": {
            "steps": case.steps,
            "image_size": case.image_size,
            "crops": case.crops,
            "resolution": case.resolution,
        },
        "precision": case.precision,
    }
    executor = {"kind": "serial", "device": case.device, "batch_size": case.batch, "threads": case.threads}
    here = Path.cwd()
    return Config.model_validate(
        {
            "file": here / "atlas.toml",
            "store": {"path": here / store},
            "executor": executor,
            "models": (spec,),
            "render": (block,),
        }
    )


def measure_horama(case: Case) -> Result:
    """Render one class with Horama."""
    torch.set_num_threads(case.threads)
    torch.manual_seed(0)
    model = lite0.build(case.weights).to(case.device)
    if case.renderer == "horama-frozen":
        model.requires_grad_(False)
    timer = timer_for(case.device)
    steps = StepClock(timer, case.steps, case.warmup)
    network = NetworkClock(model, timer, lambda: steps.running) if case.split else None
    calls = 0

    def objective(images: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        steps(calls)  # at the same place of each step, so that the difference of two calls is whole steps
        calls += 1
        return model(images)[:, 0].mean()

    loaded = peak_memory()
    started = perf_counter()
    horama(objective, case, case.steps + 1)
    return result(case, steps, network, perf_counter() - started, 0.0, loaded)


def horama(objective: Callable[[torch.Tensor], torch.Tensor], case: Case, steps: int) -> torch.Tensor:
    """Return Horama's picture of an objective of views (N, 3, H, W) as its README makes it, (3, H, W) in [0, 1].

    It reads its spectrum from the current folder, where a copy of ours is put.
    """
    from horama import maco
    from horama.maco_fv import MACO_SPECTRUM_FILENAME

    shutil.copy(TEMPLATE, MACO_SPECTRUM_FILENAME)  # where it looks before it downloads
    low, high = -lite0.MEAN / lite0.STD, (1 - lite0.MEAN) / lite0.STD
    image, _ = maco(
        objective,
        total_steps=steps,
        image_size=case.image_size,
        model_input_size=case.resolution,
        values_range=(low, high),
        crops_per_iteration=case.crops,
        device=case.device,
    )
    return (image.detach() - low) / (high - low)


def result(
    case: Case, steps: StepClock, network: NetworkClock | None, total: float, outside: float, loaded: int
) -> Result:
    """Put together what the clocks and the system say."""
    forward, backward = network.seconds() if network else (0.0, 0.0)
    cuda = case.device.startswith("cuda")
    return Result(
        step=steps.seconds(),
        total=total,
        outside=outside,
        forward=forward / steps.counted,
        backward=backward / steps.counted,
        loaded=loaded,
        memory=peak_memory(),
        device_memory=torch.cuda.max_memory_allocated() if cuda else 0,
        machine=machine(case),
        load=os.getloadavg()[0],
    )


def peak_memory() -> int:
    """Return the most memory that this process has held so far, bytes."""
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def machine(case: Case) -> str:
    """Return what it runs on, in words."""
    host = f"{platform.machine()}, {os.cpu_count()} cores, {case.threads} threads, torch {torch.__version__}"
    device = f"{torch.cuda.get_device_name(case.device)}; " if case.device.startswith("cuda") else ""
    return device + host


def main() -> None:
    """Measure the case given as JSON."""
    case = Case(**json.loads(sys.argv[1]))
    print(json.dumps((measure_atlas if case.renderer == "atlas" else measure_horama)(case).__dict__))


if __name__ == "__main__":
    main()
