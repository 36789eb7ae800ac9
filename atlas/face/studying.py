"""The study of people: what it asks is read from the store, what they answered from their files."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from atlas.config import Config, load_config
from atlas.core.data_files import read_json
from atlas.errors import ConfigError, DataFileError
from atlas.store import Store
from atlas.study.answers import Counted, count
from atlas.study.document import StudyDocument
from atlas.study.table import Table, make_table

PAGE = Path("study", "index.json")
"""What stands beside the study's page in a site."""


class Studied(NamedTuple):
    """A study, which answers count, and what they say."""

    document: StudyDocument
    counted: Counted
    table: Table


def study_answers(configuration: Config | Path | str, files: Sequence[Path], study: str = "") -> Studied:
    """Return what people answered.

    Args:
        configuration: it, or its file. files: of answers.
        study: digest of the study, or its beginning; that of the site as it is now unless given.

    Raises:
        ConfigError: there is no such study. StoreError: the store cannot be read.
    """
    config = configuration if isinstance(configuration, Config) else load_config(Path(configuration))
    document = _document(Store(config.store.path), study or _built(config))
    counted = count(files, document)
    return Studied(document, counted, make_table(counted.people, document))


def _built(config: Config) -> str:
    """Return the digest of the study that the site has a page of."""
    path = config.site.path / PAGE
    try:
        return str(read_json(path, "study's page")["data"]["study"])
    except (DataFileError, KeyError, TypeError) as error:
        raise ConfigError(
            [f"the site {config.site.path} has no study"],
            remedy="add a [study] table and run `atlas build`, or name one that was built before with --study",
        ) from error


def _document(store: Store, digest: str) -> StudyDocument:
    """Return what a study asked, from where the build kept it."""
    found = [key for key in store.input_keys() if digest and key.startswith(digest)]
    if len(found) == 1:
        try:
            return StudyDocument.model_validate_json(store.read_input(found[0]))
        except ValidationError:
            pass  # an input of something else
    problem = f'the store {store.path} holds no study "{digest}"' if len(found) < 2 else f'"{digest}" begins several'
    raise ConfigError(
        [problem], remedy="files of answers say which study they are of; `atlas build` keeps each in its store"
    )
