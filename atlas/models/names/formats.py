"""Formats that are no lists of class names: told by a text's lines, so that none of them is taken for a name."""

import re
from collections.abc import Sequence

from atlas.errors import DOCUMENTATION, ModelError

REMEDY = (
    "write the names alone, one a line, in the order of the model's output; "
    f"what else is read: {DOCUMENTATION}/guides/models/#names-of-classes"
)

_WHOLE = (
    (r"<(!doctype|html|head|\?xml)\b", "a web page or XML"),
    (r"<\?", "program text"),
    (r"version https://git-lfs", "a pointer of Git LFS (`git lfs pull` fetches the file)"),
    (r"---\s|%yaml", "YAML"),
)
"""How a text begins, in lower case, and what it is then."""

_ANYWHERE = (
    (r"\s*item\s*:?\s*\{", "a label map in protocol buffers' text format"),
    (r"names\s*:\s*([\[{].*)?", "YAML"),
    (r"(Name: .*, )?dtype: \w+", "a printed table of pandas"),
    (r"\w+\s*=\s*[\[{(].*", "program text"),
    (r"(<{7}|>{7}) .*", "text that Git could not merge"),
)
"""What a whole line is, and what the text is then."""

_YAML = re.compile(r"^\w+\s*:[ \t]*\r?\n\s*(-\s|\w+\s*:)|^-\s+\w+:\s.*\r?\n\s+\w+:\s", re.MULTILINE)

_ODD = re.compile(
    r"""\d+\s*[:,;\t]|["'][^"']+["']\s*:|[{[]\s*["'\d]|\(\s*\d+\s*,|\(\#\d+\)\s*\[   # of dicts, numbered pairs
    |\|.*\|$|\+[-=+]+\+$|[├└│]|[dl-][rwx-]{9}                                        # of tables, trees, listings
    |</?\w+[^>]*>|.*\\\\$|.*;$                                                       # of markup and programs
    |.*[:=]\s*\d+$|\w+\s*=\s*\S|.*\S\s{3,}\d+$                                       # settings and counts
    |(class|label|index|id)\s*\d+\s*[:=]|case\s+\d+\s*:
    |\w+\(([\[{'"<]|\w+\s*=)|(var|let|const|export|static|module\.)\b.*[=\[{]
    |/\w\w+/.+|.*/$|.*\.(?i:jpe?g|png|bmp|gif|webp|tiff?|ppm|npy)([\s,;]+\d+)?$      # files and folders
    """,
    re.VERBOSE,
)
"""What is an entry of some notation rather than a name, if most lines are so."""

_COUNTED = re.compile(r"\s{2,}\d+\s+\S")


def check_text(text: str) -> None:
    """Check that a text is not in another format altogether.

    Raises:
        ModelError: it is; names the format.
    """
    start = text.lstrip()[:100].lower()
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    what = next((name for pattern, name in _WHOLE if re.match(pattern, start)), "")
    what = what or next((name for pattern, name in _ANYWHERE if any(re.fullmatch(pattern, line) for line in lines)), "")
    what = what or ("YAML" if _YAML.search(text) else "")
    opened = any(len(line) > 1 and line.endswith(("{", "[", "(")) for line in lines)
    if not what and opened and re.fullmatch(r"\s*[\]})]+[;,]?", lines[-1]):
        what = "program text"
    if what:
        raise ModelError(f"are {what}, not a list", REMEDY)


def check_lines(lines: Sequence[tuple[int, str]]) -> None:
    """Check that most lines are no entries of some notation, and that not all begin with counts as tools print them.

    Args:
        lines: numbers of lines, and what they hold.

    Raises:
        ModelError: they are; names the first.
    """
    odd = [(number, line.strip()) for number, line in lines if _ODD.match(line.strip())]
    if lines and all(_COUNTED.match(line) for _, line in lines):
        odd = [*lines, *lines]
    if 2 * len(odd) > len(lines):
        number, line = odd[0]
        raise ModelError(f'look like no names: line {number} is "{line.strip()[:40]}"', REMEDY)
