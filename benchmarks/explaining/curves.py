"""Deletion and insertion curves of classes: ``python -m explaining.curves``, one request for each class.

Concepts, coefficients and importance are those that the product itself hands to its document, of all fitted directions
and at its defaults. An order is tried on all of the class's photos, on the mean of their logits. The importance was
measured on the same photos, so ``held out`` deletes each half's concepts in the order that the other half's importance
gives.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from atlas.analyses.concept_curves import orders
from atlas.craft.curves import area_under, deletion_curve, insertion_curve
from atlas.craft.document import Fit
from atlas.craft.importance import share_importance
from atlas.craft.reconstruct import pooled
from atlas.errors import ConceptError
from atlas.models.anatomy.tail import Context, tail_of
from atlas.models.vision_model import VisionModel
from atlas.tasks import concepts
from explaining.product import Prepared, listening, load, prepare
from explaining.study import answer, arguments, requests

TOP = 3
"""Concepts of a class that are told."""


def measure(prepared: Prepared, model: VisionModel, index: int, seeds: int) -> dict[str, Any]:
    """Find a class's concepts and return what deleting and inserting them does.

    Returns:
        ``top``: component, total index and its interval. ``deletion``, ``insertion``: order to area under the curve;
        of random orders, the mean over ``seeds`` of them.

    Raises:
        ConceptError: the class has no concepts.
    """
    fits: list[Fit] = []

    def keeping(describe: Any) -> Any:
        def kept(*given: Any) -> Any:
            fits.extend(each for each in given if isinstance(each, Fit))
            return describe(*given)

        return kept

    with listening([(concepts, "describe", keeping)]):
        prepared.run([index])
    job = prepared.jobs[index]
    if not fits:
        raise ConceptError(f"no concepts of {job.name}", "take classes of which the model recognises photos")
    fit = fits[0]
    tail = tail_of(model.network(job.analysis.numerics, torch.device("cpu")), job.analysis.layers[0])

    def logit(activations: Tensor) -> Tensor:
        return tail(activations, Context())[:, index]

    strengths = pooled(fit.maps, fit.directions, logit)
    share = share_importance(strengths, fit.directions, logit).mean
    found = orders(fit.per_photo, share, [[seed, index] for seed in range(seeds)])
    of = {"deletion": deletion_curve, "insertion": insertion_curve}
    areas = {
        name: {order: _area(partial(curve, strengths, fit.directions, logit), each) for order, each in found.items()}
        for name, curve in of.items()
    }
    best = np.argsort(-fit.mean, kind="stable")[:TOP]
    top = [[int(it), float(fit.mean[it]), float(fit.low[it]), float(fit.high[it])] for it in best]
    facts = {"name": job.name, "photos": len(fit.maps), "fitted": len(fit.directions), "error": fit.error, "top": top}
    return facts | areas


def _area(curve: Any, orders: list[NDArray[np.int64]]) -> float:
    """Return the area under the curve of the photos' mean logit, mean over orders."""
    return float(np.mean([area_under(curve(order).mean(axis=0)) for order in orders]))


def main() -> None:
    """Answer requests for classes."""
    study, folder = arguments()
    model = load(study)
    prepared: Prepared | None = None
    for request in requests():
        prepared = prepared or prepare(study, model, request["all"], folder)
        answer(measure(prepared, model, request["index"], request["seeds"]))


if __name__ == "__main__":
    main()
