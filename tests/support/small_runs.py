"""Small configurations, plans and runs of tiny networks."""

from dataclasses import replace
from pathlib import Path

from atlas.config import Config
from atlas.jobs.executors.base import Monitor
from atlas.jobs.pending import pending
from atlas.jobs.run import run_plan
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.photos import open_photo_set
from atlas.plan.make import make_plan
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.store.selections import configuration_name
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.machine import Machine

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
    """Return (plan, store) of a block of a small network with three classes and photos beside it."""
    return prepared(concept_configuration(folder, reference, render=({"parameters": {}} | block,)))


def prepared(config: Config, device: str = "cpu") -> tuple[Plan, Store]:
    """Return (plan, store) of a configuration; nothing runs."""
    models = {spec.name: load_model(ModelSpec.model_validate(spec)) for spec in config.models}
    return make_plan(config, models, photos_of(config), device), Store(config.store.path, create=True)


def run(config: Config, monitor: Monitor | None = None, only=(), retry=()):
    """Make what a configuration asks for and the store has not; return (report, plan with what followed, store)."""
    plan, store = prepared(config)
    return made(plan, store, config, monitor, only, retry)


def made(plan: Plan, store: Store, config: Config, monitor: Monitor | None = None, only=(), retry=(), **changes):
    """Make what a plan has and the store has not; return (report, plan with what followed, store).

    Args:
        changes: of the machine that the configuration describes.
    """
    todo = pending(plan, store, only, retry)
    report = run_plan(plan, store, replace(Machine.of(config.executor), **changes), monitor, todo)
    return report, plan.with_follow_ups(store), store


def analyses_of(plan: Plan) -> Plan:
    """Return a plan of what photos tell, without any picture."""
    return replace(plan, tasks=tuple(unrendered(task) for task in plan.analyses))


def unrendered(task):
    """Return concepts that nothing follows from, once they are found."""
    return replace(task, pictures=()) if isinstance(task, ConceptsTask) else task


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


def analysed(config: Config, monitor: Monitor | None = None, **changes):
    """Make what photos tell, and no picture; return (plan with the pictures that would follow, store, report)."""
    plan, store = prepared(config)
    report, _, _ = made(analyses_of(plan), store, config, monitor, **changes)
    return plan.with_follow_ups(store), store, report


def selected(config: Config, store: Store):
    """Return which analyses of the configuration's one model are current."""
    selection = store.selections.read(configuration_name(config.file, config.store.path))
    (current,) = selection.models.values()
    return current
