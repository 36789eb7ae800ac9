"""Case: one thing to measure, and measuring it in a process of its own. Free of torch, so that the parent stays small:
Linux counts a parent's memory into the peak of the children it starts."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

BENCHMARKS = Path(__file__).resolve().parents[1]
PAPER_STEPS = 256
"""Steps of one picture in MACO's paper; rates are told for that many."""


@dataclass(frozen=True)
class Case:
    """What one process measures.

    Attributes:
        renderer: ``atlas``, ``horama``, or ``horama-frozen``: the same with weights that require no gradient.
        batch: pictures optimised together; Horama knows only 1.
        jobs: pictures in all.
        image_size, crops, resolution: sides in pixels and number of the views of each step.
        steps, warmup: steps of each picture, and how many of them are left out of the timing.
        device, precision, threads: as in atlas.toml.
        weights: torch file of the lite0 weights; None for that of the package.
        split: also time the network's forward and backward.
    """

    renderer: Literal["atlas", "horama", "horama-frozen"] = "atlas"
    batch: int = 1
    jobs: int = 1
    image_size: int = 512
    crops: int = 6
    resolution: int = 224
    steps: int = 10
    warmup: int = 2
    device: str = "cpu"
    precision: str = "float32"
    threads: int = 1
    weights: str | None = None
    split: bool = False

    @property
    def title(self) -> str:
        """Name for a table's first column."""
        if self.renderer != "atlas":
            return "Horama" if self.renderer == "horama" else "Horama, weights frozen by hand"
        return f"atlas, batch {self.batch}" + ("" if self.precision == "float32" else f", {self.precision}")


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes:
        step: seconds of one step, of the whole batch.
        total: seconds of the whole run with the model loaded and warm, pictures encoded and stored (atlas only).
        outside: of those, the seconds outside all steps, for each picture.
        forward, backward: seconds of one step inside the network (if asked for).
        loaded: peak memory of the process when the model was loaded and nothing rendered yet, bytes.
        memory: its peak at the end. device_memory: peak of the tensors on the accelerator.
        machine: what it ran on. load: the system's load at the end, mean of a minute.
    """

    step: float
    total: float
    outside: float
    forward: float
    backward: float
    loaded: int
    memory: int
    device_memory: int
    machine: str
    load: float

    @property
    def share(self) -> float:
        """The part of a step that is spent inside the network, in [0, 1]."""
        return (self.forward + self.backward) / self.step

    def per_minute(self, case: Case) -> float:
        """Pictures of 256 steps per minute, with what a picture costs outside its steps."""
        return 60.0 / (self.step * PAPER_STEPS / case.batch + self.outside)


class CaseError(Exception):
    """The process that measured a case failed; the text is the end of what it said."""


def measure(case: Case) -> Result:
    """Measure in a fresh process, in an empty folder that is removed afterwards.

    Raises:
        CaseError: the process failed.
    """
    return Result(**json.loads(ended("rendering.measure", case)))


def ended(module: str, case: Case) -> str:
    """Return the last line that a module said of a case, run in such a process.

    Raises:
        CaseError: the process failed.
    """
    # The repository's root comes second, so that an atlas that is not installed is found.
    paths = [str(BENCHMARKS), str(BENCHMARKS.parent), *(str(Path(path).resolve()) for path in sys.path if path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TQDM_DISABLE": "1"}
    command = [sys.executable, "-m", module, json.dumps(asdict(case))]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        raise CaseError(f"{case.title}: exit status {process.returncode}\n{process.stderr[-2000:]}")
    return process.stdout.splitlines()[-1]
