"""BibTeX entries for one class, unit, concept or photo."""

import re

from atlas.site.catalog import Unit
from atlas.site.concepts import ConceptView
from atlas.site.metadata import SiteMetadata
from atlas.site.studies import Study


def tex(text: str) -> str:
    """Return ``text`` so that no character of it means anything to TeX."""
    plain = re.sub(r"[\\{}\x00-\x1f\x7f]", " ", text)
    return re.sub(r"([%&#_$])", r"\\\1", plain).replace("~", r"\textasciitilde{}").replace("^", r"\textasciicircum{}")


def bibtex(unit: Unit, metadata: SiteMetadata, date: str) -> str:
    """Return an entry that names the unit, the model's weights, the rendering's key and, if known, its address."""
    what = f"class {unit.index}" if unit.layer.is_output else f"{unit.layer.info.name}, unit {unit.index}"
    name = f"{unit.title} ({what})" if unit.layer.is_output and unit.title != what else what
    return _entry(unit, f"{unit.layer.info.name}-{unit.index}", name, metadata, date)


def concept_bibtex(concept: ConceptView, metadata: SiteMetadata, date: str) -> str:
    """Return an entry that names the concept and its key, the model's weights and the rendering's key."""
    name = f"{concept.title} (class {concept.owner.index}, {concept.owner.layer}, concept {concept.key})"
    return _entry(concept, f"class-{concept.owner.index}-concept-{concept.key}", name, metadata, date)


def study_bibtex(study: Study, metadata: SiteMetadata, date: str) -> str:
    """Return an entry that names the photo and its digest, and the model's weights."""
    author = f" by {study.credit.author}" if study.credit and study.credit.author else ""
    return _entry(study, f"photo-{study.digits}", f"{study.title}{author} (sha256 {study.digits})", metadata, date)


def _entry(subject: Unit | ConceptView | Study, place: str, name: str, metadata: SiteMetadata, date: str) -> str:
    key = re.sub(r"[^A-Za-z0-9]+", "-", f"{subject.model.slug}-{place}")
    rendering = f", rendering {subject.lead.key}" if subject.lead else ""
    fields = {
        "title": f"{{{tex(name)}: renderings of {tex(subject.model.card.name)}}}",
        "author": f"{{{tex(metadata.author)}}}" if metadata.author else "",
        "howpublished": tex(metadata.title),
        "year": date[:4],
        "url": metadata.url + subject.address if metadata.url else "",
        "note": f"weights {subject.model.weights[:12]}{rendering}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"])
