"""Small records for tests that need a store and no model."""

import numpy as np

from atlas.core.attempt import Attempt
from atlas.core.job import LOGITS, Job, ModelIdentity, Preprocessing, Target
from atlas.core.record import Failure, Provenance, Record
from atlas.store.pictures import encode_alpha, encode_image

PREPROCESSING = Preprocessing(channels=3, height=32, width=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
IDENTITY = ModelIdentity(architecture="tiny", weights="ab" * 32, preprocessing=PREPROCESSING)
PROVENANCE = Provenance(versions={}, device="cpu", batch_size=1, seconds=1.0, created="2026-01-01T00:00:00+00:00")


def job(unit=0, **changes):
    """A job for the logit of a class."""
    fields = {
        "model": IDENTITY,
        "target": Target(kind="logit", layer=LOGITS, unit=unit),
        "method": "maco",
        "version": 1,
        "parameters": {"steps": 3},
        "seed": 0,
        "numerics": "float32",
    }
    return Job(**(fields | changes))


def done(unit=0, shade=0):
    """A finished record and its pictures."""
    one = job(unit)
    image, image_bytes = encode_image(np.full((8, 8, 3), shade, dtype=np.uint8))
    alpha, alpha_bytes = encode_alpha(np.arange(64.0).reshape(8, 8) + shade)
    record = Record(key=one.key, job=one, status="done", assets=(image, alpha), trace=(1.0, 2.0), provenance=PROVENANCE)
    return record, {"image": image_bytes, "alpha": alpha_bytes}


def failed(message, unit=0):
    """A failed attempt at the same job."""
    one, error = job(unit), Failure(kind="error", message=message)
    return Attempt(
        key=one.key, what=str(one.target), model=IDENTITY.fingerprint, job=one, error=error, provenance=PROVENANCE
    )


def keep(store, record, pictures):
    """Store a record with its pictures by role; one that failed as the attempt that it tells of."""
    if record.status == "failed":
        told = {name: getattr(record, name) for name in ("key", "job", "error", "trace", "provenance")}
        what, model = str(record.job.target), record.job.model.fingerprint
        store.record_failure(Attempt(what=what, model=model, **told))
    else:
        store.commit(record.key, record, {asset.file_name: pictures[asset.role] for asset in record.assets})


def record_of(store, key):
    """The record of a rendering, or of the failed attempt at it."""
    attempt = store.failure(key)
    return store.read(key) if attempt is None else attempt.record()
