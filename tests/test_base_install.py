"""The base installation: it configures, reads stores, builds and serves sites, without what renders."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from sample_store import make_sample_store

import atlas
from atlas.extras import EXTRAS

CHECKOUT = Path(__file__).parents[1]
LARGEST = 200_000_000
"""Bytes of the environment, without pip."""
HEAVY = ("torch", "torchvision", "timm", "ray", "scipy", "sklearn", "matplotlib", "datasets", "pyarrow", "safetensors")


def needed(requirements: list[str], extra: str = "") -> Iterator[Requirement]:
    """Yield what applies on this interpreter without any extra, or with one."""
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def base_distributions() -> list[Distribution]:
    """Return what ``pip install lens-atlas`` brings, as installed here."""
    found: dict[str, Distribution] = {}
    waiting = [requirement.name for requirement in needed(distribution("lens-atlas").requires or [])]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = distribution(name)
            waiting += [requirement.name for requirement in needed(found[name].requires or [])]
    return list(found.values())


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds atlas and what its base installation needs, copied file by file."""
    folder = tmp_path_factory.mktemp("base")
    venv.create(folder / "venv", with_pip=False, symlinks=os.name == "posix")
    python = folder / "venv" / ("bin" if os.name == "posix" else "Scripts") / "python"
    asked = "import sysconfig as s; print(s.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip())
    for found in base_distributions():
        for file in found.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(found.locate_file(file)), packages / file)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(atlas.__file__).parent, packages / "atlas", ignore=ignored)
    for name in ("templates", "static"):  # as the wheel holds them
        shutil.copytree(CHECKOUT / name, packages / "atlas" / name, ignore=ignored)
    return python


def run(python: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run atlas there."""
    command = [str(python), "-I", "-m", "atlas", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_nothing_that_renders_is_in_it(environment: Path) -> None:
    code = f"from importlib.util import find_spec; print(*(name for name in {HEAVY!r} if find_spec(name)))"
    assert subprocess.run([environment, "-I", "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_it_is_small(environment: Path) -> None:
    files = (path for path in environment.parents[1].rglob("*") if path.is_file() and not path.is_symlink())
    assert sum(path.stat().st_size for path in files) < LARGEST


def test_it_builds_a_site_from_a_store(environment: Path, tmp_path: Path) -> None:
    make_sample_store(tmp_path / "build" / "store")
    assert run(environment, "init", cwd=tmp_path).returncode == 0
    built = run(environment, "build", cwd=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "pip install 'lens-atlas[plots]'" in built.stdout.replace("\n", " ")  # what is left out is said
    assert (tmp_path / "build" / "site" / "index.html").is_file()
    assert "verified" in run(environment, "status", "--verify", cwd=tmp_path).stdout


@pytest.mark.parametrize("command", ["render", "plan", "demo"])
def test_what_needs_more_says_which_extra(environment: Path, tmp_path: Path, command: str) -> None:
    run(environment, "init", cwd=tmp_path)
    done = run(environment, command, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    assert "which is not installed" in said and "pip install 'lens-atlas[" in said
    assert "Traceback" not in said


def test_every_extra_of_the_table_is_one_of_the_distribution() -> None:
    offered = set(distribution("lens-atlas").metadata.get_all("Provides-Extra") or ())
    assert {*EXTRAS, "all"} <= offered
    for extra, libraries in EXTRAS.items():
        asked = {requirement.name for requirement in needed(distribution("lens-atlas").requires or [], extra)}
        assert libraries and asked


def test_a_broken_library_is_no_missing_one() -> None:
    from atlas.extras import needing_extras

    with pytest.raises(ModuleNotFoundError), needing_extras():
        raise ModuleNotFoundError("no part", name="torch.no_such_part")
    assert sys.modules.get("torch.no_such_part") is None
