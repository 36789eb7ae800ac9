"""Instruments: networks that measure and are no models of the configuration, as far as their weights are there."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from atlas.config.instruments import ClipWeights, LpipsWeights
from atlas.evaluation.lpips import BACKBONES
from atlas.extras import has, missing
from atlas.models.clip import check_architecture
from atlas.tasks.clip import ClipFile
from atlas.tasks.comparing import Lpips


def lpips_of(given: LpipsWeights | None) -> Lpips | str:
    """Return what LPIPS sees with, or why it is left out and what it would take, as a sentence."""
    if given is None:
        return (
            "LPIPS is left out: it sees with a network whose weights are named by path; add "
            'lpips = { backbone = "alex", weights = "torchvision\'s file of AlexNet" } to the [[evaluate]] table'
        )
    if not has("lpips"):
        return missing("lpips", "LPIPS").sentence
    if not given.weights.is_file():
        return (
            f'LPIPS is left out: there is no file "{given.weights}"; lpips.weights names torchvision\'s weights of '
            f"{BACKBONES[given.backbone]}"
        )
    return Lpips(given.backbone, given.weights, digest_of(given.weights))


def clip_of(given: ClipWeights | None) -> ClipFile | str:
    """Return who finds classes by name, or what it takes to have someone, as a sentence.

    Raises:
        ConfigError: there is no such architecture, or something would be fetched for it.
    """
    if given is None:
        return (
            "it asks a CLIP, whose weights are named by path; add "
            'clip = { architecture = "ViT-B-32", weights = "its file" } to the [[evaluate]] table'
        )
    if not given.weights.is_file():
        return f'there is no file "{given.weights}"; clip.weights names the weights of a CLIP, as open_clip saves them'
    check_architecture(given.architecture)
    return ClipFile(given.architecture, given.weights, digest_of(given.weights))


def digest_of(path: Path) -> str:
    """Return the sha256 of a file; a file that has not changed is read once."""
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest(path: Path, size: int, changed: int) -> str:
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()
