"""The five papers' tables of EfficientNet-Lite0 and a ViT, from one configuration, and whether their orders hold.

    python benchmarks/papers.py --folder FOLDER --photos PHOTOS --vit WEIGHTS

``papers.toml`` says what is rendered, scored and analysed; it is copied to FOLDER, with the photos (a folder of class
folders of ImageNet, 15 classes) and the weights (a timm ``vit_small_patch14_dinov2`` at 224 px, ``NAME.safetensors``
with ``NAME.classes.json`` beside it) linked to it. Tables go to ``FOLDER/tables`` as CSV and LaTeX. Stopped or killed,
it goes on where it was. The exit status is 0 whether goals are met or not; 1 if something failed.
"""

import json
import os
import shutil
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import click
from timm.data import ImageNetInfo

import atlas
from atlas.core.figures import difference
from atlas.core.score import Score, ScoreFigure
from atlas.face.evaluation import Evaluation
from atlas.store import Store

CONFIGURATION = Path(__file__).with_suffix(".toml")
ORDER = ("vital", "maco", "fourier", "cbr")
"""The best first: MACO's table 2 (transfer) and table 1 (plausibility), VITAL's table 1."""
PARTS = ("all", "without attention", "without regularisers", "pixels")
"""Of ViT inversion, the best first: Table I."""
PAIR = "the authors' pair"
"""Reading "norm" and weight 1 of the attention, as the ViT paper's authors have them."""
STANDARDISED = "maco, phase standardised"
BESIDE = (("vital", "natural"), ("natural", "maco"), ("natural", "feature_vis"), ("maco", STANDARDISED))
"""Pairs that no paper has: the first is ours, or what the paper has where its authors' code has another step."""
WEIGHTS = ("C = 300", "C = 1")
"""Of pre-images' data term, the least error first: Table 5 of Mahendran and Vedaldi."""
Values = Mapping[tuple[Hashable, int], float]
Inversions = dict[tuple[str, str], dict[tuple[Hashable, int], float]]


@click.command(help=(__doc__ or "").split("\n\n")[0])
@click.option("--folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where all is kept.")
@click.option("--photos", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--vit", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--render/--no-render", default=True, help="Or score what is there.")
def main(folder: Path, photos: Path, vit: Path, render: bool) -> None:
    """Render what is missing, score it, and print the goals."""
    configuration = prepared(folder, photos, vit)
    failed: list[str] = []
    if render:
        report = atlas.run(configuration)
        failed += [str(each) for each in report.failed]
    found = atlas.evaluate(configuration)
    failed += found.failed
    written = [*found.to_csv(folder / "tables"), *found.to_latex(folder / "tables")]
    print(f"{len(written)} tables in {folder / 'tables'}\n")
    for line in goals(found, Store(folder / "store")):
        print(line)
    for line in [*found.left_out, *failed]:
        print(line)
    raise SystemExit(1 if failed else 0)


def prepared(folder: Path, photos: Path, vit: Path) -> Path:
    """Put the configuration into a folder with what it names beside it; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "atlas.toml"
    shutil.copyfile(CONFIGURATION, configuration)
    for name, target in (("photos", photos), ("vit.safetensors", vit)):
        link = folder / name
        if not (link.exists() and os.path.samefile(link, target)):
            link.unlink(missing_ok=True)
            link.symlink_to(target.resolve())
    known = ImageNetInfo()
    indices = [row["index"] for row in json.loads(vit.with_suffix(".classes.json").read_text(encoding="utf-8"))]
    lines = [f"{known.index_to_label_name(index)} {known.index_to_description(index)}" for index in indices]
    (folder / "classes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return configuration


def goals(found: Evaluation, store: Store) -> Iterator[str]:
    """Yield a line for each step of each order that the papers have: a difference, paired, and what follows of it."""
    judged = [
        one for one in found.documents if one.of == "classes" and one.judge and one.judge.relation == "other family"
    ]
    for name, better, title in (
        ("transfer_top1", 1, "share ranked first by a judge of another family"),
        ("plausibility_1", -1, "plausibility ratio in the last features of a judge of another family"),
    ):
        for named in (ORDER, *BESIDE):
            yield from steps(title, better, [(method, _of_classes(judged, name, method)) for method in named])
    yield from nearest(found.documents)
    for title, name, better, said, orders in (
        ("PSNR of ViT inversions, dB", "psnr", 1, _part, (PARTS, ("all", PAIR))),
        ("relative error of pre-images", "error", -1, _weight, (WEIGHTS,)),
    ):
        inverted = _of_photos(found.documents, store, name, said)
        for layer in dict.fromkeys(layer for layer, _ in inverted):
            for named in orders:
                yield from steps(f"{title}, {layer}", better, [(one, inverted.get((layer, one), {})) for one in named])


def steps(title: str, better: int, ranked: Sequence[tuple[str, Values]]) -> Iterator[str]:
    """Yield what is missing, and how much each is better than the next: met where the interval is above 0, open where
    it holds 0.

    Args:
        better: 1 where higher is better, -1 where lower is. ranked: numbers by what they are of, the best first.
    """
    yield from (f"{title}: there are no numbers of {name}" for name, values in ranked if not values)
    for (one, values), (other, others) in pairwise((name, values) for name, values in ranked if values):
        found = difference(values, others)
        low, high = sorted((better * found.low, better * found.high))
        says = "met" if low > 0 else "MISSED" if high < 0 else "open: the interval holds 0"
        yield f"{title}: {one} over {other}: {found} of {found.n}: {says}"


def nearest(documents: Iterable[Score]) -> Iterator[str]:
    """Yield each method's distance of spectra from photos', the least first; the goal is among the papers' methods."""
    found: dict[str, ScoreFigure] = {}
    for document in documents:
        figures = {one.name: one for one in document.figures}
        if document.score == "spectrum" and document.of == "classes" and "spectrum_distance" in figures:
            found.setdefault(_named(document), figures["spectrum_distance"])
    ranked = sorted(found.items(), key=lambda each: each[1].value)
    if ranked:
        told = "; ".join(f"{name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for name, one in ranked)
        says = "met" if next((name for name, _ in ranked if name in ORDER), None) == "maco" else "MISSED"
        yield f"distance of spectra from photos', goal maco first: {told}: {says}"


def _of_classes(documents: Iterable[Score], name: str, method: str) -> Values:
    """Return a number of each picture of what has a name, by class and seed; of several layers, at the first told."""
    for document in documents:
        # VITAL's variants by their references are other choices of its parameters; the preset's own has the most seeds.
        values = [[value for value in picture.values if value.name == name][:1] for picture in document.pictures]
        if _named(document) == method and any(values) and len({picture.seed for picture in document.pictures}) > 1:
            pairs = zip(document.pictures, values, strict=True)
            return {(picture.class_index, picture.seed): value[0].value for picture, value in pairs if value}
    return {}


def _named(document: Score) -> str:
    """Return the name of the method that a document is of, and of its variant where there are two."""
    return STANDARDISED if document.parameters.get("standardise_phase") else document.method


def _of_photos(documents: Iterable[Score], store: Store, name: str, said: Callable[[Score], str]) -> Inversions:
    """Return a number measured of each inversion, by layer and what ``said`` calls its document, by photo and seed."""
    found: Inversions = {}
    for document in documents:
        part = said(document) if document.score == "inversion" else ""
        for picture in document.pictures if part else ():
            record = store.read(picture.key)
            target, measured = record.job.target, record.measurement(name)
            if measured is not None:
                found.setdefault((target.layer, part), {})[target.photo, picture.seed] = measured.value
    return found


def _weight(document: Score) -> str:
    return f"C = {document.parameters['weight']:g}" if document.method == "preimage" else ""


def _part(document: Score) -> str:
    parameters = document.parameters
    if document.method != "vit_inversion":
        return ""
    if parameters["domain"] == "pixels":
        return "pixels"
    if parameters["attention_reading"] == "norm":
        return PAIR
    if parameters["attention"] == "off":
        return "without attention"
    return "without regularisers" if parameters["regularised"] == 0 else "all"


if __name__ == "__main__":
    main()
