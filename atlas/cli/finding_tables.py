"""Tables of findings in the terminal: a matrix of CKA, a line for each number of others."""

from itertools import groupby
from typing import TYPE_CHECKING

from atlas.cli.terminal import say, table

if TYPE_CHECKING:
    from atlas.analyses.rows import Analyses, FindingRow

LONGEST, FEWEST = 40, 4
"""Lines of one table, about, and of one finding in it; the rest is counted, and is in the CSV."""


def say_findings(found: "Analyses") -> None:
    """Print what analyses found."""
    for kind in found.kinds:
        say(f"\n{kind}")
        rows = found.of(kind)
        if all(row.layer and row.other_layer for row in rows):
            for _, members in groupby(rows, key=lambda row: row.key):
                _say_matrix(list(members), rows)
        else:
            _say_lines(rows)


def _say_lines(rows: "list[FindingRow]") -> None:
    """Print a line for each number; of many, the first few of each finding."""
    findings = [list(members) for _, members in groupby(rows, key=lambda row: row.key)]
    most = max(FEWEST, LONGEST // len(findings))
    shown = [row for members in findings for row in members[:most]]
    lines = [
        (
            row.model,
            row.other or "-",
            row.title,
            row.of or "-",
            f"{row.value:.3g}",
            row.between(" to ") or "-",
            str(row.n),
        )
        for row in shown
    ]
    table(("model", "other", "number", "of", "value", "95 % interval", "n"), lines)
    if len(shown) < len(rows):
        say(f"and {len(rows) - len(shown)} more; --csv and --json have all")


def _say_matrix(rows: "list[FindingRow]", all_rows: "list[FindingRow]") -> None:
    """Print the values of pairs of layers, those of the other model across; intervals are in the CSV.

    Args:
        all_rows: of all matrices, among them those that an earlier one tells of the same models.
    """
    first = rows[0]
    same = [row for row in all_rows if (row.model, row.other, row.n) == (first.model, first.other, first.n)]
    across = list(dict.fromkeys(row.other_layer for row in rows))
    values = {(row.layer, row.other_layer): row.value for row in (*same, *rows)}
    say(f"{first.model} (down) and {first.other or first.model} (across), {first.title}, {first.n} photos")
    lines = [
        (layer, *(f"{values[layer, other]:.2f}" if (layer, other) in values else "-" for other in across))
        for layer in dict.fromkeys(row.layer for row in rows)
    ]
    table(("layer", *map(str, range(1, len(across) + 1))), lines)
    say("across: " + ", ".join(f"{number} {layer}" for number, layer in enumerate(across, 1)))
