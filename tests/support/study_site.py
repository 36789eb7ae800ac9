"""A small store whose classes were rendered by several methods and seen on photos, and the site with its study."""

from pathlib import Path

from records import keep
from sample_concepts import add_statistics
from sample_store import METHOD_CARDS, card, identity, job, record
from selecting import claim_all

from atlas.core.job import Target
from atlas.site import BuildReport, SiteMetadata, build_site
from atlas.store import Store
from atlas.study.document import StudyDocument
from atlas.study.settings import StudySettings

METHODS = ("maco", "fourier")
CLASSES = (0, 1, 3, 7, 11)


def make_study_store(path: Path) -> Store:
    """Make a store of one model: five classes by each of two methods, and what photos say of them."""
    store = Store(path, create=True)
    store.save_card(card("a"))
    for each in METHOD_CARDS:
        store.save_method(each)
    for method in METHODS:
        for index in CLASSES:
            target = Target(kind="logit", layer="logits", unit=index)
            made, pictures = record(job("a", target, method=method), with_alpha=False)
            keep(store, made, pictures)
    add_statistics(store, identity("a"), "logits", CLASSES)
    claim_all(store)
    return store


def build_study(store: Store, site: Path, settings: StudySettings) -> BuildReport:
    """Build a store's site with a study."""
    return build_site(store, site, SiteMetadata(), study=settings)


def study_of(store: Store) -> StudyDocument:
    """Return the one study that a store keeps."""
    (digest,) = store.input_keys()
    return StudyDocument.model_validate_json(store.read_input(digest))


def write_configuration(folder: Path, store: Store, site: Path) -> Path:
    """Write an atlas.toml for a store and its site; nothing in it can be rendered."""
    path = folder / "atlas.toml"
    path.write_text(
        f'[store]\npath = "{store.path}"\n[site]\npath = "{site}"\n[study]\n[[models]]\nname = "Sample Net"\n'
        'source = "callable"\narchitecture = "tiny_networks:tiny"\n[[render]]\nclasses = "all"\n',
        encoding="utf-8",
    )
    return path
