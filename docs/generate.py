"""Writes what documentation says of methods from their cards; ``--check`` only tells whether it is up to date.

In a file, what stands between ``<!-- methods -->`` and ``<!-- end of methods -->`` is the table of methods.
"""

import re
import sys
from pathlib import Path

from atlas.core.registry import OURS
from atlas.methods import methods
from atlas.methods.tables import method_reference, methods_table

ROOT = Path(__file__).resolve().parent.parent
TABLE = re.compile(r"(<!-- methods -->\n).*?(<!-- end of methods -->)", re.DOTALL)
INTRODUCTION = """# Methods

What `method = "..."` in a `[[render]]` or `[[concepts]]` table chooses, and what `parameters = { ... }` may hold. A
parameter whose default is "for the model" is chosen for each. This page is made from the methods' cards by
`python docs/generate.py`.
"""


def generated() -> dict[Path, str]:
    """Return file to what it should hold, of all that are generated, whole or in part."""
    files = {ROOT / "docs" / "reference" / "methods.md": "\n".join([INTRODUCTION, *map(method_reference, names())])}
    for path in (ROOT / "README.md",):
        files[path] = TABLE.sub(rf"\g<1>{_escaped(methods_table(names()))}\g<2>", path.read_text(encoding="utf-8"))
    return files


def names() -> list[str]:
    """Return the names of our own methods; what else is installed here is no part of this documentation."""
    return [name for name in methods.names() if methods.origin(name) == OURS]


def stale() -> list[Path]:
    """Return the files that do not hold what they should."""
    return [path for path, text in generated().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


if __name__ == "__main__":
    old = stale()
    if "--check" in sys.argv[1:]:
        sys.exit(
            "\n".join(f"{path.relative_to(ROOT)} is not up to date; run python docs/generate.py" for path in old)
            or None
        )
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(generated()[path], encoding="utf-8")
