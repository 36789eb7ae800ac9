"""Templates: the one file that knows Jinja2."""

from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from atlas.site.catalog.studies import succeeded
from atlas.site.page_kind import PageKind
from atlas.site.resources import resource_folder
from atlas.site.words.formats import FILTERS


def environment(kinds: Iterable[PageKind], method_title: Callable[[str], str], **names: Any) -> Environment:
    """Return the templates' environment: everything is escaped, and an undefined name is an error.

    Args:
        kinds: those whose templates there are. method_title: name of a method to how people write it.
        names: what every template sees.
    """
    kinds = list(kinds)
    inline: BaseLoader = DictLoader({kind.template_name: kind.source for kind in kinds if kind.source})
    others = {kind.name: FileSystemLoader(kind.template_folder) for kind in kinds if not kind.is_ours}
    loader = ChoiceLoader([FileSystemLoader(resource_folder("templates")), inline, PrefixLoader(others)])
    jinja = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    jinja.filters.update(FILTERS)
    jinja.filters.update(success=succeeded, method_title=method_title)
    jinja.globals.update(names)
    return jinja
