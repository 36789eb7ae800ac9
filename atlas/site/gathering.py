"""Gathering: the catalog of a site, and the pictures that are derived for it, without what is damaged and foreign."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from atlas.core.canonical import digest_bytes
from atlas.errors import StoreError
from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.holdings import Holdings, read_holdings
from atlas.site.catalog.reading import read_catalog
from atlas.site.pictures.derived import DerivedPictures, SignedMaps, Task, Wanted
from atlas.site.words.labels import Label
from atlas.store import Store
from atlas.store.files import read_bytes


class Gathered(NamedTuple):
    """What pages are written from. ``derived`` is to be closed. ``notices`` are sentences on what is left out."""

    catalog: Catalog
    derived: DerivedPictures
    notices: tuple[str, ...]


def gather(store: Store, configuration: str, labels: Mapping[str, Label]) -> Gathered:
    """Return what pages are written from.

    Args:
        configuration: its name, see :func:`atlas.store.selections.configuration_name`.
        labels: concept key to label.

    Raises:
        StoreError: something that the configuration rendered is damaged.
        SiteError: there is nothing to show.
    """
    holdings = read_holdings(store, configuration)
    gathered = _gather(holdings, labels)
    if damaged := _damaged(gathered.derived.to_make, holdings):
        gathered.derived.close()
        gathered = _gather(read_holdings(store, configuration, damaged), labels)
    return gathered


def _gather(holdings: Holdings, labels: Mapping[str, Label]) -> Gathered:
    catalog = read_catalog(holdings, labels)
    return Gathered(catalog, DerivedPictures(holdings.store, wanted(catalog)), tuple(holdings.notices))


def wanted(catalog: Catalog) -> Iterator[Wanted]:
    """Yield what pictures are derived of, in the order in which the writer asks for them."""
    for model in catalog.models:
        yield from (rendering.record for rendering in model.renderings())
        yield from (view.read() for view in model.concepts.values())
        for shown in (shown for of_class in model.channels.values() for shown in of_class):
            sprites = tuple(part.maps for part in shown.mapped if part.maps is not None)
            yield SignedMaps(shown.finding.key, sprites, tuple(shown.photos))


def _damaged(tasks: Iterable[Task], holdings: Holdings) -> set[str]:
    """Return the keys of records whose pictures are still to be derived but damaged, of those that are not its own."""
    foreign = [task for task in tasks if task.masters and task.key not in holdings.own_keys]
    return {task.key for task in foreign if not all(_sound(source.path, source.sha256) for source in task.masters)}


def _sound(path: str, sha256: str) -> bool:
    try:
        return digest_bytes(read_bytes(Path(path))) == sha256
    except StoreError:
        return False
