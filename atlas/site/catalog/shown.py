"""Shown: one record as a page shows it, and the names that tell the renderings of one thing apart."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from atlas.core.record import Record
from atlas.site.catalog.judged import Judged
from atlas.site.catalog.methods import MethodBook, precedence
from atlas.site.pictures.picture import Picture


@dataclass
class Shown:
    """One record as a page shows it. ``picture`` is None unless the record is done.

    Attributes:
        photo: the photo that the job is about, as the network was shown it. perturbation: of an adversarial example.
        judged: what judges say of the picture.
    """

    record: Record
    title: str = ""
    picture: Picture | None = None
    photo: Picture | None = None
    perturbation: Picture | None = None
    judged: tuple[Judged, ...] = ()

    @property
    def key(self) -> str:
        """The first 12 digits of the job's key: enough to name it, and its anchor on the page."""
        return self.record.key[:12]

    @cached_property
    def reached(self) -> float | None:
        """The activation that the picture reaches: on the whole picture if that was measured, else the objective."""
        if self.record.status != "done":
            return None
        for name in ("activation", "objective"):
            measured = self.record.measurement(name)
            if measured is not None:
                return measured.value
        return self.record.trace[-1] if self.record.trace else None

    def measured(self, name: str) -> float | None:
        """Return the value of a measurement, or None."""
        found = self.record.measurement(name)
        return None if found is None else found.value


def ordered(records: Iterable[Record], methods: MethodBook) -> list[Shown]:
    """Return the renderings of one thing, the leading one first, each with its own title."""
    renderings = [Shown(record) for record in sorted(records, key=_rank)]
    for rendering, title in zip(
        renderings, titles([rendering.record for rendering in renderings], methods), strict=True
    ):
        rendering.title = title
    return renderings


STATUS_ORDER = {"done": 0, "dead": 1, "failed": 2}
KIND_ORDER = {"logit": 0, "channel": 0, "direction": 0, "inversion": 0, "caricature": 0, "neuron": 1}


def _rank(record: Record) -> tuple[object, ...]:
    """Sort pictures before none, what raises the unit before what lowers it, whole channels before neurons."""
    job = record.job
    return (
        STATUS_ORDER[record.status],
        -job.target.sign,
        KIND_ORDER[job.target.kind],
        precedence(job.method),
        -1 if job.target.cluster is None else job.target.cluster,
        0 if job.target.facet is None else job.target.facet.number,
        job.seed,
        job.target.position or (-1, -1),
        record.key,
    )


def titles(records: list[Record], methods: MethodBook) -> list[str]:
    """Name the renderings of one thing, shortly, so that no two that differ in a parameter have the same name."""
    short = [_short_title(record, methods) for record in records]
    repeated = {title for title, count in Counter(short).items() if count > 1}
    result = []
    for title, record in zip(short, records, strict=True):
        if title in repeated:
            twins = [other for other, name in zip(records, short, strict=True) if name == title]
            title = " · ".join([title, *_telling(differing(record, twins), [differing(one, twins) for one in twins])])
        result.append(title)
    return result


def _telling(words: list[str], others: list[list[str]]) -> list[str]:
    """Return the first two of a record's words, or as many more as tell it from all others that have other words."""
    count = 2
    while count < len(words) and any(other[:count] == words[:count] and other != words for other in others):
        count += 1
    return words[:count]


def differing(record: Record, twins: Iterable[Record]) -> list[str]:
    """Return, in words, the parameters of a record that some of its twins do not have, and its reference photos."""
    twins, references = list(twins), record.job.target.references
    words = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in sorted(record.job.parameters.items())
        if any(other.job.parameters.get(name) != value for other in twins) and not isinstance(value, (dict, list))
    ]
    if any(other.job.target.references != references for other in twins):
        words.append(f"reference photos {references[:8]}" if references else "without reference photos")
    return words


def _short_title(record: Record, methods: MethodBook) -> str:
    target = record.job.target
    words = [methods.title(record.job.method)]
    if target.sign < 0:
        words.append("negative")
    if target.kind == "neuron":
        words.append("central neuron" if target.position is None else "neuron {},{}".format(*target.position))
    if target.cluster is not None:
        words.append(f"cluster {target.cluster}")
    which = f"seed {record.job.seed}" if target.facet is None else f"facet {target.facet.number}"
    return " · ".join([*words, which])
