"""ModelHead: what every view of a model's parts knows of the model itself: its card, and where its pages are."""

from dataclasses import dataclass, field
from functools import cached_property

from atlas.core.model_card import ModelCard
from atlas.site.catalog.methods import MethodBook


@dataclass(eq=False)
class ModelHead:
    """A model without what was rendered of it.

    Attributes:
        slug: its name in addresses. class_pages: indices of the classes that have a page.
        method_cards: what is known of the methods that it was rendered with.
    """

    card: ModelCard
    slug: str
    class_pages: frozenset[int] = frozenset()
    method_cards: MethodBook = field(default_factory=MethodBook)

    @cached_property
    def folder(self) -> str:
        """Folder of its pages."""
        return f"m/{self.slug}"

    @property
    def address(self) -> str:
        """Address of its page."""
        return f"{self.folder}/index.html"

    @property
    def weights(self) -> str:
        """The weights' digest."""
        return self.card.identity.weights

    @property
    def mark(self) -> str:
        """What tells it from other models of its name, also from those of the same weights."""
        return self.card.identity.fingerprint[:8]

    def label(self, index: int) -> str:
        """Return a class's name."""
        return self.card.called(index)

    def class_address(self, index: int) -> str:
        """Return the address of a class's page, whether or not it has one."""
        return f"{self.folder}/c/{index}.html"

    def unit_address(self, index: int) -> str | None:
        """Return the address of a class's page, or None if it has none."""
        return self.class_address(index) if index in self.class_pages else None
