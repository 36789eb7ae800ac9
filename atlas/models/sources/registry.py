"""The registry of model sources. A package adds its own through the entry-point group ``atlas.sources``."""

from atlas.core.registry import Registry
from atlas.models.sources import callable as callable_source
from atlas.models.sources import package as package_source
from atlas.models.sources import timm as timm_source
from atlas.models.sources.built import Source
from atlas.models.spec import SOURCE_GROUP

SOURCES: Registry[Source] = Registry("model source", SOURCE_GROUP)
SOURCES.register("timm", timm_source.build)
SOURCES.register("package", package_source.build)
SOURCES.register("callable", callable_source.build)
