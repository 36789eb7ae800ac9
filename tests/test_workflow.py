"""The example of a workflow that publishes a site: its steps, run as a runner does, with commands that only say so."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW = ROOT / ".github" / "workflows" / "pages.yml"
COMMAND = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
[ "$1" != "$ENDS" ] || exit "$STATUS"
"""


class Runner:
    """A folder with a repository in it, and the steps of the workflow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.document: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
        self.steps: list[dict[str, Any]] = self.document["jobs"]["publish"]["steps"]
        commands = folder.parent / "commands"
        commands.mkdir()
        for name in ("atlas", "pip"):
            (commands / name).write_text(COMMAND)
            (commands / name).chmod(0o755)
        self._environment = os.environ | self.document["env"] | {"PATH": f"{commands}:{os.environ['PATH']}"}

    def run(self, name: str, ends: str = "", status: int = 0) -> tuple[int, list[str]]:
        """Run a step as runners do, with the command ``ends`` ending so; return its status and what it called."""
        (script,) = [step["run"] for step in self.steps if step.get("name") == name]
        calls = self.folder.parent / "calls"
        calls.write_text("")
        environment = self._environment | {"CALLS": str(calls), "ENDS": ends, "STATUS": str(status)}
        process = subprocess.run(["bash", "-e", "-c", script], cwd=self.folder, env=environment, check=False)
        return process.returncode, calls.read_text().splitlines()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """An empty repository."""
    (tmp_path / "repository").mkdir()
    return Runner(tmp_path / "repository")


def test_a_repository_that_holds_only_a_configuration_installs_the_package(runner: Runner) -> None:
    assert runner.run("Install") == (0, ["pip install lens-atlas[demo]"])
    (runner.folder / "pyproject.toml").write_text('[project]\nname = "thesis"\n')
    (runner.folder / "requirements.txt").write_text("mynet\n")
    assert runner.run("Install") == (0, ["pip install lens-atlas[demo]", "pip install -r requirements.txt"])


def test_a_checkout_of_atlas_installs_itself(runner: Runner) -> None:
    (runner.folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    assert runner.run("Install") == (0, ["pip install .[demo]"])


def test_a_failed_installation_ends_the_run(runner: Runner) -> None:
    assert runner.run("Install", "install", 1)[0] == 1


@pytest.mark.parametrize("status", [0, 1, 2, 124, 126, 127, 130, 137])
def test_a_failed_job_does_not_stop_the_site_and_all_else_does(runner: Runner, status: int) -> None:
    ends_with = 0 if status in (0, 1, 124, 137) else status
    assert runner.run("Render", "demo", status) == (ends_with, ["atlas demo --no-open"])
    (runner.folder / "atlas.toml").write_text("")
    assert runner.run("Render", "render", status) == (ends_with, ["atlas render"])


def test_rendering_pauses_when_its_time_is_up(runner: Runner) -> None:
    (runner.folder / "atlas.toml").write_text("")
    slow = runner.folder.parent / "commands" / "atlas"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    runner._environment["RENDER"] = "0.2s"
    assert runner.run("Render")[0] == 0


def test_what_does_not_pause_is_killed_and_its_site_is_built(runner: Runner) -> None:
    (runner.folder / "atlas.toml").write_text("")
    deaf = runner.folder.parent / "commands" / "atlas"
    deaf.write_text("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n")
    runner._environment["RENDER"] = "0.2s"
    (render,) = [step for step in runner.steps if step.get("name") == "Render"]
    render["run"] = render["run"].replace("--kill-after=2m", "--kill-after=0.2s")
    assert runner.run("Render")[0] == 0


def test_the_site_is_built_of_what_there_is(runner: Runner) -> None:
    assert runner.run("Build") == (0, ["atlas build -c build/atlas.toml"])
    (runner.folder / "atlas.toml").write_text("")
    assert runner.run("Build") == (0, ["atlas build"])
    assert runner.run("Build", "build", 1)[0] == 1


def test_the_store_is_saved_whatever_happens(runner: Runner) -> None:
    uses = {step["uses"].partition("@")[0]: step for step in runner.steps if "uses" in step}
    restore, save = uses["actions/cache/restore"], uses["actions/cache/save"]
    assert save["if"] == f"always() && steps.{restore['id']}.outcome == 'success'" and "actions/cache" not in uses
    assert restore["with"]["key"] == save["with"]["key"]
    assert all(name in save["with"]["key"] for name in ("github.run_id", "github.run_attempt"))
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert restore["with"]["path"] == save["with"]["path"] == "build/store"
    order = [step.get("name") or step["uses"].partition("@")[0] for step in runner.steps]
    assert order.index("Build") < order.index("actions/cache/save") < order.index("actions/upload-pages-artifact")
    minutes = int(runner.document["env"]["RENDER"].removesuffix("m"))
    assert minutes < runner.document["jobs"]["publish"]["timeout-minutes"]


def test_a_configuration_is_not_ignored(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    ignored = subprocess.run(["git", "-C", tmp_path, "check-ignore", "atlas.toml"], capture_output=True, check=False)
    assert ignored.returncode == 1
