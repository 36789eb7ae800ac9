"""Contents: all that pages are made from."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.comparison import Comparisons
from atlas.site.catalog.concepts import ClassView
from atlas.site.catalog.model import Layer
from atlas.site.catalog.people import People
from atlas.site.catalog.statistics import OnPhotos, on_photos
from atlas.site.drawings.class_section import ClassSection
from atlas.site.metadata import SiteMetadata
from atlas.site.published import PublishedPictures
from atlas.site.words.glossary import Glossary
from atlas.store import Store

T = TypeVar("T")


@dataclass
class Latest(Generic[T]):
    """What was read last, and its key: pages about one thing are made one after the other, and share what is read."""

    key: str = ""
    value: T | None = None


@dataclass(frozen=True)
class Contents:
    """What a site is about: what its store holds, what of it is compared, and what its owner says.

    Attributes:
        store: where documents are that are too large to keep; see :meth:`on_photos` and :meth:`section`.
        pictures: puts pictures into the site.
        people: the study of people, if there is one.
    """

    catalog: Catalog
    comparisons: Comparisons
    metadata: SiteMetadata
    store: Store
    pictures: PublishedPictures
    people: People | None = None
    _statistics: Latest[OnPhotos] = field(default_factory=Latest, repr=False)
    _section: Latest[ClassSection] = field(default_factory=Latest, repr=False)

    @property
    def glossary(self) -> Glossary:
        """What every number says."""
        return self.catalog.glossary

    def on_photos(self, layer: Layer) -> OnPhotos:
        """Return what photos say of a layer's units; nothing if they were not asked.

        Raises:
            StoreError: the statistics are damaged.
        """
        if self._statistics.value is None or self._statistics.key != layer.statistics:
            self._statistics.key, self._statistics.value = layer.statistics, on_photos(self.store, layer.statistics)
        return self._statistics.value

    def section(self, view: ClassView) -> ClassSection:
        """Return a class's concepts, whose files are then in the site.

        Raises:
            StoreError: their analysis or one of its sprites is damaged.
        """
        if self._section.value is None or self._section.key != view.key:
            section = ClassSection(view, view.read(), self.pictures.overlays(view.key))
            for concept in section.document.concepts:
                for sprite in (concept.sprite, concept.photo_sprite, *(part.sprite for part in concept.parts)):
                    self.pictures.sprite(view.key, sprite)
            self._section.key, self._section.value = view.key, section
        return self._section.value
