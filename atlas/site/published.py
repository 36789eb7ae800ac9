"""PublishedPictures: the pictures of a site, put into it when a page is about to show them."""

from collections.abc import Iterable

from atlas.core.analysis import Sprite
from atlas.errors import SiteError
from atlas.site.catalog.shown import Shown
from atlas.site.drawings.sheets import sprite_path
from atlas.site.files import SiteFiles
from atlas.site.pictures.derived import OTHER_ROLES, DerivedPictures, damaged
from atlas.site.pictures.overlays import Overlays
from atlas.site.pictures.picture import Derived
from atlas.store import Store


class PublishedPictures:
    """Puts pictures into a site.

    Args:
        files: of the site. store: where sprites are. derived: the pictures of the catalog's records.
    """

    def __init__(self, files: SiteFiles, store: Store, derived: DerivedPictures) -> None:
        self._files = files
        self._store = store
        self._derived = derived

    def show(self, renderings: Iterable[Shown]) -> None:
        """Give renderings their pictures, waiting for them if need be.

        Raises:
            StoreError: a picture of the store is missing or damaged.
        """
        for shown in renderings:
            shown.picture = self._derived.get(shown.record)
            shown.photo, shown.perturbation = (self._derived.get(shown.record, role) for role in OTHER_ROLES)
            for picture in (shown.picture, shown.photo, shown.perturbation):
                if picture is not None:
                    self._copy(picture.files)

    def overlays(self, key: str) -> Overlays:
        """Return what is derived of the class whose analysis or finding has that key.

        Raises:
            StoreError: a sprite is missing or damaged.
        """
        overlays = self._derived.overlays(key)
        self._copy(overlays.files)
        return overlays

    def sprite(self, key: str, sprite: Sprite) -> None:
        """Put a sprite of the analysis with that key into the site.

        Raises:
            StoreError: it is missing or damaged.
        """
        if not self._files.copy(sprite_path(sprite), self._store.folder(key) / sprite.name, sprite.bytes):
            raise damaged(f"the picture {sprite.name[:12]}... of analysis {key[:12]}... is missing or damaged")

    def content(self, file: Derived) -> bytes:
        """Return what is in a derived picture.

        Raises:
            SiteError: it cannot be read.
        """
        try:
            return (self._derived.files / file.path).read_bytes()
        except OSError as error:
            raise SiteError(f"the derived picture {file.path} was changed during the build", "build again") from error

    def drawing(self, path: str, content: bytes) -> None:
        """Put a picture that was drawn for a page into the site, once, under its path among the pictures."""
        if f"i/{path}" not in self._files.digests:  # paths are of the content, and two pages may show the same
            self._files.write(f"i/{path}", content)
            self._files.pictures += path.endswith(".webp")  # an atlas of thumbnails is one, a plot is none

    def _copy(self, files: Iterable[Derived]) -> None:
        for file in files:
            if not self._files.copy(file.path, self._derived.files / file.path, file.bytes):
                raise SiteError(f"the derived picture {file.path} was changed during the build", "build again")
