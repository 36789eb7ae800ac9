"""The demo: an embedded configuration and the weights that a package carries."""

from importlib.resources import files
from pathlib import Path

from atlas.store.files import write_atomic


def prepare_demo(folder: Path) -> Path:
    """Write the demo's configuration into ``folder`` and return its path. One that a person has edited is kept.

    Raises:
        StoreError: the folder cannot be written.
    """
    path = folder / "atlas.toml"
    if not path.exists():
        write_atomic(path, files("atlas.cli").joinpath("demo.toml").read_bytes())
    return path
