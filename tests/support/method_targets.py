"""What methods are asked for in tests: targets of every kind in a small network, and what they name."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
from photo_files import photo_bytes
from small_runs import PARAMETERS

from atlas.core.job import LOGITS, PHOTO_KINDS, Job, ModelIdentity, Target
from atlas.methods import methods
from atlas.methods.base import REFERENCE_PHOTOS


def chosen(name, parameters):
    """Return the method's parameters with those set that it has; what some call crops, others call views."""
    fields = methods.get(name).parameters
    both = parameters | ({"views": parameters["crops"]} if "crops" in parameters else {})
    both["class_references"] = "all"  # a network of random weights recognises none
    return fields(**{key: value for key, value in both.items() if key in fields.model_fields})


def settled(model, name, parameters=PARAMETERS):
    """Return the method's parameters with nothing left to choose for the model, and their inputs."""
    return methods.get(name).resolve(chosen(name, parameters), model, Path())


def seed_of(planned):
    """Return a seed that depends on what is rendered: what else a key holds of a network must not move these tests."""
    identity = ModelIdentity(**(dict(planned.model) | {"structure": None}))
    return Job(**(dict(planned) | {"model": identity})).random_seed


def vector(units, seed):
    """Return (digest, bytes) of a direction with values of both signs."""
    data = np.random.default_rng(seed).normal(size=units).astype("<f4").tobytes()
    return sha256(data).hexdigest(), data


DIRECTIONS = dict(vector(16, seed) for seed in (1, 2, 4))
VECTORS = DIRECTIONS | dict([vector(5, 3), (sha256(bytes(64)).hexdigest(), bytes(64))])


PHOTOS = {sha256(data).hexdigest(): data for data in map(photo_bytes, range(12))}
"""Digest to bytes of the photos that targets name."""
LISTS, LOOKS = (
    {sha256(data).hexdigest(): data for data in (json.dumps(each, separators=(",", ":")).encode() for each in some)}
    for some in ([[*PHOTOS][5:]], [[*PHOTOS][:2], [*PHOTOS][4:6]])
)
"""Digest to bytes of the list of reference photos, and of the lists of two clusters."""

NAMED = VECTORS | PHOTOS | LISTS | LOOKS
"""Digest to bytes of all that targets name."""


def targets_of(kind, name="maco", inner="body"):
    """Return eight targets of a kind in the tiny network, or as many as there are, no two of which are alike.

    Args:
        inner: the layer of those that are no logits.
    """
    method = methods.get(name)
    layer = LOGITS if kind == "logit" else inner
    if kind in PHOTO_KINDS:
        return [Target(kind=kind, layer=layer, photo=digest) for digest in [*PHOTOS][:8]]
    if kind == "direction":
        fields = [{"unit": 0, "direction": digest, "cosine_power": 2.0} for digest in DIRECTIONS]
    else:
        fields = [{"unit": unit} for unit in range(1, 5)]
    if method.from_photo:
        fields = [each | {"photo": photo} for each, photo in zip(fields, PHOTOS, strict=False)]
    if REFERENCE_PHOTOS in method.needs:
        fields = [each | {"references": next(iter(LISTS))} for each in fields]
    signs = sorted(method.signs, reverse=True)
    return [Target(kind=kind, layer=layer, sign=sign, **one) for one in fields for sign in signs]
