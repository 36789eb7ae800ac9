"""Readers: each lists the photos of one kind of place, and tells where their bytes are."""

import os

from atlas.photos.readers import folder, huggingface, tar
from atlas.photos.readers.base import Reader, missing
from atlas.photos.readers.shards import holds_only_shards, shards
from atlas.photos.spec import PhotosSpec


def reader_for(spec: PhotosSpec) -> Reader:
    """Return the reader that the spec asks for, or the one for what is at its path.

    Raises:
        PhotoError: nothing is there, or nothing that can be read.
    """
    spec = spec.model_copy(update={"path": spec.path.absolute()})  # for workers that run elsewhere
    kind = spec.reader if spec.reader != "auto" else _kind(spec)
    if kind == "tar":
        return tar.TarReader(spec, shards(spec.path))
    if not os.path.exists(spec.path):
        raise missing(spec.path)
    return folder.FolderReader(spec) if kind == "folder" else huggingface.HuggingFaceReader(spec)


def _kind(spec: PhotosSpec) -> str:
    """Return what is at the path; a file, or a pattern of files, can only be archives."""
    if not os.path.isdir(spec.path):  # unlike Path.is_dir, false for a name that is too long
        return "tar" if os.path.exists(spec.path) or spec.place != spec.path else "folder"
    if huggingface.is_dataset(spec.path):
        return "huggingface"
    return "tar" if holds_only_shards(spec.path) else "folder"
