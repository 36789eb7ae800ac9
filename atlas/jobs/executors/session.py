"""A Ray session: started on this machine, quiet, private and gone at its end, or a cluster that is joined.

The one module that imports Ray.
"""

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any, Literal
from uuid import uuid4

from atlas.errors import ExecutorError
from atlas.models.code.surroundings import signals_kept, working_in
from atlas.synthesis.steps.ascent import Stopped

CONNECT_TIMEOUT = 10.0
"""Seconds within which a cluster's head node must accept a connection."""

QUIET = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the one switch that makes a local Ray listen on loopback only
    "RAY_worker_niceness": "0",  # workers otherwise run at nice 15
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "PYTHONSAFEPATH": "1",  # the folder's own modules must not stand in for Python's, in any of Ray's processes
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",  # what its processes say of dead workers; we say it in our own words
}
OBJECT_STORE_BYTES = 128 * 2**20
"""Only small outcomes travel; pictures go to the store."""

MARK = "ATLAS_RAY_SESSION"
"""Environment variable by which the processes of a session are known."""

DUMP = re.compile(rb"\[\d{4}-\d\d-\d\d |\*\*\* SIG|PC: @|    @ +0x")
"""How lines of Ray's log, and of what it writes of its stack, begin."""

LONGEST_FOLDER = 43
"""Bytes that the path of a session's folder may have: of 107 that a socket's may have on Linux (104 on macOS), Ray
takes up to 61, for ``/session_2026-11-27_13-32-26_658195_1234567/sockets/plasma_store``."""


@contextmanager
def ray_session(address: str | None, logs: bool = False) -> Iterator[Any]:
    """Start a quiet Ray on loopback, or join a cluster; leave it in any case.

    Args:
        logs: show what workers print.

    Raises:
        ExecutorError: it cannot be started or joined.
        Stopped: SIGTERM came while it was starting.
    """
    with _environment_of_ray():
        if address is None:
            with _kept_folder() as folder, _joined("on this machine", _own(folder), logs) as ray:
                yield ray
        else:
            if address != "auto":
                _check_reachable(address)
            with _joined(f'at "{address}"', {"address": address}, logs) as ray:
                yield ray


@contextmanager
def _environment_of_ray() -> Iterator[None]:
    """Set what Ray and its processes read from the environment; put back what was there for all else that is run."""
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update(QUIET)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ended_for_memory() -> list[int]:
    """Return the process ids of the workers that Ray's memory monitor ended, so that a machine would not run out.

    Its errors only say that a worker is gone. Why is in the table of workers, for which Ray has no public name; where
    that has another form, nothing is known.
    """
    try:
        from ray._private.state import state

        known, table = (import_module(f"ray.core.generated.{name}_pb2") for name in ("common", "gcs"))
        workers = map(table.WorkerTableData.FromString, state._connect_and_get_accessor().get_worker_table())
        return [worker.pid for worker in workers if worker.exit_type == known.NODE_OUT_OF_MEMORY]
    except (ImportError, AttributeError):
        return []


Death = Literal["died", "memory", "node"]
"""Why an actor is gone: its process crashed or was killed, it was ended for lack of memory, or its node is lost, or was
taken away by whoever lent it."""


def cause_of(death: BaseException, process: int | None) -> Death:
    """Return why an actor is gone, as Ray says.

    Args:
        death: what Ray raised in place of a result. process: the actor's.
    """
    if getattr(death, "preempted", False) or "node has died" in str(death) or "NodeDied" in type(death).__name__:
        return "node"
    if "OutOfMemory" in type(death).__name__ or process in ended_for_memory():
        return "memory"
    return "died"


def own_place() -> tuple[str, list[str]]:
    """Return, within an actor, Ray's name of its node and the numbers of the GPUs that are its own."""
    import ray

    context = ray.get_runtime_context()
    return context.get_node_id(), list(context.get_accelerator_ids().get("GPU", []))


def fetched(reference: Any) -> Any:
    """Return, within an actor, what the driver gave to the object store; a node fetches it once."""
    import ray

    return ray.get(reference)


class Gauges:
    """What a run is doing, as numbers that Ray's own Prometheus endpoint serves, of every node that has one."""

    def __init__(self) -> None:
        from ray.util.metrics import Counter, Gauge

        self._jobs = Counter("atlas_jobs", "Jobs that ended, by status.", tag_keys=("status",))
        self._losses = Counter("atlas_workers_lost", "Workers that are gone, by cause.", tag_keys=("cause",))
        self._views = Counter("atlas_views", "Views that networks were shown; rate() of it is views a second.")
        self._waiting = Counter("atlas_waiting_seconds", "Seconds for which workers with a place had nothing to do.")
        self._workers = Gauge("atlas_workers", "Workers, by what they do.", tag_keys=("state",))
        self._memory = Gauge("atlas_memory_bytes", "The most bytes that were in use, by device.", tag_keys=("device",))
        self._shown = monotonic()

    def count(self, status: str) -> None:
        """Count a job that ended."""
        self._jobs.inc(1, {"status": status})

    def count_loss(self, cause: str) -> None:
        """Count a worker that is gone."""
        self._losses.inc(1, {"cause": cause})

    def progress(self, views: int, memory: int, device: str) -> None:
        """Count views, and note the memory of a device."""
        if views > 0:
            self._views.inc(views)
        self._memory.set(memory, {"device": device})

    def show(self, **workers: int) -> None:
        """Note how many workers are in each state; those that are ``idle`` wait."""
        now = monotonic()
        if waited := workers["idle"] * (now - self._shown):
            self._waiting.inc(waited)
        self._shown = now
        for state, number in workers.items():
            self._workers.set(number, {"state": state})


def _own(folder: Path) -> dict[str, Any]:
    return {
        "address": "local",
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_temp_dir": str(folder),
    }


@contextmanager
def _joined(where: str, options: dict[str, Any], logs: bool) -> Iterator[Any]:
    import ray

    # Ray puts the current folder before Python's library in every worker, so it is started in one without modules.
    folder = Path(options.get("_temp_dir", os.curdir))
    try:
        try:
            with _sigterm_blocked(), signals_kept(), _dumps_hidden(), working_in(folder):  # Ray takes it for itself
                ray.init(log_to_driver=logs, logging_level=logging.CRITICAL, **options)
        except SystemExit as error:  # how Ray's own handler of SIGTERM, which it has while it starts, ends a process
            signal.alarm(0)  # by which it would be aborted three seconds after its dump
            raise Stopped from error
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            remedy = (
                "check executor.address"
                if "_temp_dir" not in options
                else 'run it again, or set executor.kind = "serial"'
            )
            raise ExecutorError(f"cannot start or join Ray {where}: {error}", remedy) from error
        yield ray
    finally:
        with _ended_at_once():
            ray.shutdown()


@contextmanager
def _sigterm_blocked() -> Iterator[None]:
    """Let SIGTERM wait until the body is done; processes that are started in it never hear it.

    `timeout`, Slurm and others send it to all of a group at once, and it is for this process to end the others, after
    the current step.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _ended_at_once() -> Iterator[None]:
    """Let Ray kill its processes: they do not hear SIGTERM, and it would wait a second for each."""
    terminate = subprocess.Popen.terminate
    subprocess.Popen.terminate = subprocess.Popen.kill  # type: ignore[method-assign]
    try:
        yield
    finally:
        subprocess.Popen.terminate = terminate  # type: ignore[method-assign]


@contextmanager
def _dumps_hidden() -> Iterator[None]:
    """Keep lines of Ray's log and dumps of its stack, which go to the descriptor of stderr, from whoever reads it."""
    terminal = os.dup(2)
    source, sink = os.pipe()
    os.dup2(sink, 2)
    os.close(sink)

    def forward() -> None:
        with os.fdopen(source, "rb") as lines:
            for line in lines:
                if not DUMP.match(line):
                    os.write(terminal, line)

    thread = Thread(target=forward, daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        thread.join(timeout=1.0)
        if not thread.is_alive():
            os.close(terminal)


@contextmanager
def _kept_folder() -> Iterator[Path]:
    """Yield a new folder for a session, private and with a short path. At the end, or if this process dies before,
    the session's processes are ended and the folder is removed."""
    folder = new_folder()
    mark = uuid4().hex
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")), str(folder), f"{MARK}={mark}"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        keeper = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **quiet)
    except OSError as error:
        folder.rmdir()
        raise ExecutorError(f"cannot start a process: {error.strerror or error}", "end some others") from error
    os.environ[MARK] = mark
    try:
        yield folder
    finally:
        del os.environ[MARK]
        keeper.communicate()


def new_folder() -> Path:
    """Return a new folder that only this user may enter, below the first place that is short enough.

    ``RAY_TMPDIR`` is where the user wants it; else the system's folder for temporary files, which jobs of Slurm and
    others set to long paths, or ``/tmp``.

    Raises:
        ExecutorError: there is none.
    """
    wanted = os.environ.get("RAY_TMPDIR")
    problems = []
    for place in dict.fromkeys([wanted] if wanted else [None, "/tmp"]):
        try:
            folder = Path(tempfile.mkdtemp(prefix="atlas-", dir=place)).absolute()
        except OSError as error:
            problems.append(f"{place or 'temporary files'}: {error.strerror or error}")
            continue
        if len(os.fsencode(folder)) <= LONGEST_FOLDER:
            return folder
        shutil.rmtree(folder)
        problems.append(f"{folder.parent}: the path is too long for sockets")
    raise ExecutorError(
        f"Ray has no folder for its files: {'; '.join(problems)}",
        "set RAY_TMPDIR to a folder with a short path that you may write to, such as /tmp or /dev/shm",
    )


def _check_reachable(address: str) -> None:
    """Knock at a cluster's door: Ray itself tries for minutes, and then ends the process."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ExecutorError(
            f'no Ray cluster answers at executor.address = "{address}": {error}',
            'give host:port of its head node, or "auto" on a machine that belongs to it',
        ) from error
