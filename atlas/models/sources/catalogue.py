"""What ``atlas models`` lists: every model that a source can give by name."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from atlas.models.sources import package as package_source
from atlas.models.sources import timm as timm_source


@dataclass(frozen=True)
class Offer:
    """One model that can be had. ``note`` says with which weights, or what to install."""

    source: str
    name: str
    note: str


def list_models(pattern: str = "*") -> list[Offer]:
    """Return the models whose name matches the glob: those of the packages first, then timm's by name."""
    packages = [
        Offer("package", name, _package_note(name[-1])) for name in package_source.NAMES if fnmatchcase(name, pattern)
    ]
    return packages + [Offer("timm", name, note) for name, note in timm_source.names(pattern)]


def _package_note(number: str) -> str:
    version = package_source.installed(number)
    distribution = package_source.distribution(number)
    return f"weights: {distribution} {version}" if version else f"not installed: {package_source.installation(number)}"
