"""Words for people: plain text, numbers and sizes as one says them."""

# Names and messages come from models, files and libraries; none of them may move the cursor or ring the bell.
_CONTROL = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "\N{REPLACEMENT CHARACTER}")


def printable(text: str) -> str:
    """Return a text without control characters other than line feeds and tabs."""
    return text.translate(_CONTROL)


def first_line(text: str, limit: int = 300) -> str:
    """Return the first line of a message, shortened; the rest is in the record."""
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def count(number: int, noun: str) -> str:
    """Return e.g. ``1 job`` or ``3 jobs``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """Return a number of seconds as a person says it, e.g. ``3 min 20 s``; never less than a second."""
    whole = max(1, round(seconds))
    if whole < 90:
        return f"{whole} s"
    if whole < 90 * 60:
        return f"{whole // 60} min {whole % 60} s"
    hours = whole / 3600
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def size(number: float) -> str:
    """Return a number of bytes as a person says it, e.g. ``12.3 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 999.95:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
