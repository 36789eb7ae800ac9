"""The pages of JSON documents, of the store and of a site: every model and field, from the code that writes them."""

from collections.abc import Collection

from pydantic import BaseModel

from reference.fields import models_within, rows, summary
from reference.markdown import anchor, table

STORE = """# Documents of the store

What the JSON files of [the store](store.md) hold, in schema version {version}. Every document ends with its `checksum`;
a field that is not set is left out or null.
"""

TABLE = """## The table of renderings

`atlas.Store("build/store").table()` is an Arrow table of one row a rendering. Its columns, followed by one for each
number that was measured (see [metrics](metrics.md)), under that number's name:
"""

SITE = """# JSON of a site

What stands beside every page of [a site](site.md), in schema version {version}. The same is published as JSON Schema
with each site (`schema/*.json`). Every page's document is a [PageDocument](#pagedocument); its `data` is by its kind:
"""


def stored() -> str:
    """Return the page of the store's documents."""
    from atlas.core.record import SCHEMA_VERSION
    from atlas.store.table import COLUMNS

    found = models_within(_stored())
    columns = [(f"`{it.name}`", it.type, f"{it.meaning}{f' [{it.unit}]' if it.unit else ''}") for it in COLUMNS]
    return "\n".join(
        [
            STORE.format(version=SCHEMA_VERSION),
            *_sections(found, {}),
            TABLE,
            table(("column", "type", "meaning"), columns),
        ]
    )


def published() -> str:
    """Return the page of what a site publishes."""
    from atlas.site.documents.base import SCHEMA_VERSION
    from atlas.site.documents.manifest import Manifest
    from atlas.site.documents.page import PageDocument
    from atlas.site.documents.search import SearchIndex
    from atlas.site.page_kind import OURS, PAGE_KINDS
    from atlas.study.answers import Answers

    kinds = [kind for kind in map(PAGE_KINDS.get, OURS) if not kind.is_error]
    there = dict.fromkeys((model.__name__ for model in models_within(_stored())), "documents.md")
    roots: list[type[BaseModel]] = [PageDocument, *(kind.data for kind in kinds), Manifest, SearchIndex, Answers]
    found = [model for model in models_within(roots) if model.__name__ not in there]
    listed = [(f"`{kind.name}`", _link(kind.data.__name__, {}), summary(kind.data)) for kind in kinds]
    return "\n".join(
        [SITE.format(version=SCHEMA_VERSION), table(("kind", "data", ""), listed), *_sections(found, there)]
    )


def _stored() -> list[type[BaseModel]]:
    from atlas.store.schemas import DOCUMENTS

    return list(DOCUMENTS.values())


def _sections(models: Collection[type[BaseModel]], elsewhere: dict[str, str]) -> list[str]:
    """Return a section for each model, whose types lead to their sections here, or on the page where they are."""
    pages = dict.fromkeys((model.__name__ for model in models), "") | elsewhere
    return [_section(model, pages) for model in models]


def _section(model: type[BaseModel], pages: dict[str, str]) -> str:
    shown = [(name, _linked(kind, pages), meaning) for name, kind, _, meaning in rows(model)]
    return f"## {model.__name__}\n\n{summary(model)}\n\n{table(('field', 'type', 'meaning'), shown)}"


def _linked(kind: str, pages: dict[str, str]) -> str:
    return " ".join(_link(word, pages) if word in pages else word for word in kind.split(" "))


def _link(model: str, pages: dict[str, str]) -> str:
    return f"[{model}]({pages.get(model, '')}#{anchor(model)})"
