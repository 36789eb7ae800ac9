"""The workflow that releases a version: what it refuses, and what the project says of itself agrees."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import atlas

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
USED = ("atlas/version.py", "CITATION.cff", "CHANGELOG.md")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that a release is checked against."""
    for name in USED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def check(folder: Path, tag: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow's own check, as a runner does, for a tag."""
    (script,) = [step["run"] for step in DOCUMENT["jobs"]["build"]["steps"] if step.get("name") == "Check"]
    environment = os.environ | {"GITHUB_REF_NAME": tag}
    command = ["bash", "-e", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_present_version_can_be_released(checkout: Path) -> None:
    done = check(checkout, f"v{atlas.__version__}")
    assert done.returncode == 0, done.stdout
    notes = (checkout / "notes.md").read_text(encoding="utf-8")
    assert "### Added" in notes and "## [" not in notes


def test_a_tag_of_another_version_is_refused(checkout: Path) -> None:
    done = check(checkout, "v99.0.0")
    assert done.returncode == 1 and "another version than 99.0.0" in done.stdout


@pytest.mark.parametrize("name", USED)
def test_what_disagrees_with_the_tag_is_named(checkout: Path, name: str) -> None:
    text = (checkout / name).read_text(encoding="utf-8")
    (checkout / name).write_text(text.replace(atlas.__version__, "9.9.9"), encoding="utf-8")
    done = check(checkout, f"v{atlas.__version__}")
    assert done.returncode == 1 and name in done.stdout


def test_nothing_is_published_but_what_was_built_and_tried() -> None:
    publish = DOCUMENT["jobs"]["publish"]
    assert publish["needs"] == "build"
    assert publish["permissions"]["id-token"] == "write"
    assert DOCUMENT["permissions"] == {"contents": "read"}
    names = [step.get("name") for step in DOCUMENT["jobs"]["build"]["steps"]]
    assert names.index("Check") < names.index("Build") < names.index("Try")
    assert "password" not in (ROOT / ".github" / "workflows" / "release.yml").read_text(
        encoding="utf-8"
    ).lower().replace("without a stored password", "")


def test_the_citation_is_whole() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "title", "message", "authors", "version", "license", "repository-code"} <= citation.keys()
    assert citation["version"] == atlas.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(citation["date-released"]))


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name
)
def test_forms_are_what_a_tracker_reads(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.name != "config.yml":
        assert {"name", "description", "body"} <= form.keys()
        assert all(part["type"] == "markdown" or part["attributes"]["label"] for part in form["body"])
