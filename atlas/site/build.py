"""build_site: gather everything, write everything beside the old site, check it, swap it in."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import atlas
from atlas.core.canonical import digest, digest_bytes
from atlas.errors import SiteError
from atlas.site.addresses import json_beside
from atlas.site.catalog import Catalog, read_catalog
from atlas.site.derived import DerivedPictures
from atlas.site.documents import encode
from atlas.site.links import check_links
from atlas.site.metadata import SiteMetadata
from atlas.site.method_notes import method_title
from atlas.site.output import Output, unwritable
from atlas.site.page import Page
from atlas.site.pages import all_pages, count_pages
from atlas.site.pictures import RECIPE
from atlas.site.resources import code_digest, resource_folder
from atlas.site.search import grid_rows, search_index
from atlas.site.templates import environment
from atlas.store import Store

Progress = Callable[[str, int, int], None]
COLOURS = 6
"""Steps per channel of the placeholder colours; :mod:`atlas.site.pictures` rounds to the same."""


@dataclass(frozen=True)
class BuildReport:
    """What a build made.

    Attributes:
        pages: HTML pages. pictures: picture files. bytes: size of the whole site.
        rendered: pictures that had to be derived anew, of all those in the store.
        unchanged: nothing had changed since the last build, so the site was left as it is.
        seconds: wall time.
    """

    pages: int
    pictures: int
    bytes: int
    rendered: int
    unchanged: bool
    seconds: float


def build_site(
    store: Store, output: Path, metadata: SiteMetadata, progress: Progress | None = None
) -> BuildReport:
    """Build the site of a store. The old one stays until the new one is complete and its links are checked.

    Args:
        output: the site's folder; made, or replaced if it is a site that atlas made.
        progress: told (stage, done, all); stages are ``pictures``, ``pages`` and ``links``.

    Raises:
        StoreError: a record, a card or a picture of the store is damaged.
        SiteError: the store is empty, ``output`` is something else, cannot be written, or a link is broken.
    """
    started = time.perf_counter()
    tell = progress or (lambda stage, done, total: None)
    if store.path.resolve().is_relative_to(output.resolve()):
        raise SiteError(f"the store {store.path} lies inside the output {output}", "choose another output folder")
    target = Output(output, inputs_digest(store, metadata))
    known = target.unchanged()
    if known is not None:
        return BuildReport(**known, rendered=0, unchanged=True, seconds=time.perf_counter() - started)
    catalog = read_catalog(store)
    derived = DerivedPictures(store)
    pictures = derived.pictures((it.record for it in catalog.renderings()), lambda done, total: tell("pictures", done, total))
    for rendering in catalog.renderings():
        rendering.picture = pictures.get(rendering.record.key)
    staging = target.begin()
    try:
        counts = _write_site(staging, catalog, metadata, derived.files, tell)
        target.swap(counts)
    except OSError as error:
        target.abandon()
        raise unwritable(output, error) from error
    except BaseException:
        target.abandon()
        raise
    return BuildReport(
        **counts, rendered=derived.rendered, unchanged=False, seconds=time.perf_counter() - started
    )


def inputs_digest(store: Store, metadata: SiteMetadata) -> str:
    """Return a digest of all that decides the site, from names, sizes and times of the store's files: quick."""
    listing: list[tuple[str, int, int]] = []
    folders = [store.path / "objects", store.path / "models"]
    while folders:
        folder = folders.pop()
        if not folder.is_dir():
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():
                    folders.append(Path(entry.path))
                elif entry.name.endswith(".json"):
                    status = entry.stat()
                    listing.append((entry.path, status.st_size, status.st_mtime_ns))
    listing.sort()
    return digest([atlas.__version__, code_digest(), RECIPE, metadata.model_dump(mode="json"), listing])


def _write_site(staging: Path, catalog: Catalog, metadata: SiteMetadata, files: Path, tell: Progress) -> dict[str, int]:
    writer = _Writer(staging)
    names = _write_static(writer)
    pictures = _link_pictures(staging, catalog, files)
    site = {
        **metadata.model_dump(mode="json"),
        **names,
        "date": catalog.date,
        "versions": _versions(catalog),
        "methods": [(method_title(name), address) for name, address in catalog.methods.items()],
    }
    pages = _write_pages(writer, catalog, metadata, site, tell)
    for model in catalog.models:
        for layer in model.layers:
            writer.write(f"{layer.folder}/grid.js", grid_rows(layer))
    writer.write("search.js", search_index(catalog))
    _write_manifest(writer, pages, metadata, catalog)
    tell("links", 0, 1)
    broken = check_links(staging)
    if broken:
        more = f"\n  ... and {len(broken) - 20} more" if len(broken) > 20 else ""
        lines = "".join(f"\n  - {problem}" for problem in broken[:20])
        raise SiteError(f"{len(broken)} broken links:{lines}{more}", "the old site, if any, was kept; please report this")
    tell("links", 1, 1)
    return {"pages": len(pages), "pictures": len(pictures), "bytes": writer.bytes + sum(pictures.values())}


class _Writer:
    """Writes files under a folder, making folders as needed, and adds up their sizes."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._made: set[str] = set()
        self.bytes = 0

    def write(self, address: str, content: bytes) -> None:
        path = os.path.join(self._folder, address)
        parent = os.path.dirname(path)
        if parent not in self._made:
            os.makedirs(parent, exist_ok=True)
            self._made.add(parent)
        with open(path, "wb") as file:
            file.write(content)
        self.bytes += len(content)


def _write_static(writer: _Writer) -> dict[str, str]:
    """Write style, script and icon under names that hold a digest; return the names."""
    names = {}
    levels = range(COLOURS)
    colours = "".join(
        f".c{r}{g}{b}{{background:#{r * 3:x}{g * 3:x}{b * 3:x}}}" for r in levels for g in levels for b in levels
    )
    for role, name in (("style", "atlas.css"), ("script", "atlas.js"), ("icon", "icon.svg")):
        content = (resource_folder("static") / name).read_bytes()
        if role == "style":
            content += colours.encode()
        stem, _, suffix = name.rpartition(".")
        names[role] = f"{stem}.{digest_bytes(content)[:10]}.{suffix}"
        writer.write(f"static/{names[role]}", content)
    return names


def _link_pictures(staging: Path, catalog: Catalog, files: Path) -> dict[str, int]:
    """Put every derived file into the site, as a hard link where that works; return path to size."""
    sizes = {
        file.path: file.bytes
        for rendering in catalog.renderings()
        if rendering.picture is not None
        for file in rendering.picture.files
    }
    for folder in sorted({path[:2] for path in sizes}):
        (staging / "i" / folder).mkdir(parents=True)
    linkable = True
    for path in sizes:
        source, target = f"{files}/{path}", f"{staging}/i/{path}"
        if linkable:
            try:
                os.link(source, target)
                continue
            except OSError:
                linkable = False  # another disk, or a file system without hard links: copy instead
        shutil.copyfile(source, target)
    return sizes


def _write_pages(
    writer: _Writer, catalog: Catalog, metadata: SiteMetadata, site: dict[str, Any], tell: Progress
) -> list[Page]:
    jinja = environment(site=site, catalog=catalog)
    templates = {name: jinja.get_template(name) for name in jinja.list_templates(extensions=["html"])}
    total = count_pages(catalog)
    pages = []
    for done, page in enumerate(all_pages(catalog, metadata), 1):
        root = metadata.base_path if page.is_error and metadata.base_path else page.root
        writer.write(page.address, templates[page.template].render(page=page, root=root, **page.context).encode())
        if not page.is_error:
            writer.write(page.json, encode(page.document()))
        page.data, page.context = {}, {}
        pages.append(page)
        if done % 50 == 0 or done == total:
            tell("pages", done, total)
    return pages


def _versions(catalog: Catalog) -> list[tuple[str, str]]:
    """Return atlas's own version and those that made the newest rendering."""
    newest = max((it.record for it in catalog.renderings()), key=lambda record: (record.provenance.created, record.key))
    others = {name: version for name, version in newest.provenance.versions.items() if name != "atlas"}
    return [("atlas", atlas.__version__), *sorted(others.items())]


def _write_manifest(writer: _Writer, pages: list[Page], metadata: SiteMetadata, catalog: Catalog) -> None:
    listed = [page for page in pages if not page.is_error]
    manifest = {
        "schema": "atlas-manifest",
        "schema_version": 1,
        "title": metadata.title,
        "url": metadata.url,
        "atlas": atlas.__version__,
        "date": catalog.date,
        "pages": [
            {"kind": page.kind, "title": page.title, "href": page.address, "data": json_beside(page.address)}
            for page in listed
        ],
    }
    writer.write("manifest.json", encode(manifest))
    writer.write(".nojekyll", b"")
    robots = "User-agent: *\nAllow: /\n"
    if metadata.url:
        addresses = "".join(f"<url><loc>{metadata.url}{page.canonical}</loc></url>\n" for page in listed)
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        writer.write("sitemap.xml", f"{head}{addresses}</urlset>\n".encode())
        robots += f"Sitemap: {metadata.url}sitemap.xml\n"
    writer.write("robots.txt", robots.encode())
