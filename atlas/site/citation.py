"""BibTeX entries for one class or unit."""

import re

from atlas.site.catalog import Unit
from atlas.site.metadata import SiteMetadata


def tex(text: str) -> str:
    """Return ``text`` so that no character of it means anything to TeX."""
    plain = re.sub(r"[\\{}\x00-\x1f\x7f]", " ", text)
    return re.sub(r"([%&#_$])", r"\\\1", plain).replace("~", r"\textasciitilde{}").replace("^", r"\textasciicircum{}")


def bibtex(unit: Unit, metadata: SiteMetadata, date: str) -> str:
    """Return an entry that names the unit, the model's weights, the rendering's key and, if known, its address."""
    what = f"class {unit.index}" if unit.layer.is_output else f"{unit.layer.info.name}, unit {unit.index}"
    name = f"{unit.title} ({what})" if unit.layer.is_output and unit.title != what else what
    key = re.sub(r"[^A-Za-z0-9]+", "-", f"{unit.model.slug}-{unit.layer.info.name}-{unit.index}")
    fields = {
        "title": f"{{{tex(name)}: renderings of {tex(unit.model.card.name)}}}",
        "author": f"{{{tex(metadata.author)}}}" if metadata.author else "",
        "howpublished": tex(metadata.title),
        "year": date[:4],
        "url": metadata.url + unit.address if metadata.url else "",
        "note": f"weights {unit.model.weights[:12]}, rendering {unit.lead.key}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"])
