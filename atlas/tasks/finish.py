"""Finish: from a rendering to a record: pictures encoded, and every metric of the picture as it is stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from atlas.core.job import Job
from atlas.core.record import AssetRole, ClassScore, Measurement, Provenance, Record
from atlas.methods import Result, methods
from atlas.methods.outcome import as_uint8
from atlas.methods.photos import photos_of
from atlas.metrics import Finished, Seen, measure, see
from atlas.models.network.network import Network
from atlas.store.pictures import encode_alpha, encode_image

TOP_CLASSES = 5
PERTURBATION_SCALE = 10
"""By which perturbations are made visible."""


@dataclass(frozen=True)
class Finding:
    """What the network says of one finished picture.

    Attributes:
        measurements, top_classes, photo_classes: see :class:`atlas.core.record.Record`.
        pictures: role to (H, W, 3) uint8 of what is shown beside it.
        notices: why something was not measured: sentences for a person.
    """

    measurements: tuple[Measurement, ...] = ()
    top_classes: tuple[ClassScore, ...] = ()
    photo_classes: tuple[ClassScore, ...] = ()
    pictures: dict[AssetRole, np.ndarray] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def done_record(
    job: Job, rendering: Result, finding: Finding, provenance: Provenance
) -> tuple[Record, dict[str, bytes]]:
    """Return the record of a finished picture and its encoded pictures by file name."""
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
    return record, {asset.file_name: data for asset, data in encoded}


def dead_record(job: Job, rendering: Result, provenance: Provenance) -> Record:
    """Return the record of a unit that no gradient reached."""
    return Record(key=job.key, job=job, status="dead", trace=tuple(rendering.trace), provenance=provenance)


@torch.no_grad()
def findings(
    jobs: Sequence[Job],
    renderings: Sequence[Result],
    network: Network,
    classifies: bool,
    load_input: Callable[[str], bytes],
) -> list[Finding]:
    """Measure a batch: every metric on each whole stored picture, resized to the network's input.

    Args:
        jobs, renderings: of one layer, kind and method; an empty finding is returned for one that is not done.
        classifies: whether the model has classes; if so, its strongest ones on the picture are found.
        load_input: sha256 to the bytes of an input that a target names.
    """
    results = [Finding()] * len(jobs)
    images = {index: rendering.image for index, rendering in enumerate(renderings) if rendering.image is not None}
    if not images:
        return results
    targets = [jobs[index].target for index in images]
    pictures = np.stack([as_uint8(image) for image in images.values()])
    stored = torch.from_numpy(pictures).to(network.device).permute(0, 3, 1, 2).float() / 255
    seen, photos = see(network, stored, targets[0].layer, classifies), None
    if targets[0].photo is not None:
        squares = photos_of(targets, stored.shape[-1], load_input).to(network.device)
        photos = see(network, squares, targets[0].layer, classifies)
    method = methods.get(jobs[0].method)
    finished = Finished(
        targets,
        [renderings[index].trace for index in images],
        seen,
        photos,
        objective_unit=method.unit,
        views=method.samples(targets[0].kind, method.complete(jobs[0].parameters)),
        load_input=load_input,
    )
    for place, (index, measured) in enumerate(zip(images, measure(finished), strict=True)):
        results[index] = Finding(
            tuple(measured.values),
            top_classes(seen, place),
            () if photos is None else top_classes(photos, place),
            {} if photos is None else _beside(seen, photos, place, method.perturbs),
            tuple(measured.notices),
        )
    return results


def _beside(seen: Seen, photos: Seen, place: int, perturbs: bool) -> dict[AssetRole, np.ndarray]:
    """Return what is shown beside a picture made from a photo: that, and what was changed, made visible."""
    picture, photo = seen.pictures[place], photos.pictures[place]
    beside: dict[AssetRole, np.ndarray] = {"photo": as_uint8(photo.cpu().numpy())}
    if perturbs:
        strong = (0.5 + PERTURBATION_SCALE * (picture - photo)).clamp(0, 1)
        beside["perturbation"] = as_uint8(strong.cpu().numpy())
    return beside


def top_classes(seen: Seen, place: int) -> tuple[ClassScore, ...]:
    """Return the strongest classes of one picture; none if the model has none, or makes NaN of it."""
    if seen.probabilities is None or not bool(seen.probabilities[place].isfinite().all()):
        return ()
    best = seen.probabilities[place].topk(min(TOP_CLASSES, seen.probabilities.shape[1]))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return tuple(ClassScore(index=unit, probability=min(1.0, value)) for unit, value in pairs)
