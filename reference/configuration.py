"""The page of atlas.toml: every table with every key."""

from typing import Any

from pydantic import BaseModel

from atlas.analyses.registry import ANALYSES
from atlas.core.registry import OURS, Registry
from atlas.craft.factorisations.base import FACTORISATIONS
from atlas.evaluation.scores.base import CLIP, JUDGES, PHOTOS, SCORES, Score
from atlas.models.spec import SOURCES
from atlas.photos.spec import READERS
from reference.fields import rows, summary
from reference.markdown import table

INTRO = """# Configuration

`atlas.toml` says what to show. Everything in it is checked at once, and errors say what is allowed. Paths are relative
to the folder where you name the file, also if it is a link. `atlas init` writes a commented file to start from. A key
without a default may be left out, unless it must be given.

```toml
[site]
title = "Atlas of ResNet-50"
url = "https://you.github.io/atlas/"     # optional: for the sitemap, canonical links, citations and 404.html

[[models]]                               # one or more
name = "resnet50"
source = "timm"
architecture = "resnet50.a1_in1k"        # weights come from the hub, or from checkpoint = "file.safetensors"

[[render]]                               # one or more
classes = ["goldfish", 130, "*shark*"]   # logits by name, WordNet id, index or glob; "all" takes every class

[[render]]
layers = ["layer3.*", "layer4"]          # channels by glob: * stays within one part of a path, ** does not
units = { sample = 32, seed = 0 }        # or "all", "0-15", [3, 7]
sign = "both"                            # what raises a unit, and what lowers it
seeds = [0, 1]                           # one picture for each; or "facets:4", four that show different looks
preset = "draft"                         # fills the method's parameters that are not given
parameters = { crop_mean = 0.35 }
```
"""


PARTS: tuple[tuple[str, Registry[Any]], ...] = (
    ("source", SOURCES),
    ("reader", READERS),
    ("factorisation", FACTORISATIONS),
    ("scores", SCORES),
    ("kind", ANALYSES),
)
"""Keys whose values other packages may add to, and where these are registered."""
NEEDED = {JUDGES: "judges", PHOTOS: "judging photos", CLIP: "a CLIP"}
"""What scores may need, in words."""


def configuration() -> str:
    """Return the page."""
    from atlas.config.analyse import AnalyseBlock
    from atlas.config.concepts import ConceptsBlock
    from atlas.config.evaluation import EvaluateBlock, JudgeBlock, JudgingPhotos
    from atlas.config.instruments import ClipWeights, LpipsWeights
    from atlas.config.render import RenderBlock
    from atlas.config.settings import ExecutorSettings, SiteSettings, StoreSettings
    from atlas.models.spec import ModelSpec
    from atlas.photos.spec import PhotosSpec
    from atlas.study.settings import StudySettings

    tables: dict[str, type[BaseModel]] = {
        "[site]": SiteSettings,
        "[store]": StoreSettings,
        "[executor]": ExecutorSettings,
        "[[models]]": ModelSpec,
        "[photos]": PhotosSpec,
        "[[render]]": RenderBlock,
        "[[concepts]]": ConceptsBlock,
        "[study]": StudySettings,
        "[[judges]]": JudgeBlock,
        "[[evaluate]]": EvaluateBlock,
        "[[analyse]]": AnalyseBlock,
        "photos = { ... }": JudgingPhotos,
        "clip = { ... }": ClipWeights,
        "lpips = { ... }": LpipsWeights,
    }
    head = ("key", "type", "default", "meaning")
    sections = [f"## `{name}`\n\n{summary(model)}\n\n{table(head, rows(model))}" for name, model in tables.items()]
    return "\n".join([INTRO, *sections, *map(_parts, PARTS)])


def _parts(place: tuple[str, Registry[Any]]) -> str:
    """Return the section of the parts of one kind that come with atlas."""
    key, registry = place
    ours = [(name, part) for name, part in registry if registry.origin(name) == OURS]
    rows = [(f"`{name}`", _about(part)) for name, part in ours]
    return f"## `{key}`\n\n{table(('value', ''), rows)}"


def _about(part: Any) -> str:
    """Return what a part is, and of a score what it needs."""
    told = part.card.summary if hasattr(part, "card") else part.summary
    if not isinstance(part, Score):
        return told
    needs = [words for name, words in NEEDED.items() if name in part.needs] + list(part.libraries)
    return f"{told}; needs {', '.join(needs)}" if needs else told
