"""SiteWriter: writes every file of a site into an empty folder, layer by layer, while pictures are still being made."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from atlas.core.canonical import digest_bytes
from atlas.errors import SiteError
from atlas.site.catalog.addresses import json_beside
from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.model import Model
from atlas.site.catalog.shown import Shown
from atlas.site.contents import Contents
from atlas.site.crawlers import crawler_files
from atlas.site.documents.base import encode
from atlas.site.documents.manifest import Manifest, ManifestPage
from atlas.site.documents.schemas import page_document, schema_address, schemas
from atlas.site.drawings.sheets import places
from atlas.site.files import SiteFiles
from atlas.site.links import check_links
from atlas.site.navigation import navigation
from atlas.site.output.stamp import Counts
from atlas.site.page import Link, Page
from atlas.site.page_kind import PageKind, page_kinds
from atlas.site.pictures.derived import DerivedPictures
from atlas.site.pictures.picture import COLOUR_STEPS
from atlas.site.planning import Plan, Planned, blamed
from atlas.site.resources import resource_folder
from atlas.site.search import search_index, search_script
from atlas.site.templates import environment
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
        files: the empty folder that it is written into.
        derived: the pictures of the catalog's records; told for the progress only.
        progress: told (stage, done, all); stages are ``pictures``, ``pages`` and ``links``.

    Raises:
        SiteError: a page kind of another package fails.
    """

    def __init__(self, files: SiteFiles, contents: Contents, derived: DerivedPictures, progress: Progress) -> None:
        self._files = files
        self._contents = contents
        self._derived = derived
        self._tell = progress
        self._plan = Plan(contents, page_kinds())
        self._pages: list[Written] = []

    def write_all(self) -> tuple[Counts, dict[str, str]]:
        """Write everything and check the links; return the counts, and path to digest of every file.

        Raises:
            SiteError: a link is broken. StoreError: a picture of the store is damaged.
        """
        catalog = self._contents.catalog
        site = {
            **self._contents.metadata.model_dump(mode="json"),
            **self._write_static(),
            "date": catalog.date,
            "versions": _versions(catalog),
            "methods": [(catalog.method_cards.title(name), address) for name, address in catalog.methods.items()],
            "photos": [(credits.card.name, credits.address) for credits in catalog.photo_sets],
        }
        names = {"site": site, "catalog": catalog, "glossary": catalog.glossary}
        self._jinja = environment(self._plan.kinds, catalog.method_cards.title, **names)
        for model in catalog.models:
            self._write_model(model)
        self._write_pages(self._plan.of(None))
        self._write_for_machines()
        self._check()
        numbers = catalog.numbers
        shown = (numbers.classes["done"], numbers.units["done"], numbers.pictures)
        return Counts(len(self._pages), self._files.pictures, self._files.bytes, *shown), self._files.digests

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
            self._files.write(f"static/{names[role]}", content)
        return names

    def _write_model(self, model: Model) -> None:
        """Write all pages about a model and its parts, as soon as the pictures that they show are there."""
        for view in model.concepts.values():  # first, for pages of one class show concepts of others
            self._show(view.pictures)
        for study in model.studies:  # so do they of photos
            self._show(study.renderings)
        for layer in model.layers:
            self._show(shown for unit in layer.units for shown in unit.renderings)
            self._write_pages(self._plan.of(layer))
            for unit in layer.units:
                self._write_pages(self._plan.of(unit))
        self._write_pages(self._plan.of(model))

    def _show(self, renderings: Iterable[Shown]) -> None:
        self._contents.pictures.show(renderings)
        self._tell("pictures", self._derived.done, self._derived.total)

    def _write_pages(self, planned: Iterable[Planned]) -> None:
        for kind, placed in planned:
            with blamed(kind):
                page = placed.make()
                self._write_page(kind, page, self._plan.more(placed.of))
            self._pages.append(Written(kind.name, page.title, page.address, page.canonical, kind.is_error))
            self._tell("pages", len(self._pages), self._plan.total)

    def _write_page(self, kind: PageKind, page: Page, more: list[Link]) -> None:
        base = self._contents.metadata.base_path
        text = self._jinja.get_template(kind.template_name).render(
            page=page,
            root=base if kind.is_error and base else page.root,
            navigation=navigation(self._contents, kind, page),
            more=more,
            **page.context,
        )
        self._files.write(page.address, text.encode())
        for address, content in {**page.scripts, **page.files}.items():
            self._files.write(address, content)
        if not kind.is_error:
            document = page_document(kind.data)(
                schema_address=page.root + schema_address(kind.name),
                kind=kind.name,
                title=page.title,
                links=page.links,
                citation=page.citation.document() if page.citation else None,
                data=page.data,
            )
            self._files.write(page.json, encode(document))

    def _write_for_machines(self) -> None:
        """Write the search index, the manifest, the schemas, and what crawlers and hosts look for."""
        metadata = self._contents.metadata
        self._files.write("search.js", search_script(search_index(self._contents, self._plan.kinds)))
        listed = sorted((page for page in self._pages if not page.is_error), key=lambda page: page.address)
        manifest = Manifest(
            title=metadata.title,
            url=metadata.url,
            atlas=__version__,
            date=self._contents.catalog.date,
            pages=tuple(
                ManifestPage(kind=page.kind, title=page.title, href=page.address, data=json_beside(page.address))
                for page in listed
            ),
        )
        self._files.write("manifest.json", encode(manifest))
        for name, schema in schemas(self._plan.kinds).items():
            self._files.write(schema_address(name), schema)
        self._files.write(".nojekyll", b"")
        for name, content in crawler_files(metadata.url, [page.canonical for page in listed]).items():
            self._files.write(name, content)

    def _check(self) -> None:
        self._tell("links", 0, 1)
        broken = check_links(self._files.folder)
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
