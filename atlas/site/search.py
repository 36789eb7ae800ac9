"""The search index of the whole site: what each kind of page says can be found."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from atlas.site.contents import Contents
from atlas.site.documents.search import ModelIndex, SearchIndex
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.scripts import script


def search_index(contents: Contents, kinds: Iterable[PageKind]) -> SearchIndex:
    """Return the index: for each model what is kept short and its entries, and the entries of no model."""
    kinds, models = list(kinds), contents.catalog.models
    entries: dict[int | None, list[tuple[str, ...]]] = defaultdict(list)
    for entry in (entry for kind in kinds for entry in kind.search(contents)):
        entries[None if entry.model is None else id(entry.model)].append(_written(entry))
    names = Counter(model.card.name for model in models)
    found = []
    for model in models:
        name = model.card.name if names[model.card.name] == 1 else f"{model.card.name} {model.mark}"
        parts: dict[str, object] = {"name": name, "folder": model.folder, "pages": entries[id(model)]}
        for kind in kinds:
            parts |= kind.index(model)
        found.append(ModelIndex.model_validate(parts))
    return SearchIndex(models=found, pages=entries[None])


def search_script(index: SearchIndex) -> bytes:
    """Return the script that hands the index over."""
    return script("atlasIndex", index.model_dump(mode="json"))


def _written(entry: SearchEntry) -> tuple[str, ...]:
    words = (entry.title, entry.what, entry.address)
    return (*words, entry.names) if entry.names else words
