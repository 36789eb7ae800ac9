"""Small configurations, plans and runs of tiny networks."""

from pathlib import Path

from atlas.config import Config
from atlas.jobs.plan import make_plan
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.store import Store

PARAMETERS = {"steps": 4, "image_size": 32, "crops": 2}


def configuration(folder: Path, network: str = "tiny", executor: dict | None = None, **block) -> Config:
    """A configuration that renders some classes of a tiny network."""
    block = {"classes": ("all",), "parameters": PARAMETERS} | block
    if "layers" in block:
        del block["classes"]
    return Config.model_validate(
        {
            "folder": folder,
            "site": {"path": folder / "site"},
            "store": {"path": folder / "store"},
            "executor": {"kind": "serial", "device": "cpu", "threads": 1} | (executor or {}),
            "models": ({"name": "tiny", "source": "callable", "architecture": f"tiny_networks:{network}", "size": 32},),
            "render": (block,),
        }
    )


def prepared(config: Config):
    """Return (models, plan, store) of a configuration."""
    models = {spec.name: load_model(ModelSpec.model_validate(spec)) for spec in config.models}
    return models, make_plan(config, models), Store(config.store.path, create=True)
