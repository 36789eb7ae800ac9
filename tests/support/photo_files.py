"""Photos for tests: small, each seed another."""

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image


def photo_bytes(seed: int, kind: str = "JPEG", size: tuple[int, int] = (20, 16)) -> bytes:
    """Return an encoded photo of width and height ``size``."""
    width, height = size
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, kind)
    return stream.getvalue()


def write_files(root: Path, files: dict[str, bytes | int]) -> Path:
    """Write files by path; a number stands for the photo of that seed."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo_bytes(content) if isinstance(content, int) else content)
    return root


def write_tar(path: Path, files: dict[str, bytes | int]) -> Path:
    """Write an archive of files by name; a number stands for the photo of that seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            data = photo_bytes(content) if isinstance(content, int) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path
