"""What systems, network storage and tools put into people's folders: nobody's photo, and nothing in a store."""

_MACOS = ("__macosx", "network trash folder", "temporary items", "icon\r")
_WINDOWS = (
    "$recycle.bin",
    "system volume information",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "found.000",
    "recycler",
)
_SYNOLOGY = ("@eadir", "@tmp", "@sharebin", "#recycle", "#snapshot")
_QNAP = ("@recycle", "@recently-snapshot", "@__thumb", "@transcode", "@trash")
_NETWORK_STORAGE = (*_SYNOLOGY, *_QNAP, "~snapshot")
_TOOLS = ("lost+found", "lost.dir", "__pycache__", "node_modules")
_SYSTEM = frozenset((*_MACOS, *_WINDOWS, *_NETWORK_STORAGE, *_TOOLS))
"""In lower case: previews, bins, snapshots. What begins with a dot counts as well: .AppleDouble, ._1.jpg, .DS_Store,
.thumbnails, .Trash-1000, .stversions, .ipynb_checkpoints, .git, ..."""


def is_system(name: str) -> bool:
    """Tell by its name, without a path, whether a file or folder is hidden or a system's own, and none of the user's.

    Synology's ``@eaDir`` holds previews named like photos, ``name.jpg@SynoEAStream`` is what it knows of one.
    """
    plain = name.lower()
    return plain.startswith((".", "~$")) or plain in _SYSTEM or "@syno" in plain
