"""Templates: the one file that knows Jinja2."""

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from atlas.site.formats import FILTERS
from atlas.site.resources import resource_folder


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
    jinja.globals.update(names)
    return jinja
