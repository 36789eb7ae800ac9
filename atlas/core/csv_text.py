"""Tables as CSV text, with a head and Unix line ends on every machine."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV below their head; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
