"""Write what is made from the code, or with ``--check`` say what is stale."""

import sys
from pathlib import Path

from reference.command_line import command_line
from reference.configuration import configuration
from reference.documents import published, stored
from reference.markdown import between
from reference.methods import methods_explained, methods_reference, overview
from reference.metrics import metrics

ROOT = Path(__file__).resolve().parent.parent
HEAD = "<!-- Made from the code by python -m reference; change it there. -->\n\n"


def pages() -> dict[str, str]:
    """Return path in the repository to text of all that is made."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    made = {
        "docs/reference/configuration.md": configuration(),
        "docs/reference/command-line.md": command_line(),
        "docs/reference/methods.md": methods_reference(),
        "docs/explanation/methods.md": methods_explained(),
        "docs/reference/metrics.md": metrics(),
        "docs/reference/documents.md": stored(),
        "docs/reference/json.md": published(),
    }
    return {name: HEAD + text for name, text in made.items()} | {"README.md": between(readme, "methods", overview())}


def stale() -> dict[str, str]:
    """Return path to text of what is not as the code makes it."""
    return {name: text for name, text in pages().items() if _kept(ROOT / name) != text}


def _kept(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main() -> int:
    """Return the exit status."""
    check = "--check" in sys.argv[1:]
    found = stale()
    for name, text in found.items():
        if not check:
            (ROOT / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name} is stale; run python -m reference\n" if check else f"{name} written\n")
    return 1 if check and found else 0


if __name__ == "__main__":
    raise SystemExit(main())
