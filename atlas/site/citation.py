"""Citation: how one class, unit, concept or photo is cited, as BibTeX, as a sentence and as JSON."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from urllib.parse import quote

from atlas.site.catalog.addresses import slug
from atlas.site.catalog.concepts import ConceptView
from atlas.site.catalog.model import Unit
from atlas.site.catalog.studies import Study
from atlas.site.documents.page import CitationData
from atlas.site.metadata import SiteMetadata

NO_AUTHOR, NO_LICENCE, NO_ADDRESS = "author not stated", "licence not stated", "address not stated"
"""What stands in a citation, and at the foot of every page, where the owner of an atlas has said nothing."""


@dataclass(frozen=True)
class Citation:
    """What a citation says.

    Attributes:
        key: the same in every build, whatever else the atlas holds. title: what is cited, and the model.
        author, licence, url: as the owner says; empty if not stated. atlas: the atlas's title.
        date: of the newest result, ``2026-11-27``: the state that is cited.
        methods: names of those that made its pictures. weights: digest of the model's weights. rendering: the leading
            picture's key, or empty.
    """

    key: str
    title: str
    author: str
    atlas: str
    licence: str
    url: str
    date: str
    methods: tuple[str, ...]
    weights: str
    rendering: str

    @cached_property
    def bibtex(self) -> str:
        """The BibTeX entry. ``urldate`` is the date of access: scripts put the reader's day in the place of ``date``.

        The author is braced: BibTeX would otherwise split a name at commas and at "and".
        """
        made = f"rendering {self.rendering}" if self.rendering else ""
        notes = [
            f"methods: {tex(', '.join(self.methods))}" if self.methods else "",
            f"weights {self.weights[:12]}",
            made,
            f"pictures: {tex(self.licence or NO_LICENCE)}",
            "" if self.url else NO_ADDRESS,
        ]
        fields = {
            "title": f"{{{tex(self.title)}}}",
            "author": f"{{{tex(self.author or NO_AUTHOR)}}}",
            "howpublished": tex(self.atlas),
            "year": self.date[:4],
            "url": self.url,
            "urldate": self.date,
            "note": "; ".join(note for note in notes if note),
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@misc{{{self.key},", *lines, "}"])

    @property
    def text(self) -> str:
        """The citation as a sentence."""
        methods = f" Methods: {', '.join(self.methods)}." if self.methods else ""
        rendering = f", rendering {self.rendering}" if self.rendering else ""
        return (
            f"{self.author or NO_AUTHOR.capitalize()} ({self.date[:4]}). {self.title}. {self.atlas}, "
            f"state of {self.date}.{methods} Weights {self.weights[:12]}{rendering}. "
            f"{self.url or NO_ADDRESS.capitalize()}."
        )

    def document(self) -> CitationData:
        """Return it as JSON."""
        return CitationData(**asdict(self), bibtex=self.bibtex)


def tex(text: str) -> str:
    """Return ``text`` so that no character of it means anything to TeX or BibTeX. Letters of all scripts stay."""
    seen = "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter for letter in text)
    plain = " ".join(re.sub(r"[\\{}]", " ", seen).split())
    return re.sub(r"([%&#_$])", r"\\\1", plain).replace("~", r"\textasciitilde{}").replace("^", r"\textasciicircum{}")


def cite_unit(unit: Unit, metadata: SiteMetadata, date: str) -> Citation:
    """Return the citation of a class or unit."""
    what = f"class {unit.index}" if unit.layer.is_output else f"{unit.layer.info.name}, unit {unit.index}"
    name = f"{unit.title} ({what})" if unit.layer.is_output and unit.title != what else what
    methods = [it.record.job.method for it in unit.renderings]
    return _citation(unit, f"{unit.layer.info.name}-{unit.index}", name, methods, metadata, date)


def cite_concept(concept: ConceptView, metadata: SiteMetadata, date: str) -> Citation:
    """Return the citation of a concept: it names the concept's key."""
    name = f"{concept.title} (class {concept.owner.index}, {concept.owner.layer}, concept {concept.key})"
    methods = [it.record.job.method for it in concept.renderings]
    return _citation(concept, f"class-{concept.owner.index}-concept-{concept.key}", name, methods, metadata, date)


def cite_study(study: Study, metadata: SiteMetadata, date: str) -> Citation:
    """Return the citation of a photo and what was made of it: it names the photo's author and digest."""
    author = f" by {study.credit.author}" if study.credit and study.credit.author else ""
    methods = [it.record.job.method for it in study.renderings]
    name = f"{study.title}{author} (sha256 {study.digits})"
    return _citation(study, f"photo-{study.digits}", name, methods, metadata, date)


def _citation(
    subject: Unit | ConceptView | Study,
    place: str,
    name: str,
    methods: Sequence[str],
    metadata: SiteMetadata,
    date: str,
) -> Citation:
    model = subject.model
    return Citation(
        key=re.sub(r"[^A-Za-z0-9.:_-]+", "-", f"atlas-{slug(model.card.name)}-{model.weights[:8]}-{place}"),
        title=f"{name}: renderings of {model.card.name}",
        author=metadata.author,
        atlas=metadata.title,
        licence=metadata.licence,
        url=quote(metadata.url + subject.address, safe=":/?#@!$&'*+,;=%~[]-._") if metadata.url else "",
        date=date,
        methods=tuple(model.method_cards.title(method) for method in dict.fromkeys(methods)),
        weights=model.weights,
        rendering=subject.lead.key if subject.lead else "",
    )
