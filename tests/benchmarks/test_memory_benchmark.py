"""The benchmark of memory: what is predicted of a small network is near what processes hold."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_a_views_memory_is_predicted_and_measured(tmp_path):
    file = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "memory.py"), "--model", "resnet18", "--views", "4", "12"]
    ended = subprocess.run([*command, "--json", str(file)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (one,) = json.loads(file.read_text())
    assert one["model"] == "resnet18" and one["side"] == 224
    assert 0.5 < one["measured"] / one["predicted"] < 2.5
    assert f"{one['predicted'] / 2**20:.1f}" in ended.stdout
