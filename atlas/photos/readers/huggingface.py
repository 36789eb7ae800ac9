"""Photos in a Hugging Face dataset that was saved on disk. The only file that knows the library."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from atlas.core.canonical import digest, digest_bytes
from atlas.core.data_files import read_bytes
from atlas.errors import DataFileError, PhotoError, did_you_mean
from atlas.extras import needing_extras
from atlas.photos.attribution import is_document
from atlas.photos.digest_cache import DigestCache, Stamp, stamp_of
from atlas.photos.photo import FilePart, Photo
from atlas.photos.readers.base import Listing, OnPhoto, counted, missing, some
from atlas.photos.readers.dataset_files import INFO, SPLITS, STATE, check_files, is_own, own_file
from atlas.photos.spec import PhotosSpec, Reader

_LABEL_COLUMNS = ("label", "labels", "class", "cls", "category", "fine_label")
"""Names of columns that are taken for labels where the dataset declares none."""

_ROWS = 64
"""Rows read at once; photos of some megabytes each must fit into memory."""

_LISTING = 2
"""Raise it when what is remembered of a dataset changes its form."""

# What the library is known to raise on damaged or foreign datasets. Arrow's own errors are children of these.
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,
    OverflowError,
    MemoryError,
    DataFileError,
)
_BAD_ROW = (OSError, ValueError, TypeError, LookupError, OverflowError)


def is_dataset(folder: Path) -> bool:
    """Tell whether a folder holds a saved dataset. Other programs have a ``state.json`` too, but no table beside it."""
    if (folder / SPLITS).is_file():
        return True
    return any((folder / name).is_file() for name in (INFO, STATE)) and any(folder.glob("*.arrow"))


@dataclass(frozen=True)
class Row:
    """Where a photo of a dataset is."""

    path: str
    split: str
    column: str
    number: int

    def read(self, limit: int) -> bytes:
        """Return the encoded photo, or its first ``limit`` bytes."""
        with _explained(Path(self.path)):
            rows = _opened(self.path, self.split).select_columns([self.column]).with_format("arrow")
            return _encoded(rows[self.number][self.column][0].as_py(), Path(self.path), limit) or b""


class HuggingFaceReader(Reader):
    """A dataset with a column of images. A photo's group is the name of its label. Images are taken as encoded."""

    title = "Hugging Face dataset"
    summary = "A dataset saved on disk with save_to_disk; needs the package datasets."
    generality = 1

    def reads(self, spec: PhotosSpec) -> bool:
        """Tell whether there is a saved dataset."""
        return os.path.isdir(spec.path) and is_dataset(spec.path)

    def listing(self, spec: PhotosSpec, cache: DigestCache, on_photo: OnPhoto) -> Listing:
        """Return the photos of one split."""
        root = spec.path
        if not os.path.exists(root):
            raise missing(root)
        if not is_dataset(root):
            raise PhotoError(f'photos: "{root}" holds no saved dataset', "save one with its save_to_disk")
        _opened.cache_clear()  # it may have been saved anew
        with _explained(root):
            split = _split(root, spec.split)
            dataset = _opened(str(root), split)
            column = _image_column(dataset.features, spec.image_column)
            label = _label_column(dataset.features, spec.label_column)
            name, stamp = digest([_LISTING, split, column, label, spec.max_bytes]), _stamp(root)
            rows = cache.get(name, stamp)
            if rows is None:
                rows = list(self._rows(spec, dataset, column, label, on_photo))
                cache.put(name, stamp, rows)
        on_photo(len(rows), len(rows))
        width = len(str(len(rows)))
        photos = [
            Photo(f"{number:0{width}d}", group, found, Row(str(root), split, column, number))
            for number, (group, found, _) in enumerate(rows)
            if found
        ]
        absent = sum(not found and not problem for _, found, problem in rows)
        bad = [f"row {number}: {problem}" for number, (_, _, problem) in enumerate(rows) if problem]
        notices = [f"left out {counted(absent, 'row')} of the dataset without an image"] if absent else []
        notices += [f"left out {counted(len(bad), 'bad row')} of the dataset: {some(bad)}"] if bad else []
        if not photos:
            raise PhotoError("; ".join([f'photos: no photo in "{root}"', *notices]), "name a dataset that holds images")
        return Listing(photos, _documents(root, dataset.info), notices)

    def _rows(
        self, spec: PhotosSpec, dataset: Any, column: str, label: str | None, on_photo: OnPhoto
    ) -> Iterator[tuple[str, str, str]]:
        """Yield group and digest of every row, or what is wrong with it; all empty where there is no image."""
        columns = [column] if label is None else [column, label]
        feature = dataset.features.get(label) if label is not None else None
        names = feature.names if isinstance(feature, _library().ClassLabel) else None
        done = 0
        for table in dataset.select_columns(columns).with_format("arrow").iter(batch_size=_ROWS):
            labels = table[label] if label is not None else [None] * len(table)
            for image, value in zip(table[column], labels, strict=True):
                try:
                    data = _encoded(image.as_py(), spec.path, spec.max_bytes + 1)
                    group = _group(value if value is None else value.as_py(), names)
                    yield group, "" if data is None else digest_bytes(data), ""
                except _BAD_ROW as error:
                    yield "", "", f"{error}".partition("\n")[0][:300] or type(error).__name__
                done += 1
                on_photo(done, len(dataset))


HUGGINGFACE = HuggingFaceReader()


def _library() -> Any:
    with needing_extras("reading a Hugging Face dataset"):
        import datasets
    return datasets


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the library raises on damage into a PhotoError that names the dataset."""
    try:
        yield
    except _DAMAGE as error:
        first = str(error).partition("\n")[0] or type(error).__name__
        raise PhotoError(f'photos: the dataset "{path}" cannot be read: {first}', "save it again") from error


@lru_cache(maxsize=4)
def _opened(path: str, split: str) -> Any:
    """Return a dataset, mapped into memory; ``split`` is empty for one without splits."""
    found = _loaded(Path(path))
    dataset = found[split] if split else found
    dataset.data.validate(full=True)  # offsets that lead elsewhere in memory
    return dataset


def _loaded(root: Path) -> Any:
    check_files(root)
    return _library().load_from_disk(str(root))


def _split(root: Path, wanted: str | None) -> str:
    """Return the split to read: the one that is asked for, or the only one; empty for a dataset without splits."""
    dataset = _loaded(root)
    if not isinstance(dataset, dict):
        if wanted is not None and wanted != str(dataset.split):
            raise PhotoError(f'photos: the dataset "{root}" has no splits', "leave photos.split out")
        return ""
    names = sorted(dataset)
    if wanted in dataset:
        return str(wanted)
    if wanted is not None:
        hint = did_you_mean(wanted, names) or f"splits: {', '.join(names)}"
        raise PhotoError(f'photos: the dataset "{root}" has no split "{wanted}"', hint)
    if len(names) != 1:
        raise PhotoError(
            f'photos: the dataset "{root}" has {len(names)} splits', f"set photos.split to one of: {', '.join(names)}"
        )
    return names[0]


def _image_column(features: Any, wanted: str | None) -> str:
    """Return the column of images."""
    if wanted is not None:
        return _existing(features, wanted, "image_column")
    found = [name for name, feature in features.items() if isinstance(feature, _library().Image)]
    if len(found) != 1:
        named = f"columns of images: {', '.join(found)}" if found else f"columns: {', '.join(features)}"
        problem = "several columns of images" if found else "no column of images"
        raise PhotoError(f"photos: the dataset has {problem}", f"set photos.image_column; {named}")
    return found[0]


def _label_column(features: Any, wanted: str | None) -> str | None:
    """Return the column of labels, or None if there is none."""
    if wanted is not None:
        return _existing(features, wanted, "label_column")
    declared = [name for name, feature in features.items() if isinstance(feature, _library().ClassLabel)]
    if len(declared) > 1 and not set(declared) & set(_LABEL_COLUMNS):
        raise PhotoError(
            "photos: the dataset has several columns of labels", f"set photos.label_column to one of: {declared}"
        )
    plain = ("string", "int32", "int64")
    simple = [name for name in _LABEL_COLUMNS if getattr(features.get(name), "dtype", "") in plain]
    return next(iter([name for name in _LABEL_COLUMNS if name in declared] or declared or simple), None)


def _existing(features: Any, name: str, key: str) -> str:
    if name not in features:
        hint = did_you_mean(name, features) or f"columns: {', '.join(features)}"
        raise PhotoError(f'photos.{key}: the dataset has no column "{name}"', hint)
    return name


def _group(value: object, names: list[str] | None) -> str:
    """Return a label as text. Test splits often have -1 for unknown.

    Raises:
        ValueError: it is no label.
    """
    if value is None or value == -1:
        return ""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError("its label is neither text nor a whole number")
    if names is None or isinstance(value, str):
        return str(value)
    if not 0 <= value < len(names):
        raise ValueError(f"its label {value} is none of the {len(names)} classes")
    return str(names[value])


def _encoded(image: object, root: Path, limit: int) -> bytes | None:
    """Return the encoded image of one row, or its first ``limit`` bytes: what it holds, or a file within ``root`` that
    it names; None if there is none.

    Raises:
        PhotoError: the column holds no images.
        ValueError, OSError: the file is not the dataset's own, or cannot be read.
    """
    if image is None:
        return None
    if isinstance(image, bytes):
        return image[:limit]
    if not isinstance(image, dict) or not {"bytes", "path"} & image.keys():
        raise PhotoError("photos.image_column: the column holds no encoded images", "name one that does")
    data, path = image.get("bytes"), image.get("path")
    if data is None and path:
        return FilePart(str(own_file(root, path))).read(limit)
    return data[:limit] if isinstance(data, bytes) else None


def _stamp(root: Path) -> Stamp:
    """Return one stamp for all files of a dataset."""
    total, hashed, newest = 0, hashlib.sha256(), 0
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        stamp = stamp_of(path.stat())
        hashed.update(f"{path.relative_to(root)} {stamp}".encode("utf-8", "surrogateescape"))
        total, newest = total + stamp[0], max(newest, *stamp[1:])
    return [total, newest, newest, int(hashed.hexdigest()[:15], 16)]


def _documents(root: Path, info: Any) -> dict[str, bytes]:
    """Return the files that may say whom photos are owed to, or what the dataset says of itself."""
    paths = [Path(entry.path) for entry in os.scandir(root) if is_document(entry.name) and is_own(root, entry.name)]
    found = {path.name: read_bytes(path, "file of credits", "mend or remove it") for path in paths}
    facts = [("Licence", info.license), ("Source", info.homepage), ("Citation", info.citation)]
    text = "\n".join(f"{name}: {value}" for name, value in facts if value)
    return found or ({"SOURCES.txt": text.encode("utf-8", "replace")} if text else {})
