"""PageKind: one kind of page: which pages there are, each page, its JSON and its entries in the search."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from atlas.core.registry import Registry
from atlas.site.catalog.model import Model
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Placed
from atlas.site.resources import PACKAGE, resource_folder


class SearchEntry(NamedTuple):
    """One entry of the search: a name, what it is, where it leads, and other names. ``model``: that it is about."""

    title: str
    what: str
    address: str
    names: str = ""
    model: Model | None = None


class PageKind(ABC):
    """One kind of page.

    Attributes:
        name: as in the JSON, ``kind``.
        data: what the JSON of its pages says; its schema is published with the site.
        template: file name of its template, in the folder ``templates`` beside the module that defines the kind. A
            template may extend ``base.html`` and import ``macros.html``.
        source: the template itself, instead of a file.
        title: what its first page is called where pages are named that nothing else leads to: the home page, or that of
            the model that it is about. Empty for kinds that other pages lead to.
        header: the entry of the pages' header that stands for it, if any.
        place: where it stands among the kinds of other packages.
        is_error: it is what hosts show for addresses that lead nowhere: without JSON, and not listed.
    """

    name: str
    data: ClassVar[type[Document]] = Document
    template: str = ""
    source: ClassVar[str] = ""
    title: str = ""
    header: str = ""
    place: ClassVar[int] = 1000
    is_error: ClassVar[bool] = False

    @abstractmethod
    def pages(self, contents: Contents) -> Iterable[Placed]:
        """Yield all pages of this kind, before any picture is there."""

    def search(self, contents: Contents) -> Iterable[SearchEntry]:
        """Yield its entries in the search."""
        return ()

    def index(self, model: Model) -> Mapping[str, Sequence[object]]:
        """Return parts of a model's search index that are kept shorter than entries, and that the script spells out."""
        return {}

    @property
    def is_ours(self) -> bool:
        """Whether it is part of atlas itself."""
        return type(self).__module__.partition(".")[0] == __name__.partition(".")[0]

    @property
    def template_folder(self) -> Path:
        """Where its template is."""
        return resource_folder("templates") if self.is_ours else self.module.parent / "templates"

    @property
    def template_name(self) -> str:
        """Its template's name among those of all kinds."""
        file = self.template or f"{self.name}.html"
        return file if self.is_ours else f"{self.name}/{file}"

    @property
    def module(self) -> Path:
        """The file that defines it."""
        return Path(inspect.getfile(type(self))).resolve()

    @property
    def files(self) -> list[Path]:
        """What decides its pages and is not part of atlas: its module and its templates."""
        if self.is_ours or PACKAGE in self.module.parents:
            return []
        return [self.module, *sorted(path for path in self.template_folder.rglob("*") if path.is_file())]


OURS = {
    name: f"atlas.site.pages.{place}"
    for name, place in {
        "home": "home:HOME",
        "model": "model:MODEL",
        "classes": "layer:CLASSES",
        "class": "unit:CLASS",
        "layers": "layers:LAYERS",
        "layer": "layer:LAYER",
        "unit": "unit:UNIT",
        "channels": "channels:CHANNELS",
        "concepts": "concepts:CONCEPTS",
        "concept": "concept:CONCEPT",
        "dead": "lost:DEAD",
        "failed": "lost:FAILED",
        "photo": "photo:PHOTO",
        "inversions": "gallery:INVERSIONS",
        "caricatures": "gallery:CARICATURES",
        "accentuations": "gallery:ACCENTUATIONS",
        "adversarial": "gallery:ADVERSARIAL",
        "photos": "photos:PHOTOS",
        "methods": "methods:METHODS",
        "method": "method:METHOD",
        "metrics": "metrics:METRICS",
        "compare": "compare:COMPARE",
        "comparison": "comparison:COMPARISON",
        "results": "results:RESULTS",
        "model-results": "results:MODEL_RESULTS",
        "analyses": "analyses:ANALYSES",
        "map": "map:MAP",
        "study": "study:STUDY",
        "data": "data:DATA",
        "error": "not_found:NOT_FOUND",
    }.items()
}
"""Our own, in the order in which they stand among others."""
PAGE_KINDS: Registry[PageKind] = Registry("page kind", "atlas.pages", PageKind, OURS)


def page_kinds() -> list[PageKind]:
    """Return all kinds of pages that can be loaded: ours first, in their order, then those of other packages."""
    ours = list(OURS)
    others = sorted((kind for name, kind in PAGE_KINDS if name not in OURS), key=lambda kind: (kind.place, kind.name))
    return [*map(PAGE_KINDS.get, ours), *others]
