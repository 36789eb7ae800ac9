"""Templates: the one file that knows Jinja2."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from atlas.site.catalog.studies import succeeded
from atlas.site.resources import resource_folder
from atlas.site.words.formats import FILTERS
from atlas.site.words.measures import measure_meaning, measure_title, value_of


def environment(**names: Any) -> Environment:
    """Return the templates' environment: everything is escaped, and an undefined name is an error.

    Args:
        names: what every template sees.
    """
    loader = FileSystemLoader(resource_folder("templates"))
    jinja = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    jinja.filters.update(FILTERS)
    jinja.filters.update(measure_title=measure_title, measure_meaning=measure_meaning, value_of=value_of)
    jinja.filters["success"] = succeeded
    jinja.globals.update(names)
    return jinja
