"""MACO with atlas and with Horama, one after the other on the same machine: speed, memory, and how both grow.

    python benchmarks/render.py [--device cuda] [--section throughput] ...

Prints Markdown tables. Every case runs in a process of its own, cases alternate, and tables hold medians of the rounds.
Only some steps of each picture are run: the time of a step does not depend on its number, so pictures per minute are
told for the 256 steps of MACO's paper, from the seconds of a step after warm-up; atlas also has what a picture costs
outside its steps (start, measurements, encoding, storing) counted against it, Horama only its steps.

What is compared and where the two differ is told in ``rendering/measure.py``, how the network's share is measured in
``rendering/clock.py``. Where Horama is not installed (``pip install horama einops``) it is left out, and the output
says so.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import click
from rendering.case import PAPER_STEPS, Case, CaseError
from rendering.sections import DEFAULTS, SECTIONS, Plan
from rendering.session import Session

from atlas.tasks.machine import usable_cores

QUIET = 0.5
"""Load above which figures mean little: threads that wait for each other on busy cores take up to 40 times as long."""


def numbers(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Parse ``1,4,8``."""
    try:
        return None if value is None else tuple(int(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter("write whole numbers with commas, such as 1,4,8") from error


@click.command(help="Measure MACO with atlas and with Horama; print Markdown tables.")
@click.option("--section", "sections", multiple=True, type=click.Choice(list(SECTIONS)), help="Only this; repeatable.")
@click.option("--device", default="cpu", show_default=True, help="torch device.")
@click.option(
    "--precision", "precisions", multiple=True, type=click.Choice(["float32", "tf32", "bfloat16"]), help="Of atlas."
)
@click.option("--batches", callback=numbers, help="Batch sizes of atlas. [default: 1,4,8 on a CPU, 1,16,64,256 else]")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Measurements of every case.")
@click.option("--steps", type=click.IntRange(1), help="Timed steps. [default: 8 on a CPU, 48 else]")
@click.option("--warmup", type=click.IntRange(1), help="Steps before them. [default: 2 on a CPU, 16 else]")
@click.option("--threads", default=0, help="CPU threads. [default: as many as there are cores]")
@click.option("--weights", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Weight file of lite0.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write all results here.")
def main(
    sections: tuple[str, ...],
    device: str,
    precisions: tuple[str, ...],
    batches: tuple[int, ...] | None,
    rounds: int,
    steps: int | None,
    warmup: int | None,
    threads: int,
    weights: Path | None,
    json_path: Path | None,
) -> None:
    """Run the sections asked for and print them."""
    defaults = DEFAULTS["cpu" if device == "cpu" else "cuda"]
    warm = warmup or defaults.warmup
    base = Case(
        steps=warm + (steps or defaults.steps),
        warmup=warm,
        device=device,
        threads=threads or usable_cores(),
        weights=str(weights.resolve()) if weights else None,
        split=True,
    )
    missing = [name for name in ("horama", "einops") if find_spec(name) is None]
    plan = Plan(base, batches or defaults.batches, precisions or defaults.precisions, not missing, defaults)
    session = Session(rounds)
    print("# MACO: atlas and Horama\n")
    print(f"512 px, 6 crops of 224, rates for {PAPER_STEPS} steps; medians of {rounds}.", end="")
    print(f" Horama is left out: no {' and no '.join(missing)} installed." if missing else "")
    if (before := os.getloadavg()[0]) > QUIET:
        print(f"\n**This machine has other work (load {before:.1f} before the start): do not believe the seconds.**")
    try:
        for name in sections or SECTIONS:
            title, run = SECTIONS[name]
            print(f"\n## {title}\n", flush=True)
            run(plan, session)
    except CaseError as error:
        raise click.ClickException(str(error)) from error
    finally:
        if json_path:
            session.save(json_path)
    everything = [result for results in session.measured.values() for result in results]
    loads = [result.load for result in everything]
    print(f"\nMeasured on {'; '.join(sorted({result.machine for result in everything}))}.")
    print(f"Load of the machine while measuring (one minute's mean, this benchmark included): {min(loads):.1f}", end="")
    print(f" to {max(loads):.1f}.")


if __name__ == "__main__":
    main()
