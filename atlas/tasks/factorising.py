"""Factorising: the patches of classes that are together on the bench, and the best of several starts of each."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from atlas.core.analysis import Analysis
from atlas.craft.factorise import factorise_many
from atlas.craft.stability import stability
from atlas.tasks.analysis import keep_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.class_bench import ClassBench


def factorise_together(classes: Sequence[tuple[ClassBench, Analysis]], bench: Bench) -> None:
    """Factorise the patches of classes, each ``fits`` times from different starts, and store the best of each.

    Args:
        classes: of equal settings, each with the analysis under which its factorisation is kept.
    """
    usable = [(each, analysis) for each, analysis in classes if each.check()]
    if not usable:
        return
    started = perf_counter()
    settings = usable[0][0].settings
    fits = [
        factorise_many(
            [each.patches for each, _ in usable],
            settings.count,
            settings.factorisation,
            solver=settings.solver,
            seed=number,
            start="random" if number else "spectral",
            device=str(bench.device),
        )
        for number in range(settings.fits)
    ]
    seconds = (perf_counter() - started) / len(usable)
    for place, (each, analysis) in enumerate(usable):
        best, *others = sorted((made[place] for made in fits), key=lambda fit: fit.error)
        arrays = {
            "coefficients": best.coefficients,
            "directions": best.directions,
            "stability": stability(best.directions, [it.directions for it in others]) if others else np.empty(0),
        }
        facts = {"photos": [photo.digest for photo in each.data.photos], "error": best.error}
        keep_arrays(bench, analysis, arrays, facts, seconds)
