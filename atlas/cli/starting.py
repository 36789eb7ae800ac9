"""What a run starts from: a configuration, and a spectrum of one's own photos."""

import json
from collections.abc import Sequence
from pathlib import Path

from atlas.cli.terminal import command, console, say
from atlas.config import template
from atlas.errors import ConfigError
from atlas.face.progress import build_progress
from atlas.face.words import count
from atlas.store.files import write_atomic


def write_template(path: Path, force: bool) -> None:
    """Write the commented configuration that `atlas init` starts a newcomer with.

    Raises:
        ConfigError: the file is there already and ``force`` is false.
        StoreError: it cannot be written.
    """
    if (path.exists() or path.is_symlink()) and not force:
        raise ConfigError([f"{path} exists already"], remedy="name another file, or replace it with --force")
    write_atomic(path, template().encode())
    say(f"Wrote {path}. Edit it, then run: {command('plan', path)}")


def make_spectrum(photos: Sequence[Path], output: Path, side: int) -> None:
    """Make a spectrum from photos, naming every one that had to be skipped.

    Raises:
        ConfigError: the output's name is not that of a spectrum; a slip could replace a photo.
    """
    if output.suffix.lower() != ".npy":
        raise ConfigError([f"--output {output} must end in .npy"], remedy=f"write -o {output.with_suffix('.npy')}")
    from atlas.synthesis.pictures.photo_spectrum import make_spectrum as make

    with build_progress(console) as progress:
        report = make(list(photos), output, side, on_photo=lambda done, total: progress("photos", done, total))
    for one in report.skipped:
        say(f"skipped {one.path}: {one.reason}")
    say(f"Wrote {output} from {count(report.used, 'photo')}. In a [[render]] block of atlas.toml:")
    say(f"parameters = {{ spectrum = {json.dumps(str(output.resolve()), ensure_ascii=False)} }}")
