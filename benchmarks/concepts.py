"""Concepts of EfficientNet-Lite0 on photos: are they important, fast to find, cheap in memory, and well rendered?

    python benchmarks/concepts.py --photos FOLDER [--store STORE] [--only speed] [--classes 2] ...

Prints Markdown. FOLDER holds a folder of photos for each ImageNet class; classes with fewer than 60 photos are left
out. STORE was made by ``atlas render`` from a configuration with ``[[concepts]]``. What is compared and where the two
differ is told in ``explaining/speed.py`` and ``explaining/peer.py``; what the curves are of, in
``explaining/curves.py``. Where craft-xai is not installed it is left out, and the output says so.
"""

import json
import os
import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import click
from explaining.sections import SECTIONS, Plan
from explaining.study import MeasuringError, Study, child

from atlas.errors import AtlasError
from atlas.tasks.machine import usable_cores

QUIET = 0.5
"""Load above which seconds mean little."""
ON_PHOTOS = ("curves", "speed", "memory")
"""Sections that need photos."""


def make_plan(
    names: tuple[str, ...], study: Study, store: Path | None, classes: int | None, minimum: int, rounds: int
) -> Plan:
    """Return what to do, with the classes that have enough photos."""
    if not set(names) & set(ON_PHOTOS):
        return Plan(study, store=store)
    with child("product", study) as process:
        found = [each for each in process.ask() if each["photos"] >= minimum][:classes]
    if not found:
        raise click.ClickException(f"no class in {study.photos} has {minimum} photos")
    return Plan(study, found, store, find_spec("craft") is not None, rounds)


@click.command(help="Measure concepts of EfficientNet-Lite0 on photos; print Markdown.")
@click.option(
    "--photos", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of class folders."
)
@click.option("--store", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Store with renderings.")
@click.option("--only", "names", multiple=True, type=click.Choice(list(SECTIONS)), help="Only this; repeatable.")
@click.option("--classes", type=click.IntRange(2), help="So many classes, those with most photos. [default: all]")
@click.option("--minimum", default=60, show_default=True, type=click.IntRange(1), help="Photos that a class must have.")
@click.option("--rounds", default=1, show_default=True, type=click.IntRange(1), help="Of the comparison of speeds.")
@click.option("--threads", default=0, help="CPU threads. [default: as many as there are cores]")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write all results here.")
def main(
    photos: Path | None,
    store: Path | None,
    names: tuple[str, ...],
    classes: int | None,
    minimum: int,
    rounds: int,
    threads: int,
    json_path: Path | None,
) -> None:
    """Run the sections asked for and print them."""
    chosen = names or tuple(SECTIONS if photos else ["rendered"])
    if photos is None and set(chosen) & set(ON_PHOTOS):
        raise click.UsageError("--photos is missing")
    study = Study(str(photos.resolve()) if photos else "", threads=threads or usable_cores())
    before = os.getloadavg()[0]
    print("# Concepts of EfficientNet-Lite0")
    if before > QUIET:
        print(f"\n**This machine has other work (load {before:.1f} before the start): do not believe the seconds.**")
    results = {}
    try:
        plan = make_plan(chosen, study, store, classes, minimum, rounds)
        if "speed" in chosen and not plan.peer:
            print("\ncraft-xai is left out: it is not installed.")
        for name in chosen:
            title, run = SECTIONS[name]
            print(f"\n## {title}\n", flush=True)
            results[name] = run(plan)
            print(
                f"\nLoad at the end, one minute's mean, this benchmark included: {os.getloadavg()[0]:.1f}.", flush=True
            )
    except (MeasuringError, AtlasError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        if json_path:
            json_path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {study.threads} threads, torch {version('torch')}"
    print(f"\nMeasured on {machine}. Load before the start: {before:.1f}.")


if __name__ == "__main__":
    main()
