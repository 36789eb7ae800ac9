"""Contact sheets: the same classes by every setting, with what the leading judge says below each picture, or blind."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from comparing.sheet import write_sheet

from judging.bench import Judged
from judging.report import Row
from judging.targets import CLASSES, HELD_OUT, REPORTING_SEEDS, TUNING_SEED

CELL = 144
ACROSS = 8
"""Settings on one sheet, at most."""
SEED = REPORTING_SEEDS[0]
"""Of the pictures on sheets of several settings."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def compared(folder: Path, name: str, rows: Sequence[Row], judge: str) -> list[Path]:
    """Write sheets of all classes (rows) by all settings (columns); return them."""
    written = []
    parts = [rows[start : start + ACROSS] for start in range(0, len(rows), ACROSS)]
    for number, part in enumerate(parts, start=1):
        path = folder / (f"{name}.webp" if len(parts) == 1 else f"{name}-{number}.webp")
        shown = [[row.judged.get((index, SEED)) for row in part] for index in CLASSES]
        _write(path, [row.setting.name for row in part], list(CLASSES.values()), shown, judge)
        written.append(path)
    return written


def seeds(folder: Path, name: str, row: Row, judge: str) -> Path:
    """Write a sheet of all classes (rows) with all seeds (columns) of one setting; return it."""
    across = (TUNING_SEED, *REPORTING_SEEDS)
    shown = [[row.judged.get((index, seed)) for seed in across] for index in CLASSES]
    names = [name + ("" if index in HELD_OUT else " *") for index, name in CLASSES.items()]
    _write(folder / f"{name}.webp", [f"seed {seed}" for seed in across], names, shown, judge)
    return folder / f"{name}.webp"


def blind(path: Path, key: Path, rows: Sequence[Row], judge: str, seed: int, shuffle: int) -> None:
    """Write a sheet whose columns are letters, in an order of each row's own, and the key to it.

    Args:
        path, key: files of the sheet and, as JSON, of what each letter of each class is.
        seed: of the pictures. shuffle: of the order.
    """
    random = np.random.default_rng(shuffle)
    pictures, meant = [], {}
    for index, name in CLASSES.items():
        found = [row for row in rows if (index, seed) in row.judged]
        order = [found[place] for place in random.permutation(len(found))]
        pictures.append((name, [row.judged[index, seed].shot.pixels for row in order]))
        meant[name] = {
            letter: {"setting": row.setting.name, "p": row.judged[index, seed].verdicts[judge].p}
            for letter, row in zip(LETTERS, order, strict=False)
        }
    letters = LETTERS[: max(len(each) for _, each in pictures)]
    write_sheet(path, letters, pictures, [letters[: len(each)] for _, each in pictures], CELL)
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text(json.dumps({"seed": seed, "shuffle": shuffle, "classes": meant}, indent=1) + "\n", encoding="utf-8")


def _write(
    path: Path, columns: Sequence[str], names: Sequence[str], shown: Sequence[Sequence[Judged | None]], judge: str
) -> None:
    pictures = [[None if one is None else one.shot.pixels for one in row] for row in shown]
    captions = [[_caption(one, judge) for one in row] for row in shown]
    write_sheet(path, columns, list(zip(names, pictures, strict=True)), captions, CELL)


def _caption(one: Judged | None, judge: str) -> str:
    if one is None:
        return ""
    if one.shot.pixels is None:
        return "failed"
    verdict = one.verdicts[judge]
    return f"{verdict.p:.2f}" + (" first" if verdict.first else "")
