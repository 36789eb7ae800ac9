"""A GPU in ten minutes: is what it renders what a CPU renders, how fast is it, and does it survive a lack of memory?

    benchmarks/gpu.sh --json gpu.json
    python benchmarks/gpu.py --report gpu.json     # the Markdown of benchmarks/RESULTS.md

Correctness comes first: every method on small networks with random weights, on the CPU, on the device and there again,
within the tolerances that ``agreeing/check.py`` states. Then MACO at several batches and precisions beside Horama
(``rendering/measure.py`` says what is compared), the network's share of a step and peak memory; before them a batch
that does not fit. What the time did not suffice for is told as left out. Exit status 1 if anything is wrong, not if a
goal is missed.
"""

import json
import os
import sys
import tempfile
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import click
import torch
from agreeing.check import Check, checked
from agreeing.work import LAYERS, write_photos
from rendering.case import Case, CaseError, measure
from rendering.report import markdown
from rendering.shortage import survived

from atlas.methods import methods
from atlas.tasks.machine import usable_cores

PRECISIONS = ("bfloat16", "tf32", "float32")
BATCHES = (64, 256, 16, 1)
"""The goal's batch first: what comes last may be left out."""
RESERVE = 90.0
"""Seconds that a case may take; none is begun with less left."""


@click.command(help="Check and measure a GPU in at most ten minutes.")
@click.option("--device", default="cuda", show_default=True, help="torch device.")
@click.option("--minutes", default=9.5, show_default=True, help="No case is begun when these are nearly over.")
@click.option("--model", "models", multiple=True, type=click.Choice(list(LAYERS)), help="Of the checks; repeatable.")
@click.option("--method", "chosen", multiple=True, type=click.Choice([name for name, _ in methods]), help="Only this.")
@click.option("--check-steps", default=8, show_default=True, help="Of each picture of the checks.")
@click.option("--batch", "batches", multiple=True, type=click.IntRange(1), help="Of MACO; repeatable.")
@click.option("--precision", "precisions", multiple=True, type=click.Choice(PRECISIONS), help="Repeatable.")
@click.option("--side", default=512, show_default=True, help="Of MACO's pictures, pixels.")
@click.option("--resolution", default=224, show_default=True, help="Of what the network is shown, pixels.")
@click.option("--steps", default=48, show_default=True, help="Timed steps of MACO.")
@click.option(
    "--warmup", default=16, show_default=True, help="Steps before them, in which blocked gradients are looked for."
)
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures here.")
@click.option("--report", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Only print this JSON.")
def main(
    device: str,
    minutes: float,
    models: tuple[str, ...],
    chosen: tuple[str, ...],
    check_steps: int,
    batches: tuple[int, ...],
    precisions: tuple[str, ...],
    side: int,
    resolution: int,
    steps: int,
    warmup: int,
    json_path: Path | None,
    report: Path | None,
) -> None:
    """Check, measure, write, print."""
    if report:
        print(markdown(json.loads(report.read_text(encoding="utf-8"))))
        return
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        raise click.ClickException("no CUDA device is visible; --device cpu tries the script itself")
    end = monotonic() + 60 * minutes
    checks = check(device, models or tuple(LAYERS), chosen, check_steps)
    base = Case(
        image_size=side,
        resolution=resolution,
        steps=warmup + steps,
        warmup=warmup,
        device=device,
        threads=usable_cores(),
        split=True,
    )
    missing = [name for name in ("horama", "einops") if find_spec(name) is None]
    peers = [] if missing else [replace(base, renderer="horama")]
    wanted = [
        replace(base, batch=batch, jobs=batch, precision=precision)
        for batch in batches or BATCHES
        for precision in precisions or PRECISIONS
    ]
    shortage = survived(replace(base, batch=16, jobs=16, steps=2, warmup=1) if device != "cpu" else small(base))
    measured, left_out = timed([*peers, *wanted], end)
    figures = {
        "machine": f"{name_of(device)}; {os.cpu_count()} cores, torch {torch.__version__}, CUDA {torch.version.cuda}",
        "checks": [asdict(one) for one in checks],
        "shortage": shortage,
        "measured": measured,
        "left_out": left_out + [f"Horama: no {' and no '.join(missing)} installed"] * bool(missing),
        "seconds": round(monotonic() - end + 60 * minutes, 1),
    }
    if json_path:
        json_path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(markdown(figures))
    wrong = any(one.wrong for one in checks) or not shortage.get("survived")
    raise SystemExit(1 if wrong or not measured else 0)


def small(base: Case) -> Case:
    """Return the case of a shortage on a CPU, which is acted."""
    return replace(base, batch=4, jobs=4, crops=1, steps=2, warmup=1)


def name_of(device: str) -> str:
    """Return what the device is called."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def check(device: str, models: tuple[str, ...], chosen: tuple[str, ...], steps: int) -> list[Check]:
    """Return how every method's pictures on the device agree with the CPU's, network by network."""
    found = []
    with tempfile.TemporaryDirectory() as place:
        write_photos(Path(place) / "photos")
        for name in models:
            print(f"checking {name}", file=sys.stderr, flush=True)
            found.append(checked(Path(place), name, device, chosen, steps))
    return found


def timed(cases: list[Case], end: float) -> tuple[list[dict[str, object]], list[str]]:
    """Return what was measured of cases, in order, and which of them were not, and why."""
    measured, left_out = [], []
    for case in cases:
        if monotonic() + RESERVE > end:
            left_out.append(f"{case.title}: no time was left")
            continue
        print(f"measuring {case.title}", file=sys.stderr, flush=True)
        try:
            result = measure(case)
        except CaseError as error:
            left_out.append(str(error).strip().splitlines()[0] + ": " + str(error).strip().splitlines()[-1])
            continue
        rate = {"per_minute": result.per_minute(case), "share": result.share}
        measured.append({"case": asdict(case), "result": asdict(result), "title": case.title} | rate)
    return measured, left_out


if __name__ == "__main__":
    main()
