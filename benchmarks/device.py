"""Every method on two devices, key by key: what a GPU renders is what the CPU renders.

    python benchmarks/device.py --device cuda

Small random networks, a few steps. Keys hold no device, so that each job is found again in the other run's store and
compared: status, objective, pixels. What is rendered: on the CPU; on the device; on the device again (the same bytes?);
there one by one (another batch?); there under Ray (another process?); there in bfloat16 (finite?). Where the device
is a GPU, what makes the host wait for it inside a step is counted too. Exit status 1 if a job fails on the device that
does not on the CPU, or has another status.
"""

import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
import torch
from agreeing.compare import Agreement, agreements, other_statuses
from agreeing.work import LAYERS, Rendered, Run, able, configuration, model_table, rendered, write_photos
from rendering.session import table

import atlas
from atlas.face.project import OnStep
from atlas.methods import methods
from atlas.tasks.batch import Batch


@dataclass
class Waits:
    """How often the host waited for a GPU, by method, and in how many steps."""

    seen: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def counted(self) -> Iterator[OnStep]:
        """Count while inside; yield what is told of steps, and so tells them apart."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")

            def on_step(batch: Batch, done: int, _: int) -> None:
                fresh = [warning for warning in caught if "synchroniz" in str(warning.message)]
                caught.clear()
                name = getattr(getattr(batch.tasks[0], "job", None), "method", "analyses")
                if done > 1:  # what comes before the first step is preparation
                    self.steps[name] += 1
                    self.waits[name] += len(fresh)
                    self.places.update(f"{name}: {Path(one.filename).name}:{one.lineno}" for one in fresh)

            try:
                yield on_step
            finally:
                torch.cuda.set_sync_debug_mode("default")


@click.command(help="Render every method's targets on a device and on the CPU, and compare them key by key.")
@click.option("--device", default="cuda", show_default=True, help="torch device.")
@click.option("--model", "models", multiple=True, type=click.Choice(list(LAYERS)), help="Only this; repeatable.")
@click.option("--method", "chosen", multiple=True, type=click.Choice([name for name, _ in methods]), help="Only this.")
@click.option("--steps", default=8, show_default=True, type=click.IntRange(2), help="Of each picture.")
@click.option("--ray/--no-ray", default=True, show_default=True, help="Also under Ray.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures here.")
def main(
    device: str, models: tuple[str, ...], chosen: tuple[str, ...], steps: int, ray: bool, json_path: Path | None
) -> None:
    """Run, print tables, end with 1 if the device does what the CPU does not."""
    runs = [Run("cpu", "cpu"), Run("device", device), Run("again", device), Run("alone", device, batch_size=1)]
    runs += [Run("ray", device, "ray")] if ray else []
    gpu = torch.device(device).type == "cuda"
    print(f"# {torch.cuda.get_device_name() if gpu else device} against the CPU, torch {torch.__version__}")
    figures: dict[str, list[dict[str, object]]] = {}
    wrong: list[str] = []
    waits = Waits()
    with tempfile.TemporaryDirectory() as place:
        write_photos(Path(place) / "photos")
        for name in models or LAYERS:
            model = atlas.load(model_table(name))
            able_ones = [method for method in able(model) if not chosen or method in chosen]
            done: dict[str, Rendered] = {}
            for run in runs:
                watch = waits.counted() if gpu and run.name == "device" else nullcontext()
                with watch as on_step:
                    config = configuration(Path(place), run, name, steps, "float32", able_ones)
                    done[run.name] = rendered(config, model, on_step)
                print(f"{name}, {run.name}: {len(done[run.name].records)} jobs, {done[run.name].seconds:.1f} s")
            config = configuration(Path(place), Run("half", device), name, steps, "bfloat16", able_ones)
            half = rendered(config, model)
            print(f"{name}, bfloat16: {len(half.records)} jobs, {half.seconds:.1f} s")
            wrong += [f"{name}, bfloat16: {line}" for line in half.failed]
            for one, other in [("cpu", "device"), *(("device", run.name) for run in runs[2:])]:
                rows = agreements(done[one], done[other])
                figures[f"{name}, {one} and {other}"] = [asdict(row) for row in rows]
                print(f"\n## {name}: {one} and {other}\n\n{shown(rows)}", flush=True)
                worse = sorted(set(done[other].failed) - set(done["cpu"].failed))
                wrong += [f"{name}, {other}: {line}" for line in [*worse, *other_statuses(done[one], done[other])]]
    if gpu:
        print("\n## Waits of the host, a step\n")
        print(table(["method", "waits"], [(name, f"{waits.waits[name] / n:.2f}") for name, n in waits.steps.items()]))
        print("\n".join(f"{count} {place}" for place, count in waits.places.most_common(20)))
    if json_path:
        json_path.write_text(json.dumps({"agreements": figures, "wrong": wrong}, indent=1) + "\n", encoding="utf-8")
    print("\n" + ("\n".join(wrong) or "Nothing failed on the device that does not on the CPU."))
    raise SystemExit(1 if wrong else 0)


def shown(rows: list[Agreement]) -> str:
    """Return a Markdown table of agreements."""
    head = [
        "method",
        "jobs",
        "other status",
        "pictures",
        "same pixels",
        "largest",
        "typical",
        "objective",
        "first step",
    ]
    return table(
        head,
        [
            (
                *(row.method, row.jobs, row.other_status, row.pictures, row.equal, row.largest),
                *(f"{row.typical:.2f}", f"{row.objective:.1e}", f"{row.first:.1e}"),
            )
            for row in rows
        ],
    )


if __name__ == "__main__":
    main()
