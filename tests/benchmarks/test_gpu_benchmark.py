"""benchmarks/gpu.sh on the CPU, small: it checks, survives a lack of memory, measures, and tells what it left out."""

import json
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_one_command_checks_and_measures_a_device(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHON", sys.executable)
    figures = tmp_path / "figures.json"
    small = [
        "--model",
        "test_vit",
        "--method",
        "adversarial",
        "--check-steps",
        "2",
        "--side",
        "64",
        "--resolution",
        "64",
    ]
    timed = ["--batch", "1", "--precision", "tf32", "--steps", "2", "--warmup", "1"]
    command = ["sh", str(BENCHMARKS / "gpu.sh"), "--device", "cpu", *small, *timed, "--json", str(figures)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(figures.read_text())
    (check,) = found["checks"]
    assert (check["model"], check["jobs"], check["again"], check["halves"], check["wrong"]) == (
        "test_vit",
        6,
        0,
        12,
        [],
    )
    assert found["shortage"]["survived"] and found["shortage"]["refused"] > 0 and found["shortage"]["acted"]
    own = [one for one in found["measured"] if one["case"]["renderer"] == "atlas"]
    assert [(one["case"]["batch"], one["case"]["precision"]) for one in own] == [(1, "tf32")]
    assert own[0]["per_minute"] > 0 and 0 < own[0]["share"] < 1
    assert any("Horama" in line for line in found["left_out"]) == (find_spec("horama") is None)
    told = import_module("rendering.report").markdown(found)  # what --report prints
    assert told in ended.stdout
    assert "atlas, batch 1, tf32" in told and "Nothing is wrong." in told


def entry(renderer, batch, per_minute, precision="float32"):
    case = {"renderer": renderer, "batch": batch, "precision": precision}
    result = {"step": 0.1, "outside": 0.0, "device_memory": 2**30}
    return {"case": case, "title": f"{renderer} {batch}", "result": result, "per_minute": per_minute, "share": 0.8}


def test_the_report_says_whether_the_goal_is_met_and_what_is_wrong():
    report = import_module("rendering.report")
    slow, fast = entry("atlas", 64, 199.0), entry("atlas", 64, 200.0, "bfloat16")
    lines = report.goals([entry("horama", 1, 10.0), slow, fast, entry("atlas", 1, 999.0)]).splitlines()
    assert [line.rpartition("goal ")[2] for line in lines] == ["20: MISSED)", "20: met)"]
    assert report.goals([slow]) == ""  # no peer was measured
    assert "1024" in report.speed([slow]) and "20.00" in report.speed([entry("horama", 1, 10.0), fast])
    wrong = {"model": "m", "jobs": 1, "methods": [], "again": 1, "halves": 0, "wrong": ["one thing"]}
    assert "- one thing" in report.checks(wrong)
    nothing = {"survived": False, "refused": 0, "acted": False, "jobs": 4, "share": 0.6}
    assert "nothing is shown" in report.shortage(nothing)
    assert "killed" in report.shortage({"survived": False, "said": "killed"})


def test_a_check_tells_what_is_beyond_its_tolerances(monkeypatch, tmp_path):
    check, compare = import_module("agreeing.check"), import_module("agreeing.compare")
    row = compare.Agreement("maco", 3, 0, 3, 2, 200, 9.0, 0.1, 0.5)
    run = import_module("agreeing.work").Rendered({}, {}, ["a job"], 1.0)
    sound = import_module("agreeing.work").Rendered({}, {}, [], 1.0)
    runs = iter([sound, run, sound, sound, sound])
    monkeypatch.setattr(check, "rendered", lambda *_: next(runs))
    monkeypatch.setattr(check, "agreements", lambda *_: [row])
    found = check.checked(tmp_path, "test_vit", "cpu", ("adversarial",), 2)
    assert found.wrong == [
        "a job",
        "maco: first step 5.0e-01, allowed 0.001",
        "maco: 9.00 of 255, allowed 4",
        "1 pictures had other bytes the second time",
    ]
