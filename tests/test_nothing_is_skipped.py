"""In CI a run that leaves a test out fails; at home it does not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OUTCOMES = {
    "skipped": "import pytest\n@pytest.mark.skip\ndef test_a(): pass\ndef test_b(): pass\n",
    "expected to fail": "import pytest\n@pytest.mark.xfail\ndef test_a(): assert False\ndef test_b(): pass\n",
    "all run": "def test_b(): pass\n",
}


@pytest.mark.parametrize(
    ("outcome", "in_ci", "status"),
    [("skipped", True, 1), ("expected to fail", True, 1), ("all run", True, 0), ("skipped", False, 0)],
)
def test_a_test_left_out_fails_the_run_in_ci(tmp_path, outcome, in_ci, status):
    shutil.copy(Path(__file__).parent / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(OUTCOMES[outcome])
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | (
        {"CI": "true"} if in_ci else {}
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("none may be left out" in done.stdout) == bool(status)
