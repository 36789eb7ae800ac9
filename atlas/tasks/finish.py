"""Finish: from a rendering to a record: pictures encoded, and the unit measured on the picture as it is stored."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F

from atlas.core.job import LOGITS, PHOTO_KINDS, Job, Target
from atlas.core.record import AssetRole, ClassScore, Failure, Measurement, Provenance, Record
from atlas.methods import Rendering, methods
from atlas.methods.outcome import as_uint8
from atlas.methods.photos import photos_of
from atlas.metrics.likeness import fourier_distance, largest_difference, psnr
from atlas.models.network.network import Network
from atlas.store.pictures import encode_alpha, encode_image
from atlas.synthesis.scores.units import Directions, TargetObjective
from atlas.synthesis.steps.evaluation import activation_of

TOP_CLASSES = 5
PERTURBATION_SCALE = 10
"""By which perturbations are made visible."""


@dataclass(frozen=True)
class Finding:
    """What the network says of one finished picture.

    Attributes:
        measurements, top_classes, photo_classes: see :class:`atlas.core.record.Record`.
        pictures: role to (H, W, 3) uint8 of what is shown beside it.
    """

    measurements: tuple[Measurement, ...] = ()
    top_classes: tuple[ClassScore, ...] = ()
    photo_classes: tuple[ClassScore, ...] = ()
    pictures: dict[AssetRole, np.ndarray] = field(default_factory=dict)


def done_record(
    job: Job, rendering: Rendering, finding: Finding, provenance: Provenance
) -> tuple[Record, dict[str, bytes]]:
    """Return the record of a finished picture and its encoded pictures by role."""
    assert rendering.image is not None and rendering.alpha is not None  # both are there for a done rendering
    encoded = [encode_image(as_uint8(rendering.image)), encode_alpha(rendering.alpha)]
    encoded += [encode_image(picture, role) for role, picture in finding.pictures.items()]
    record = Record(
        key=job.key,
        job=job,
        status="done",
        assets=tuple(asset for asset, _ in encoded),
        measurements=finding.measurements,
        trace=tuple(rendering.trace),
        top_classes=finding.top_classes,
        photo_classes=finding.photo_classes,
        provenance=provenance,
    )
    return record, {asset.role: data for asset, data in encoded}


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
    targets = [jobs[index].target for index in done]
    seen = _Seen(network, stored, targets[0].layer, classifies)
    photos = None
    if targets[0].photo is not None:
        squares = photos_of(targets, stored.shape[-1], load_input).to(network.device)
        photos = _Seen(network, squares, targets[0].layer, classifies)
    measured = _measured(targets, seen, photos, load_input)
    for place, index in enumerate(done):
        results[index] = _finding(jobs[index], renderings[index], measured[place], seen, photos, place)
    return results


class _Seen:
    """Pictures as they are stored, and what the network makes of them, whole and resized to its input.

    Attributes:
        pictures: (B, 3, H, W) in [0, 1]. activation: of the layer. probabilities: (B, K); None without classes.
    """

    def __init__(self, network: Network, pictures: torch.Tensor, layer: str, classifies: bool) -> None:
        size = (network.preprocessing.height, network.preprocessing.width)
        whole = F.interpolate(pictures, size=size, mode="bilinear", antialias=True, align_corners=False)
        self.pictures = pictures
        self.activation = activation_of(network, whole, layer)
        self.probabilities = activation_of(network, whole, LOGITS).float().softmax(dim=1) if classifies else None

    def top_classes(self, place: int) -> tuple[ClassScore, ...]:
        """Return the strongest classes of one picture; none if the model has none, or makes NaN of it."""
        if self.probabilities is None or not bool(self.probabilities[place].isfinite().all()):
            return ()
        best = self.probabilities[place].topk(min(TOP_CLASSES, self.probabilities.shape[1]))
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return tuple(ClassScore(index=unit, probability=min(1.0, value)) for unit, value in pairs)

    def probability(self, place: int, unit: int) -> float:
        """Return the probability of a class; NaN without classes."""
        return math.nan if self.probabilities is None else float(self.probabilities[place, unit])


def _measured(
    targets: Sequence[Target], seen: _Seen, photos: _Seen | None, load_input: Callable[[str], bytes]
) -> list[tuple[Measurement, ...]]:
    """Return what the targets measure of their pictures' activations; what a broken model makes NaN is left out."""
    activation, kind = seen.activation, targets[0].kind
    if kind == "direction":
        dots, cosines = Directions(targets, activation.device, load_input).project(activation)
        return [
            (*_finite("activation", dot, "activation"), *_finite("cosine", cosine, "1", target.sign))
            for target, dot, cosine in zip(targets, dots[:, 0].tolist(), cosines[:, 0].tolist(), strict=True)
        ]
    if photos is not None and kind in PHOTO_KINDS:
        aims = photos.activation.flatten(1)
        if kind == "inversion":
            errors = (activation.flatten(1) - aims).norm(dim=1) / aims.norm(dim=1)
            return [_finite("error", value, "1", -1) for value in errors.tolist()]
        aims = aims.relu()
        share = (activation.flatten(1) * aims).sum(dim=1) / aims.square().sum(dim=1)
        return [_finite("exaggeration", value, "1", 1) for value in share.tolist()]
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
    job: Job,
    rendering: Rendering,
    measured: tuple[Measurement, ...],
    seen: _Seen,
    photos: _Seen | None,
    place: int,
) -> Finding:
    """Return the finding of one picture; what a broken model makes NaN or infinite is left out."""
    views, method = job.parameters.get("crops", job.parameters.get("views")), methods.get(job.method)
    values = [
        Measurement(
            name="objective",
            value=rendering.trace[-1],
            unit=method.unit,
            direction="higher",
            n=views if isinstance(views, int) else 1,
        ),
        *measured,
    ]
    is_class = job.target.kind == "logit"
    if is_class:
        values += _finite("probability", seen.probability(place, job.target.unit), "1", job.target.sign)
    if photos is None:
        return Finding(tuple(values), seen.top_classes(place))
    if is_class:
        values += _finite("probability_before", photos.probability(place, job.target.unit), "1")
    one, photo = seen.pictures[place : place + 1], photos.pictures[place : place + 1]
    values += _finite("psnr", float(psnr(one, photo)), "dB", 1)
    values += _finite("fft2d", float(fourier_distance(one, photo)), "1", -1)
    values += _finite("perturbation", float(largest_difference(one, photo)), "1", -1)
    beside: dict[AssetRole, np.ndarray] = {"photo": as_uint8(photo[0].cpu().numpy())}
    if method.perturbs:
        beside["perturbation"] = as_uint8((0.5 + PERTURBATION_SCALE * (one - photo)[0]).clamp(0, 1).cpu().numpy())
    return Finding(tuple(values), seen.top_classes(place), photos.top_classes(place), beside)
