"""The wheel alone works: built from the sdist, installed into a fresh environment, run from another folder."""

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from small_demo import CLASSES, CONCEPTS, SHOWN, UNITS, write_small_demo

import atlas

CHECKOUT = Path(__file__).parents[1]


def run(*command, cwd):
    """Run a command outside the checkout, with nothing of it on the path; return what it printed."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, CHECKOUT, cwd=folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def installed(distributions, tmp_path_factory):
    """A fresh environment that holds the wheel, and sees this one's dependencies but not the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False, symlinks=os.name == "posix")
    binaries = folder / "venv" / ("bin" if os.name == "posix" else "Scripts")
    install = ["install", "--quiet", "--no-deps", "--no-index", distributions[1]]
    run(sys.executable, "-m", "pip", "--python", binaries / "python", *install, cwd=folder)
    packages = Path(
        run(binaries / "python", "-c", "import sysconfig as s; print(s.get_path('purelib'))", cwd=folder).strip()
    )
    # A plain path in a .pth file: the .pth files in *that* folder, such as an editable install's, are not followed.
    others = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "dependencies.pth").write_text("\n".join(others) + "\n")
    return binaries


def shipped(folder):
    """Return the files of a folder of the checkout, relative to it, as posix paths."""
    files = (path for path in (CHECKOUT / folder).rglob("*") if path.is_file())
    return {path.relative_to(CHECKOUT / folder).as_posix() for path in files if "__pycache__" not in path.parts}


@pytest.mark.parametrize(
    ("folder", "inside"), [("atlas", "atlas"), ("templates", "atlas/templates"), ("static", "atlas/static")]
)
def test_the_wheel_holds_every_file(distributions, folder, inside):
    names = set(zipfile.ZipFile(distributions[1]).namelist())
    assert shipped(folder)
    assert {f"{inside}/{name}" for name in shipped(folder)} - names == set()


def test_the_wheel_holds_nothing_else(distributions):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(distributions[1]).namelist()}
    assert tops == {"atlas", f"lens_atlas-{atlas.__version__}.dist-info"}


def test_the_sdist_holds_what_make_and_the_tests_need(distributions):
    with tarfile.open(distributions[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    used = re.findall(r"\.ci/\w+", (CHECKOUT / "Makefile").read_text(encoding="utf-8"))
    assert ".ci/browser" in used
    assert {*used, "Makefile", ".github/workflows/pages.yml", "tests/test_workflow.py"} <= names
    assert {"docs/index.md", "reference/__main__.py", "zensical.toml"} <= names


def test_licences_travel_with_both(distributions):
    sdist, wheel = distributions
    carried = [Path(name).name for name in zipfile.ZipFile(wheel).namelist() if "/licenses/" in name]
    assert sorted(carried) == ["LICENSE", "NOTICE", "imagenet_magnitude_decorrelated.LICENSE.txt"]
    with tarfile.open(sdist) as archive:
        names = {re.sub(r"^[^/]+/", "", name) for name in archive.getnames()}
    assert {"LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "pyproject.toml", "tests/test_wheel.py"} <= names


def test_the_installed_package_is_the_one_that_runs(installed, tmp_path):
    where = run(installed / "python", "-c", "import atlas; print(atlas.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)


def test_the_command_says_its_version(installed, tmp_path):
    assert atlas.__version__ in run(installed / "atlas", "--version", cwd=tmp_path)


def test_the_wheel_alone_renders_and_builds_the_demo(installed, tmp_path):
    write_small_demo(tmp_path / "out", steps=2)
    printed = run(installed / "atlas", "demo", "--out", "out", cwd=tmp_path)
    assert f"{len(CLASSES) + UNITS + SHOWN * len(CONCEPTS)} rendered, 0 dead, 0 failed" in printed
    site = tmp_path / "out" / "site"
    assert site.joinpath("index.html").as_uri() in printed
    assert "EfficientNet-Lite0" in site.joinpath("index.html").read_text(encoding="utf-8")
    assert [*site.joinpath("static").iterdir()]
