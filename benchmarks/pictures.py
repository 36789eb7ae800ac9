"""Pictures of classes, compared: how often a stranger recognises them, how near they are to photos, what they cost.

    python benchmarks/pictures.py --folder FOLDER --probe WEIGHTS --photos FOLDER render [--setting NAME] ...
    python benchmarks/pictures.py --folder FOLDER --probe WEIGHTS --photos FOLDER report
    python benchmarks/pictures.py --folder FOLDER --probe WEIGHTS blind --sheet FILE --key FILE
    python benchmarks/pictures.py --folder FOLDER --probe WEIGHTS peer --setting NAME

What is compared is the table of ``judging/settings.py``; the classes and seeds, none of which any setting was tuned on,
are in ``judging/targets.py``. ``render`` goes on where it was ended, and two of it share the work: start it twice, each
with ``--threads 1``. ``report`` judges what is there, writes the tables between the marks of ``PICTURES.md`` and the
contact sheets beside it. ``blind`` writes a sheet without names, and the key to it. ``peer`` prints a setting against
Horama at its defaults (``judging/peer.py``), which takes it minutes a picture.

``--probe`` is the weights of a timm ``vit_small_patch14_dinov2`` at 224 px, with the classes' indices beside it in
``NAME.classes.json``; ``--photos`` is a folder of class folders of ImageNet. Needs the extra ``bench``.
"""

import os
import platform
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import click
from judging import peer, plausibility, report, sheets
from judging.bench import Bench
from judging.gallery import Gallery, use_threads
from judging.judges import LITE0, judges_of, lite_judge
from judging.settings import VIT, Setting, chosen
from judging.targets import HELD_OUT, REPORTING_SEEDS, reporting

PAGE = Path(__file__).with_name("PICTURES.md")
BEGIN, END = "<!-- tables: written by pictures.py -->", "<!-- end of tables -->"
TITLES = {LITE0: "EfficientNet-Lite0 rendered", VIT: "The ViT rendered"}
FOLDER = click.Path(file_okay=False, path_type=Path)
PHOTOS = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
WEIGHTS = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass
class Work:
    """What the subcommands share."""

    folder: Path
    probe: Path
    photos: Path | None

    @cached_property
    def parts(self) -> plausibility.Split | None:
        """The photos, split."""
        if self.photos is None:
            return None
        return plausibility.split(self.photos.resolve(), self.folder / "cache", lite_judge(LITE0))

    def gallery(self, settings: list[Setting]) -> Gallery:
        """Return the gallery of these settings."""
        references = None
        if self.parts is not None and any(setting.photos for setting in settings):
            references = self.parts.write_references(self.folder / "references")
        return Gallery(self.folder, self.probe, references)

    def bench(self, network: str) -> Bench:
        """Return the judges of a network's pictures."""
        return Bench(self.folder, judges_of(network, self.probe), self.parts)


@click.group(help="Compare pictures of classes.")
@click.option("--folder", type=FOLDER, required=True, help="Where pictures, costs and verdicts are kept.")
@click.option("--probe", type=WEIGHTS, required=True, help="Weights of the ViT.")
@click.option("--photos", type=PHOTOS, help="Folder of class folders.")
@click.option("--threads", default=0, help="CPU threads. [default: as many as there are cores]")
@click.pass_context
def main(context: click.Context, folder: Path, probe: Path, photos: Path | None, threads: int) -> None:
    """Prepare what the subcommands share."""
    use_threads(threads)
    context.obj = Work(folder.resolve(), probe.resolve(), photos)


def settings_named(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> list[Setting]:
    """Return settings by name, all without one."""
    try:
        return chosen(names)
    except KeyError as error:
        raise click.BadParameter(error.args[0]) from error


SETTING = click.option("--setting", "settings", multiple=True, callback=settings_named, help="Only this; repeatable.")


@main.command(help="Render what is missing.")
@SETTING
@click.option("--seed", "seeds", multiple=True, type=int, help="Only this; repeatable.")
@click.option("--held-out", is_flag=True, help="Only the classes by which nothing was chosen.")
@click.pass_obj
def render(work: Work, settings: list[Setting], seeds: tuple[int, ...], held_out: bool) -> None:
    """Render; say what goes on."""
    if work.photos is None and (given := [setting.name for setting in settings if setting.photos]):
        raise click.UsageError(f"{', '.join(given)}: given reference photos; name their folder with --photos")
    aims = [aim for aim in reporting() if (not seeds or aim[1] in seeds) and (not held_out or aim[0] in HELD_OUT)]
    work.gallery(settings).render(settings, aims, lambda text: print(text, flush=True))


@main.command("report", help="Judge what is there; write tables and contact sheets.")
@SETTING
@click.option("--page", type=FILE, default=PAGE, show_default=True, help="Where the tables go, between its marks.")
@click.option("--sheets", "folder", type=FOLDER, default=PAGE.parent / "pictures", show_default=True)
@click.pass_obj
def write_report(work: Work, settings: list[Setting], page: Path, folder: Path) -> None:
    """Write the page and its sheets."""
    told = [_head(work)]
    for network, title in TITLES.items():
        own = [setting for setting in settings if setting.network == network]
        if not own:
            continue
        gallery, bench = work.gallery(own), work.bench(network)
        rows = report.rows_of(gallery, bench, own)
        if not rows:
            continue
        leading = bench.judges[0].name
        written = sheets.compared(folder, f"compared-{network}", rows, leading)
        written.append(sheets.seeds(folder, f"leading-{network}", rows[0], leading))
        told += [f"### {title}", report.goals(bench, rows), report.quality(gallery, bench, rows)]
        told += ["All judges:", report.transfer(bench, rows)]
        told += [f"Mean p by {leading}, class by class:", report.by_class(bench, rows)]
        told += [
            f"![{title}: {path.stem}; below each picture, p by {leading}]({os.path.relpath(path, page.parent)})"
            for path in written
        ]
    between(page, "\n\n".join(part for part in told if part))
    print(f"wrote {page}")


@main.command(help="Write a sheet without the names of settings, and the key to it.")
@SETTING
@click.option("--sheet", type=FILE, required=True, help="WebP.")
@click.option("--key", type=FILE, required=True, help="JSON: which letter of which class is which setting.")
@click.option("--network", type=click.Choice(list(TITLES)), default=LITE0, show_default=True)
@click.option("--seed", type=click.Choice([str(one) for one in REPORTING_SEEDS]), default="1", show_default=True)
@click.option("--shuffle", default=0, show_default=True, help="Seed of the order.")
@click.pass_obj
def blind(work: Work, settings: list[Setting], sheet: Path, key: Path, network: str, seed: str, shuffle: int) -> None:
    """Write both."""
    own = [setting for setting in settings if setting.network == network]
    bench = work.bench(network)
    rows = report.rows_of(work.gallery(own), bench, own)
    sheets.blind(sheet, key, rows, bench.judges[0].name, int(seed), shuffle)


@main.command("peer", help="A setting against Horama at its defaults, on the held-out classes.")
@click.option("--setting", "settings", multiple=True, default=("natural, draft",), callback=settings_named)
@click.option("--count", default=len(peer.AIMS), show_default=True, type=click.IntRange(2, len(peer.AIMS)))
@click.pass_obj
def against_peer(work: Work, settings: list[Setting], count: int) -> None:
    """Render what is missing, print the tables."""
    if foreign := [setting.name for setting in settings if setting.network != LITE0]:
        raise click.UsageError(f"Horama renders {LITE0} here, and a network of another family judges; not {foreign[0]}")
    aims = peer.AIMS[:count]

    def told(text: str) -> None:
        click.echo(text, err=True)

    gallery, bench = work.gallery(settings), work.bench(LITE0)
    gallery.render(settings, aims, told, wait=True)
    theirs, walls = peer.peers(work.folder, aims, peer.horama_picture, told)
    for setting in settings:
        print(peer.compared(gallery, bench, setting, theirs, walls), end="\n\n")


def between(page: Path, text: str) -> None:
    """Put text between the marks of a page; what stands around them stays. A page that is not there is made."""
    old = page.read_text(encoding="utf-8") if page.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = old.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _head(work: Work) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, torch {version('torch')}"
    photos = "" if work.parts is None else f" Photos are split by their digests: {work.parts}."
    return (
        f"Written on {date.today()} on {machine}. {len(reporting())} pictures a setting: 15 classes with seeds "
        f"{', '.join(map(str, REPORTING_SEEDS))}, and the held-out classes with seed 0 as well.{photos}"
    )


if __name__ == "__main__":
    main()
