"""Building the site of a configuration."""

from pathlib import Path

from atlas.config import Config, load_config
from atlas.face.watch import Watch
from atlas.site import BuildReport, build_site, read_labels
from atlas.store import Store
from atlas.store.selections import configuration_name


def build_project(configuration: Config | Path | str, watch: Watch) -> BuildReport:
    """Make the site of a configuration from its store.

    Raises:
        AtlasError: the configuration, the store or the labels cannot be read, or the site cannot be written.
    """
    config = configuration if isinstance(configuration, Config) else load_config(Path(configuration))
    labels = read_labels(config.site.labels) if config.site.labels is not None else {}
    name = configuration_name(config.file, config.store.path)
    with watch.phases() as progress:
        return build_site(
            Store(config.store.path), config.site.path, config.site.metadata, progress, labels, name, config.study
        )
