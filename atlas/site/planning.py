"""Planning: which pages a site has, before any is made."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from atlas.errors import AtlasError, SiteError
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.contents import Contents
from atlas.site.page import Link, Placed
from atlas.site.page_kind import PAGE_KINDS, PageKind


class Planned(NamedTuple):
    """A page that is to be made, and its kind."""

    kind: PageKind
    placed: Placed


class Plan:
    """The pages of a site.

    Raises:
        SiteError: a kind of another package fails, or names an address that no page can have.
    """

    def __init__(self, contents: Contents, kinds: Iterable[PageKind]) -> None:
        self.kinds = list(kinds)
        self._pages: dict[int | None, list[Planned]] = defaultdict(list)
        self._more: dict[int | None, list[Link]] = defaultdict(list)
        self._taken: dict[str, PageKind] = {}
        for kind in self.kinds:
            with blamed(kind):
                for placed in kind.pages(contents):
                    self._check(kind, placed.address)
                    self._pages[_key(placed.of)].append(Planned(kind, placed))
                    self._link(kind, placed)

    @property
    def total(self) -> int:
        """How many pages there are."""
        return len(self._taken)

    def of(self, subject: Unit | Layer | Model | None) -> list[Planned]:
        """Return the pages about one thing; those about nothing in particular, if it is None."""
        return self._pages.get(_key(subject), [])

    def more(self, subject: Unit | Layer | Model | None) -> list[Link]:
        """Return where the page of a model, or the home page if it is None, leads besides what its template names."""
        return self._more.get(_key(subject), [])

    def _link(self, kind: PageKind, placed: Placed) -> None:
        model = placed.of.model if isinstance(placed.of, (Unit, Layer)) else placed.of
        if kind.title and all(link.title != kind.title for link in self._more[_key(model)]):
            self._more[_key(model)].append(Link(kind.title, placed.address))

    def _check(self, kind: PageKind, address: str) -> None:
        parts = address.split("/")
        if not address.endswith(".html") or not all(part.strip(".") == part and part for part in parts):
            raise ValueError(f'"{address}" is no address of a page; it is relative and ends with .html')
        if address in self._taken:
            raise ValueError(f'there is a page of the kind "{self._taken[address].name}" at {address} already')
        self._taken[address] = kind


def _key(subject: object) -> int | None:
    return None if subject is None else id(subject)


@contextmanager
def blamed(kind: PageKind) -> Iterator[None]:
    """Say whose fault it is where a page kind of another package fails.

    Raises:
        SiteError: it does.
    """
    try:
        yield
    except AtlasError:
        raise
    except Exception as error:
        if kind.is_ours:
            raise
        origin = PAGE_KINDS.origin(kind.name)
        reason = f"{type(error).__name__}: {error}"
        raise SiteError(
            f'the page kind "{kind.name}" of {origin} failed: {reason}',
            f"bring that package up to date, or take it off with `pip uninstall {origin.package}`",
        ) from error
