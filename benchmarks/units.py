"""Pictures of units: does a channel's excite it more than photos do, is a concept's nearer to it than photos are?
Are a class's looks more diverse than its seeds?

    python benchmarks/units.py --folder FOLDER --photos FOLDER channels --method natural --preset standard
    python benchmarks/units.py --folder FOLDER --photos FOLDER channels --method vital --vit WEIGHTS --layer blocks.5
    python benchmarks/units.py --folder FOLDER --photos FOLDER concepts --method natural --preset standard
    python benchmarks/units.py --folder FOLDER --photos FOLDER facets --method natural --preset draft --probe WEIGHTS

Of EfficientNet-Lite0, or of a ViT where its weights are given. Channels: their mean activation on the whole stored
picture over the 99.9th percentile of the same on whole photos. Concepts: the cosine of the whole picture's activation
to the direction, among those of the class's own patches. Facets: how far the pictures of a class's looks lie apart for
a network of another family, beside as many that differ by their seeds. Prints Markdown. What is rendered stays in the
folder; two processes share the channels, and the concepts. Needs the extra ``bench``.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import numpy as np
from comparing.study import judge, table
from explaining.rendered import Rendered
from explaining.sections import tell_rendered
from judging import channels as channel_pictures
from judging.gallery import use_threads
from judging.judges import LITE0, probe_judge
from judging.ledger import claimed
from judging.targets import CLASSES, names_of

import atlas
from atlas.core.figures import difference, mean, share
from atlas.methods import methods
from atlas.metrics.diversity import mean_distance
from atlas.models.load import VisionModel
from atlas.photos import PhotosSpec, open_photo_set

FOLDER = click.Path(file_okay=False, path_type=Path)
LAYERS = ("blocks.2", "blocks.4", "blocks.6")
"""An early, a middle and the last stage of lite0."""


@dataclass
class Work:
    """What the subcommands share."""

    folder: Path
    photos: Path

    @cached_property
    def model(self) -> VisionModel:
        """The network that is rendered."""
        return judge(LITE0)


@click.group(help="Judge pictures of channels and of concepts against photos.")
@click.option("--folder", type=FOLDER, required=True, help="Where pictures are kept.")
@click.option("--photos", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--threads", default=0, help="CPU threads. [default: as many as there are cores]")
@click.pass_context
def main(context: click.Context, folder: Path, photos: Path, threads: int) -> None:
    """Prepare what the subcommands share."""
    use_threads(threads)
    context.obj = Work(folder.resolve(), photos.resolve())


METHOD = click.option("--method", default="natural", show_default=True)
PRESET = click.option("--preset", help="Of the method. [default: its parameters' defaults]")


def options_of(method: str, preset: str | None) -> dict[str, Any]:
    """Return what a rendering is asked for with."""
    return {"method": method} | ({} if preset is None else {"preset": preset})


@main.command(help="100 channels in three layers.")
@METHOD
@PRESET
@click.option("--layer", "layers", multiple=True, default=LAYERS, show_default=True)
@click.option("--count", default=100, show_default=True, type=click.IntRange(1), help="Channels, over all layers.")
@click.option("--vit", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Weights, to render it.")
@click.pass_obj
def channels(
    work: Work, method: str, preset: str | None, layers: tuple[str, ...], count: int, vit: Path | None
) -> None:
    """Print the table."""
    model = work.model if vit is None else probe_judge(vit.resolve()).model
    given = {"photos": str(work.photos)} if "reference photos" in methods.get(method).needs else {}
    units = channel_pictures.sample(model, layers, count)
    made = channel_pictures.pictures(model, units, options_of(method, preset) | given, work.folder, note)
    spec = PhotosSpec(path=work.photos, cache=work.folder / "cache", statistics=False)
    photo_set = open_photo_set(spec)
    found = channel_pictures.measured(units, made, channel_pictures.thresholds(model, layers, photo_set))
    print(f"{' '.join(filter(None, (method, preset)))}, against {len(photo_set.photos)} photos\n")
    header = ["layer", "channels", "above photos' 99.9th percentile", "activation over it: median", "least", "largest"]
    rows: list[list[object]] = []
    for layer in (*layers, ""):
        own = [one for one in found if layer in ("", one.layer)]
        ratios = [one.ratio for one in own if not np.isnan(one.ratio)]
        spread = [float(of(ratios)) for of in (np.median, np.min, np.max)] if ratios else ["", "", ""]
        rows.append([layer or "all", len(own), share([one.above for one in own]), *spread])
    print(table(header, rows))
    above = share([one.above for one in found])
    goal = channel_pictures.GOAL
    print(f"\nabove: {above} (goal: {goal:g}: {'met' if above.value >= goal else 'MISSED'})")
    print(f"\nBelow: {', '.join(f'{one.layer}:{one.unit}' for one in found if not one.above) or 'none'}.")


@main.command(help="50 concepts: the five most important ones of ten classes.")
@METHOD
@PRESET
@click.option("--classes", default=10, show_default=True, type=click.IntRange(1), help="The first so many.")
@click.option("--each", default=5, show_default=True, type=click.IntRange(1), help="Concepts of each class.")
@click.pass_obj
def concepts(work: Work, method: str, preset: str | None, classes: int, each: int) -> None:
    """Print the table."""
    found: dict[str, list[Rendered]] = {}
    names = names_of(list(CLASSES)[:classes])
    for wait in (False, True):  # what another process is at is waited for at the end
        for name in names:
            with claimed(work.folder / "claims" / f"concepts-{method}-{preset}-{name}", wait) as mine:
                if mine and name not in found:
                    note(f"concepts of {name}")
                    found[name] = rendered_concepts(work, name, each, options_of(method, preset))
    everything = [one for name in names for one in found[name]]
    if not everything:
        raise click.ClickException("no concept has a picture")
    print(f"{' '.join(filter(None, (method, preset)))}\n")
    tell_rendered(everything, classes * each - len(everything))


@main.command(help="Looks of every class, and as many seeds: how far apart they lie.")
@METHOD
@PRESET
@click.option("--count", default=4, show_default=True, type=click.IntRange(2), help="Looks, and seeds.")
@click.option("--probe", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="Judge.")
@click.pass_obj
def facets(work: Work, method: str, preset: str | None, count: int, probe: Path) -> None:
    """Print the table."""
    stranger = probe_judge(probe.resolve())
    apart: dict[str, dict[str, float]] = {"looks": {}, "seeds": {}}
    for name in CLASSES.values():
        note(f"looks and seeds of {name}")
        for what, seed in (("looks", f"facets:{count}"), ("seeds", list(range(count)))):
            made = atlas.render(
                work.model, name, seed=seed, photos=work.photos, store=work.folder / "store", progress=False,
                **options_of(method, preset),
            )  # fmt: skip
            pictures = [np.asarray(one.image) for one in made if one.image is not None]
            if len(pictures) > 1:
                apart[what][name] = mean_distance(stranger.look(pictures)[1])
    print(f"{' '.join(filter(None, (method, preset)))}, {count} of each, 1 - cosine by {stranger.name}\n")
    rows = [[name, *(apart[what].get(name, "") for what in apart)] for name in CLASSES.values()]
    print(table(["class", *apart], [*rows, ["mean", *(mean(values) for values in apart.values())]]))
    print(f"\nlooks minus seeds: {difference(apart['looks'], apart['seeds'])}")


def rendered_concepts(work: Work, name: str, count: int, options: dict[str, Any]) -> list[Rendered]:
    """Find a class's most important concepts, render them, and return how near the pictures are."""
    made = atlas.concepts(
        work.model, work.photos, classes=name, shown=count, store=work.folder / "store", progress=False, **options
    )
    return [
        Rendered(
            name,
            concept.number,
            picture.record.job.method,
            picture.record.job.seed,
            picture.measurements.get("cosine"),
            concept.document.patch_cosines,
        )
        for one in made.values()
        for concept in one
        for picture in concept.pictures
    ]


def note(text: str) -> None:
    """Say on standard error what goes on."""
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
