"""What mkdocstrings shows of a docstring: names instead of roles, and an entry for each of ``mean, std: ...``."""

import re

import griffe

from reference.markdown import prose

TOGETHER = re.compile(r"^( +)(\w+(?:, \w+)+): (.*(?:\n\1 +\S.*)*)", re.MULTILINE)
"""An entry of several parameters or attributes, with its further lines."""


class Docstrings(griffe.Extension):
    """Rewrites docstrings before they are parsed."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = prose(separated(obj.docstring.value))


def separated(text: str) -> str:
    """Return a docstring in which every parameter has an entry of its own."""

    def entries(match: re.Match[str]) -> str:
        indent, names, meaning = match.groups()
        return "\n".join(f"{indent}{name}: {meaning}" for name in names.split(", "))

    return TOGETHER.sub(entries, text)
