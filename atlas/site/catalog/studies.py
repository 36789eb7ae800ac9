"""Studies: what one model made of one photo: inversions, caricatures, accentuations, adversarial examples."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Literal

from atlas.core.analysis import PhotoCredit
from atlas.core.canonical import canonical_json
from atlas.core.job import LOGITS, PHOTO_KINDS
from atlas.core.record import ClassScore, Record
from atlas.site.catalog.channels import ClassChannels
from atlas.site.catalog.head import ModelHead
from atlas.site.catalog.methods import MethodBook
from atlas.site.catalog.shown import Shown, differing
from atlas.site.pictures.picture import Picture
from atlas.site.words.formats import short

Family = Literal["inversion", "caricature", "accentuation", "adversarial"]
"""What a picture that is about a photo is."""
PAGE_PICTURES = 30
"""Files of pictures on one page besides the photo and three plots: with style, script and icon a first view asks for
38."""
PAGE_ELEMENTS = 620
"""Elements on one page besides what every page has, of the 800 that a page may have in all."""
LONGEST = 80
"""Letters of a name in the words beside each picture: names that strangers chose must not fill the page."""


@dataclass(frozen=True)
class FamilyWords:
    """How a family is spoken of. ``folder`` is that of its gallery."""

    title: str
    folder: str
    noun: str
    plural: str
    summary: str


FAMILIES: dict[Family, FamilyWords] = {
    "inversion": FamilyWords(
        "Inversions",
        "inversions",
        "inversion",
        "inversions",
        "Pictures whose activation at one layer was brought near to the photo's; the error beside each says how near "
        "it came: 0 is the same, 1 as far as nothing at all. What is found again came through to that layer; what is "
        "not was lost before it, or not found. Where several seeds differ, the layer leaves it open.",
    ),
    "caricature": FamilyWords(
        "Caricatures",
        "caricatures",
        "caricature",
        "caricatures",
        "Starting from the photo, a layer's activation was made stronger: what is exaggerated raises it.",
    ),
    "accentuation": FamilyWords(
        "Accentuations",
        "accentuations",
        "accentuation",
        "accentuations",
        "Starting from the photo, it was changed so that one class or unit answers more strongly; the numbers beside "
        "each say whether it does.",
    ),
    "adversarial": FamilyWords(
        "Adversarial examples",
        "adversarial",
        "adversarial example",
        "adversarial examples",
        "Each photo was changed a little so that the model sees another class; beside each stand the largest change, "
        "and whether it succeeded. The change is shown ten times as strong, around grey.",
    ),
}
"""In the order in which pages show them."""


def family_of(record: Record, methods: MethodBook) -> Family:
    """Return which family the picture of a job with a photo belongs to."""
    kind = record.job.target.kind
    if kind == "inversion" or kind == "caricature":
        return kind
    small = record.asset("perturbation") is not None or methods.perturbs(record.job.method)
    return "adversarial" if small else "accentuation"


@dataclass(eq=False)
class Strip:
    """Pictures of one family by one method with the same parameters, in the network's order of layers.

    Attributes:
        title: the method, and the parameters in which other strips of it differ. start: its place among the strip's
            own pictures if it goes on from another page.
    """

    study: "Study"
    family: Family
    title: str
    renderings: list[Shown]
    start: int = 0

    @property
    def lead(self) -> Shown:
        """The first one: method and parameters are those of all."""
        return self.renderings[0]

    @property
    def anchor(self) -> str:
        """Its anchor on the page."""
        return f"s-{self.lead.key}"

    @cached_property
    def groups(self) -> list[tuple[str, list[Shown]]]:
        """What the pictures are of, and the seeds of each, side by side."""
        return [(name, list(group)) for name, group in groupby(self.renderings, self.study.subject)]

    @cached_property
    def measures(self) -> list[str]:
        """Names of all that was measured, in the order of their first mention."""
        found = (measured.name for rendering in self.renderings for measured in rendering.record.measurements)
        return list(dict.fromkeys(found))

    @property
    def elements(self) -> int:
        """About how many elements a page needs for it."""
        extra = 20 if self.family == "adversarial" else 0
        return 36 + len(self.measures) + len(self.renderings) * (15 + extra + len(self.measures))

    @property
    def pictures(self) -> int:
        """How many files a page asks for."""
        return sum(1 for it in self.renderings if it.record.status == "done") * (1 + (self.family == "adversarial"))

    def halves(self) -> tuple["Strip", "Strip"]:
        """Cut it in two, if it can be between two groups."""
        middle = len(self.renderings) // 2
        ends, place = [], 0
        for _, group in self.groups[:-1]:
            place += len(group)
            ends.append(place)
        cut = min(ends, key=lambda end: abs(end - middle)) if ends else middle
        first = Strip(self.study, self.family, self.title, self.renderings[:cut], self.start)
        return first, Strip(self.study, self.family, self.title, self.renderings[cut:], self.start + cut)


@dataclass(eq=False)
class Study:
    """One photo, and all that a model made of it.

    Attributes:
        digest: of the photo's file. digits: those of it that the address has. credit: whom it is owed to.
        renderings: in the order in which pages show them.
        positions: layer to its place in the network.
        channels: what is known of the channels of the classes whose photo it is.
    """

    model: ModelHead
    digest: str
    digits: str
    credit: PhotoCredit | None
    renderings: list[Shown]
    positions: dict[str, int] = field(repr=False)
    channels: list[ClassChannels] = field(default_factory=list, repr=False)

    @property
    def address(self) -> str:
        """Address of its first page."""
        return f"{self.model.folder}/p/{self.digits}.html"

    @property
    def title(self) -> str:
        """The photo's name, or its digest."""
        name = self.credit.name.strip() if self.credit else ""
        return name or f"photo {self.digits}"

    @property
    def name(self) -> str:
        """Its title, cut where it is long."""
        return short(self.title, LONGEST)

    @property
    def own_class(self) -> None:
        """No class is its own."""
        return None

    @property
    def lead(self) -> Shown | None:
        """The rendering that has the largest view of the photo."""
        known = [rendering for rendering in self.renderings if rendering.record.asset("photo") is not None]
        return max(known, key=lambda it: (_photo_width(it), it.key), default=None)

    @property
    def photo(self) -> Picture | None:
        """The photo as the network was shown it, at its largest; None if nothing could be made of it."""
        return self.lead.photo if self.lead else None

    @cached_property
    def classes(self) -> tuple[ClassScore, ...]:
        """The classes that the model sees in the photo, strongest first."""
        return next((it.record.photo_classes for it in self.renderings if it.record.photo_classes), ())

    @cached_property
    def families(self) -> dict[Family, list[Shown]]:
        """The renderings of each family, in the order of :data:`FAMILIES`."""
        found: dict[Family, list[Shown]] = {family: [] for family in FAMILIES}
        for rendering in self.renderings:
            found[family_of(rendering.record, self.model.method_cards)].append(rendering)
        return {family: renderings for family, renderings in found.items() if renderings}

    @cached_property
    def strips(self) -> list[Strip]:
        """The strips of all families: one for each method, or for each choice of its parameters."""
        return [strip for family in self.families for strip in self._strips(family)]

    def strips_of(self, family: Family) -> int:
        """Return how many strips a family has: ways in which it was made."""
        return sum(strip.family == family for strip in self.strips)

    @cached_property
    def pages(self) -> list[list[Strip]]:
        """The strips of each of its pages; the first page has the photo and the plots besides."""
        room, pages = PAGE_ELEMENTS - self._opening, [[]]  # type: tuple[int, list[list[Strip]]]
        free, waiting = PAGE_PICTURES - 2 * bool(self.channels), list(self.strips)
        while waiting:
            strip = waiting.pop(0)
            if strip.elements <= room and strip.pictures <= free:
                pages[-1].append(strip)
                room, free = room - strip.elements, free - strip.pictures
            elif len(strip.renderings) > 1 and (strip.elements > PAGE_ELEMENTS or strip.pictures > PAGE_PICTURES):
                waiting[:0] = strip.halves()
            elif pages[-1] or len(pages) == 1:
                pages.append([])
                room, free, waiting = PAGE_ELEMENTS, PAGE_PICTURES, [strip, *waiting]
            else:  # one rendering that needs more than a page: it gets one of its own
                pages[-1].append(strip)
                room = 0
        return pages

    def page_address(self, number: int) -> str:
        """Return the address of its page ``number``, from 1."""
        return self.address if number == 1 else f"{self.model.folder}/p/{self.digits}-{number}.html"

    def address_of(self, rendering: Shown) -> str:
        """Return the address of a rendering on these pages."""
        return f"{self.page_address(self._places[rendering.key])}#f-{rendering.key}"

    @cached_property
    def _places(self) -> dict[str, int]:
        return {
            rendering.key: number
            for number, strips in enumerate(self.pages, 1)
            for strip in strips
            for rendering in strip.renderings
        }

    @property
    def _opening(self) -> int:
        """About how many elements only the first page has: the photo, the plots and their table."""
        strips = [strip for strip in self.strips if strip.family == "inversion"]
        layers = len({it.record.job.target.layer for strip in strips for it in strip.renderings})
        return 60 + 80 * bool(self.channels) + ((24 + (layers + 2) * (1 + 3 * len(strips))) if layers > 1 else 0)

    def _strips(self, family: Family) -> Iterator[Strip]:
        kinds: dict[tuple[str, int, str], list[Shown]] = defaultdict(list)
        for rendering in self.families[family]:
            job = rendering.record.job
            kinds[job.method, job.version, canonical_json([job.parameters, job.target.references])].append(rendering)
        leads = [group[0].record for group in kinds.values()]
        for (method, _, _), group in sorted(kinds.items()):
            lead = group[0].record
            twins = [other for other in leads if other.job.method == method]
            words = differing(lead, twins)[:2] if len(twins) > 1 else []
            yield Strip(self, family, " · ".join([self.model.method_cards.title(method), *words]), group)

    def subject(self, rendering: Shown) -> str:
        """Return what a picture is of: its layer, or its class or unit."""
        target = rendering.record.job.target
        if target.kind in PHOTO_KINDS:
            return target.layer
        if target.kind == "direction":
            return f"concept of {self.model.label(target.unit)}"
        name = (
            self.model.label(target.unit) if target.layer == LOGITS else f"{target.layer} {target.kind} {target.unit}"
        )
        return f"less {name}" if target.sign < 0 else name

    def is_adversarial(self, rendering: Shown) -> bool:
        """Tell whether a picture is an adversarial example."""
        return family_of(rendering.record, self.model.method_cards) == "adversarial"

    def alt(self, rendering: Shown) -> str:
        """Describe a picture for those who cannot see it."""
        job, words = rendering.record.job, FAMILIES[family_of(rendering.record, self.model.method_cards)]
        how = "at" if job.target.kind in PHOTO_KINDS else "towards"
        what = f"{words.noun} of {self.name} {how} {short(self.subject(rendering), LONGEST)}"
        return f"{what} by {self.model.method_cards.title(job.method)}, seed {job.seed}"


def _photo_width(rendering: Shown) -> int:
    asset = rendering.record.asset("photo")
    return asset.width if asset else 0


def succeeded(record: Record) -> bool | None:
    """Tell whether an adversarial example does what it was made for; None if that cannot be told.

    It does if the model's strongest class is the one that was aimed at, or no longer the one to be lowered.
    """
    target = record.job.target
    if target.kind != "logit" or not record.top_classes:
        return None
    return (record.top_classes[0].index == target.unit) == (target.sign > 0)


def make_studies(
    model: ModelHead, records: Iterable[Record], positions: dict[str, int], credits: Mapping[str, PhotoCredit]
) -> list[Study]:
    """Arrange the records of a model that are about photos.

    Args:
        positions: layer to its place in the network. credits: digest to credit.

    Returns:
        One study for each photo, by the photos' names.
    """
    by_photo: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_photo[record.job.target.photo or ""].append(record)
    digits = 12
    while len({digest[:digits] for digest in by_photo}) < len(by_photo):
        digits += 4
    studies = []
    for digest, group in by_photo.items():
        renderings = [Shown(record) for record in sorted(group, key=lambda record: _rank(record, positions))]
        study = Study(model, digest, digest[:digits], credits.get(digest), renderings, positions)
        for rendering in renderings:
            job = rendering.record.job
            what = short(study.subject(rendering), LONGEST)
            rendering.title = f"{what} · {model.method_cards.title(job.method)} · seed {job.seed}"
        studies.append(study)
    return sorted(studies, key=lambda study: (study.credit is None, study.title.lower(), study.digest))


def _rank(record: Record, positions: dict[str, int]) -> tuple[object, ...]:
    """Sort by layer in the network's order, then unit, then seed."""
    job, target = record.job, record.job.target
    place = target.position or (-1, -1)
    direction = target.direction or ""
    return (positions[target.layer], target.kind, target.unit, direction, -target.sign, place, job.seed, record.key)
