"""Configurations as text: what is read of them, and what is wrong with them."""

from pathlib import Path

import pytest

from atlas.config import Config, load_config
from atlas.errors import ConfigError

TWO_MODELS = """
[[models]]
name = "lite0"
source = "package"
architecture = "efficientnet-lite0"

[[models]]
name = "probe"
source = "timm"
architecture = "resnet18"
"""
PHOTOS = '[photos]\npath = "photos"\n'


def read(folder: Path, text: str) -> Config:
    """Return the configuration that a text is."""
    file = folder / "atlas.toml"
    file.write_text(text)
    return load_config(file)


def problems(folder: Path, text: str) -> list[str]:
    """Return what is wrong with a text as a configuration, of which something is."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return caught.value.problems
