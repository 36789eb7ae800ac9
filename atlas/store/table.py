"""Table: one row a rendering, for notebooks, as an Arrow table; what each column means is written here once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from atlas.core.canonical import canonical_json
from atlas.core.job import CLASS_KINDS, PHOTO_KINDS
from atlas.core.metric_card import MetricCard
from atlas.core.model_card import ModelCard
from atlas.core.record import Record
from atlas.extras import needing_extras

if TYPE_CHECKING:
    import pyarrow

ColumnType = Literal["text", "integer", "number", "time"]
Value = str | int | float | datetime | None


@dataclass(frozen=True)
class Row:
    """A rendering, and what a table says of it besides.

    Attributes:
        card: of its model; None if the store has none. picture: the path of its image; None of a dead unit.
    """

    record: Record
    card: ModelCard | None
    picture: Path | None

    @property
    def class_name(self) -> str | None:
        """The name of the class that it is of, if it is of one that has a name."""
        target = self.record.job.target
        names = self.card.classes if self.card is not None and target.kind in CLASS_KINDS else ()
        return names[target.unit].name if target.unit < len(names) else None

    @property
    def position(self) -> tuple[int | None, int | None]:
        """Row and column of a neuron that is not the central one."""
        return self.record.job.target.position or (None, None)


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        meaning: in words, beginning with a lower-case letter; no full stop. unit: of its values; empty without one.
        value: of a row; None where it has none.
    """

    name: str
    type: ColumnType
    meaning: str
    value: Callable[[Row], Value]
    unit: str = ""


COLUMNS = (
    Column("key", "text", "the rendering's key: 64 hexadecimal digits", lambda row: row.record.key),
    Column("model", "text", "the model's name", lambda row: row.card.name if row.card else None),
    Column("fingerprint", "text", "the model's fingerprint", lambda row: row.record.job.model.fingerprint),
    Column(
        "kind",
        "text",
        "what was rendered: a logit, a channel, a neuron and so on",
        lambda row: row.record.job.target.kind,
    ),
    Column("layer", "text", "module path, or logits", lambda row: row.record.job.target.layer),
    Column(
        "unit",
        "integer",
        "index of the class, channel or hidden dimension, from 0; none of what is of a whole layer",
        lambda row: None if row.record.job.target.kind in PHOTO_KINDS else row.record.job.target.unit,
    ),
    Column("class_name", "text", "the name of the class that it is of, if any", lambda row: row.class_name),
    Column("sign", "integer", "1: what raises the unit; -1: what lowers it", lambda row: row.record.job.target.sign),
    Column("row", "integer", "a neuron's row on the grid; none of the central one", lambda row: row.position[0]),
    Column("column", "integer", "a neuron's column, likewise", lambda row: row.position[1]),
    Column("cluster", "integer", "which cluster of reference patches", lambda row: row.record.job.target.cluster),
    Column(
        "facet",
        "integer",
        "which of several looks",
        lambda row: facet.number if (facet := row.record.job.target.facet) else None,
    ),
    Column("direction", "text", "sha256 of a direction's vector", lambda row: row.record.job.target.direction),
    Column("photo", "text", "sha256 of the photo that it is of or from", lambda row: row.record.job.target.photo),
    Column(
        "references", "text", "sha256 of its list of reference photos", lambda row: row.record.job.target.references
    ),
    Column("method", "text", "the method's name", lambda row: row.record.job.method),
    Column("version", "integer", "the method's version", lambda row: row.record.job.version),
    Column("seed", "integer", "which of several renderings of the same", lambda row: row.record.job.seed),
    Column("numerics", "text", "how floats were computed", lambda row: row.record.job.numerics),
    Column("status", "text", "done, or dead: no gradient reached the image", lambda row: row.record.status),
    Column("seconds", "number", "wall time of its batch, by its size", lambda row: row.record.provenance.seconds, "s"),
    Column("batch_size", "integer", "renderings made together", lambda row: row.record.provenance.batch_size),
    Column(
        "peak_bytes", "integer", "the most memory that was held meanwhile", lambda row: row.record.provenance.peak_bytes
    ),
    Column("device", "text", "cpu, or the accelerator's name", lambda row: row.record.provenance.device),
    Column(
        "created",
        "time",
        "when it was stored",
        lambda row: datetime.fromisoformat(row.record.provenance.created),
    ),
    Column("picture", "text", "path of its image, lossless", lambda row: str(row.picture) if row.picture else None),
    Column(
        "parameters",
        "text",
        "all parameters of the method, as JSON",
        lambda row: canonical_json(row.record.job.parameters),
    ),
)
"""All columns but those of what was measured, in order."""


def measured_columns(records: Iterable[Record], metrics: Mapping[str, MetricCard]) -> tuple[Column, ...]:
    """Return a column for every number that was measured of one of the records, sorted by name.

    Args:
        metrics: name to card of the numbers that have one.
    """
    units = {value.name: value.unit for record in records for value in record.measurements}
    taken = {column.name for column in COLUMNS}
    return tuple(
        Column(
            f"measured_{name}" if name in taken else name,
            "number",
            metrics[name].summary if name in metrics else "measured by another package",
            lambda row, name=name: measured.value if (measured := row.record.measurement(name)) else None,  # type: ignore[misc]
            unit,
        )
        for name, unit in sorted(units.items())
    )


def make_table(
    records: Iterable[Record],
    cards: Mapping[str, ModelCard],
    metrics: Mapping[str, MetricCard],
    picture_of: Callable[[Record], Path | None],
) -> "pyarrow.Table":
    """Return a table of renderings: :data:`COLUMNS` with what was measured before ``seconds``; see ``Store.table``.

    Args:
        cards: fingerprint to a model's card. metrics: name to the card of a number. picture_of: a record's image.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    with needing_extras("a table of renderings"):
        import pyarrow

    types = {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "time": pyarrow.timestamp("s", tz="UTC"),
    }
    rows = [Row(record, cards.get(record.job.model.fingerprint), picture_of(record)) for record in records]
    place = next(index for index, column in enumerate(COLUMNS) if column.name == "seconds")
    measured = measured_columns((row.record for row in rows), metrics)
    columns = (*COLUMNS[:place], *measured, *COLUMNS[place:])
    fields = [
        pyarrow.field(column.name, types[column.type], metadata={"meaning": column.meaning, "unit": column.unit})
        for column in columns
    ]
    values = [[column.value(row) for row in rows] for column in columns]
    return pyarrow.table(
        [pyarrow.array(each, field.type) for each, field in zip(values, fields, strict=True)],
        schema=pyarrow.schema(fields),
    )
