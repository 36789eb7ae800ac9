"""Selection: from the names, globs and ranges of a ``[[render]]`` block to layers and units of a model, or photos.

Each function returns what it could select and a list of problems, each beginning with the key that it is about, so
that a plan can report all of them at once.
"""

from collections.abc import Sequence
from typing import Literal
from unicodedata import normalize

from atlas.config import UnitSample
from atlas.core.canonical import seeded_rank
from atlas.core.class_selection import glob_pattern
from atlas.core.job import LOGITS
from atlas.core.model_card import LayerInfo, ModelCard
from atlas.errors import did_you_mean
from atlas.photos import Photo, PhotoSet


def select_layers(globs: Sequence[str], card: ModelCard, logits: bool = False) -> tuple[list[LayerInfo], list[str]]:
    """Return the layers selected, in the network's order, each once; and the problems.

    ``*`` and ``?`` match within one part of a dotted name, ``**`` matches across parts.

    Args:
        logits: whether they are a layer too; only their own name selects them.
    """
    layers = [layer for layer in card.layers if layer.name != LOGITS]
    output = card.layer(LOGITS)
    if logits and output is not None and LOGITS in globs:
        hidden, wrong = select_layers([glob for glob in globs if glob != LOGITS], card)
        return [*hidden, output], wrong
    chosen: set[str] = set()
    problems: list[str] = []
    for glob in globs:
        pattern = glob_pattern(glob, separator=".")
        matched = {layer.name for layer in layers if layer.name == glob or pattern.fullmatch(layer.name)}
        chosen |= matched
        if not matched:
            problems.append("layers: " + _no_layer(glob, [layer.name for layer in layers], card.name))
    return [layer for layer in layers if layer.name in chosen], problems


def select_units(
    units: Literal["all"] | Sequence[tuple[int, int]] | UnitSample, count: int
) -> tuple[list[int], list[str]]:
    """Return the units selected of a layer with ``count`` of them, ascending, each once; and the problems.

    A sample holds the units whose sha256 together with the seed is smallest: the same on every machine and in every
    version, and with the same seed a larger sample holds the smaller one.
    """
    has = f"the layer has {count} units, 0 to {count - 1}"
    if units == "all":
        return list(range(count)), []
    if isinstance(units, UnitSample):
        if units.sample > count:
            return [], [f"units: a sample of {units.sample} units is larger than the layer; {has}"]
        return sorted(sorted(range(count), key=lambda unit: seeded_rank(units.seed, unit))[: units.sample]), []
    problems = [f"units: {last} is out of range; {has}" for _, last in units if last >= count]
    return sorted({unit for first, last in units for unit in range(first, min(last + 1, count))}), problems


def select_photos(selectors: Sequence[str] | UnitSample, photo_set: PhotoSet) -> tuple[dict[Photo, bool], list[str]]:
    """Return the photos selected, and whether each was named itself, in the set's order; and the problems.

    A selector is a photo's name within the set, the name of a folder or label, or a glob: ``*`` and ``?`` match within
    one part of a name, ``**`` matches across parts. A sample is of the whole set, as that of units.
    """
    photos = photo_set.photos
    if isinstance(selectors, UnitSample):
        if selectors.sample > len(photos):
            return {}, [f"photos: a sample of {selectors.sample} is larger than the set, which has {len(photos)}"]
        sampled = sorted(photos, key=lambda photo: seeded_rank(selectors.seed, photo.digest))[: selectors.sample]
        return {photo: False for photo in photos if photo in set(sampled)}, []
    chosen: dict[Photo, bool] = {}
    problems: list[str] = []
    # Programs and file systems write the same accents in different forms.
    named = [(photo, normalize("NFC", photo.name), normalize("NFC", photo.group)) for photo in photos]
    for selector in selectors:
        wanted = normalize("NFC", selector)
        pattern = glob_pattern(wanted, separator="/")
        found = [(photo, name) for photo, name, group in named if wanted in (name, group) or pattern.fullmatch(name)]
        for photo, name in found:
            chosen[photo] = chosen.get(photo, False) or name == wanted
        if not found:
            names = [*{photo.group for photo in photos} - {""}, *(photo.name for photo in photos)]
            hint = did_you_mean(selector, names) or f'names are such as "{photos[0].name}"'
            problems.append(f'photos: "{selector}" matches no photo of {photo_set.name}; {hint}')
    return {photo: chosen[photo] for photo in photos if photo in chosen}, problems


def _no_layer(glob: str, names: list[str], model: str) -> str:
    if glob == LOGITS:
        return 'the logits are rendered with classes = ["..."], not with layers'
    wider = glob.replace("**", "*").replace("*", "**")
    if any(glob_pattern(wider, separator=".").fullmatch(name) for name in names):
        hint = f'* stays within one part of a name, so you may mean "{wider}"'
    else:
        hint = did_you_mean(glob, names) or f"`atlas layers {model}` lists them"
    return f'"{glob}" matches no layer of model "{model}"; {hint}'
