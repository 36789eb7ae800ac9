"""The configuration: atlas.toml becomes a frozen :class:`Config`, or one error that names everything wrong with it."""

from atlas.config.analyse import AnalyseBlock
from atlas.config.concepts import ConceptsBlock
from atlas.config.evaluation import EvaluateBlock, JudgeBlock, JudgingPhotos
from atlas.config.load import load_config, template
from atlas.config.render import RenderBlock, UnitSample
from atlas.config.settings import Config, ExecutorSettings, SiteSettings, StoreSettings
from atlas.photos.spec import PhotosSpec

__all__ = [
    "AnalyseBlock",
    "ConceptsBlock",
    "Config",
    "EvaluateBlock",
    "ExecutorSettings",
    "JudgeBlock",
    "JudgingPhotos",
    "PhotosSpec",
    "RenderBlock",
    "SiteSettings",
    "StoreSettings",
    "UnitSample",
    "load_config",
    "template",
]
