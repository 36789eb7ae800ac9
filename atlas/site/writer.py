"""SiteWriter: writes every file of a site into an empty folder, layer by layer, while pictures are still being made."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from atlas.core.analysis import Sprite
from atlas.core.canonical import digest_bytes
from atlas.errors import SiteError
from atlas.site.catalog.addresses import json_beside
from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.concepts import ClassView
from atlas.site.catalog.model import Layer, Model
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.statistics import OnPhotos, on_photos
from atlas.site.contents import Contents
from atlas.site.crawlers import crawler_files
from atlas.site.documents import encode
from atlas.site.drawings.plots import draw, make_plots
from atlas.site.drawings.sheets import places, sprite_path
from atlas.site.links import check_links
from atlas.site.navigation import navigation
from atlas.site.output.stamp import Counts
from atlas.site.page import Page
from atlas.site.pages.class_section import ClassSection
from atlas.site.pages.compare_data import compare_scripts
from atlas.site.pages.concept import concept_page
from atlas.site.pages.gallery import gallery_pages
from atlas.site.pages.others import count_pages, list_pages, other_pages
from atlas.site.pages.photo import study_pages
from atlas.site.pages.unit import unit_page
from atlas.site.pictures.copying import copy_checked, named_digest
from atlas.site.pictures.derived import OTHER_ROLES, DerivedPictures, damaged
from atlas.site.pictures.picture import COLOUR_STEPS, Derived
from atlas.site.resources import resource_folder
from atlas.site.search import grid_rows, search_index
from atlas.site.templates import environment
from atlas.site.words.method_notes import method_title
from atlas.store import Store
from atlas.version import __version__

Progress = Callable[[str, int, int], None]
"""Told (stage, done, all)."""
LISTED_PROBLEMS = 20
"""Broken links that are spelled out; with more, the first ones say enough."""


class Written(NamedTuple):
    """What the manifest needs of a page that is written: pages themselves would fill the memory."""

    kind: str
    title: str
    address: str
    canonical: str
    is_error: bool


class SiteWriter:
    """Writes one site.

    Args:
        folder: empty. store: where statistics and sprites are. derived: the pictures of the catalog's records.
        progress: told (stage, done, all); stages are ``pictures``, ``pages`` and ``links``.
    """

    def __init__(
        self,
        folder: Path,
        store: Store,
        contents: Contents,
        derived: DerivedPictures,
        progress: Progress,
    ) -> None:
        self._folder = folder
        self._store = store
        self._contents = contents
        self._catalog = contents.catalog
        self._metadata = contents.metadata
        self._derived = derived
        self._tell = progress
        self._made: set[str] = set()
        self._pictures = 0
        self._digests: dict[str, str] = {}
        self._bytes = 0
        self._pages: list[Written] = []
        self._total = count_pages(contents)

    def write_all(self) -> tuple[Counts, dict[str, str]]:
        """Write everything and check the links; return the counts, and path to digest of every file.

        Raises:
            SiteError: a link is broken. StoreError: a picture of the store is damaged.
        """
        site = {
            **self._metadata.model_dump(mode="json"),
            **self._write_static(),
            "date": self._catalog.date,
            "versions": _versions(self._catalog),
            "methods": [(method_title(name), address) for name, address in self._catalog.methods.items()],
            "photos": [(photo_set.card.name, photo_set.address) for photo_set in self._catalog.photo_sets],
        }
        jinja = environment(site=site, catalog=self._catalog)
        self._templates = {name: jinja.get_template(name) for name in jinja.list_templates(extensions=["html"])}
        for model in self._catalog.models:
            for view in model.concepts.values():  # first, for pages of one class show concepts of others
                self._add_pictures(view.pictures)
            for study in model.studies:  # so do they of photos
                self._add_pictures(study.renderings)
            for layer in model.layers:
                self._add_pictures(rendering for unit in layer.units for rendering in unit.renderings)
                self._write_layer(layer, on_photos(self._store, layer.statistics))
            self._write_studies(model)
        self._write_pages(other_pages(self._contents))
        compared = self._contents.comparisons
        self._write("search.js", search_index(self._contents))
        for address, content in compare_scripts(compared.columns) if compared.all else ():
            self._write(address, content)
        self._write_for_machines()
        self._check()
        numbers = self._catalog.numbers
        shown = (numbers.classes["done"], numbers.units["done"], numbers.pictures)
        return Counts(len(self._pages), self._pictures, self._bytes, *shown), self._digests

    def _write(self, address: str, content: bytes) -> None:
        path = os.path.join(self._folder, address)
        self._make_folder(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(content)
        self._digests[address] = digest_bytes(content)
        self._bytes += len(content)

    def _make_folder(self, path: str) -> None:
        if path not in self._made:
            os.makedirs(path, exist_ok=True)
            self._made.add(path)

    def _write_static(self) -> dict[str, str]:
        """Write style, script and icon under names that hold a digest; return the names."""
        levels = range(COLOUR_STEPS)
        colours = [
            f".c{r}{g}{b}{{background:#{r * 3:x}{g * 3:x}{b * 3:x}}}" for r in levels for g in levels for b in levels
        ]
        names = {}
        for role, name in (("style", "atlas.css"), ("script", "atlas.js"), ("icon", "icon.svg")):
            content = (resource_folder("static") / name).read_bytes()
            if role == "style":
                content += ("".join(colours) + places()).encode()
            stem, _, suffix = name.rpartition(".")
            names[role] = f"{stem}.{digest_bytes(content)[:10]}.{suffix}"
            self._write(f"static/{names[role]}", content)
        return names

    # --- pictures ----------------------------------------------------------------------------------------------

    def _add_pictures(self, renderings: Iterable[Shown]) -> None:
        """Give renderings their pictures, and put the pictures' files into the site."""
        for rendering in renderings:
            record = rendering.record
            rendering.picture = self._derived.get(record)
            rendering.photo, rendering.perturbation = (self._derived.get(record, role) for role in OTHER_ROLES)
            for picture in (rendering.picture, rendering.photo, rendering.perturbation):
                if picture is not None:
                    self._add_derived(picture.files)
        self._tell("pictures", self._derived.done, self._derived.total)

    def _add_derived(self, files: Iterable[Derived]) -> None:
        for file in files:
            if not self._place(file.path, self._derived.files / file.path, file.bytes):
                raise SiteError(f"the derived picture {file.path} was changed during the build", "build again")

    def _add_sprite(self, key: str, sprite: Sprite) -> None:
        """Put a sprite of an analysis into the site.

        Raises:
            StoreError: it is missing or damaged.
        """
        if not self._place(sprite_path(sprite), self._store.folder(key) / sprite.name, sprite.bytes):
            raise damaged(f"the picture {sprite.name[:12]}... of analysis {key[:12]}... is missing or damaged")

    def _place(self, path: str, source: Path, size: int) -> bool:
        """Copy a picture's file into the site, unless it is there; tell whether it is what its name says.

        Not as a link: whoever edits the site's pictures in place would edit the store's.
        """
        address = f"i/{path}"
        if address in self._digests:
            return True
        target = os.path.join(self._folder, address)
        self._make_folder(os.path.dirname(target))
        digest = named_digest(path)
        try:
            sound = copy_checked(source, target, digest)
        except FileNotFoundError:
            return False
        self._digests[address] = digest
        self._pictures += 1
        self._bytes += size
        return sound

    # --- pages -------------------------------------------------------------------------------------------------

    def _write_layer(self, layer: Layer, seen: OnPhotos) -> None:
        """Write a layer's list, and the pages of its units; for classes also those of their concepts."""
        self._write_pages(list_pages(layer, seen))
        self._write(f"{layer.folder}/grid.js", grid_rows(layer, seen))
        shown = {unit.index for unit in layer.units}
        for index, unit_seen in seen.items():
            if index in shown and unit_seen.unit.sprite is not None:
                self._add_sprite(layer.statistics, unit_seen.unit.sprite)
        for place, unit in enumerate(layer.units):
            section = None if unit.concepts is None else self._section(unit.concepts)
            page = unit_page(layer, place, seen, section, self._contents)
            self._write_pages([page])
            if section is not None:
                concepts = range(len(section.view.concepts))
                self._write_pages(
                    concept_page(section, number, self._metadata, self._catalog.date) for number in concepts
                )

    def _write_studies(self, model: Model) -> None:
        """Write the pages of photos, with their plots, and the galleries."""
        neighbours = [None, *model.studies, None]
        for place, study in enumerate(model.studies):
            drawings = [draw(plot) for plot in make_plots(study)]
            for path, content in (file for drawing in drawings for file in drawing.files):
                self._write(f"i/{path}", content)
            before, after = neighbours[place], neighbours[place + 2]
            self._write_pages(study_pages(study, drawings, self._metadata, self._catalog.date, before, after))
        for family in model.families:
            self._write_pages(gallery_pages(model, family))

    def _section(self, view: ClassView) -> ClassSection:
        """Return a class's concepts with their files put into the site."""
        section = ClassSection(view, view.read(), self._derived.overlays(view.key))
        self._add_derived(section.overlays.files)
        for concept in section.document.concepts:
            parts = [part.sprite for part in concept.parts]
            for sprite in (concept.sprite, concept.photo_sprite, *parts):
                self._add_sprite(view.key, sprite)
        return section

    def _write_pages(self, pages: Iterable[Page]) -> None:
        for page in pages:
            root = self._metadata.base_path if page.is_error and self._metadata.base_path else page.root
            links = navigation(self._contents, page)
            text = self._templates[page.template].render(page=page, root=root, navigation=links, **page.context)
            self._write(page.address, text.encode())
            if not page.is_error:
                self._write(page.json, encode(page.document()))
            self._pages.append(Written(page.kind, page.title, page.address, page.canonical, page.is_error))
            self._tell("pages", len(self._pages), self._total)

    def _write_for_machines(self) -> None:
        """Write the manifest and what crawlers and hosts look for."""
        url = self._metadata.url
        listed = sorted((page for page in self._pages if not page.is_error), key=lambda page: page.address)
        manifest = {
            "schema": "atlas-manifest",
            "schema_version": 1,
            "title": self._metadata.title,
            "url": url,
            "atlas": __version__,
            "date": self._catalog.date,
            "pages": [
                {"kind": page.kind, "title": page.title, "href": page.address, "data": json_beside(page.address)}
                for page in listed
            ],
        }
        self._write("manifest.json", encode(manifest))
        self._write(".nojekyll", b"")
        for name, content in crawler_files(url, [page.canonical for page in listed]).items():
            self._write(name, content)

    def _check(self) -> None:
        self._tell("links", 0, 1)
        broken = check_links(self._folder)
        if broken:
            lines = "".join(f"\n  - {problem}" for problem in broken[:LISTED_PROBLEMS])
            if len(broken) > LISTED_PROBLEMS:
                lines += f"\n  ... and {len(broken) - LISTED_PROBLEMS} more"
            raise SiteError(
                f"{len(broken)} broken links:{lines}", "the old site, if any, is still there; please report this"
            )
        self._tell("links", 1, 1)


def _versions(catalog: Catalog) -> list[tuple[str, str]]:
    """Return atlas's own version and those that made the newest rendering."""
    records = (rendering.record for rendering in catalog.renderings())
    newest = max(records, key=lambda record: (record.provenance.created, record.key), default=None)
    versions = newest.provenance.versions if newest else {}
    own = ("atlas", "lens-atlas")
    others = {name: version for name, version in versions.items() if name not in own}
    return [("atlas", __version__), *sorted(others.items())]
