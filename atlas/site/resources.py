"""Where the templates and static files are: inside the wheel, or at the top of a checkout."""

from collections.abc import Iterable
from pathlib import Path

from atlas.core.canonical import digest_bytes
from atlas.errors import SiteError

PACKAGE = Path(__file__).resolve().parent.parent


def resource_folder(name: str) -> Path:
    """Return the folder ``templates`` or ``static``.

    Raises:
        SiteError: the installation is incomplete.
    """
    for folder in (PACKAGE / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise SiteError(
        f"this installation of atlas has no {name}", "install it again: pip install --force-reinstall lens-atlas"
    )


def code_digest(others: Iterable[Path] = ()) -> str:
    """Return a digest of everything that decides a page: the package's code, templates and static files.

    Args:
        others: files of other packages that do.
    """
    folders = [
        PACKAGE / "site",
        PACKAGE / "study",
        PACKAGE / "evaluation",
        resource_folder("templates"),
        resource_folder("static"),
    ]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    files += others
    return digest_bytes(b"".join(path.name.encode() + path.read_bytes() for path in files))
