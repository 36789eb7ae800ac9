"""The peer: Horama's pictures of the held-out classes at its defaults, against a setting's, in quality and seconds.

Both render the same network with the same weights. Seconds are of the processor, so that what else the machine does
counts for little; those that passed are told beside them. Horama makes one picture at a time, and computes gradients of
the weights as well, as it does for its users.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from comparing.study import table
from PIL import Image
from rendering.case import PAPER_STEPS, Case

from atlas.core.figures import Figure, difference, mean, share
from judging.bench import Bench, Judged
from judging.gallery import Gallery, Shot
from judging.ledger import Ledger, claimed
from judging.settings import Setting
from judging.targets import HELD_OUT, REPORTING_SEEDS, Aim

AIMS: tuple[Aim, ...] = tuple((index, REPORTING_SEEDS[0]) for index in HELD_OUT)
FASTER = 40.0
"""Times fewer seconds for the same quality that is the goal."""
PEER = Setting("Horama, its defaults", "horama")
Draw = Callable[[int, int], np.ndarray]


def horama_picture(index: int, seed: int) -> np.ndarray:
    """Return Horama's picture of a class of lite0, (512, 512, 3) uint8, after 256 steps."""
    from rendering import lite0
    from rendering.measure import horama

    torch.manual_seed(seed)
    model = lite0.build()
    with elsewhere():
        image = horama(lambda views: model(views)[:, index].mean(), Case(renderer="horama"), PAPER_STEPS)
    return (image.permute(1, 2, 0).clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def peers(
    folder: Path, aims: Sequence[Aim], draw: Draw, told: Callable[[str], None]
) -> tuple[list[Shot], dict[str, float]]:
    """Return the peer's pictures, drawn unless the folder has them, and the seconds that each took by the clock."""
    ledger = Ledger(folder / "peer.jsonl")
    for index, seed in aims:
        path = folder / "peer" / f"{index}-{seed}.png"
        with claimed(folder / "claims" / f"peer-{path.stem}", wait=True):
            if path.stem not in ledger.rows():
                told(f"{PEER.name}: {HELD_OUT.get(index, index)}")
                cpu, wall = time.process_time(), time.perf_counter()
                pixels = draw(index, seed)
                row = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
                ledger.add(path.stem, **row)
    rows = ledger.rows()
    shots, walls = [], {}
    for index, seed in aims:
        name = f"{index}-{seed}"
        with Image.open(folder / "peer" / f"{name}.png") as picture:
            shots.append(Shot(PEER, (index, seed), f"peer-{name}", np.asarray(picture), rows[name]["cpu"]))
        walls[f"peer-{name}"] = rows[name]["wall"]
    return shots, walls


def compared(
    gallery: Gallery, bench: Bench, setting: Setting, theirs: Sequence[Shot], walls: Mapping[str, float]
) -> str:
    """Return the table of a setting against the peer, and whether the goal is met, as Markdown."""
    judge = bench.judges[0].name
    mine = bench.judged(gallery.shots([setting], [shot.aim for shot in theirs]))
    judged = {setting.name: mine, PEER.name: bench.judged(theirs)}
    passed = {one.shot.key: gallery.seconds(one.shot) for one in mine} | dict(walls)
    p = {name: {one.shot.aim: one.verdicts[judge].p for one in each} for name, each in judged.items()}
    rows = []
    for name, each in judged.items():
        cpu = [one.shot.cpu for one in each if one.shot.cpu is not None]
        took = [seconds for one in each if (seconds := passed[one.shot.key]) is not None]
        wall = float(np.mean(took)) if took else ""
        seconds = float(np.mean(cpu)) if cpu else ""
        first = share([one.verdicts[judge].first for one in each])
        rows.append([name, len(each), first, mean(p[name]), seconds, wall])
    gain = difference(p[setting.name], p[PEER.name])
    fewer = times(mine, judged[PEER.name])
    met = gain.value >= 0 and fewer is not None and fewer.value >= FASTER
    header = ["", "pictures", f"ranked first by {judge}", "mean p", "processor s", "wall s"]
    return (
        f"{table(header, rows)}\n\nmean p minus the peer's: {gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f}); "
        f"times fewer processor seconds: {fewer or 'not known'} "
        f"(goal: no worse, {FASTER:g}: {'met' if met else 'MISSED'})"
    )


def times(mine: Sequence[Judged], theirs: Sequence[Judged]) -> Figure | None:
    """Return the mean over pictures of the peer's processor seconds over those of the same class; None without any."""
    own = {one.shot.aim: one.shot.cpu for one in mine}
    ratios = {}
    for one in theirs:
        cpu = own.get(one.shot.aim)
        if cpu and one.shot.cpu is not None:
            ratios[one.shot.aim] = one.shot.cpu / cpu
    return mean(ratios) if ratios else None


@contextmanager
def elsewhere() -> Iterator[None]:
    """Work in an empty folder, which goes afterwards."""
    here = Path.cwd()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)
