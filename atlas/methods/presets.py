"""Presets: parameters of a method that go well together, chosen by one word, over which single ones are given."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from atlas.core.method_card import Preset
from atlas.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from atlas.methods.base import AnyMethod

NAMES = ("draft", "standard", "fine")
"""What presets may be called: what takes seconds, what is recommended, and the best that is known."""


def measured(what: str, seconds: float, recognised: str = "", quality: str = "", **parameters: JsonValue) -> Preset:
    """Return one of our own presets, whose summary ends with what was measured of it on EfficientNet-Lite0.

    Args:
        what: it is, in a few words.
        seconds: of a picture of a class, or of a photo, on 2 x86_64 cores that make several: so many steps, each as
            long as in batches of four in ``benchmarks/METHODS.md``. One alone is made by one core.
        recognised: of how many classes a vision transformer that had no part in it ranks the picture first, in words;
            empty where nobody measured.
        quality: what else was measured of its pictures, in words, as of inversions how near they are to their photos.
    """
    cost = f"about {seconds:g} s a picture of EfficientNet-Lite0 where 2 cores make two at a time"
    judged = f"; a ViT that had no part in it recognises {recognised}" if recognised else ""
    near = f"; {quality}" if quality else ""
    return Preset(summary=f"{what}: {cost}{judged}{near}", parameters=parameters)


def spelled_out(method: "AnyMethod", given: Mapping[str, Any], preset: str | None = None) -> dict[str, Any]:
    """Return the parameters that are asked for: those of a preset, and over them those that are given.

    Nothing else is kept of the preset: pictures made with it have the keys of those whose parameters were written out.

    Args:
        given: parameters by name, as a configuration holds them. preset: name of one of the method's, or none.

    Raises:
        ConfigError: the method has no preset of that name; names those that it has.
    """
    return dict(given) if preset is None else {**_parameters(method, preset), **given}


def _parameters(method: "AnyMethod", preset: str) -> Mapping[str, Any]:
    if preset in method.presets:
        return method.presets[preset].parameters
    told = f'preset: {method.name} has no preset "{preset}"'
    if not method.presets:
        raise ConfigError([f"{told}, nor any other; leave it out, and give parameters"])
    hint = did_you_mean(preset, method.presets, limit=1)
    listed = f"its presets: {', '.join(method.presets)}"
    raise ConfigError([f"{told}; {f'{hint} ({listed})' if hint else listed}"])
