"""Seconds of the product's path for one class, stage by stage: ``python -m explaining.speed``, a request for each.

Counted is everything from an empty cache of activations to the stored importance: decoding, views, network, float16
cache on disk, factorisation, exact coefficients of patches and positions, Sobol indices, intervals, files. Left out are
the document with its sprites, which the peer does not make, and what is done once for all classes: listing the photos,
loading the model, choosing the layer. A few photos of another class are run first, so that libraries have started.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from rendering.measure import peak_memory

from atlas.activations.cache import ActivationCache
from atlas.activations.views import Viewer
from atlas.core.analysis import ClassConcepts
from atlas.models.network.network import Network
from atlas.models.vision_model import VisionModel
from atlas.tasks import class_bench, concepts, factorising, importance
from explaining.product import Prepared, listening, load, prepare, results_kept
from explaining.study import Study, answer, arguments, requests

REHEARSAL = 8
"""Photos of the rehearsal."""
LEFT_OUT = "document and sprites"


class Stages:
    """Seconds by stage, each exclusive of the stages within it; stages are those of one thread.

    Args:
        clock: tells the seconds.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._clock = clock
        self._running: list[str] = []
        self._since = clock()

    def around(self, stage: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Return what makes a function count as a stage."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(function)
            def timed(*given: Any, **named: Any) -> Any:
                self._switch()
                self._running.append(stage)
                try:
                    return function(*given, **named)
                finally:
                    self._switch()
                    self._running.pop()

            return timed

        return decorate

    def _switch(self) -> None:
        """Count the time since the last switch for the stage that is running."""
        now = self._clock()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now


def measure(prepared: Prepared, index: int) -> dict[str, Any]:
    """Find the concepts of a class.

    Returns:
        ``seconds``, in all and by ``stages``; ``work``, the seconds of all cores together, which other processes on the
        machine change little; reconstruction ``error``, numbers of ``photos`` and ``patches``, peak ``memory``, bytes.
    """
    stages, of_cores, documents = Stages(), Stages(process_time), list[ClassConcepts]()
    places = [
        (class_bench, "gather", stages.around("waiting for photos, rest of activations")),
        (Viewer, "whole", stages.around("cutting and resizing views")),
        (Viewer, "patches", stages.around("cutting and resizing views")),
        (Network, "taps", stages.around("network, photos and patches")),
        (ActivationCache, "put", stages.around("cache of activations")),
        (factorising, "factorise_many", stages.around("factorisation and coefficients of patches")),
        (concepts, "position_strengths", stages.around("coefficients of positions")),
        (importance, "pooled", stages.around("importance")),
        (importance, "sobol_importance", stages.around("importance")),
        (concepts, "describe", stages.around(LEFT_OUT)),
        (concepts, "describe", of_cores.around(LEFT_OUT)),
        (concepts, "describe", results_kept(documents)),
    ]
    with listening(places):
        started, worked = perf_counter(), process_time()
        prepared.run([index])
        total = perf_counter() - started - stages.seconds[LEFT_OUT]
        work = process_time() - worked - of_cores.seconds[LEFT_OUT]
    shown = {stage: seconds for stage, seconds in stages.seconds.items() if stage != LEFT_OUT}
    shown["rest"] = total - sum(shown.values())
    document = documents[0]
    return {
        "seconds": total,
        "work": work,
        "stages": shown,
        "error": document.error,
        "photos": document.counts.used,
        "patches": document.patches,
        "layer": document.analysis.layers[0],
        "memory": peak_memory(),
    }


def rehearsed(study: Study, model: VisionModel, classes: list[int], rehearsal: int, folder: Path) -> Prepared:
    """Plan classes after a few photos of one of them, with a store and a cache of its own."""
    prepare(study.with_block(limit=REHEARSAL), model, [rehearsal], folder / "rehearsal").run([rehearsal])
    return prepare(study, model, classes, folder / "measured")


def main() -> None:
    """Answer requests for classes: all of them and the one to rehearse with are in the first."""
    study, folder = arguments()
    model = load(study)
    rounds: dict[int, Prepared] = {}
    for request in requests():
        number = request["round"]
        if number not in rounds:
            place = folder / str(number)
            rounds[number] = rehearsed(study, model, request["all"], request["rehearsal"], place)
        answer(measure(rounds[number], request["index"]) if request["index"] is not None else None)


if __name__ == "__main__":
    main()
