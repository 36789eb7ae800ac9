"""Methods of photos, and the speed of all; for pictures of classes see pictures.py, for the papers' tables papers.py.

    python benchmarks/methods.py --store FOLDER --photos FOLDER adversarial
    python benchmarks/methods.py --store FOLDER --photos FOLDER --vit WEIGHTS ablation
    python benchmarks/methods.py --store FOLDER --photos FOLDER preimages
    python benchmarks/methods.py --store FOLDER --photos FOLDER descriptors
    python benchmarks/methods.py --photos FOLDER speed

Prints Markdown. What is rendered stays in the store, so that a run that was ended goes on where it was. ``--photos`` is
a folder of class folders of ImageNet; ``--vit`` the safetensors weights of a timm ``vit_small_patch14_dinov2`` at 224
px with 15 classes. Needs the extra ``bench``.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import click
from comparing import photos as photo_jobs
from comparing.speed import speeds
from comparing.study import Study
from judging.judges import vit_spec

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
LAYERS = ("conv_stem", "blocks.1", "blocks.2", "blocks.4", "blocks.6", "logits")
"""Of the efficientnet-lite networks, from the first to the last."""
TARGETS = (1, 355, 951, 340, 963)
"""Goldfish, llama, lemon, zebra, pizza."""
VARIANTS: dict[str, dict[str, Any]] = {
    "all": {},
    "without frequency domain": {"domain": "pixels"},
    "without regularisers": {"regularised": 0.0},
    "without attention": {"attention": "off"},
    "the authors' pair": {"attention_reading": "norm", "attention_weight": 1.0},
    "clamped": {"bounds": "clamp"},
    "the authors' settings": {
        "attention_reading": "norm",
        "attention_weight": 1.0,
        "bounds": "clamp",
        "regularised": 0.75,
        "learning_rate": 0.002,
    },
}
"""Of vit_inversion: the ablations of the paper's Table I, and what its authors do otherwise."""
DESCRIPTORS = ("hog", "hogb", "dsift")


@click.group(help="Compare methods.")
@click.option("--store", type=click.Path(file_okay=False, path_type=Path), help="Where renderings are kept.")
@click.option(
    "--photos", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of class folders."
)
@click.option("--vit", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Weights of the ViT.")
@click.option("--pictures", type=click.Path(file_okay=False, path_type=Path), help="Where to write sheets of pictures.")
@click.option("--threads", default=2, show_default=True, help="CPU threads.")
@click.option("--device", default="auto", show_default=True)
@click.pass_context
def main(
    context: click.Context,
    store: Path | None,
    photos: Path | None,
    vit: Path | None,
    pictures: Path | None,
    threads: int,
    device: str,
) -> None:
    """Make the study that the subcommands share."""
    folder = store or Path(tempfile.mkdtemp(prefix="methods-"))
    context.obj = Study(
        folder.resolve(),
        photos and photos.resolve(),
        pictures,
        threads=threads,
        device=device,
        vit=vit and vit.resolve(),
    )


@main.command(help="Adversarial examples of a sample of photos.")
@click.option("--count", default=10, show_default=True, help="Photos; each for five targets.")
@click.option("--set", "settings", multiple=True, help="A parameter, name=value; repeatable.")
@click.pass_obj
def adversarial(study: Study, count: int, settings: tuple[str, ...]) -> None:
    """Print how many succeed."""
    chosen = {name: json.loads(value) for name, _, value in (one.partition("=") for one in settings)}
    print(photo_jobs.adversarial(study, TARGETS, count, {"epsilon": 0.01} | chosen))


@main.command(help="Inversion of a ViT's first block, with everything and without each part.")
@click.option("--count", default=60, show_default=True, help="Photos, none of those that settings were chosen on.")
@click.option("--layer", default="blocks.0", show_default=True)
@click.pass_obj
def ablation(study: Study, count: int, layer: str) -> None:
    """Print the table."""
    study.models = (vit_model(study),)
    print(photo_jobs.ablation(study, layer, count, VARIANTS))


@main.command(help="Pre-images of lite0's layers with several weights of the data term.")
@click.option("--count", default=30, show_default=True, help="Photos.")
@click.pass_obj
def preimages(study: Study, count: int) -> None:
    """Print the table."""
    print(photo_jobs.preimages(study, LAYERS, (1.0, 20.0, 100.0, 300.0), count, {}))


@main.command(help="Pre-images of HOG, HOGb and dense SIFT.")
@click.option("--count", default=30, show_default=True, help="Photos.")
@click.pass_obj
def descriptors(study: Study, count: int) -> None:
    """Print the table."""
    study.models = tuple(
        {"name": name, "source": "callable", "architecture": f"atlas.descriptors:{name}"} for name in DESCRIPTORS
    )
    print(photo_jobs.descriptors(study, count))


@main.command(help="Seconds per picture of every method, and the network's share.")
@click.option("--batch", default=4, show_default=True)
@click.option("--steps", default=14, show_default=True)
@click.option("--warmup", default=4, show_default=True)
@click.pass_obj
def speed(study: Study, batch: int, steps: int, warmup: int) -> None:
    """Print the table."""
    print(speeds(study, "blocks.4", batch, steps, warmup))


def vit_model(study: Study) -> dict[str, Any]:
    """Return the ``[[models]]`` table of the ViT."""
    if study.vit is None:
        raise click.UsageError("name the ViT's weights: --vit FILE")
    return vit_spec(study.vit)


if __name__ == "__main__":
    main()
