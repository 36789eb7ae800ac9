"""A package that is installed by its entry points alone adds one part of each kind, and nothing of atlas changes."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

GARDEN = Path(__file__).parent / "garden"
GUIDE = Path(__file__).parents[2] / "docs" / "extending.md"
CONFIGURATION = """
[site]
title = "Garden"

[executor]
kind = "serial"
device = "cpu"

[photos]
path = "photos.zip"
patch_size = 16
top = 3

[[models]]
name = "seven"
source = "seedbed"
architecture = "seedling-7"

[[render]]
classes = "all"
method = "whole"
preset = "draft"
parameters = { steps = 3, image_size = 48 }

[[render]]
layers = ["1"]
units = "0-2"
method = "whole"
sign = "both"
parameters = { steps = 3, image_size = 48 }

[[concepts]]
classes = ["moss"]
layer = "3"
factorisation = "medoids"
photos = "all"
count = 4
shown = 2
minimum = 2
designs = 8
fits = 2
method = "whole"
parameters = { steps = 2, image_size = 48 }

[[evaluate]]
scores = "shade"

[[analyse]]
kind = "surety"
"""


def photo(seed: int) -> bytes:
    """Return a small picture of blurred noise as PNG."""
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)
    large = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    file = io.BytesIO()
    large.save(file, "PNG")
    return file.getvalue()


class Installed:
    """An environment in which the package is installed, and a folder to work in."""

    def __init__(self, packages: Path, folder: Path) -> None:
        self.folder = folder
        self._environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(packages), *filter(None, sys.path)])}

    def run(self, *command: str) -> str:
        """Run Python there, and return what it printed."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def atlas(self, *words: str) -> str:
        """Run a command of atlas."""
        return self.run("-m", "atlas", *words)

    def read(self, path: str) -> str:
        """Return a file of the site."""
        return (self.folder / "build" / "site" / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package built and installed; then rendered and built with, once."""
    folder = tmp_path_factory.mktemp("garden")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(GARDEN)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(folder / "packages"), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    work = folder / "work"
    work.mkdir()
    with zipfile.ZipFile(work / "photos.zip", "w") as archive:
        for number in range(6):
            archive.writestr(f"moss/{number}.png", photo(number))
    (work / "atlas.toml").write_text(CONFIGURATION, encoding="utf-8")
    here = Installed(folder / "packages", work)
    here.printed = here.atlas("render") + here.atlas("build")  # type: ignore[attr-defined]
    return here


def records(installed: Installed) -> list[dict]:
    """Return all renderings in the store."""
    documents = (installed.folder / "build" / "store" / "objects").rglob("document.json")
    return [found for path in documents if "job" in (found := json.loads(path.read_text(encoding="utf-8")))]


def test_each_part_is_in_one_file_and_one_line() -> None:
    points = re.findall(r'^(\w+) = "garden\.(\w+):\w+"$', (GARDEN / "pyproject.toml").read_text(), re.MULTILINE)
    files = {path.stem for path in (GARDEN / "garden").glob("*.py")} - {"__init__"}
    assert len(points) == 8 and {module for _, module in points} == files


def test_the_method_renders(installed: Installed) -> None:
    made = records(installed)
    assert len(made) == 4 + 3 * 2 + 2
    assert {record["job"]["method"] for record in made} == {"whole"}
    assert {record["status"] for record in made} <= {"done", "dead"}
    assert sum(record["status"] == "done" for record in made) >= 6


def test_the_method_has_a_page_with_its_texts(installed: Installed) -> None:
    page = installed.read("methods/whole.html")
    assert "Whole picture" in page and "No view is cropped, turned or blurred" in page
    assert "fine patterns that people do not see" in page
    assert "step size of Adam, on pixels before the sigmoid" in page
    assert "Whole picture" in installed.read("methods/index.html")


def test_the_metric_is_measured_of_every_picture(installed: Installed) -> None:
    done = [record for record in records(installed) if record["status"] == "done"]
    for record in done:
        (value,) = [each["value"] for each in record["measurements"] if each["name"] == "greenness"]
        assert -1 <= value <= 1


def test_the_metric_is_explained_on_the_pages(installed: Installed) -> None:
    site = installed.folder / "build" / "site"
    explained = [path for path in site.rglob("*.html") if "Lawns are far above 0" in path.read_text(encoding="utf-8")]
    assert explained
    units = [path for path in site.rglob("*.html") if "greenness" in path.read_text(encoding="utf-8")]
    assert len(units) > 4


def test_the_pages_of_the_page_kind_are_in_the_site(installed: Installed) -> None:
    manifest = json.loads(installed.read("manifest.json"))
    (page,) = [page for page in manifest["pages"] if page["kind"] == "greenest"]
    html = installed.read(page["href"])
    assert "the greenest first" in html
    document = json.loads(installed.read(page["data"]))
    values = [unit["greenness"] for unit in document["data"]["units"]]
    assert values and values == sorted(values, reverse=True)
    assert json.loads(installed.read("schema/greenest.json"))["properties"]


def test_the_pages_of_the_page_kind_are_found(installed: Installed) -> None:
    site = installed.folder / "build" / "site"
    scripts = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.js") if "static" not in path.parts)
    assert "Greenest pictures" in scripts
    leading = [path for path in site.rglob("*.html") if "greenest/index.html" in path.read_text(encoding="utf-8")]
    assert leading


def test_the_source_is_listed(installed: Installed) -> None:
    assert "seedling-42" in " ".join(installed.atlas("models", "seedling-4*").split())


def test_the_source_says_what_it_does_not_have(installed: Installed) -> None:
    code = "import atlas\ntry: atlas.load('seedbed:weed')\nexcept atlas.AtlasError as error: print(error)"
    assert "write seedling-0 to seedling-99" in installed.run("-c", code)


def test_the_reader_reads(installed: Installed) -> None:
    credits = [path.name for path in (installed.folder / "build" / "site").rglob("*.html") if "photos" in path.parts]
    assert credits
    statistics = [json.loads(path.read_text()) for path in (installed.folder / "build").rglob("document.json")]
    assert any(found.get("photo_count") == 6 for found in statistics)


def test_the_factorisation_makes_concepts_and_is_explained(installed: Installed) -> None:
    found = [json.loads(path.read_text()) for path in (installed.folder / "build").rglob("document.json")]
    (concepts,) = [each for each in found if each.get("concepts")]
    assert concepts["factorisation"] == "medoids" and len(concepts["concepts"]) == 2
    site = installed.folder / "build" / "site"
    assert any("farthest-first medoids" in path.read_text(encoding="utf-8") for path in site.rglob("*.html"))


def test_the_score_is_measured_and_told(installed: Installed) -> None:
    (row,) = json.loads(installed.atlas("evaluate", "--only", "shade", "--json"))["rows"]
    done = {record["key"] for record in records(installed) if record["job"]["target"]["kind"] == "logit"}
    documents = (installed.folder / "build" / "store" / "objects").rglob("document.json")
    (score,) = [found for path in documents if (found := json.loads(path.read_text())).get("score") == "shade"]
    values = [each["value"] for picture in score["pictures"] for each in picture["values"]]
    assert {picture["key"] for picture in score["pictures"]} <= done and len(values) == row["n"] == row["pictures"]
    assert (row["score"], row["title"], row["method"]) == ("shade", "shade", "whole")
    assert row["value"] == pytest.approx(np.mean(values)) and 0 < row["low"] <= row["value"] <= row["high"] < 1


def test_the_analysis_is_made_and_told(installed: Installed) -> None:
    (row,) = json.loads(installed.atlas("evaluate", "--json"))["analyses"]
    assert (row["analysis"], row["model"], row["title"], row["n"]) == ("surety", "seven", "surety", 6)
    assert 0 < row["low"] <= row["value"] <= row["high"] <= 1


def test_a_notebook_uses_the_parts(installed: Installed) -> None:
    code = (
        "import atlas; picture = atlas.render(atlas.load('seedbed:seedling-7'), 'moss', method='whole', steps=2, "
        "image_size=48); print(picture.status, picture.record.measurement('greenness').name)"
    )
    assert installed.run("-c", code).split()[-2:] == ["done", "greenness"]


def test_what_was_made_is_verified(installed: Installed) -> None:
    assert "0 problems" in installed.atlas("status", "--verify")


def test_the_guide_shows_the_package_as_it_is() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for path in [GARDEN / "pyproject.toml", *sorted((GARDEN / "garden").glob("*.py"))]:
        if path.name != "__init__.py":
            assert path.read_text(encoding="utf-8").strip() in guide, f"docs/extending.md shows another {path.name}"
    assert (GARDEN / "garden" / "templates" / "greenest.html").read_text().strip() in guide
