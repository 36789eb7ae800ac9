"""Runs that are stopped, killed, or not alone: nothing finished is lost, and the next run completes the store."""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from processes import PATIENCE, Running

from atlas.cli.stopping import interruptible
from atlas.store import Store
from atlas.store.integrity import verify

SLOW = "steps = 40, image_size = 32, crops = 2"
ODD_NETWORKS = """
import pathlib, time
import tiny_networks

def slow_to_load():
    pathlib.Path("loading").touch()
    time.sleep(100)

class Stuck(tiny_networks.Tiny):
    def forward(self, x):
        if x.requires_grad:
            pathlib.Path("stuck").touch()
            time.sleep(100)
        return super().forward(x)
"""


@pytest.fixture
def project(atlas):
    """Twenty jobs in batches of four."""
    atlas.configure(block='classes = "all"\nseeds = [0, 1]', parameters=SLOW)
    return atlas


def store_of(project):
    return Store(project.folder / "build" / "store")


def stored(project):
    return len(list((project.folder / "build" / "store" / "objects").glob("*/*/document.json")))


def assert_complete(project, jobs=20):
    store = store_of(project)
    assert len(list(store.records())) == jobs
    assert list(verify(store)) == []
    assert list(store.path.rglob(".tmp-*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stops_cleanly_and_says_how_to_go_on(project, number):
    run = Running(project.folder, "render")
    run.wait_for(lambda: stored(project) > 0)
    run.send(number)
    assert run.status() == 130
    assert run.printed("out").endswith("To go on: atlas render\n")
    assert "Stopping after this step" in run.printed("err")
    kept = stored(project)
    assert 0 < kept < 20
    assert f"{kept} rendered" in run.printed("out")
    assert list(verify(store_of(project))) == []
    again = project("render")
    assert again.status == 0 and f"{kept} jobs in the store already" in again.out
    assert_complete(project)


def test_a_second_interruption_does_not_wait_for_the_step(atlas):
    (atlas.folder / "odd_networks.py").write_text(ODD_NETWORKS)
    path = atlas.configure()
    path.write_text(path.read_text().replace("tiny_networks:tiny", "odd_networks:Stuck"))
    run = Running(atlas.folder, "render")
    run.wait_for((atlas.folder / "stuck").exists)
    run.send(signal.SIGINT)
    run.wait_for(lambda: "Stopping after this step" in run.printed("err"))
    run.send(signal.SIGINT)
    assert run.status() == 130
    assert run.printed("err").endswith("Interrupted.\n")


def test_an_interruption_while_a_model_is_loading(atlas):
    (atlas.folder / "odd_networks.py").write_text(ODD_NETWORKS)
    path = atlas.configure()
    path.write_text(path.read_text().replace("tiny_networks:tiny", "odd_networks:slow_to_load"))
    run = Running(atlas.folder, "render")
    run.wait_for((atlas.folder / "loading").exists)
    run.send(signal.SIGINT)
    assert run.status() == 130
    assert run.printed("err").strip() == "Interrupted."
    assert not (atlas.folder / "build").exists()


IMPORTING = """
import os, sys
class Finder:
    def find_spec(name, *_):
        if name == "{module}":
            os.kill(os.getpid(), {number:d})
sys.meta_path.insert(0, Finder)
from atlas.cli import main
sys.argv[1:] = ["models", "nothing-of-that-name"]
main()
"""


@pytest.mark.parametrize("module", ["click", "rich.text", "pydantic.main"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_the_program_itself_is_loading(module, number):
    code = IMPORTING.format(module=module, number=number)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr.strip()) == (130, "", "Interrupted.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stays_one_whatever_is_made_of_it(number):
    def imported():
        try:
            os.kill(os.getpid(), number)
            time.sleep(PATIENCE)
        except KeyboardInterrupt:
            raise ImportError("as compiled code says that calls Python") from None

    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt), interruptible():
        imported()
    with pytest.raises(ImportError, match="of its own"), interruptible():
        raise ImportError("of its own")
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


def test_kill_9_at_random_moments_loses_nothing_that_was_finished(project):
    moments = random.Random(0)
    kept = killed = 0
    while killed < 6:
        run = Running(project.folder, "render")
        wanted = kept + moments.randint(0, 2)
        run.wait_for(lambda wanted=wanted: stored(project) >= wanted)
        time.sleep(moments.uniform(0, 0.05))
        run.send(signal.SIGKILL)
        if run.status() != -signal.SIGKILL:
            break
        killed += 1
        if (project.folder / "build" / "store" / "store.json").exists():
            assert list(verify(store_of(project))) == []
        assert stored(project) >= kept
        kept = stored(project)
    assert killed > 2
    assert project("render").status == 0
    assert_complete(project)


def with_ray(project):
    """Let two workers render the same jobs, slower; return where their session has its folder, and how it is told."""
    path = project.folder / "atlas.toml"
    text = path.read_text().replace('kind = "serial"', 'kind = "ray"\nworkers = 2').replace("steps = 40", "steps = 150")
    path.write_text(text)
    place = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    return place, {"RAY_TMPDIR": str(place)}


def of_session(place):
    """The processes of the Ray session that has its folder in a place."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("RAY_TMPDIR") == str(place) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def test_under_ray_sigterm_ends_a_run_as_it_does_without(project):
    place, environment = with_ray(project)
    run = Running(project.folder, "render", **environment)
    run.wait_for(lambda: stored(project) > 0)
    for process in of_session(place):  # as well, as `timeout` and Slurm do
        with suppress(psutil.Error):
            process.terminate()
    run.send(signal.SIGTERM)
    assert run.status() == 130
    assert run.printed("out").endswith("Stopped; what was finished is stored. To go on: atlas render\n")
    assert run.printed("err").strip() == "Stopping after this step; press Ctrl-C again to stop at once."
    assert of_session(place) == [] and list(place.iterdir()) == []
    assert 0 < stored(project) < 20
    assert f"{stored(project)} rendered, 0 dead, 0 failed" in run.printed("out")
    assert list(verify(store_of(project))) == []
    place.rmdir()


def test_under_ray_kill_9_of_the_driver_leaves_no_process_and_no_folder(project):
    place, environment = with_ray(project)
    run = Running(project.folder, "render", **environment)
    run.wait_for(lambda: stored(project) > 0)
    assert len(of_session(place)) > 4
    run.send(signal.SIGKILL)
    assert run.status() == -signal.SIGKILL
    ends = time.monotonic() + PATIENCE
    while (of_session(place) or list(place.iterdir())) and time.monotonic() < ends:
        time.sleep(0.05)
    assert of_session(place) == [] and list(place.iterdir()) == []
    assert run.printed("err") == ""
    assert list(verify(store_of(project))) == []
    place.rmdir()
    (project.folder / "atlas.toml").write_text((project.folder / "atlas.toml").read_text().replace('"ray"', '"serial"'))
    assert project("render").status == 0
    assert_complete(project)


def test_two_runs_on_one_store_at_once(project):
    runs = [Running(project.folder, "render") for _ in range(2)]
    assert [run.status() for run in runs] == [0, 0]
    assert all("20 rendered" in run.printed("out") for run in runs)
    assert_complete(project)


def test_serving_is_for_this_machine_only_and_ends_when_it_is_told_to(atlas):
    atlas.configure(block="classes = [1]")
    assert atlas("render").status == atlas("build").status == 0
    for number in (signal.SIGINT, signal.SIGTERM):
        assert_serves_until(atlas, number)


def assert_serves_until(atlas, number):
    run = Running(atlas.folder, "serve", "--port", "0")
    run.wait_for(lambda: "\n" in run.printed("out"))
    address = re.fullmatch(r"Serving at (http://127\.0\.0\.1:\d+/) \(Ctrl-C ends it\)\n", run.printed("out"))[1]
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == (atlas.folder / "build" / "site" / "index.html").read_bytes()
    listening = [one.laddr.ip for one in psutil.Process(run.pid).net_connections() if one.status == "LISTEN"]
    assert listening == ["127.0.0.1"]
    run.send(number)
    assert (run.status(), run.printed("err")) == (0, "")
