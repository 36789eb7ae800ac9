"""The demo: an embedded configuration, and the weights and photos that packages carry."""

from importlib.resources import files
from pathlib import Path

from atlas.cli.demo_photos import write_photos
from atlas.store.files import write_atomic


def prepare_demo(folder: Path) -> Path:
    """Write the demo's configuration and photos into ``folder`` and return its path. What a person has edited is kept.

    Raises:
        StoreError: the folder cannot be written. PhotoError: the package that carries the photos is missing.
    """
    path = folder / "atlas.toml"
    if not path.exists():
        write_atomic(path, files("atlas.cli").joinpath("demo.toml").read_bytes())
    write_photos(folder / "photos")
    return path
