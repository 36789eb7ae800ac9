import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_the_benchmark_of_devices_compares_a_device_with_the_cpu_key_by_key(tmp_path):
    """The CPU is a device too: the same bytes again, and in a batch of one the same up to rounding."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS / "device.py"), "--device", "cpu", "--no-ray", "--steps", "2"]
    chosen = ["--model", "test_vit", "--method", "adversarial", "--method", "fourier", "--json", str(figures)]
    ended = subprocess.run([*command, *chosen], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(figures.read_text())
    assert found["wrong"] == []
    assert {name.partition(", ")[2] for name in found["agreements"]} == {
        "cpu and device",
        "device and again",
        "device and alone",
    }
    for name, rows in found["agreements"].items():
        assert [(row["method"], row["jobs"], row["other_status"]) for row in rows] == [
            ("adversarial", 6, 0),
            ("fourier", 9, 0),
        ]
        assert all(row["equal"] == row["pictures"] == row["jobs"] for row in rows if not name.endswith("alone"))
        assert all(row["first"] < 1e-4 for row in rows)
