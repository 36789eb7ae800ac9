"""Targets: the classes and seeds that settings are tuned on, and those that figures are reported of. They share none.

Classes are named by their index among ImageNet's 1,000.
"""

from collections.abc import Iterable, Sequence

TUNING = {
    69: "trilobite", 130: "flamingo", 327: "starfish", 546: "electric guitar",
    610: "jersey", 945: "bell pepper", 951: "lemon", 985: "daisy",
}  # fmt: skip
"""The only classes that a search may look at, with :data:`TUNING_SEED` alone."""
HELD_OUT = {
    71: "scorpion", 286: "cougar", 355: "llama", 579: "grand piano", 948: "Granny Smith", 950: "orange", 954: "banana",
}  # fmt: skip
"""No setting was chosen by looking at these."""
CLASSES = dict(sorted((TUNING | HELD_OUT).items()))
TUNING_SEED = 0
REPORTING_SEEDS = (1, 2, 3)

Aim = tuple[int, int]
"""A class and a seed."""


class ReportedError(ValueError):
    """A search was to look at what figures are reported of."""


def tuning() -> list[Aim]:
    """Return what a search may render."""
    return [(index, TUNING_SEED) for index in TUNING]


def reporting() -> list[Aim]:
    """Return what figures are reported of: the held-out classes with every seed, the others with those of reports."""
    seeded = [(index, seed) for seed in REPORTING_SEEDS for index in CLASSES]
    return seeded + [(index, TUNING_SEED) for index in HELD_OUT]


def checked(aims: Iterable[Aim]) -> list[Aim]:
    """Return what is to be tuned on.

    Raises:
        ReportedError: figures are reported of some of it, or it is none of the declared classes.
    """
    aims = list(aims)
    foreign = sorted(set(aims) - set(tuning()))
    if foreign:
        told = ", ".join(f"{CLASSES.get(index, f'class {index}')} with seed {seed}" for index, seed in foreign)
        raise ReportedError(f"{told}: not for tuning; take {', '.join(TUNING.values())} with seed {TUNING_SEED}")
    return aims


def index_of(name: str) -> int:
    """Return the index of one of the declared classes.

    Raises:
        ReportedError: it is none of them.
    """
    for index, known in CLASSES.items():
        if name.strip().lower().replace("_", " ") in (known.lower(), str(index)):
            return index
    raise ReportedError(f"{name} is none of the classes: {', '.join(CLASSES.values())}")


def names_of(indices: Sequence[int]) -> list[str]:
    """Return the names of declared classes."""
    return [CLASSES[index] for index in indices]
