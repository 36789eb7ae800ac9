"""Finish: from a rendering to a record: pictures encoded, and the unit measured on the picture as it is stored."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F

from atlas.core.job import LOGITS, Job, Target
from atlas.core.record import ClassScore, Failure, Measurement, Provenance, Record
from atlas.methods import Rendering, methods
from atlas.methods.outcome import as_uint8
from atlas.models.network import Network
from atlas.store.pictures import encode_alpha, encode_image
from atlas.synthesis.evaluation import activation_of
from atlas.synthesis.objectives import Directions, TargetObjective

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
def findings(
    jobs: Sequence[Job],
    renderings: Sequence[Rendering],
    network: Network,
    classifies: bool,
    load_input: Callable[[str], bytes],
) -> list[Finding]:
    """Measure a batch: every unit on its whole stored picture, resized to the network's input.

    Args:
        jobs, renderings: of one layer and kind; an empty finding is returned for one that is not done.
        classifies: whether the model has classes; if so, its strongest ones on the picture are found.
        load_input: sha256 to the bytes of an input that a target names.
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
    measured = _measured(targets, activation_of(network, whole, targets[0].layer), load_input)
    probabilities = activation_of(network, whole, LOGITS).float().softmax(dim=1) if classifies else None
    for place, index in enumerate(done):
        row = None if probabilities is None else probabilities[place]
        results[index] = _finding(jobs[index], renderings[index], measured[place], row)
    return results


def _measured(
    targets: Sequence[Target], activation: torch.Tensor, load_input: Callable[[str], bytes]
) -> list[tuple[Measurement, ...]]:
    """Return what the targets measure of their pictures' activations; what a broken model makes NaN is left out."""
    if targets[0].kind == "direction":
        dots, cosines = Directions(targets, activation.device, load_input).project(activation)
        return [
            (*_finite("activation", dot, "activation"), *_finite("cosine", cosine, "1", target.sign))
            for target, dot, cosine in zip(targets, dots[:, 0].tolist(), cosines[:, 0].tolist(), strict=True)
        ]
    values = TargetObjective(targets, activation.device)(activation)[:, 0].tolist()
    return [
        _finite("activation", value * target.sign, "activation") for target, value in zip(targets, values, strict=True)
    ]


def _finite(name: str, value: float, unit: str, better: int = 0) -> tuple[Measurement, ...]:
    """Return the measurement, or none of a value that is NaN or infinite.

    Args:
        better: 1 if higher values are better, -1 if lower ones are.
    """
    direction: Literal["higher", "lower", "none"] = "higher" if better > 0 else "lower" if better else "none"
    return (Measurement(name=name, value=value, unit=unit, direction=direction),) if math.isfinite(value) else ()


def _finding(
    job: Job, rendering: Rendering, measured: tuple[Measurement, ...], probabilities: torch.Tensor | None
) -> Finding:
    """Return the finding of one picture; what a broken model makes NaN or infinite is left out."""
    views = job.parameters.get("crops", job.parameters.get("views"))
    values = [
        Measurement(
            name="objective",
            value=rendering.trace[-1],
            unit=methods.get(job.method).unit,
            direction="higher",
            n=views if isinstance(views, int) else 1,
        ),
        *measured,
    ]
    if probabilities is None or not bool(probabilities.isfinite().all()):
        return Finding(tuple(values))
    if job.target.kind == "logit":
        probability = float(probabilities[job.target.unit])
        values.append(Measurement(name="probability", value=probability, direction="higher"))
    best = probabilities.topk(min(TOP_CLASSES, len(probabilities)))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return Finding(tuple(values), tuple(ClassScore(index=unit, probability=min(1.0, value)) for unit, value in pairs))
