"""Study: a model and its photos, and processes of their own to measure them in. Free of torch, so that the parent stays
small: Linux counts a parent's memory into the peak of the children it starts."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

BENCHMARKS = Path(__file__).resolve().parents[1]
LITE0 = {"name": "lite0", "source": "package", "architecture": "efficientnet-lite0"}


class MeasuringError(Exception):
    """The process that measured something failed; the text is the end of what it said."""


@dataclass(frozen=True)
class Study:
    """What is measured.

    Attributes:
        photos: folder of class folders.
        model: a ``[[models]]`` table.
        block: keys of the ``[[concepts]]`` table that differ from the defaults.
        patch_size: of ``[photos]``; None for the default.
        threads: CPU threads of every process.
    """

    photos: str
    model: dict[str, Any] = field(default_factory=lambda: dict(LITE0))
    block: dict[str, Any] = field(default_factory=dict)
    patch_size: int | None = None
    threads: int = 1

    def with_block(self, **keys: Any) -> "Study":
        """Return the study with other keys of the ``[[concepts]]`` table."""
        return Study(self.photos, self.model, self.block | keys, self.patch_size, self.threads)


class Child:
    """A process that answers requests, one JSON object on a line each: ``python -m explaining.<part> STUDY FOLDER``."""

    def __init__(self, part: str, process: "subprocess.Popen[str]", said: IO[str]) -> None:
        self._part = part
        self._process = process
        self._said = said

    def ask(self, **request: Any) -> Any:
        """Send a request and wait for its answer.

        Raises:
            MeasuringError: the process ended instead.
        """
        assert self._process.stdin is not None and self._process.stdout is not None  # both are pipes
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # then there is no answer either
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._said.seek(0)
            raise MeasuringError(f"{self._part} {request}: exit status {status}\n{self._said.read()[-2000:]}")
        return json.loads(line)


@contextmanager
def child(part: str, study: Study) -> Iterator[Child]:
    """Start a part of this package in a fresh process, with an empty folder that is removed afterwards."""
    # The repository's root comes second, so that an atlas that is not installed is found.
    paths = [str(BENCHMARKS), str(BENCHMARKS.parent), *(str(Path(path).resolve()) for path in sys.path if path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": str(study.threads)}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "said.txt").open("w+") as said:
        command = [sys.executable, "-m", f"explaining.{part}", json.dumps(asdict(study)), folder]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        )
        with process:
            try:
                yield Child(part, process, said)
            finally:
                if process.stdin is not None:
                    process.stdin.close()  # the end of its requests ends it
                process.terminate()


def requests() -> Iterator[dict[str, Any]]:
    """Yield the requests that come from the parent."""
    for line in sys.stdin:
        yield json.loads(line)


def answer(value: Any) -> None:
    """Answer a request."""
    print(json.dumps(value), flush=True)


def arguments() -> tuple[Study, Path]:
    """Return the study and the folder that a process was started with."""
    return Study(**json.loads(sys.argv[1])), Path(sys.argv[2])
