"""Small configurations, plans and runs of tiny networks."""

from pathlib import Path

from atlas.config import Config
from atlas.jobs.executors.base import Monitor
from atlas.jobs.run import analyse
from atlas.jobs.selecting import select
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.photos import open_photo_set
from atlas.plan.analyses import plan_analyses
from atlas.plan.directions import with_concepts
from atlas.plan.renderings import make_plan
from atlas.store import Store
from atlas.store.selections import configuration_name

PARAMETERS = {"steps": 4, "image_size": 32, "crops": 2}


def configuration(
    folder: Path, network: str = "tiny", executor: dict | None = None, photos: dict | None = None, chosen=(), **block
) -> Config:
    """A configuration that renders some classes of a tiny network.

    Args:
        photos: the ``[photos]`` table. chosen: the photos of the block.
    """
    block = {"classes": ("all",), "parameters": PARAMETERS, "photos": chosen} | block
    if "layers" in block:
        del block["classes"]
    return Config.model_validate(
        {
            "file": folder / "atlas.toml",
            "site": {"path": folder / "site"},
            "store": {"path": folder / "store"},
            "executor": {"kind": "serial", "device": "cpu", "threads": 1} | (executor or {}),
            "models": ({"name": "tiny", "source": "callable", "architecture": f"tiny_networks:{network}", "size": 32},),
            "render": (block,),
        }
        | ({"photos": photos} if photos else {})
    )


def planned_with(folder: Path, reference: Path, **block):
    """Return (models, plan, store) of a block of a small network with three classes and photos beside it."""
    config = concept_configuration(folder, reference, render=({"parameters": {}} | block,))
    return prepared(config)


def prepared(config: Config):
    """Return (models, plan, store) of a configuration."""
    models = {spec.name: load_model(ModelSpec.model_validate(spec)) for spec in config.models}
    return models, make_plan(config, models, photos_of(config)), Store(config.store.path, create=True)


def photos_of(config: Config):
    """Return the photo set of a configuration, if it names any."""
    return open_photo_set(config.photos) if config.photos else None


def concept_configuration(
    folder: Path, reference: Path, network: str = "colours", executor: dict | None = None, render: tuple = (), **block
) -> Config:
    """A configuration that finds concepts of the three classes of a small network in photos beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    names = folder / "classes.txt"
    names.write_text("red\ngreen\nblue\n")
    values = {"count": 3, "shown": 2, "designs": 8, "minimum": 3, "patches": 4, "heat_photos": 2, "fits": 2}
    return Config.model_validate(
        {
            "file": folder / "atlas.toml",
            "site": {"path": folder / "site"},
            "store": {"path": folder / "store"},
            "executor": {"kind": "serial", "device": "cpu", "threads": 1} | (executor or {}),
            "photos": {"path": reference, "cache": folder / "cache", "patch_size": 16, "top": 3},
            "models": (
                {
                    "name": "tiny",
                    "source": "callable",
                    "architecture": f"tiny_networks:{network}",
                    "size": 32,
                    "class_names": names,
                },
            ),
            "render": render,
            "concepts": (values | {"parameters": PARAMETERS} | block,),
        }
    )


def planned(config: Config, device: str = "cpu"):
    """Return (models, plan, analyses, store, None) of a configuration with concepts; nothing runs."""
    models, plan, store = prepared(config)
    return models, plan, plan_analyses(config, models, plan, photos_of(config), device), store, None


def analysed(config: Config, device: str = "cpu"):
    """Return (models, plan with its concepts, analyses, store, report) once the analyses of a configuration ran."""
    models, plan, analyses, store, _ = planned(config, device)
    select(config, models, with_concepts(plan, analyses, models, store), analyses, store)
    report = analyse(config, models, analyses, store, Monitor())
    plan = with_concepts(plan, analyses, models, store)
    select(config, models, plan, analyses, store)
    return models, plan, analyses, store, report


def selected(config: Config, store: Store):
    """Return which analyses of the configuration's one model are current."""
    selection = store.selections.read(configuration_name(config.file, config.store.path))
    (current,) = selection.models.values()
    return current
