"""The demo made small: the real model with its real weights, two classes and a few channels, few steps."""

from importlib.resources import files
from pathlib import Path

CLASSES = {1: "goldfish", 130: "flamingo"}
LAYER, UNITS = "blocks.4.2", 3
CONCEPTS = {967: "espresso"}
SHOWN = 2
"""Concepts of each of these classes."""


def write_small_demo(folder: Path, steps: int) -> Path:
    """Write the demo's configuration with less to render; `atlas demo --out FOLDER` keeps it. Return its path."""
    head = files("atlas.cli").joinpath("demo.toml").read_text(encoding="utf-8").split("[[render]]")[0]
    parameters = f"parameters = {{ steps = {steps}, image_size = 224, crops = 2, resolution = 96, crop_mean = 0.5 }}"
    blocks = f"""
[[render]]
classes = {list(CLASSES.values())}
{parameters}

[[render]]
layers = ["{LAYER}"]
units = "0-{UNITS - 1}"
{parameters}

[photos]
path = "photos"
cache = "cache"
patch_size = 112
demonstration = true

[[concepts]]
classes = {list(CONCEPTS.values())}
count = 3
shown = {SHOWN}
{parameters}
"""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "atlas.toml"
    path.write_text(head + blocks, encoding="utf-8")
    return path
