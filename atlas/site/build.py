"""build_site: gather everything, write everything beside the old site, check it, swap it in."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from atlas.core.canonical import digest
from atlas.errors import SiteError
from atlas.extras import missing
from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.comparison import comparisons, listed
from atlas.site.catalog.people import prepare_study
from atlas.site.contents import Contents
from atlas.site.drawings.canvas import can_draw
from atlas.site.drawings.plots import make_plots
from atlas.site.files import SiteFiles
from atlas.site.gathering import gather
from atlas.site.metadata import SiteMetadata
from atlas.site.output.folder import Output, open_output, unwritable
from atlas.site.page_kind import PAGE_KINDS, page_kinds
from atlas.site.pictures.picture import RECIPE
from atlas.site.published import PublishedPictures
from atlas.site.resources import code_digest
from atlas.site.words.labels import Label, stale_labels
from atlas.site.writer import Progress, SiteWriter
from atlas.store import Store
from atlas.store.files import explained
from atlas.store.names import FOLDERS
from atlas.study.settings import StudySettings
from atlas.version import __version__


@dataclass(frozen=True)
class BuildReport:
    """What a build made.

    Attributes:
        pages: HTML pages. pictures: picture files. bytes: size of the whole site.
        classes, units: rendered; renderings: their pictures and those of concepts and photos, each once.
        rendered: pictures that had to be derived anew, of all those in the store.
        unchanged: nothing had changed since the last build, so the site was left as it is.
        seconds: wall time.
        notices: sentences on what the owner should know, but need not stop a build, such as labels of lost concepts.
    """

    pages: int
    pictures: int
    bytes: int
    classes: int
    units: int
    renderings: int
    rendered: int
    unchanged: bool
    seconds: float
    notices: tuple[str, ...] = ()


def build_site(
    store: Store,
    output: Path,
    metadata: SiteMetadata,
    progress: Progress | None = None,
    labels: Mapping[str, Label] | None = None,
    configuration: str = "atlas.toml",
    study: StudySettings | None = None,
) -> BuildReport:
    """Build the site of a store. The old one stays until the new one is complete and its links are checked.

    Args:
        output: the site's folder, or a link to it; made, or filled anew if it is a site that atlas made. What atlas did
            not write stays in it.
        progress: told (stage, done, all); stages are ``pictures``, ``pages`` and ``links``, before them
            ``waiting for another build`` if one of the same site is at work.
        labels: concept key to what a person calls it, as :func:`atlas.site.words.labels.read_labels` returns them.
        configuration: whose site it is; its name, see :func:`atlas.store.selections.configuration_name`.
        study: what people are asked, if there is to be a page for that; the store keeps what it asks, for the table of
            the answers.

    Raises:
        StoreError: a record, a card or a picture that the configuration rendered is damaged.
        SiteError: the store is empty, ``output`` is something else, cannot be written, or a link is broken.
    """
    started = time.perf_counter()
    if Path(os.path.realpath(store.path)).is_relative_to(os.path.realpath(output)):
        raise SiteError(f"the store {store.path} lies inside the output {output}", "choose another output folder")
    tell = progress or (lambda stage, done, total: None)
    with open_output(output, lambda: tell("waiting for another build", 0, 1)) as target:
        try:
            return _build(store, target, metadata, tell, labels or {}, configuration, study, started)
        except OSError as error:
            raise unwritable(output, error) from error


def _build(
    store: Store,
    target: Output,
    metadata: SiteMetadata,
    progress: Progress,
    labels: Mapping[str, Label],
    configuration: str,
    study: StudySettings | None,
    started: float,
) -> BuildReport:
    inputs = inputs_digest(store, metadata, labels, configuration, study)
    known = target.unchanged(inputs)
    if known is not None:
        counts, notices = known
        seconds = time.perf_counter() - started
        return BuildReport(*counts, rendered=0, unchanged=True, seconds=seconds, notices=notices)
    catalog, derived, notices = gather(store, configuration, labels)
    notices = (*unsaid(metadata), *unusable(), *undrawn(catalog), *notices)
    notices += tuple(stale_labels(labels, (concept.key for concept in catalog.concepts())))
    try:
        files = SiteFiles(target.begin())
        pictures = PublishedPictures(files, store, derived)
        compared = comparisons(catalog.models)
        people = prepare_study(study, compared.columns, store) if study is not None else None
        if people is not None:
            notices += people.notices
            if people.document is not None:
                store.save_input(people.document.encoded)
        contents = Contents(catalog, compared, metadata, store, pictures, people)
        counts, digests = SiteWriter(files, contents, derived, progress).write_all()
    finally:
        derived.close()
    notices += tuple(target.put(inputs, counts, notices, digests))
    seconds = time.perf_counter() - started
    return BuildReport(*counts, rendered=derived.rendered, unchanged=False, seconds=seconds, notices=notices)


def unsaid(metadata: SiteMetadata) -> Iterator[str]:
    """Say once what a citation needs and the owner has not said."""
    words = {"author": "author", "licence": "licence (of the pictures)", "url": "url (its address)"}
    missing = [words[name] for name in metadata.unsaid]
    if missing:
        yield f"the [site] table states no {listed(missing)}: pages and citations say that it is not stated"


def unusable() -> Iterator[str]:
    """Say which kinds of pages of other packages cannot be used."""
    for name, error in PAGE_KINDS.broken().items():
        yield f'pages of the kind "{name}" are left out: {error.sentence}'


def undrawn(catalog: Catalog) -> Iterator[str]:
    """Say which plots are left out where the library that draws them is not installed."""
    if not can_draw() and any(
        make_plots(study, catalog.glossary) for model in catalog.models for study in model.studies
    ):
        yield f"pages of photos have tables and no plots: {missing('matplotlib', 'drawing them').sentence}"


def inputs_digest(
    store: Store,
    metadata: SiteMetadata,
    labels: Mapping[str, Label],
    configuration: str,
    study: StudySettings | None = None,
) -> str:
    """Return a digest of all that decides the site, from names, sizes and times of the store's files: quick."""
    listing: list[tuple[str, int, int]] = []
    folders = [str(store.path / name) for name in FOLDERS if name not in ("inputs", "pictures")]
    while folders:
        folder = folders.pop()
        if not os.path.isdir(folder):
            continue
        with explained("list", Path(folder)), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".json"):
                    listing.append((entry.path, *_stamp(entry)))
                elif os.path.isdir(entry):
                    folders.append(entry.path)
    listing.sort()
    others = [path for kind in page_kinds() for path in kind.files]
    asked = None if study is None else study.model_dump(mode="json")
    said = {key: asdict(label) for key, label in labels.items()}
    words = [configuration, metadata.model_dump(mode="json"), said, asked]
    return digest([__version__, code_digest(others), RECIPE, can_draw(), words, listing])


def _stamp(entry: os.DirEntry[str]) -> tuple[int, int]:
    """Return size and time of a file; of a link that leads nowhere, or in circles, that it does."""
    try:
        status = entry.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns
