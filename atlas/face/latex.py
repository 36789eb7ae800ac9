"""Tables for LaTeX, with the rules of the package booktabs."""

from collections.abc import Iterable, Sequence

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a ``tabular`` of texts, whatever signs are in them; the first two columns are aligned left."""
    columns = "l" * min(2, len(head)) + "r" * max(0, len(head) - 2)
    lines = [" & ".join(map(plain, cells)) + r" \\" for cells in (head, *rows)]
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def plain(text: str) -> str:
    """Return a text that LaTeX prints as it is."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)
