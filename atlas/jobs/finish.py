"""Finish: from a rendering to a record: pictures encoded, and the unit measured on the picture as it is stored."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from atlas.core.job import LOGITS, Job
from atlas.core.record import ClassScore, Failure, Measurement, Provenance, Record
from atlas.methods import Rendering
from atlas.methods.outcome import as_uint8
from atlas.models.network import Network
from atlas.store.pictures import encode_alpha, encode_image
from atlas.synthesis.evaluation import activation_of
from atlas.synthesis.objectives import TargetObjective

TOP_CLASSES = 5


@dataclass(frozen=True)
class Finding:
    """What the network says of one finished picture."""

    measurements: tuple[Measurement, ...] = ()
    top_classes: tuple[ClassScore, ...] = ()


def done_record(
    job: Job, rendering: Rendering, finding: Finding, provenance: Provenance
) -> tuple[Record, dict[str, bytes]]:
    """Return the record of a finished picture and its encoded pictures by role."""
    assert rendering.image is not None and rendering.alpha is not None  # both are there for a done rendering
    image, image_bytes = encode_image(as_uint8(rendering.image))
    alpha, alpha_bytes = encode_alpha(rendering.alpha)
    record = Record(
        key=job.key,
        job=job,
        status="done",
        assets=(image, alpha),
        measurements=finding.measurements,
        trace=tuple(rendering.trace),
        top_classes=finding.top_classes,
        provenance=provenance,
    )
    return record, {"image": image_bytes, "alpha": alpha_bytes}


def dead_record(job: Job, rendering: Rendering, provenance: Provenance) -> Record:
    """Return the record of a unit that no gradient reached."""
    return Record(key=job.key, job=job, status="dead", trace=tuple(rendering.trace), provenance=provenance)


def failed_record(job: Job, kind: str, message: str, provenance: Provenance, trace: Sequence[float] = ()) -> Record:
    """Return the record of a failed attempt; ``kind`` is one of :class:`atlas.core.record.Failure`."""
    error = Failure.model_validate({"kind": kind, "message": message})
    return Record(key=job.key, job=job, status="failed", trace=tuple(trace), provenance=provenance, error=error)


@torch.no_grad()
def findings(jobs: Sequence[Job], renderings: Sequence[Rendering], network: Network, classifies: bool) -> list[Finding]:
    """Measure a batch: every unit on its whole stored picture, resized to the network's input.

    Args:
        jobs, renderings: of one layer and kind; an empty finding is returned for one that is not done.
        classifies: whether the model has classes; if so, its strongest ones on the picture are found.
    """
    images = {index: rendering.image for index, rendering in enumerate(renderings) if rendering.image is not None}
    done = list(images)
    results = [Finding()] * len(jobs)
    if not done:
        return results
    pictures = np.stack([as_uint8(image) for image in images.values()])
    stored = torch.from_numpy(pictures).to(network.device).permute(0, 3, 1, 2).float() / 255
    size = (network.preprocessing.height, network.preprocessing.width)
    whole = F.interpolate(stored, size=size, mode="bilinear", antialias=True, align_corners=False)
    targets = [jobs[index].target for index in done]
    reached = TargetObjective(targets, network.device)(activation_of(network, whole, targets[0].layer))[:, 0]
    probabilities = activation_of(network, whole, LOGITS).float().softmax(dim=1) if classifies else None
    for place, index in enumerate(done):
        row = None if probabilities is None else probabilities[place]
        results[index] = _finding(jobs[index], renderings[index], float(reached[place]), row)
    return results


def _finding(job: Job, rendering: Rendering, reached: float, probabilities: torch.Tensor | None) -> Finding:
    """Return the finding of one picture; what a broken model makes NaN or infinite is left out."""
    crops = job.parameters.get("crops")
    values = [
        Measurement(
            name="objective",
            value=rendering.trace[-1],
            unit="activation",
            direction="higher",
            n=crops if isinstance(crops, int) else 1,
        )
    ]
    if math.isfinite(reached):
        values.append(Measurement(name="activation", value=reached * job.target.sign, unit="activation"))
    if probabilities is None or not bool(probabilities.isfinite().all()):
        return Finding(tuple(values))
    if job.target.kind == "logit":
        probability = float(probabilities[job.target.unit])
        values.append(Measurement(name="probability", value=probability, direction="higher"))
    best = probabilities.topk(min(TOP_CLASSES, len(probabilities)))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return Finding(tuple(values), tuple(ClassScore(index=unit, probability=min(1.0, value)) for unit, value in pairs))
