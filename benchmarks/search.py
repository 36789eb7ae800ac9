"""Settings of a method, found by search: successive halving over a declared space, judged by a stranger.

    python benchmarks/search.py --store FOLDER --judge WEIGHTS --log FILE --method natural --trials 40

``search/space.toml`` declares which parameters are tried, and on which classes: those for tuning, with their seed, and
no other. The objective is the mean probability that the judge gives the class; the share ranked first is printed
beside it, and ``--seconds`` bounds what a picture may take. The search is seeded and goes on where it was ended,
whatever ended it; started twice with the same log and store, both share the trials. Prints the best as Markdown.

``--judge`` is the weights of a timm ``vit_small_patch14_dinov2`` at 224 px, with the classes' indices beside it in
``NAME.classes.json``. Needs the extra ``bench``.
"""

from pathlib import Path

import click
from judging.bench import Bench
from judging.gallery import Gallery, use_threads
from judging.judges import LITE0, lite_judge, probe_judge
from judging.plausibility import split
from judging.targets import ReportedError
from search.halving import Search
from search.space import read_space
from search.summary import summary

FOLDER = click.Path(file_okay=False, path_type=Path)
PHOTOS = click.Path(exists=True, file_okay=False, path_type=Path)
WEIGHTS = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(help="Search for settings of a method.")
@click.option("--store", type=FOLDER, required=True, help="Where pictures are kept.")
@click.option("--judge", "weights", type=WEIGHTS, required=True, help="Weights of the ViT probe.")
@click.option("--also", multiple=True, type=click.Choice(["lite1", "lite2"]), help="Another judge; repeatable.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Journal of the search.")
@click.option("--method", default="natural", show_default=True)
@click.option("--class", "classes", multiple=True, help="Only this class, one for tuning; repeatable.")
@click.option("--trials", default=40, show_default=True, type=click.IntRange(1), help="In all, with those in the log.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Of two cores that a picture may take.")
@click.option("--seed", default=0, show_default=True, help="Of what is tried.")
@click.option("--photos", type=PHOTOS, help="For methods that need them.")
@click.option("--threads", default=0, help="CPU threads. [default: as many as there are cores]")
def main(
    store: Path,
    weights: Path,
    also: tuple[str, ...],
    log: Path,
    method: str,
    classes: tuple[str, ...],
    trials: int,
    seconds: float | None,
    seed: int,
    photos: Path | None,
    threads: int,
) -> None:
    """Search, then print."""
    use_threads(threads)
    try:
        space = read_space(method, classes=classes)
    except (KeyError, ReportedError) as error:
        raise click.UsageError(error.args[0]) from error
    folder = store.resolve()
    references = None
    if space.photos:
        if photos is None:
            raise click.UsageError(f"{method} needs photos: name their folder with --photos")
        parts = split(photos.resolve(), folder / "cache", lite_judge(LITE0))
        references = parts.write_references(folder / "references")
    judges = [probe_judge(weights), *map(lite_judge, also)]
    search = Search(space, log.resolve(), Gallery(folder, references=references), Bench(folder, judges), seed, seconds)
    search.run(trials, lambda text: print(text, flush=True))
    print(f"\n{summary(search.study, [judge.name for judge in judges])}")


if __name__ == "__main__":
    main()
